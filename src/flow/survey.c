#include "flow/survey.h"

#include "flow/marker.h"
#include "flow/walk.h"

#include <string.h>

typedef struct {
    const rw_survey *survey;
    const rw_source_pos *pos;
    rw_gtid_state wanted;    /* of pos */
    bool by_gtid, reached, passed, within, within_ddl; /* within: a transaction stood between the place and the position */
    const rw_log_place *from;
    char *file;              /* of from in this host's log, where that is known by a window only; owned */
    uint64_t offset_bytes;
    rw_survey_own *own;      /* NULL: not asked */
    rw_history *history;     /* up to the last transaction that the position has */
} walk;

static bool is_here(const walk *w, const rw_log_place *place)
{
    return *place->file && strcmp(place->host, w->survey->session->identity) == 0;
}

static bool is_before(const char *file, uint64_t offset_bytes, const rw_source_pos *pos)
{
    int order = rw_log_file_compare(file, pos->file);
    return order < 0 || (order == 0 && offset_bytes <= pos->offset_bytes);
}

/* Every GTID that the place has is in the position. */
static bool is_within(const walk *w, const rw_log_place *place)
{
    g_auto(rw_gtid_state) sum = {0};
    return *place->gtid && rw_gtid_state_parse(&sum, w->wanted.kind, place->gtid, NULL) && rw_gtid_state_covers(&w->wanted, &sum);
}

/* Later is better: less is to be read. */
static void choose_from(walk *w, const rw_places *places, bool copied)
{
    for (guint i = 0; places && i < places->places->len; i++) {
        const rw_log_place *place = &g_array_index(places->places, rw_log_place, i);
        if (place->site != w->survey->site->id) continue;
        bool fits = w->by_gtid ? is_within(w, place) || (copied && is_here(w, place)) : is_here(w, place) && is_before(place->file, place->offset_bytes, w->pos);
        if (fits && (!w->from || place->history.stamp_us > w->from->history.stamp_us)) w->from = place;
    }
}

/* The latest place that was in the log of another host of the site, behind a window that stands in this one's, too. */
static bool choose_window(walk *w, GError **error)
{
    const rw_survey *s = w->survey;
    rw_endpoint at = {.site = s->site};
    rw_endpoint_take(&at, s->session);
    const rw_log_reader log = {&at, {s->conf->connect_timeout_s, s->conf->heartbeat_s, s->conf->deadline_s, 0}, s->session};
    const rw_log_place *best = NULL;
    rw_marker_answer answer;
    for (guint i = 0; i < s->places->places->len; i++) {
        const rw_log_place *place = &g_array_index(s->places->places, rw_log_place, i);
        if (place->site == s->site->id && place->window && (!best || place->history.stamp_us > best->history.stamp_us)) best = place;
    }
    if (!best) return true;
    if (!rw_marker_find(&log, best->source, best->window, &answer, &w->file, &w->offset_bytes, error)) return false;
    if (answer == RW_MARKER_FOUND) w->from = best;
    return true;
}

static void note_own(walk *w, const rw_txn *txn)
{
    if (!w->own) return;
    if (w->own->marked && strstr(txn->gtid, w->own->marked)) w->own->n_marked++;
    if (txn->own_us <= w->own->last_us) return; /* a window, or nothing that concerns anybody */
    w->own->any = true;
    w->own->last_us = txn->own_us;
}

/* A transaction has ended in the log. */
static void judge(walk *w, const rw_router *router)
{
    const rw_txn *txn = rw_router_txn(router);
    bool has = w->by_gtid ? rw_gtid_state_contains(&w->wanted, txn->gtid) : is_before(txn->file, txn->end_bytes, w->pos);
    w->passed = !has;
    if (!has) return;
    w->within = true;
    *w->history = *rw_router_history(router);
    note_own(w, txn);
    w->within_ddl = txn->intents != NULL;
    w->reached = !w->by_gtid && rw_log_file_compare(txn->file, w->pos->file) == 0 && txn->end_bytes == w->pos->offset_bytes;
}

