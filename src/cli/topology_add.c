/* topology_add: a site is put in, in two steps. First it hangs behind the one whose copy it holds, which brings it everything. When the others have
 * seen what the copy held, there are places in all logs from which the links of the shape may go on, as when a site is removed. Put in at once, rows that
 * the copy holds and another site has not seen would have no writer in the new site's log: a conflict could not be told. */
#include "cli/position.h"
#include "cli/topology_common.h"
#include "conf/edit.h"
#include "flow/apply/session.h"
#include "flow/start.h"
#include "flow/survey.h"

#include <stdio.h>
#include <string.h>

static const rw_site_conf *site_at(const rw_reroute *r, unsigned i) { return &r->conf->sites[i]; }

/* ---- the first step */

static bool check_is_another(const rw_reroute *r, const rw_site_conf *added, const rw_connection *mine, GError **error)
{
    const rw_site_conf *other = rw_topology_served_by(r, mine);
    return !other || rw_fail(error, RW_ERR_CONFIG, "site %s is the same server as site %s (%s), or has its identity still; correct its hosts, or give the copy an identity of its own",
                             added->name, other->name, mine->identity);
}

/* Its tables are dropped: it must not be one that others receive from. */
static bool check_is_out(const rw_reroute *r, const rw_site_conf *added, GError **error)
{
    if (added->heir) return true;
    for (guint i = 0; i < r->places->places->len; i++)
        if (g_array_index(r->places->places, rw_log_place, i).site == added->id)
            return rw_fail(error, RW_ERR_CONFIG, "site %s: others receive from a site with id %u; if it is gone, remove it first, else give the new one a number that no site ever had",
                           added->name, added->id);
    return true;
}

/* What the copy lacks of what the site wrote in an earlier life would never come to it. */
static bool check_earlier_life(const rw_reroute *r, const rw_site_conf *added, const rw_site_conf *of, const rw_history *held, GError **error)
{
    for (unsigned i = 0; i < r->conf->n_sites; i++)
        if (rw_seen_of(&r->places->own[site_at(r, i)->id], added->id) > rw_seen_of(&held->seen, added->id))
            return rw_fail(error, RW_ERR_CONFIG, "site %s: the copy of site %s does not hold all that site %s had written before it went, and site %s does; wait until site %s has it, "
                           "then take a later copy", added->name, of->name, added->name, site_at(r, i)->name, of->name);
    return true;
}

/* What the copy tells of the logs, and of whom: only as long as its schema ringway is the other site's. */
static bool load_copied(rw_places *copied, const rw_site_conf *of, rw_connection *c, GError **error)
{
    g_autofree char *there = rw_connection_value(c, "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'ringway' AND table_name = 'progress'", error);
    if (!there) return false;
    return strcmp(there, "0") == 0 || rw_places_load(copied, of->id, c, error);
}

static bool survey_copy(const rw_reroute *r, const rw_site_conf *added, const rw_site_conf *of, const rw_source_pos *pos, rw_history *held, GError **error)
{
    g_autoptr(rw_places) copied = rw_places_new();
    rw_connection *c = rw_reroute_session(r, added);
    const rw_survey survey = {r->conf, of, rw_reroute_session(r, of), r->places, copied};
    return load_copied(copied, of, c, error) && rw_survey_history(&survey, pos, held, NULL, error) && check_earlier_life(r, added, of, held, error);
}

/* The schema ringway that came with the copy is the other site's. */
static bool begin_anew(const rw_reroute *r, const rw_site_conf *added, const rw_site_conf *of, const char *link, GError **error)
{
    rw_connection *c = rw_reroute_session(r, added);
    const rw_session_options lock = {.topology = r->conf->name, .link = link};
    GError *busy = NULL;
    bool created;
    if (rw_session_take_lock(c, &lock, &busy)) return rw_connection_run(c, "DROP DATABASE IF EXISTS ringway", error) && rw_start_create_schema(c, &created, error);
    bool runs = g_error_matches(busy, RW_ERROR, RW_ERR_STANDBY);
    if (!runs) g_propagate_error(error, busy);
    else {
        g_error_free(busy);
        rw_fail(error, RW_ERR_CONFIG, "link %s is being run: site %s hangs behind site %s already; to put it in, leave out --from; to begin with another copy, end ringway run first",
                link, added->name, of->name);
    }
    return false;
}

/* All that the copy holds is before the place in the new site's log, and the other site has it. */
static bool record(const rw_reroute *r, const rw_site_conf *added, const rw_site_conf *of, const char *link, const rw_source_pos *pos, const rw_history *held, GError **error)
{
    rw_source_pos now = {0};
    rw_connection *c = rw_reroute_session(r, added);
    if (!rw_start_position_now(c, &now, error)) return false;
    rw_memory_place memory = {.pos = {now.file, now.offset_bytes}, .history = *held};
    bool ok = rw_seen_raise(&memory.history.seen, of->id, rw_history_own(held, of->id)), recorded;
    if (!ok) rw_fail(error, RW_ERR_CONFIG, "more than %d sites; not supported", RW_SEEN_MAX);
    const rw_start start = {r->conf->name, link, of->id, pos, *pos->file ? rw_reroute_session(r, of)->identity : "", held, &memory, c->identity};
    ok = ok && rw_start_record(&start, c, true, &recorded, error);
    rw_source_pos_clear(&now);
    return ok;
}

