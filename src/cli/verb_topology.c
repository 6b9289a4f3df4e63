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

/* Its applications may write on: then it is not gone. */
static bool check_is_down(const rw_conf *conf, const rw_site_conf *site, GError **error)
{
    rw_connection_limits limits = {conf->connect_timeout_s, conf->deadline_s, conf->deadline_s};
    g_autoptr(rw_connection) answers = rw_connection_open(site, limits, NULL);
    if (!answers) return true;
    return rw_fail(error, RW_ERR_CONFIG, "site %s answers: what is written there from now on would reach nobody; stop its applications, let its links catch up, "
                   "stop its server, then remove it", site->name);
}

static bool open_others(rw_reroute *r, const rw_site_conf *but, GError **error)
{
    for (unsigned i = 0; i < r->conf->n_sites; i++) {
        const rw_site_conf *site = &r->conf->sites[i];
        if (!site->heir && site != but && !rw_reroute_open(r, site, error)) return false;
    }
    return true;
}

/* Who has most of what the site wrote; of equals the first. */
static const rw_site_conf *choose_heir(const rw_reroute *r, const rw_site_conf *gone)
{
    const rw_site_conf *best = NULL;
    for (unsigned i = 0; i < r->conf->n_sites; i++) {
        const rw_site_conf *site = &r->conf->sites[i];
        if (!r->sites[i]) continue;
        if (!best || rw_seen_of(&r->places->held[site->id], gone->id) > rw_seen_of(&r->places->held[best->id], gone->id)) best = site;
    }
    return best;
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
    if (!open_others(r, gone, error)) return false;
    const rw_site_conf *heir = choose_heir(r, gone);
    g_autofree char *text = rw_conf_edit_site(path, gone->name, "heir", heir->name, error);
    g_autoptr(GPtrArray) links = text ? links_of(path, text, error) : NULL;
    if (!links || !rw_reroute_links(r, links, error) || (!r->print && !rw_conf_edit_write(path, text, error))) return false;
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