static bool visit(void *user, rw_router *router, const rw_event *event, const rw_route *route, GError **error)
{
    walk *w = user;
    (void)event, (void)error;
    if (route->ends) judge(w, router);
    return !w->reached && !w->passed;
}

static bool read_log(walk *w, GError **error)
{
    const rw_survey *s = w->survey;
    bool here = w->file || is_here(w, w->from);
    g_auto(rw_gtid_state) gtid = {0};
    if (!rw_gtid_state_parse(&gtid, here ? RW_GTID_NONE : w->wanted.kind, here ? NULL : w->from->gtid, error)) return false;
    const rw_walk walk_log = {.conf = s->conf, .site = s->site, .session = s->session, .history = w->from->history, .visit = visit, .user = w,
                              .start = {.file = w->file ? w->file : here ? w->from->file : NULL, .offset_bytes = w->file ? w->offset_bytes : w->from->offset_bytes, .gtid = here ? NULL : &gtid, .once = true}};
    return rw_walk_log(&walk_log, error);
}

/* A position that the log has not come to is not this site's. */
static bool check_end(const walk *w, GError **error)
{
    const rw_survey *s = w->survey;
    g_auto(rw_gtid_state) all = {0};
    GError *failure = NULL;
    if (!w->by_gtid) return rw_fail(error, RW_ERR_CONFIG, "site %s: its log has no transaction that ends at that position; give the position that the backup or dump names", s->site->name);
    g_autofree char *text = rw_connection_value(s->session, s->session->dialect->sql_gtid, &failure);
    if (failure || !rw_gtid_state_parse(&all, w->wanted.kind, g_strdelimit(text ? text : (char *)"", "\r\n\t", ' '), &failure)) {
        g_propagate_error(error, failure);
        return false;
    }
    if (rw_gtid_state_covers(&all, &w->wanted)) return true;
    return rw_fail(error, RW_ERR_CONFIG, "site %s: it has not all transactions of that position; give the position in its log that the backup or dump names", s->site->name);
}

static bool no_place(const walk *w, GError **error)
{
    return rw_fail(error, RW_ERR_CONFIG, "site %s: no place in its log before that position is known; let the copy hold the schema ringway, too, or take a later one", w->survey->site->name);
}

static bool survey(walk *w, GError **error)
{
    choose_from(w, w->survey->copied, true);
    choose_from(w, w->survey->places, false);
    if (!w->from && !choose_window(w, error)) return false;
    if (!w->from) return no_place(w, error);
    *w->history = w->from->history;
    if (w->own) w->own->last_us = rw_history_own(&w->from->history, w->survey->site->id);
    if (!w->file && !w->by_gtid && rw_log_file_compare(w->from->file, w->pos->file) == 0 && w->from->offset_bytes == w->pos->offset_bytes) return true;
    if (!read_log(w, error)) return false;
    if (w->file && !w->within) return no_place(w, error); /* it may be behind the position */
    if (w->within_ddl)
        return rw_fail(error, RW_ERR_CONFIG, "site %s: that position lies within a DDL statement that a link executes there; take a later copy", w->survey->site->name);
    return w->reached || (w->by_gtid && w->passed) || check_end(w, error);
}

bool rw_survey_history(const rw_survey *s, const rw_source_pos *pos, rw_history *history, rw_survey_own *own, GError **error)
{
    walk w = {.survey = s, .pos = pos, .by_gtid = !*pos->file, .own = own, .history = history};
    bool ok = rw_gtid_state_parse(&w.wanted, w.by_gtid ? s->session->dialect->gtid_kind : RW_GTID_NONE, w.by_gtid ? pos->gtid : NULL, error) && survey(&w, error);
    rw_gtid_state_clear(&w.wanted);
    g_free(w.file);
    return ok;
}
