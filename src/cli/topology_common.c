#include "cli/topology_common.h"

#include "base/nearest.h"
#include "conf/edit.h"

#include <stdio.h>
#include <string.h>

const rw_site_conf *rw_topology_find_site(const rw_conf *conf, const char *what, const char *name, GError **error)
{
    const rw_site_conf *site = rw_conf_site(conf, name);
    const char *near = site ? NULL : rw_nearest(name, conf->site_names);
    if (!site && near) rw_fail(error, RW_ERR_CONFIG, "%s: there is no site '%s'; did you mean '%s'?", what, name, near);
    else if (!site) rw_fail(error, RW_ERR_CONFIG, "%s: there is no site '%s'; see: ringway topology show", what, name);
    return site;
}

bool rw_topology_open_others(rw_reroute *r, const rw_site_conf *but, GError **error)
{
    for (unsigned i = 0; i < r->conf->n_sites; i++) {
        const rw_site_conf *site = &r->conf->sites[i];
        if (rw_site_takes_part(site) && site != but && !rw_reroute_open(r, site, site, error)) return false;
    }
    return true;
}

/* The links of the changed text. Sections stand in the same order: indexes and numbers are those of the old one, which has the passwords. */
GPtrArray *rw_topology_links_of(const char *path, const char *text, GError **error)
{
    g_autoptr(rw_conf) changed = rw_conf_parse(path, text, strlen(text), error);
    return changed ? rw_topology_links(changed, error) : NULL;
}

/* The configuration's other lines stay, also those with passwords that are not in it. */
bool rw_topology_site_at(const rw_conf *conf, const rw_site_conf *site, const char *host, char **text, rw_conf **changed, rw_site_conf *at, GError **error)
{
    g_autofree char *before = rw_conf_edit_load(conf->path, error);
    *text = before ? rw_conf_edit_site(before, site->name, "hosts", host, error) : NULL;
    *changed = *text ? rw_conf_parse(conf->path, *text, strlen(*text), error) : NULL;
    if (!*changed) return false;
    *at = *site;
    at->hosts = rw_conf_site(*changed, site->name)->hosts;
    return true;
}

const rw_site_conf *rw_topology_served_by(const rw_reroute *r, const rw_connection *server)
{
    for (unsigned i = 0; i < r->conf->n_sites; i++)
        if (r->sites[i] && r->sites[i] != server && strcmp(r->sites[i]->identity, server->identity) == 0) return &r->conf->sites[i];
    return NULL;
}

void rw_topology_say_written(const char *path)
{
    printf("%s: written. Now every ringway run must read its configuration again (SIGHUP, or a restart), with the same lines in every copy of it\n", path);
}
