#include "cli/setup.h"

#include "base/log.h"
#include "base/nearest.h"
#include "topology/topology.h"

#include <string.h>

static bool has_link(const GPtrArray *links, const rw_conf *conf, const char *source, const char *target)
{
    for (unsigned i = 0; i < links->len; i++) {
        const rw_topology_link *link = links->pdata[i];
        if (strcmp(conf->site_names[link->source], source) == 0 && strcmp(conf->site_names[link->target], target) == 0) return true;
    }
    return false;
}

rw_conf *rw_cli_conf(const rw_args *args, GError **error)
{
    g_autofree char *path = rw_conf_find(args->config, error);
    g_autoptr(rw_conf) conf = path ? rw_conf_load(path, error) : NULL;
    g_autoptr(GPtrArray) links = conf ? rw_topology_links(conf, error) : NULL;
    if (!links) return NULL;
    bool json = args->log_format ? strcmp(args->log_format, "json") == 0 : conf->log_format == RW_LOG_FORMAT_JSON;
    rw_log_setup(args->verbose ? RW_LOG_DEBUG : (rw_log_level)conf->log_level, json);
    return g_steal_pointer(&conf);
}

char *rw_cli_host(const rw_site_conf *site)
{
    return rw_host_text(&site->hosts.host[0]);
}

void rw_cli_log_warnings(const rw_conf *conf)
{
    for (char **warning = conf->warnings; *warning; warning++) rw_log(RW_LOG_WARNING, NULL, "%s", *warning);
}

static bool check_site(const rw_conf *conf, const char *option, const char *name, GError **error)
{
    if (!name || rw_conf_site(conf, name)) return true;
    const char *near = rw_nearest(name, conf->site_names);
    g_autofree char *all = g_strjoinv(", ", (char **)conf->site_names);
    if (near) return rw_fail(error, RW_ERR_CONFIG, "option --%s: there is no site '%s'; did you mean '%s'?", option, name, near);
    return rw_fail(error, RW_ERR_CONFIG, "option --%s: there is no site '%s'; %s has %s", option, name, conf->path, all);
}

bool rw_cli_check_names(const rw_args *args, const rw_conf *conf, GError **error)
{
    if (!check_site(conf, "site", args->site, error) || !check_site(conf, "link", args->link.source, error) ||
        !check_site(conf, "link", args->link.target, error))
        return false;
    if (!args->link.source) return true;
    g_autoptr(GPtrArray) links = rw_topology_links(conf, error);
    if (!links || has_link(links, conf, args->link.source, args->link.target)) return links != NULL;
    return rw_fail(error, RW_ERR_CONFIG, "option --link: topology = %s has no link %s->%s; see: ringway status", rw_conf_topology(conf),
                   args->link.source, args->link.target);
}

rw_exit rw_cli_exit_code(const GError *error)
{
    if (error->domain != RW_ERROR) return RW_EXIT_INTERNAL;
    switch ((rw_error_class)error->code) {
    case RW_ERR_CONFIG: return RW_EXIT_USAGE;
    case RW_ERR_UNREACHABLE:
    case RW_ERR_RETRY: return RW_EXIT_UNREACHABLE;
    case RW_ERR_STANDBY:
    case RW_ERR_CONFLICT:
    case RW_ERR_STOP: return RW_EXIT_FOUND;
    case RW_ERR_INTERRUPTED:
    case RW_ERR_BUG: return RW_EXIT_INTERNAL;
    }
    return RW_EXIT_INTERNAL;
}

char *rw_cli_error_line(const GError *error)
{
    char *line = g_strdup_printf("ringway: %s\n", error->message);
    for (char *c = line; c[1]; c++)
        if (g_ascii_iscntrl(*c)) *c = ' ';
    return line;
}
