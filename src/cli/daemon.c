#include "cli/daemon.h"

#include "base/lock.h"
#include "base/log.h"
#include "cli/setup.h"
#include "flow/link.h"
#include "http/server.h"
#include "topology/topology.h"

#include <signal.h>
#include <time.h>

typedef struct {
    const rw_daemon_options *options;
    rw_lock lock;      /* links and conf, for the status page */
    rw_conf *conf;
    GPtrArray *links; /* rw_link */
    rw_http *http;
    bool reloaded;    /* then a link that is refused waits; at the start it ends the process */
} daemon_state;

static bool wanted(const rw_daemon_options *o, const rw_site_conf *source, const rw_site_conf *target)
{
    if (o->site) return strcmp(target->name, o->site) == 0;
    if (o->link_source) return strcmp(source->name, o->link_source) == 0 && strcmp(target->name, o->link_target) == 0;
    return true;
}

static bool start_links(daemon_state *d, rw_conf *conf, GError **error)
{
    g_autoptr(GPtrArray) topology = rw_topology_links(conf, error);
    if (!topology) return false;
    rw_lock_take(&d->lock);
    d->conf = rw_conf_ref(conf);
    bool ok = true;
    for (guint i = 0; ok && i < topology->len; i++) {
        const rw_topology_link *t = g_ptr_array_index(topology, i);
        const rw_link_duty duty = {&conf->sites[t->source], &conf->sites[t->target], t->carries};
        if (!wanted(d->options, duty.source, duty.target)) continue;
        rw_link *link = rw_link_start(conf, &duty, !d->reloaded, error);
        ok = link != NULL;
        if (ok) g_ptr_array_add(d->links, link);
    }
    rw_lock_give(&d->lock);
    return ok;
}

static void stop_links(daemon_state *d)
{
    rw_lock_take(&d->lock);
    GPtrArray *links = d->links;
    d->links = g_ptr_array_new();
    rw_lock_give(&d->lock);
    /* All are asked before any is waited for. */
    g_ptr_array_foreach(links, (GFunc)(void (*)(void))rw_link_stop, NULL);
    g_ptr_array_foreach(links, (GFunc)(void (*)(void))rw_link_free, NULL);
    g_ptr_array_unref(links);
    g_clear_pointer(&d->conf, rw_conf_unref);
}

static void add_site(rw_status *status, GHashTable *sites, const rw_site_conf *conf)
{
    rw_site_status *site = rw_site_status_new(conf->name, conf->id);
    site->host = rw_cli_host(conf);
    g_ptr_array_add(status->sites, site);
    g_hash_table_insert(sites, site->name, site);
}

static char *status_json(void *user)
{
    daemon_state *d = user;
    rw_lock_take(&d->lock);
    char *json = NULL;
    if (d->conf) {
        g_autoptr(rw_status) status = rw_status_new(d->conf->name);
        g_autoptr(GHashTable) sites = g_hash_table_new(g_str_hash, g_str_equal);
        for (unsigned i = 0; i < d->conf->n_sites; i++)
            if (!rw_site_is_gone(&d->conf->sites[i])) add_site(status, sites, &d->conf->sites[i]);
        for (guint i = 0; i < d->links->len; i++) {
            rw_link *link = g_ptr_array_index(d->links, i);
            rw_link_note_sites(link, sites);
            g_ptr_array_add(status->links, rw_link_status_now(link));
        }
        json = rw_status_to_json(status);
    }
    rw_lock_give(&d->lock);
    return json;
}

static bool start_http(daemon_state *d, const rw_conf *conf, GError **error)
{
    if (!conf->http.address) return true;
    d->http = rw_http_start(conf->http.address, conf->http.port, status_json, d, error);
    if (d->http) rw_log(RW_LOG_INFO, NULL, "status page: http://%s:%u/", conf->http.address, rw_http_port(d->http));
    return d->http != NULL;
}

static void reload(daemon_state *d)
{
    g_autoptr(GError) error = NULL;
    rw_conf *conf = d->options->reload(d->options->user, &error);
    if (!conf) {
        rw_log(RW_LOG_ERROR, NULL, "SIGHUP: the configuration is not read again, the old one stays: %s", error->message);
        return;
    }
    rw_log(RW_LOG_INFO, NULL, "SIGHUP: the configuration is read again");
    stop_links(d);
    d->reloaded = true;
    if (!start_links(d, conf, &error)) rw_log(RW_LOG_ERROR, NULL, "a link does not start: %s", error->message);
    rw_conf_unref(conf);
}

static char *any_refusal(daemon_state *d)
{
    for (guint i = 0; i < d->links->len; i++) {
        char *refusal = rw_link_refusal(g_ptr_array_index(d->links, i));
        if (refusal) return refusal;
    }
    return NULL;
}

static bool all_ended(const daemon_state *d)
{
    for (guint i = 0; i < d->links->len; i++)
        if (!rw_link_ended(g_ptr_array_index(d->links, i))) return false;
    return true;
}

/* The windows under way are finished; a second signal does not wait for a target that has gone silent. */
static void finish(daemon_state *d, const sigset_t *signals, const struct timespec *turn)
{
    rw_log(RW_LOG_INFO, NULL, "asked to end: finishing the windows under way");
    g_ptr_array_foreach(d->links, (GFunc)(void (*)(void))rw_link_stop, NULL);
    while (!all_ended(d)) {
        int signal = sigtimedwait(signals, NULL, turn);
        if (signal != SIGTERM && signal != SIGINT) continue;
        rw_log(RW_LOG_WARNING, NULL, "asked to end again: the windows under way are cut off");
        g_ptr_array_foreach(d->links, (GFunc)(void (*)(void))rw_link_cut, NULL);
    }
}

static bool wait_for_end(daemon_state *d, const sigset_t *signals, GError **error)
{
    static const struct timespec turn = {0, 20 * 1000 * 1000};
    for (;;) {
        int signal = sigtimedwait(signals, NULL, &turn);
        if (signal == SIGHUP) reload(d);
        if (signal == SIGTERM || signal == SIGINT) {
            finish(d, signals, &turn);
            return true;
        }
        g_autofree char *refusal = any_refusal(d);
        if (refusal) return rw_fail(error, RW_ERR_CONFIG, "%s", refusal);
    }
}

bool rw_daemon_run(rw_conf *conf, const rw_daemon_options *options, GError **error)
{
    daemon_state d = {.options = options, .links = g_ptr_array_new()};
    sigset_t signals;
    rw_lock_init(&d.lock);
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    bool ok = start_http(&d, conf, error) && start_links(&d, conf, error) && wait_for_end(&d, &signals, error);
    rw_http_stop(d.http);
    stop_links(&d);
    g_ptr_array_unref(d.links);
    rw_lock_clear(&d.lock);
    return ok;
}
