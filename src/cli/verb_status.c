#include "base/clock.h"
#include "cli/setup.h"
#include "flow/recorded.h"
#include "http/client.h"
#include "topology/topology.h"

#include <stdio.h>
#include <unistd.h>

enum { ASK_MS = 2000 };

static const rw_verb_option options[] = {
    {"json", 0, RW_ARG_FLAG, offsetof(rw_args, json), .help = "one JSON object instead of a table"},
    {"watch", 0, RW_ARG_FLAG, offsetof(rw_args, watch), .help = "show it again every second, until interrupted"},
    {NULL},
};

/* The daemon's answer, if it is this topology's. */
static rw_status *ask_daemon(const rw_conf *conf)
{
    if (!conf->http.address || !conf->http.port) return NULL;
    g_autofree char *json = rw_http_get(conf->http.address, conf->http.port, "/status", ASK_MS, NULL);
    g_autoptr(rw_status) status = json ? rw_status_from_json(json, NULL) : NULL;
    return status && strcmp(status->name, conf->name) == 0 ? g_steal_pointer(&status) : NULL;
}

static rw_connection *open_site(const rw_conf *conf, unsigned i, rw_status *status, GError **error)
{
    const rw_site_conf *site = &conf->sites[i];
    rw_site_status *shown = rw_site_status_new(site->name, site->id);
    rw_connection_limits limits = {conf->connect_timeout_s, conf->deadline_s, conf->deadline_s};
    rw_connection *c = rw_connection_open(site, limits, error);
    shown->reachable = c != NULL;
    shown->host = c ? g_strdup(c->address) : rw_cli_host(site);
    shown->flavour = c ? g_strdup(c->dialect->name) : NULL;
    shown->version = c ? g_strdup(c->version) : NULL;
    g_ptr_array_add(status->sites, shown);
    return c;
}

static rw_status *ask_databases(const rw_conf *conf, GError **error)
{
    g_autoptr(GPtrArray) links = rw_topology_links(conf, error);
    if (!links) return NULL;
    rw_status *status = rw_status_new(conf->name);
    g_autofree rw_connection **sites = g_new0(rw_connection *, conf->n_sites);
    g_autofree char **why = g_new0(char *, conf->n_sites);
    for (unsigned i = 0; i < conf->n_sites; i++) {
        g_autoptr(GError) failure = NULL;
        if (rw_site_is_gone(&conf->sites[i])) continue;
        sites[i] = open_site(conf, i, status, &failure);
        if (failure) why[i] = g_strdup(failure->message);
    }
    for (guint i = 0; i < links->len; i++) {
        const rw_topology_link *t = g_ptr_array_index(links, i);
        g_autoptr(GError) failure = NULL;
        rw_link_status *link = rw_link_status_new(t->name, conf->site_names[t->source], conf->site_names[t->target]);
        link->delay_s = rw_conf_delay_s(conf, link->source, link->target);
        if (!sites[t->target]) rw_link_status_set_error(link, why[t->target]);
        else if (!rw_recorded_status(link, conf->name, conf->sites[t->source].id, sites[t->target], &failure)) rw_link_status_set_error(link, failure->message);
        g_ptr_array_add(status->links, link);
    }
    for (unsigned i = 0; i < conf->n_sites; i++) {
        rw_connection_close(sites[i]);
        g_free(why[i]);
    }
    return status;
}

/* A daemon may run only some of the links: the databases know the others. */
static rw_status *ask(const rw_conf *conf, bool *live, GError **error)
{
    rw_status *status = ask_daemon(conf);
    g_autoptr(GPtrArray) links = rw_topology_links(conf, error);
    *live = status && links && status->links->len == links->len;
    if (*live) return status;
    g_autoptr(rw_status) partial = status;
    rw_status *recorded = ask_databases(conf, error);
    for (guint i = 0; recorded && partial && i < recorded->links->len; i++)
        for (guint k = 0; k < partial->links->len; k++) {
            rw_link_status *old = g_ptr_array_index(recorded->links, i), *known = g_ptr_array_index(partial->links, k);
            if (strcmp(old->name, known->name) != 0) continue;
            g_ptr_array_index(recorded->links, i) = rw_link_status_copy(known);
            rw_link_status_free(old);
            break;
        }
    return recorded;
}

static void show(const rw_status *status, const rw_args *args)
{
    if (args->json) {
        g_autofree char *json = rw_status_to_json(status);
        puts(json);
    } else {
        g_autoptr(GString) table = g_string_new(NULL);
        rw_status_to_table(status, table);
        if (args->watch && isatty(STDOUT_FILENO)) fputs("\033[H\033[2J", stdout);
        fputs(table->str, stdout);
    }
    fflush(stdout);
}

static bool any_unreachable(const rw_status *status)
{
    for (guint i = 0; i < status->sites->len; i++)
        if (!((rw_site_status *)g_ptr_array_index(status->sites, i))->reachable) return true;
    return false;
}

static int run(const rw_args *args, GError **error)
{
    g_autoptr(rw_conf) conf = rw_cli_conf(args, error);
    if (!conf) return RW_EXIT_USAGE;
    for (;;) {
        bool live = false;
        g_autoptr(rw_status) status = ask(conf, &live, error);
        if (!status) return RW_EXIT_USAGE;
        show(status, args);
        if (!args->watch) return !live && any_unreachable(status) ? RW_EXIT_UNREACHABLE : RW_EXIT_DONE;
        g_usleep(G_USEC_PER_SEC);
    }
}

extern const rw_verb rw_verb_status;
const rw_verb rw_verb_status = {
    .name = "status",
    .summary = "Shows every link: state, position, lag, counts",
    .usage = "[--json] [--watch]",
    .options = options,
    .manual = "Asks the running daemon; when none answers, the databases, so that it works from anywhere. A link that no daemon runs is "
              "down.",
    .run = run,
};
