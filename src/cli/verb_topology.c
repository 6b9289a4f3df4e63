#include "base/nearest.h"
#include "cli/reroute.h"
#include "cli/setup.h"
#include "conf/edit.h"

#include <stdio.h>
#include <string.h>

static const rw_verb_option options[] = {
    {"print", 0, RW_ARG_FLAG, offsetof(rw_args, print), .help = "remove: say what would be done, and do nothing"},
    {NULL},
};

/* ---- show */

static char *origin_names(const rw_conf *conf, const rw_topology_link *t)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (unsigned i = 0; i < conf->n_sites; i++)
        if (rw_origins_has(&t->carries, conf->sites[i].id)) g_string_append_printf(names, "%s%s", names->len ? ", " : "", conf->sites[i].name);
    return g_string_free(g_steal_pointer(&names), FALSE);
}

static bool show(const rw_args *args, rw_conf *conf, GError **error)
{
    (void)args;
    g_autoptr(GPtrArray) links = rw_topology_links(conf, error);
    if (!links) return false;
    printf("topology: %s of %u sites\n", rw_conf_topology(conf), conf->n_in_use);
    for (unsigned i = 0; i < conf->n_sites; i++)
        if (conf->sites[i].heir) printf("site %s is gone; what is left of it comes from %s\n", conf->sites[i].name, conf->sites[i].heir);
    for (guint i = 0; i < links->len; i++) {
        const rw_topology_link *t = g_ptr_array_index(links, i);
        g_autofree char *names = origin_names(conf, t);
        printf("link %-24s brings what was written at %s\n", t->name, names);
    }
    return true;
}

/* ---- remove */

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
static bool check_is_down(const rw_conf *conf, const rw_site_conf *site, GError **error)
{
    rw_connection_limits limits = {conf->connect_timeout_s, conf->deadline_s, conf->deadline_s};
    g_autoptr(GError) why = NULL;
    g_autoptr(rw_connection) answers = rw_connection_open(site, limits, &why);
    if (!answers && nobody_listens(why, site->hosts.n)) return true;
    return rw_fail(error, RW_ERR_CONFIG, "site %s answers%s%s: what is written there from now on would reach nobody; stop its applications, let its links catch up, stop its server, "
                   "then remove it", site->name, why ? ": " : "", why ? why->message : "");
}

static bool open_others(rw_reroute *r, const rw_site_conf *but, GError **error)
{
    for (unsigned i = 0; i < r->conf->n_sites; i++) {
        const rw_site_conf *site = &r->conf->sites[i];
        if (!site->heir && site != but && !rw_reroute_open(r, site, error)) return false;
    }
    return true;
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
            if (a != b && !conf->sites[a].heir && !conf->sites[b].heir && &conf->sites[a] != gone && &conf->sites[b] != gone && reaches(conf, before, a, b) && !reaches(conf, links, a, b))
                return rw_fail(error, RW_ERR_CONFIG, "without site %s nothing that is written at site %s would come to site %s any more; write a [link] section for another way first",
                               gone->name, conf->sites[a].name, conf->sites[b].name);
    return before != NULL;
}

/* The links of the changed text. Sections stand in the same order: indexes and numbers are those of the old one, which has the passwords. */
static GPtrArray *links_of(const char *path, const char *text, GError **error)
{
    g_autoptr(rw_conf) changed = rw_conf_parse(path, text, strlen(text), error);
    return changed ? rw_topology_links(changed, error) : NULL;
}

static void say_written(const char *path)
{
    printf("%s: written. Now every ringway run must read its configuration again (SIGHUP, or a restart), with the same lines in every copy of it\n", path);
}

static bool remove_from(rw_reroute *r, const rw_site_conf *gone, GError **error)
{
    const char *path = r->conf->path;
    const rw_site_conf *heir = NULL;
    if (!open_others(r, gone, error)) return false;
    g_autofree char *text = text_without(r, gone, &heir, error);
    g_autoptr(GPtrArray) links = text ? links_of(path, text, error) : NULL;
    if (!links || !check_reach(r->conf, links, gone, error) || !rw_reroute_links(r, links, error) || (!r->print && !rw_conf_edit_write(path, text, error))) return false;
    printf("site %s: gone; what is left of it comes from site %s\n", gone->name, heir->name);
    if (!r->print) say_written(path);
    return true;
}

