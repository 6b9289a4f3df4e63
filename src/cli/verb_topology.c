#include "base/nearest.h"
#include "cli/setup.h"
#include "cli/topology_common.h"

#include <stdio.h>
#include <string.h>

static const rw_verb_option options[] = {
    {"print", 0, RW_ARG_FLAG, offsetof(rw_args, print), .help = "say what would be done, and do nothing"},
    {"copy-of", 0, RW_ARG_TEXT, offsetof(rw_args, copy_of), .value = "SITE", .help = "add: whose data the new site holds"},
    {"from", 0, RW_ARG_TEXT, offsetof(rw_args, from), .value = "POSITION", .help = "add: up to where in that site's log"},
    {"apply", 0, RW_ARG_TEXT, offsetof(rw_args, apply), .value = "GTID,...|all", .help = "lost: write these transactions at the present server"},
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
        if (conf->sites[i].copy_of) printf("site %s is a copy of %s, and not in yet\n", conf->sites[i].name, conf->sites[i].copy_of);
        else if (conf->sites[i].heir) printf("site %s is gone; what is left of it comes from %s\n", conf->sites[i].name, conf->sites[i].heir);
    for (guint i = 0; i < links->len; i++) {
        const rw_topology_link *t = g_ptr_array_index(links, i);
        g_autofree char *names = origin_names(conf, t);
        printf("link %-24s brings what was written at %s\n", t->name, names);
    }
    return true;
}

/* ---- the verb */

static const struct action {
    const char *name;
    unsigned operands;
    bool (*run)(const rw_args *args, rw_conf *conf, GError **error);
    bool plans; /* knows --print */
} actions[] = {{"show", 1, show, false}, {"add", 2, rw_topology_add, true}, {"remove", 2, rw_topology_remove, true}, {"lost", 3, rw_topology_lost, false}, {"replace", 3, rw_topology_replace, true}};

static bool check_option(const struct action *a, const char *option, bool given, bool known, GError **error)
{
    return !given || known || rw_fail(error, RW_ERR_CONFIG, "topology %s: knows no --%s; see: ringway topology --help", a->name, option);
}

static bool check_options(const struct action *a, const rw_args *args, GError **error)
{
    bool adds = strcmp(a->name, "add") == 0, lost = strcmp(a->name, "lost") == 0;
    return check_option(a, "print", args->print, a->plans, error) && check_option(a, "copy-of", args->copy_of, adds, error) &&
           check_option(a, "from", args->from, adds, error) && check_option(a, "apply", args->apply, lost, error);
}

static const struct action *find_action(const rw_args *args, GError **error)
{
    const char *names[G_N_ELEMENTS(actions) + 1] = {NULL}, *name = args->operands[0];
    for (unsigned i = 0; i < G_N_ELEMENTS(actions); i++) {
        names[i] = actions[i].name;
        if (!name || strcmp(name, names[i]) != 0) continue;
        if (g_strv_length(args->operands) == actions[i].operands) return &actions[i];
        static const char *const takes[] = {"nothing", "the name of one site", "the name of a site and a host"};
        rw_fail(error, RW_ERR_CONFIG, "topology %s: takes %s; see: ringway topology --help", name, takes[actions[i].operands - 1]);
        return NULL;
    }
    const char *near = name ? rw_nearest(name, names) : NULL;
    if (near) rw_fail(error, RW_ERR_CONFIG, "topology: cannot '%s'; did you mean '%s'?", name, near);
    else rw_fail(error, RW_ERR_CONFIG, "topology: %s; write show, add SITE, remove SITE, replace SITE HOST or lost SITE HOST", name ? "does not know what to do" : "nothing to do");
    return NULL;
}

static int run(const rw_args *args, GError **error)
{
    const struct action *a = find_action(args, error);
    if (!a || !check_options(a, args, error)) return RW_EXIT_USAGE;
    g_autoptr(rw_conf) conf = rw_cli_conf(args, error);
    if (!conf) return RW_EXIT_USAGE;
    return a->run(args, conf, error) ? RW_EXIT_DONE : RW_EXIT_FOUND;
}

extern const rw_verb rw_verb_topology;
const rw_verb rw_verb_topology = {
    .name = "topology",
    .summary = "Shows who brings what; puts in, takes out or replaces a site",
    .usage = "show | {add | remove} SITE | {replace | lost} SITE HOST",
    .options = options,
    .max_operands = 3,
    .manual = "show prints the links, and of each whose changes it brings.\n\n"
              "remove takes out a site that is gone for good: a ring closes around it. For every link that is new, or is to bring what came another way until "
              "now, it looks in the tables of all sites for a place in the source's log before which the target has everything, and records it as the "
              "link's start; what the target has already is left out by its stamp, so that every transaction takes effect once. What the site had written last may not "
              "have reached everybody: the site that has most of it (its heir) hands it on. Then it writes the line 'heir = NAME' into the section of the site in the "
              "configuration, and every ringway run must read it again. Applications at the other sites go on all the while.\n\n"
              "What was committed at the site and had reached nobody stays there: keep its data until you have looked (its log tells).\n\n"
              "A site that still answers is not removed.\n\n"
              "add puts in a site, new or come back, in two steps. It needs a section in the configuration (at its place, in a ring, and for a new one with the line 'copy_of = SITE', which keeps it "
              "out of the shape), and a copy of that site's data: a backup, snapshot or dump, best with the schema ringway in it, whose POSITION in that site's log is given as to "
              "ringway init. With --from the schema ringway that came with the copy is replaced, and the new site hangs behind the other one, which brings it everything, as soon as "
              "ringway run has read the configuration again. When it has caught up, end ringway run, call add without --from, and start ringway run: the links of the shape go on from places that the tables "
              "prove, as in remove. Applications at the other sites go on all the while; at the new site nobody may write before. A site that comes back loses what it had written and "
              "nobody had seen.\n\n"
              "replace gives a site another server: a replica of its dead one, at HOST (host:port, or a socket), takes its place. The replica has applied all that it received, replicates no more, "
              "and can be written to, but nobody has written there. GTIDs tell what it has. What it had and nobody else has goes out from there. What it lacks and others have comes back from one of them: "
              "until then applications must keep away from it. The verb writes 'hosts = HOST' into the site's section; every ringway run must read it again. With two sites nothing can come "
              "back, and the verb refuses. \n\n"
              "lost lists what only the former server of a replaced site has: started again at HOST, where no application reaches it, its log is read from where nobody had it. One line each: GTID, "
              "time, tables and rows. What becomes of it is for a person to say: left alone, or, with --apply and the GTIDs (or all), written at the site's present server, from where links carry it to all sites as "
              "a change made now. A transaction is written whole, and once, however often one asks; and only if its rows are still as it had found them. Under the policies delta and merge the columns count that it "
              "changed, and what adds up is added. What is not written is told with the reason; what was written is told by every later call, too.",
    .run = run,
};
