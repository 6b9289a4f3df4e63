#include "flow/survey.h"

#include "flow/decode/decoder.h"
#include "flow/read/stream.h"
#include "flow/route/router.h"

#include <string.h>

typedef struct {
    const rw_survey *survey;
    const rw_source_pos *pos;
    rw_gtid_state wanted;    /* of pos */
    bool by_gtid, reached, passed, within_ddl;
    const rw_log_place *from;
    rw_router *router;
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

static void note_own(walk *w, const rw_txn *txn)
{
    if (!w->own) return;
    if (w->own->marked && strstr(txn->gtid, w->own->marked)) w->own->n_marked++;
    if (txn->dropped) return; /* a window */
    w->own->any = true;
    w->own->last_us = txn->author->stamp_us;
}

/* A transaction has ended in the log. */
static void judge(walk *w)
{
    const rw_txn *txn = rw_router_txn(w->router);
    bool has = w->by_gtid ? rw_gtid_state_contains(&w->wanted, txn->gtid) : is_before(txn->file, txn->end_bytes, w->pos);
    w->passed = !has;
    if (!has) return;
    *w->history = *rw_router_history(w->router);
    note_own(w, txn);
    w->within_ddl = txn->intents != NULL;
    w->reached = !w->by_gtid && rw_log_file_compare(txn->file, w->pos->file) == 0 && txn->end_bytes == w->pos->offset_bytes;
}

static bool feed(walk *w, rw_decoder *decoder, rw_slice bytes, GError **error)
{
    rw_event event;
    rw_route route;
    GError *failure = NULL;
    if (!rw_decoder_feed(decoder, bytes, error)) return false;
    while (!w->reached && !w->passed && rw_decoder_next(decoder, &event, &failure)) {
        if (!rw_router_event(w->router, &event, &route, error)) return false;
        if (route.ends) judge(w);
    }
    if (failure) g_propagate_error(error, failure);
    return !failure;
}

static bool read_log(walk *w, GError **error)
{
    const rw_survey *s = w->survey;
    bool here = is_here(w, w->from);
    g_auto(rw_gtid_state) gtid = {0};
    if (!rw_gtid_state_parse(&gtid, here ? RW_GTID_NONE : w->wanted.kind, here ? NULL : w->from->gtid, error)) return false;
    const rw_dump_start start = {.file = here ? w->from->file : NULL, .offset_bytes = w->from->offset_bytes, .gtid = here ? NULL : &gtid, .once = true};
    const rw_stream_limits limits = {s->conf->connect_timeout_s, s->conf->heartbeat_s, s->conf->deadline_s, 0};
    const rw_router_start route = {.scope = s->site->name, .source = s->site->id, .conf = s->conf, .file = here ? w->from->file : "", .history = w->from->history, .watch = true, .cluster = *s->session->cluster};
    rw_endpoint at = {.site = s->site};
    rw_endpoint_take(&at, s->session);
    g_autoptr(rw_stream) stream = rw_stream_open(&at, limits, &start, error);
    w->router = stream ? rw_router_new(&route, error) : NULL;
    if (!w->router) return false;
    rw_decoder *decoder = rw_decoder_new((rw_decoder_options){.from_stream = true, .checksum = true, .initial_checksum = true});
    GError *failure = NULL;
    rw_slice bytes;
    while (!failure && !w->reached && !w->passed && rw_stream_next(stream, &bytes, &failure) == RW_STREAM_EVENT) feed(w, decoder, bytes, &failure);
    rw_decoder_free(decoder);
    if (failure) g_propagate_error(error, failure);
    return !failure;
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

static bool survey(walk *w, GError **error)
{
    choose_from(w, w->survey->copied, true);
    choose_from(w, w->survey->places, false);
    if (!w->from)
        return rw_fail(error, RW_ERR_CONFIG, "site %s: no place in its log before that position is known; let the copy hold the schema ringway, too, or take a later one", w->survey->site->name);
    *w->history = w->from->history;
    if (w->own) w->own->last_us = w->from->history.stamp_us;
    if (!w->by_gtid && rw_log_file_compare(w->from->file, w->pos->file) == 0 && w->from->offset_bytes == w->pos->offset_bytes) return true;
    if (!read_log(w, error)) return false;
    if (w->within_ddl)
        return rw_fail(error, RW_ERR_CONFIG, "site %s: that position lies within a DDL statement that a link executes there; take a later copy", w->survey->site->name);
    return w->reached || (w->by_gtid && w->passed) || check_end(w, error);
}

bool rw_survey_history(const rw_survey *s, const rw_source_pos *pos, rw_history *history, rw_survey_own *own, GError **error)
{
    walk w = {.survey = s, .pos = pos, .by_gtid = !*pos->file, .own = own, .history = history};
    bool ok = rw_gtid_state_parse(&w.wanted, w.by_gtid ? s->session->dialect->gtid_kind : RW_GTID_NONE, w.by_gtid ? pos->gtid : NULL, error) && survey(&w, error);
    rw_router_free(w.router);
    rw_gtid_state_clear(&w.wanted);
    return ok;
}