static bool hang(rw_reroute *r, const rw_site_conf *added, const rw_site_conf *of, const char *from, GError **error)
{
    const char *path = r->conf->path;
    rw_source_pos pos = {0};
    rw_history held = {0};
    g_autofree char *link = g_strdup_printf("%s->%s", of->name, added->name);
    g_autofree char *text = rw_conf_edit_load(path, error), *changed = text ? rw_conf_edit_site(text, added->name, "copy_of", of->name, error) : NULL;
    g_autoptr(GPtrArray) links = changed ? rw_topology_links_of(path, changed, error) : NULL;
    bool ok = links && rw_position_parse(from, rw_reroute_session(r, of)->dialect->gtid_kind, &pos, error) && survey_copy(r, added, of, &pos, &held, error) &&
              begin_anew(r, added, of, link, error) && record(r, added, of, link, &pos, &held, error) && rw_conf_edit_write(path, changed, error);
    rw_source_pos_clear(&pos);
    if (!ok) return false;
    printf("site %s: hangs behind site %s, which brings it everything from the copy on (a position in the log of %s); when it has caught up, end ringway run, and put it in: "
           "ringway topology add %s\n", added->name, of->name, rw_reroute_session(r, of)->address, added->name);
    rw_topology_say_written(path);
    return true;
}

static bool hang_behind(const rw_args *args, rw_conf *conf, const rw_site_conf *added, GError **error)
{
    const char *name = args->copy_of ? args->copy_of : added->copy_of;
    if (args->print) return rw_fail(error, RW_ERR_CONFIG, "topology add: --print goes with the second step, without --from");
    if (!name) return rw_fail(error, RW_ERR_CONFIG, "topology add: whose copy is it? add --copy-of SITE");
    const rw_site_conf *of = rw_topology_find_site(conf, "option --copy-of", name, error);
    if (!of) return false;
    if (of == added || !rw_site_takes_part(of) || of->read_only)
        return rw_fail(error, RW_ERR_CONFIG, "option --copy-of: site %s is not one that others receive from; name one that is", of->name);
    g_autoptr(rw_reroute) r = rw_reroute_new(conf, false);
    if (!rw_topology_open_others(r, added, error) || !check_is_out(r, added, error)) return false;
    rw_connection *c = rw_connection_open(added, (rw_connection_limits){conf->connect_timeout_s, 0, conf->deadline_s}, error);
    if (!c) return false;
    bool other = check_is_another(r, added, c, error);
    r->sites[added - conf->sites] = c; /* its tables tell nothing of itself: they came with the copy */
    return other && hang(r, added, of, args->from, error);
}

/* ---- the second step */

/* From now on nobody hands on what the site wrote in an earlier life. */
static bool check_leftovers(const rw_reroute *r, const rw_site_conf *added, GError **error)
{
    uint64_t most = 0;
    for (unsigned i = 0; i < r->conf->n_sites; i++) most = MAX(most, rw_seen_of(&r->places->own[site_at(r, i)->id], added->id));
    for (unsigned i = 0; i < r->conf->n_sites; i++)
        if (r->sites[i] && site_at(r, i) != added && rw_seen_of(&r->places->own[site_at(r, i)->id], added->id) < most)
            return rw_fail(error, RW_ERR_CONFIG, "site %s lacks some of what site %s had written before it went; let ringway run bring it there first", site_at(r, i)->name, added->name);
    return true;
}

/* Nobody writes there: whatever stands in its log came by its one link, so nothing of its own has to go anywhere from before a place of that link's memory. */
static void prove_silence(const rw_reroute *r, const rw_site_conf *added)
{
    const rw_site_conf *of = rw_conf_site(r->conf, added->copy_of);
    for (unsigned i = 0; i < r->conf->n_sites; i++) rw_places_prove(r->places, added->id, of->id, site_at(r, i)->id);
}

static bool put_in(const rw_args *args, rw_conf *conf, const rw_site_conf *added, GError **error)
{
    const char *path = conf->path;
    if (!added->copy_of)
        return rw_fail(error, RW_ERR_CONFIG, "topology add: whose copy, and from when? Restore a backup or a dump of one site into the new one and write: "
                       "ringway topology add %s --copy-of SITE --from POSITION", added->name);
    g_autoptr(rw_reroute) r = rw_reroute_new(conf, args->print);
    if (!rw_topology_open_others(r, added, error) || !rw_reroute_open(r, added, added, error) || !check_leftovers(r, added, error)) return false;
    g_autofree char *text = rw_conf_edit_load(path, error), *one = text ? rw_conf_edit_site(text, added->name, "copy_of", NULL, error) : NULL;
    g_autofree char *both = one ? rw_conf_edit_site(one, added->name, "heir", NULL, error) : NULL;
    g_autoptr(GPtrArray) links = both ? rw_topology_links_of(path, both, error) : NULL;
    if (!links) return false;
    r->added = added;
    prove_silence(r, added);
    if (!rw_reroute_links(r, links, error) || (!r->print && !rw_conf_edit_write(path, both, error))) return false;
    printf("site %s: in\n", added->name);
    if (!r->print) rw_topology_say_written(path);
    return true;
}

bool rw_topology_add(const rw_args *args, rw_conf *conf, GError **error)
{
    const rw_site_conf *added = rw_topology_find_site(conf, "topology add", args->operands[1], error);
    if (!added) return false;
    return args->from ? hang_behind(args, conf, added, error) : put_in(args, conf, added, error);
}
