#include "base/nearest.h"
#include "cli/setup.h"
#include "conf/edit.h"
#include "flow/apply/progress.h"
#include "flow/places.h"
#include "flow/start.h"
#include "topology/topology.h"

#include <stdio.h>
#include <string.h>

enum { LOCK_TURNS = 20 };

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

typedef struct {
    rw_conf *conf;          /* with the site gone */
    const rw_site_conf *gone;
    rw_connection **sites;  /* by index; NULL: gone */
    rw_places *places;
    GPtrArray *links;
    bool print;
} removal;

/* Its applications may write on: then it is not gone. */
static bool check_is_down(const rw_conf *conf, const rw_site_conf *site, GError **error)
{
    rw_connection_limits limits = {conf->connect_timeout_s, conf->deadline_s, conf->deadline_s};
    g_autoptr(rw_connection) answers = rw_connection_open(site, limits, NULL);
    if (!answers) return true;
    return rw_fail(error, RW_ERR_CONFIG, "site %s answers: what is written there from now on would reach nobody; stop its applications, let its links catch up, "
                   "stop its server, then remove it", site->name);
}

static bool open_sites(removal *r, GError **error)
{
    for (unsigned i = 0; i < r->conf->n_sites; i++) {
        const rw_site_conf *site = &r->conf->sites[i];
        if (site->heir || site == r->gone) continue;
        r->sites[i] = rw_connection_open(site, (rw_connection_limits){r->conf->connect_timeout_s, r->conf->deadline_s, r->conf->deadline_s}, error);
        if (!r->sites[i] || !rw_places_load(r->places, site->id, r->sites[i], error)) return false;
    }
    return true;
}

/* Who has most of it; of equals the first. */
static const rw_site_conf *choose_heir(const removal *r)
{
    const rw_site_conf *best = NULL;
    for (unsigned i = 0; i < r->conf->n_sites; i++) {
        const rw_site_conf *site = &r->conf->sites[i];
        if (!r->sites[i]) continue;
        if (!best || rw_seen_of(&r->places->held[site->id], r->gone->id) > rw_seen_of(&r->places->held[best->id], r->gone->id)) best = site;
    }
    return best;
}

/* What the link is to bring, and did not until now, is there as far as it has come. */
static bool goes_on(const removal *r, const rw_topology_link *t, bool *yes, GError **error)
{
    const rw_site_conf *source = &r->conf->sites[t->source], *target = &r->conf->sites[t->target];
    rw_progress progress = {0};
    GError *failure = NULL;
    *yes = false;
    if (rw_progress_load(&progress, source->id, r->sites[t->source]->dialect, r->sites[t->target], &failure)) {
        rw_origins added;
        rw_origins_add(&progress.carries, source->id);
        added = rw_origins_minus(&t->carries, &progress.carries);
        *yes = rw_places_covers(r->places, target->id, source->id, &progress.history, &added);
    } else if (g_error_matches(failure, RW_ERROR, RW_ERR_CONFIG)) {
        g_clear_error(&failure); /* it never ran */
    }
    rw_progress_clear(&progress);
    if (failure) g_propagate_error(error, failure);
    return !failure;
}

static bool record(const removal *r, const rw_topology_link *t, const rw_log_place *from, const rw_log_place *memory, GError **error)
{
    const rw_source_pos pos = {from->file, from->offset_bytes, from->gtid};
    const rw_memory_place place = {.pos = {memory->file, memory->offset_bytes}, .history = memory->history};
    const rw_start start = {r->conf->name, t->name, r->conf->sites[t->source].id, &pos, from->host, &from->history, &place, memory->host};
    for (unsigned turn = 1;; turn++) {
        GError *failure = NULL;
        bool recorded;
        if (rw_start_record(&start, r->sites[t->target], true, &recorded, &failure)) return true;
        /* A link that tries to reach the dead site holds the lock for moments. */
        bool again = turn < LOCK_TURNS && g_error_matches(failure, RW_ERROR, RW_ERR_CONFIG);
        if (!again) {
            g_propagate_error(error, failure);
            return false;
        }
        g_error_free(failure);
    }
}

