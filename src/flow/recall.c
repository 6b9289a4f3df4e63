#include "flow/recall.h"

#include "flow/apply/session.h"

/* What the source holds of the target: a window of the opposite link there. */
typedef struct {
    rw_memory_place place;
    char *host;
    char cluster[RW_CLUSTER_BYTES];
    rw_mark mark;
    rw_gtid_state gtid;
    uint64_t seq; /* of the window */
} held;

static void held_clear(held *h)
{
    rw_target_pos_clear(&h->place.pos);
    rw_gtid_state_clear(&h->gtid);
    g_clear_pointer(&h->host, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(held, held_clear)

static bool take_held(held *h, const rw_slice *c, const rw_connection *source, const rw_connection *target, GError **error)
{
    g_autofree char *seen = rw_cell_text(c[3]), *gtid = rw_cell_text(c[4]), *mark = rw_cell_text(c[6]);
    held_clear(h);
    h->place = (rw_memory_place){.pos = {rw_cell_text(c[0]), rw_cell_number(c[1])}, .history.stamp_us = rw_cell_number(c[2])};
    h->host = rw_cell_text(c[5]);
    h->seq = rw_cell_number(c[7]);
    if (!rw_seen_parse(&h->place.history.seen, seen))
        return rw_fail(error, RW_ERR_STOP, "site %s: ringway.progress.seen holds '%s', which is not a list of site:stamp", source->site, seen);
    if (!rw_mark_parse(mark, h->cluster, &h->mark)) return rw_fail(error, RW_ERR_STOP, "site %s: ringway.progress.source_mark holds '%s', which is not a mark", source->site, mark);
    return rw_gtid_state_parse(&h->gtid, *gtid ? target->dialect->gtid_kind : RW_GTID_NONE, gtid, error);
}

#define HELD_SQL "SELECT file, offset_bytes, stamp_us, seen, gtid, source_host, source_mark, seq FROM ringway.progress WHERE source = %u AND lane = 0 AND file <> '' ORDER BY seq"
enum { HELD_CELLS = 8 };

/* The oldest one that is left, but for the opposite link's own start, if that is long ago. h->host NULL: there is none. */
static bool opposite_start(held *h, unsigned target_site, rw_connection *source, const rw_connection *target, GError **error)
{
    g_autoptr(rw_result) rows = rw_connection_queryf(source, error, HELD_SQL " LIMIT 2", target_site);
    rw_slice c[HELD_CELLS];
    if (!rows || !rw_result_next(rows, c, HELD_CELLS)) return rows != NULL;
    if (!take_held(h, c, source, target, error)) return false;
    bool gap = rw_result_next(rows, c, HELD_CELLS) && rw_cell_number(c[7]) > h->seq + 1;
    return !gap || take_held(h, c, source, target, error);
}

/* The newest one that the source had seen before it wrote what comes next. h->host NULL: there is none. */
static bool opposite_seen(held *h, const rw_progress *p, unsigned target_site, rw_connection *source, const rw_connection *target, GError **error)
{
    const rw_seen *seen = &p->history.seen;
    g_autoptr(rw_result) rows = rw_connection_queryf(source, error, HELD_SQL " DESC", target_site);
    rw_slice c[HELD_CELLS];
    if (!rows) return false;
    while (rw_result_next(rows, c, HELD_CELLS)) {
        if (!take_held(h, c, source, target, error)) return false;
        if (rw_history_own(&h->place.history, target_site) <= rw_seen_of(seen, target_site) && rw_seen_covers(seen, &h->place.history.seen, p->source)) return true;
    }
    held_clear(h);
    return true;
}

/* --- the place on the host that is used now --- */

#define WHAT "from where on to read who wrote which row last"

static bool is_here(const char *host, const rw_connection *target) { return !*host || strcmp(host, target->identity) == 0; }

static bool adopt(rw_progress *p, held *h, const rw_log_reader *log, GError **error)
{
    rw_log_mark mark = {.what = WHAT, .before = h->host, .cluster = h->cluster, .mark = &h->mark, .gtid = &h->gtid};
    if (!is_here(h->host, log->session)) {
        char *file = NULL;
        uint64_t offset_bytes;
        if (!rw_elsewhere_find(log, &mark, &file, &offset_bytes, error)) return false;
        rw_target_pos_clear(&h->place.pos);
        h->place.pos = (rw_target_pos){file, offset_bytes};
    }
    rw_target_pos_clear(&p->memory.pos);
    p->memory = h->place;
    h->place.pos.file = NULL;
    return true;
}

static bool first_place(rw_progress *p, unsigned target_site, const rw_log_reader *log, rw_connection *source, GError **error)
{
    g_auto(held) h = {0};
    rw_target_pos_clear(&p->memory.pos);
    if (!opposite_start(&h, target_site, source, log->session, error)) return false;
    return h.host ? adopt(p, &h, log, error) : rw_session_log_place(log->session, &p->memory.pos, error);
}

/* cause: why the place is not found by itself; taken. */
static bool by_held(rw_progress *p, unsigned target_site, const rw_log_reader *log, rw_connection *source, GError *cause, GError **error)
{
    g_auto(held) h = {0};
    GError *failure = NULL;
    bool found = opposite_seen(&h, p, target_site, source, log->session, &failure) && h.host && adopt(p, &h, log, &failure);
    bool passes = g_error_matches(failure, RW_ERROR, RW_ERR_RETRY);
    if (!found && passes) g_propagate_error(error, g_steal_pointer(&failure));
    else if (!found) g_propagate_error(error, g_steal_pointer(&cause));
    g_clear_error(&failure);
    g_clear_error(&cause);
    return found;
}

/* Behind the same window in this host's log; before the first one, by what the source holds. */
static bool move_place(rw_progress *p, unsigned target_site, const rw_log_reader *log, rw_connection *source, GError **error)
{
    rw_log_mark mark = {.what = WHAT, .before = p->memory_host, .source = p->source, .seq = p->memory.seq};
    rw_target_pos pos = {0};
    GError *failure = NULL;
    if (rw_elsewhere_find(log, &mark, &pos.file, &pos.offset_bytes, &failure)) {
        rw_target_pos_clear(&p->memory.pos);
        p->memory.pos = pos;
        return true;
    }
    if (g_error_matches(failure, RW_ERROR, RW_ERR_STOP)) return by_held(p, target_site, log, source, failure, error);
    g_propagate_error(error, failure);
    return false;
}

bool rw_recall_place(rw_progress *p, unsigned target_site, const rw_log_reader *log, rw_connection *source, GError **error)
{
    if (!p->memory.pos.file || !*p->memory.pos.file) return first_place(p, target_site, log, source, error);
    /* A cluster's node may have got another log, under the same names, by a state transfer. */
    bool doubtful = *log->session->cluster && p->memory.seq;
    return (is_here(p->memory_host, log->session) && !doubtful) || move_place(p, target_site, log, source, error);
}

bool rw_recall_open(rw_recall *recall, const rw_watcher_options *options, const rw_progress *progress, GError **error)
{
    recall->memory = rw_last_writers_new(options->source, options->target->site->id, &progress->memory, options->conf->memory_bytes);
    /* What the source had seen when it wrote what comes next: the memory need not hold it. */
    if (!rw_last_writers_forget(recall->memory, &progress->history.seen, error)) return false;
    recall->watcher = rw_watcher_start(options, &progress->memory, recall->memory, error);
    if (!recall->watcher) g_prefix_error(error, "who wrote which row last cannot be read from the target's log: ");
    return recall->watcher != NULL;
}

void rw_recall_close(rw_recall *recall)
{
    rw_watcher_stop(recall->watcher);
    rw_last_writers_free(recall->memory);
    *recall = (rw_recall){0};
}
