#include "cli/topology_common.h"

#include "conf/edit.h"

#include <stdio.h>
#include <string.h>

/* Nobody listens there: an answer of any kind, a refused login, too, says that a server runs. */
static bool nobody_listens(const GError *error, unsigned hosts)
{
    static const char pattern[] = "\\((2002|2003|2005)\\)";
    g_autoptr(GRegex) regex = g_regex_new(pattern, 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    unsigned n = 0;
    for (g_regex_match(regex, error->message, 0, &match); g_match_info_matches(match); g_match_info_next(match, NULL)) n++;
    return n >= hosts;
}

/* Its applications may write on: then it is not gone. */
bool rw_topology_check_is_down(const rw_conf *conf, const rw_site_conf *site, const char *then, GError **error)
{
    rw_connection_limits limits = {conf->connect_timeout_s, conf->deadline_s, conf->deadline_s};
    g_autoptr(GError) why = NULL;
    g_autoptr(rw_connection) answers = rw_connection_open(site, limits, &why);
    if (!answers && nobody_listens(why, site->hosts.n)) return true;
    return rw_fail(error, RW_ERR_CONFIG, "site %s answers%s%s: what is written there from now on would reach nobody; stop its applications, let its links catch up, stop its server, "
                   "then %s it", site->name, why ? ": " : "", why ? why->message : "", then);
}

/* Who has most of what the site wrote, and can hand it on; of equals the first. */
static const rw_site_conf *choose_heir(const rw_reroute *r, const rw_site_conf *gone)
{
    const rw_site_conf *best = NULL;
    for (unsigned i = 0; i < r->conf->n_sites; i++) {
        const rw_site_conf *site = &r->conf->sites[i];
        if (!r->sites[i] || site->read_only) continue;
        if (!best || rw_seen_of(&r->places->held[site->id], gone->id) > rw_seen_of(&r->places->held[best->id], gone->id)) best = site;
    }
    return best;
}

/* A site whose heir goes needs another one. */
static char *text_without(const rw_reroute *r, const rw_site_conf *gone, const rw_site_conf **heir, GError **error)
{
    char *text = rw_conf_edit_load(r->conf->path, error);
    for (unsigned i = 0; text && i < r->conf->n_sites; i++) {
        const rw_site_conf *site = &r->conf->sites[i];
        if (site != gone && g_strcmp0(site->heir, gone->name) != 0) continue;
        const rw_site_conf *next = choose_heir(r, site);
        if (site == gone) *heir = next;
        g_autofree char *before = text;
        text = next ? rw_conf_edit_site(before, site->name, "heir", next->name, error) : NULL;
        if (!next) rw_fail(error, RW_ERR_CONFIG, "site %s: only sites that are read_only are left, and they hand nothing on", gone->name);
    }
    return text;
}

/* Whether what is written at one site comes to the other. */
static bool reaches(const rw_conf *conf, const GPtrArray *links, unsigned origin, unsigned site)
{
    for (guint i = 0; i < links->len; i++) {
        const rw_topology_link *t = g_ptr_array_index(links, i);
        if (t->target == site && rw_origins_has(&t->carries, conf->sites[origin].id)) return true;
    }
    return false;
}

static bool check_reach(const rw_conf *conf, const GPtrArray *links, const rw_site_conf *gone, GError **error)
{
    g_autoptr(GPtrArray) before = rw_topology_links(conf, error);
    for (unsigned a = 0; before && a < conf->n_sites; a++)
        for (unsigned b = 0; b < conf->n_sites; b++)
            if (a != b && rw_site_takes_part(&conf->sites[a]) && rw_site_takes_part(&conf->sites[b]) && &conf->sites[a] != gone && &conf->sites[b] != gone && reaches(conf, before, a, b) && !reaches(conf, links, a, b))
                return rw_fail(error, RW_ERR_CONFIG, "without site %s nothing that is written at site %s would come to site %s any more; write a [link] section for another way first",
                               gone->name, conf->sites[a].name, conf->sites[b].name);
    return before != NULL;
}

static bool remove_from(rw_reroute *r, const rw_site_conf *gone, GError **error)
{
    const char *path = r->conf->path;
    const rw_site_conf *heir = NULL;
    if (!rw_topology_open_others(r, gone, error)) return false;
    g_autofree char *text = text_without(r, gone, &heir, error);
    g_autoptr(GPtrArray) links = text ? rw_topology_links_of(path, text, error) : NULL;
    if (!links || !check_reach(r->conf, links, gone, error) || !rw_reroute_links(r, links, error) || (!r->print && !rw_conf_edit_write(path, text, error))) return false;
    printf("site %s: gone; what is left of it comes from site %s\n", gone->name, heir->name);
    if (!r->print) rw_topology_say_written(path);
    return true;
}

bool rw_topology_remove(const rw_args *args, rw_conf *conf, GError **error)
{
    const rw_site_conf *gone = rw_topology_find_site(conf, "topology remove", args->operands[1], error);
    if (!gone) return false;
    if (gone->copy_of) return rw_fail(error, RW_ERR_CONFIG, "topology remove: site %s is a copy that is not in yet; take the line copy_of%s out of %s", gone->name, gone->heir ? "" : ", or its section,", conf->path);
    if (gone->heir) return rw_fail(error, RW_ERR_CONFIG, "topology remove: site %s is gone already; what is left of it comes from %s", gone->name, gone->heir);
    if (conf->n_in_use < 3) return rw_fail(error, RW_ERR_CONFIG, "topology remove: only %u sites are left; a single one needs no ringway: end ringway run instead", conf->n_in_use);
    if (!rw_topology_check_is_down(conf, gone, "remove", error)) return false;
    g_autoptr(rw_reroute) r = rw_reroute_new(conf, args->print);
    return remove_from(r, gone, error);
}