static bool begin_link(const removal *r, const rw_topology_link *t, bool act, GError **error)
{
    const rw_site_conf *source = &r->conf->sites[t->source], *target = &r->conf->sites[t->target];
    rw_origins all = {0};
    bool stays;
    if (!goes_on(r, t, &stays, error)) return false;
    if (stays) {
        if (!act) printf("link %s: goes on\n", t->name);
        return true;
    }
    for (unsigned i = 0; i < r->conf->n_sites; i++)
        if (&r->conf->sites[i] != source) rw_origins_add(&all, r->conf->sites[i].id);
    const rw_log_place *from = rw_places_find(r->places, source->id, target->id, &t->carries);
    const rw_log_place *memory = rw_places_find(r->places, target->id, source->id, &all);
    if (!from || !memory)
        return rw_fail(error, RW_ERR_CONFIG, "link %s: no place is recorded in the log of site %s before which site %s has everything; nothing was changed. Start the link with a copy of the data: "
                       "ringway init --link '%s' --from POSITION", t->name, from ? target->name : source->name, from ? source->name : target->name, t->name);
    if (!act) printf("link %s: starts at %s:%" G_GUINT64_FORMAT " of site %s; what site %s has already is left out\n", t->name, *from->file ? from->file : from->gtid, from->offset_bytes,
                     source->name, target->name);
    return !act || record(r, t, from, memory, error);
}

static bool begin_links(const removal *r, GError **error)
{
    for (int act = 0; act < (r->print ? 1 : 2); act++) /* all is found before anything is written */
        for (guint i = 0; i < r->links->len; i++)
            if (!begin_link(r, g_ptr_array_index(r->links, i), act, error)) return false;
    return true;
}

static bool remove_from(removal *r, const char *path, GError **error)
{
    if (!open_sites(r, error)) return false;
    const rw_site_conf *heir = choose_heir(r);
    g_autofree char *text = rw_conf_edit_site(path, r->gone->name, "heir", heir->name, error);
    if (!text) return false;
    rw_conf *changed = rw_conf_parse(path, text, strlen(text), error);
    if (!changed) return false;
    r->links = rw_topology_links(changed, error);
    /* Sections stand in the same order: indexes and numbers are those of the old one, which has the passwords. */
    bool ok = r->links && begin_links(r, error) && (r->print || rw_conf_edit_write(path, text, error));
    if (ok) printf("site %s: gone; what is left of it comes from site %s\n", r->gone->name, heir->name);
    if (ok && !r->print) printf("%s: written. Now every ringway run must read its configuration again (SIGHUP, or a restart), with the same line in every copy of it\n", path);
    rw_conf_unref(changed);
    return ok;
}

static bool remove_site(const rw_args *args, rw_conf *conf, GError **error)
{
    const rw_site_conf *gone = rw_conf_site(conf, args->operands[1]);
    const char *near = gone ? NULL : rw_nearest(args->operands[1], conf->site_names);
    if (!gone && near) return rw_fail(error, RW_ERR_CONFIG, "topology remove: there is no site '%s'; did you mean '%s'?", args->operands[1], near);
    if (!gone) return rw_fail(error, RW_ERR_CONFIG, "topology remove: there is no site '%s'; see: ringway topology show", args->operands[1]);
    if (gone->heir) return rw_fail(error, RW_ERR_CONFIG, "topology remove: site %s is gone already; what is left of it comes from %s", gone->name, gone->heir);
    if (conf->n_in_use < 3) return rw_fail(error, RW_ERR_CONFIG, "topology remove: only %u sites are left; a single one needs no ringway: end ringway run instead", conf->n_in_use);
    if (!check_is_down(conf, gone, error)) return false;
    g_autofree rw_connection **sites = g_new0(rw_connection *, conf->n_sites);
    g_autoptr(rw_places) places = rw_places_new();
    removal r = {conf, gone, sites, places, NULL, args->print};
    bool ok = remove_from(&r, conf->path, error);
    g_clear_pointer(&r.links, g_ptr_array_unref);
    for (unsigned i = 0; i < conf->n_sites; i++) rw_connection_close(sites[i]);
    return ok;
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