static const rw_site_conf *find_site(const rw_conf *conf, const char *what, const char *name, GError **error)
{
    const rw_site_conf *site = rw_conf_site(conf, name);
    const char *near = site ? NULL : rw_nearest(name, conf->site_names);
    if (!site && near) rw_fail(error, RW_ERR_CONFIG, "%s: there is no site '%s'; did you mean '%s'?", what, name, near);
    else if (!site) rw_fail(error, RW_ERR_CONFIG, "%s: there is no site '%s'; see: ringway topology show", what, name);
    return site;
}

static bool remove_site(const rw_args *args, rw_conf *conf, GError **error)
{
    const rw_site_conf *gone = find_site(conf, "topology remove", args->operands[1], error);
    if (!gone) return false;
    if (gone->heir) return rw_fail(error, RW_ERR_CONFIG, "topology remove: site %s is gone already; what is left of it comes from %s", gone->name, gone->heir);
    if (conf->n_in_use < 3) return rw_fail(error, RW_ERR_CONFIG, "topology remove: only %u sites are left; a single one needs no ringway: end ringway run instead", conf->n_in_use);
    if (!check_is_down(conf, gone, error)) return false;
    g_autoptr(rw_reroute) r = rw_reroute_new(conf, args->print);
    return remove_from(r, gone, error);
}

/* ---- the verb */

static const struct action {
    const char *name;
    unsigned operands;
    bool (*run)(const rw_args *args, rw_conf *conf, GError **error);
} actions[] = {{"show", 1, show}, {"remove", 2, remove_site}};

static const struct action *find_action(const rw_args *args, GError **error)
{
    const char *names[G_N_ELEMENTS(actions) + 1] = {NULL}, *name = args->operands[0];
    for (unsigned i = 0; i < G_N_ELEMENTS(actions); i++) {
        names[i] = actions[i].name;
        if (!name || strcmp(name, names[i]) != 0) continue;
        if (g_strv_length(args->operands) == actions[i].operands) return &actions[i];
        rw_fail(error, RW_ERR_CONFIG, "topology %s: takes %s; see: ringway topology --help", name, actions[i].operands == 1 ? "nothing" : "the name of one site");
        return NULL;
    }
    const char *near = name ? rw_nearest(name, names) : NULL;
    if (near) rw_fail(error, RW_ERR_CONFIG, "topology: cannot '%s'; did you mean '%s'?", name, near);
    else rw_fail(error, RW_ERR_CONFIG, "topology: %s; write show or remove SITE", name ? "does not know what to do" : "nothing to do");
    return NULL;
}

static int run(const rw_args *args, GError **error)
{
    const struct action *a = find_action(args, error);
    if (!a) return RW_EXIT_USAGE;
    g_autoptr(rw_conf) conf = rw_cli_conf(args, error);
    if (!conf) return RW_EXIT_USAGE;
    return a->run(args, conf, error) ? RW_EXIT_DONE : RW_EXIT_FOUND;
}

extern const rw_verb rw_verb_topology;
const rw_verb rw_verb_topology = {
    .name = "topology",
    .summary = "Shows who brings what, and takes out a site that is gone",
    .usage = "show | remove SITE [--print]",
    .options = options,
    .max_operands = 2,
    .manual = "show prints the links, and of each whose changes it brings.\n\n"
              "remove takes out a site that is gone for good: a ring closes around it. For every link that is new, or is to bring what came another way until "
              "now, it looks in the tables of all sites for a place in the source's log before which the target has everything, and records it as the "
              "link's start; what the target has already is left out by its stamp, so that every transaction takes effect once. What the site had written last may not "
              "have reached everybody: the site that has most of it (its heir) hands it on. Then it writes the line 'heir = NAME' into the section of the site in the "
              "configuration, and every ringway run must read it again. Applications at the other sites go on all the while.\n\n"
              "What was committed at the site and had reached nobody stays there: keep its data until you have looked (its log tells).\n\n"
              "A site that still answers is not removed.",
    .run = run,
};
