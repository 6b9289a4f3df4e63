#include "flow/route/router.h"

#include "base/log.h"
#include "change/rows.h"
#include "change/table_blob.h"
#include "change/value.h"
#include "ddl/classify.h"
#include "flow/route/intents.h"
#include "flow/route/naming.h"
#include "server/charset.h"
#include "server/schema.h"

#include <stdio.h>

typedef enum { OUTSIDE, UNDECIDED, FORWARDED, RELAYED, DROPPED } txn_state;
typedef enum { PASS, FILTERED, PROGRESS, SESSION, CHANGE, ORIGIN, REST, OWN } table_verdict;

typedef struct {
    table_verdict verdict;
    int version_column; /* -1: none */
    rw_table *named;    /* under its name at the target, if that is another one; else NULL */
} table_note;

static void note_free(gpointer data)
{
    table_note *note = data;
    rw_table_unref(note->named);
    g_free(note);
}

struct rw_router {
    rw_router_start start;
    rw_intents *intents;
    GHashTable *notes;    /* rw_table (referenced) -> table_note */
    GHashTable *changed;  /* hash of a definition -> rw_table, of rows in ringway.change */
    txn_state state;
    bool in_group;        /* a COMMIT will end it */
    bool makes_changes;   /* rows of ringway.change are in it */
    unsigned origin;      /* whose rows come next in it; 0: it has not said */
    uint64_t rows_bytes;  /* of its row events so far */
    rw_history history, before; /* before: at the beginning of the transaction */
    rw_author author;           /* of the transaction */
    char gtid[sizeof((rw_event){0}.gtid.gtid)];
    char *file, *intents_text, *statement_schema, *statement_time_zone;
    rw_txn txn;
};

rw_router *rw_router_new(const rw_router_start *start, GError **error)
{
    rw_router *r = g_new0(rw_router, 1);
    r->start = *start;
    r->history = start->history;
    r->file = g_strdup(start->file);
    r->intents = rw_intents_new();
    r->notes = g_hash_table_new_full(NULL, NULL, (GDestroyNotify)rw_table_unref, note_free);
    r->changed = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, (GDestroyNotify)rw_table_unref);
    if (rw_intents_parse(r->intents, start->intents)) return r;
    rw_fail(error, RW_ERR_STOP, "ringway.progress.intents holds '%s', which is not a list of sessions; restore the row or run init again",
            start->intents);
    rw_router_free(r);
    return NULL;
}

void rw_router_free(rw_router *r)
{
    if (!r) return;
    rw_intents_free(r->intents);
    g_hash_table_unref(r->notes);
    g_hash_table_unref(r->changed);
    g_free(r->file);
    g_free(r->intents_text);
    g_free(r->statement_schema);
    g_free(r->statement_time_zone);
    g_free(r);
}

const rw_txn *rw_router_txn(const rw_router *r) { return &r->txn; }
const rw_history *rw_router_history(const rw_router *r) { return &r->history; }

static table_verdict judge(const rw_router *r, const rw_table *table)
{
    if (g_ascii_strcasecmp(table->schema, RW_SCHEMA) != 0)
        return r->start.watch || rw_filter_table(r->start.filter, table->schema, table->name) ? PASS : FILTERED;
    if (g_ascii_strcasecmp(table->name, "progress") == 0) return PROGRESS;
    if (g_ascii_strcasecmp(table->name, "change") == 0) return CHANGE;
    if (g_ascii_strcasecmp(table->name, "origin") == 0) return ORIGIN;
    if (g_ascii_strcasecmp(table->name, "rest") == 0) return REST;
    return g_ascii_strcasecmp(table->name, "session") == 0 ? SESSION : OWN;
}

static bool find_version_column(const rw_router *r, const rw_table *table, int *column, GError **error)
{
    const char *name = r->start.conf ? rw_conf_table_version_column(r->start.conf, table->schema, table->name) : NULL;
    *column = -1;
    if (!name) return true;
    if (!table->has_names)
        return rw_fail(error, RW_ERR_STOP, "table %s.%s has a version_column, but the log does not name columns; SET GLOBAL binlog_row_metadata = FULL "
                       "on its server, then resume", table->schema, table->name);
    for (unsigned i = 0; i < table->n_columns && *column < 0; i++)
        if (g_ascii_strcasecmp(table->columns[i].name, name) == 0) *column = (int)i;
    if (*column >= 0 && (table->columns[*column].type == RW_T_TIMESTAMP2 || table->columns[*column].type == RW_T_DATETIME2)) return true;
    return rw_fail(error, RW_ERR_STOP, "table %s.%s: version_column = %s is not a TIMESTAMP or DATETIME column of it; correct the configuration",
                   table->schema, table->name, name);
}

static rw_table *target_table(const table_note *note, rw_table *table) { return note->named ? note->named : table; }

static const table_note *note_of(rw_router *r, rw_table *table, GError **error)
{
    table_note *note = g_hash_table_lookup(r->notes, table);
    if (note) return note;
    int column;
    rw_table *named = NULL;
    table_verdict verdict = judge(r, table);
    if (!find_version_column(r, table, &column, error) || (verdict == PASS && !rw_naming_table(r->start.renames, table, &named, error))) return NULL;
    note = g_new(table_note, 1);
    *note = (table_note){verdict, column, named};
    g_hash_table_insert(r->notes, rw_table_ref(table), note);
    return note;
}

static void begin(rw_router *r, const rw_event *event, const char *gtid, uint64_t commit_us, bool in_group)
{
    g_strlcpy(r->gtid, gtid, sizeof r->gtid);
    r->state = UNDECIDED;
    r->in_group = in_group;
    r->before = r->history;
    r->makes_changes = false;
    r->origin = 0;
    r->rows_bytes = 0;
    r->history.stamp_us = rw_stamp_next(r->before.stamp_us, commit_us);
    r->txn = (rw_txn){.gtid = r->gtid,
                      .file = r->file,
                      .start_bytes = event->end_offset_bytes - MIN(event->size_bytes, event->end_offset_bytes),
                      .end_bytes = event->end_offset_bytes,
                      .commit_us = commit_us,
                      .top_us = r->history.stamp_us,
                      .seen = &r->history.seen,
                      .author = &r->author};
    r->author = (rw_author){r->start.source, r->history.stamp_us, &r->history.seen};
}

/* Logs without GTIDs begin a transaction with its first event. */
static void begin_unless_begun(rw_router *r, const rw_event *event)
{
    if (r->state == OUTSIDE) begin(r, event, "", (uint64_t)event->timestamp_s * G_USEC_PER_SEC, false);
}

/* The window that they came with was another site's; they are an own transaction that has seen it. */
static void end_changes(rw_router *r)
{
    r->history.stamp_us = rw_stamp_next(r->history.stamp_us, r->txn.commit_us);
    r->author = (rw_author){r->start.source, r->history.stamp_us, &r->history.seen};
    r->txn.dropped = false;
}

static void end(rw_router *r, const rw_event *event, rw_route *route)
{
    if (r->makes_changes) end_changes(r);
    if (r->makes_changes || (r->state == FORWARDED && r->author.origin == r->start.source)) r->history.own_us = r->history.stamp_us;
    r->txn.top_us = r->history.stamp_us;
    r->txn.own_us = r->history.own_us;
    r->state = OUTSIDE;
    r->in_group = false;
    g_free(r->intents_text);
    r->intents_text = rw_intents_format(r->intents);
    r->txn.intents = r->intents_text;
    r->txn.end_bytes = event->end_offset_bytes;
    route->ends = true;
}

static bool malformed(const rw_table *table, GError **error)
{
    return rw_fail(error, RW_ERR_STOP, "a row event of %s.%s does not fit its table map; the log is damaged", table->schema, table->name);
}

/* Walks all rows: counts them, and notes what sessions announce. */
static bool walk_rows(rw_router *r, const rw_event *event, bool sessions, uint64_t *count, GError **error)
{
    rw_rows rows = event->rows;
    rw_slice before, after;
    bool bad = false;
    g_autofree rw_slice *columns = g_new(rw_slice, rows.table->n_columns);
    while (rw_rows_next(&rows, &before, &after, &bad)) {
        (*count)++;
        if (!sessions || !after.data) continue;
        if (rows.table->n_columns < RW_SESSION_COLUMNS || !rw_image_split(rows.table, after, columns)) return malformed(rows.table, error);
        rw_slice source = columns[RW_SESSION_SOURCE], lane = columns[RW_SESSION_LANE], connection = columns[RW_SESSION_CONNECTION],
                 intent = columns[RW_SESSION_INTENT];
        if (source.len != 1 || lane.len != 2 || connection.len != 8 || intent.len != 1 || columns[RW_SESSION_ORIGIN].len != 1 || columns[RW_SESSION_STAMP].len != 8) return malformed(rows.table, error);
        rw_intents_note(r->intents, source.data[0], (unsigned)rw_load_le(lane.data, 2), rw_load_le(connection.data, 8), intent.data[0] == 1,
                        columns[RW_SESSION_STATEMENT], (rw_announced){columns[RW_SESSION_ORIGIN].data[0], rw_load_le(columns[RW_SESSION_STAMP].data, 8)});
    }
    return !bad || malformed(rows.table, error);
}

static char *text_of(rw_slice cell) { return g_strndup(cell.data ? (const char *)cell.data : "", cell.len); }

/* The site's own, which its present server lacked. */
static void note_back(rw_history *history, uint64_t stamp_us)
{
    rw_history_raise(history, stamp_us);
    history->back_us = MAX(history->back_us, stamp_us);
    if (history->own_us) history->own_us = MAX(history->own_us, stamp_us);
}

/* What a link had applied here: the site has seen it, and what it brought of others. Of these it may have more than the stamp tells: that is of a place,
 * which stays before a window of the source as long as only a part of it is here. Of its source it has seen the changes up to the place, not the place:
 * what only moves it, another site may have read and not written down, and who had to have seen it would wait there in vain. */
static bool take_history(rw_router *r, const rw_slice *c, GError **error)
{
    rw_history told = {.stamp_us = rw_load_le(c[RW_PROGRESS_STAMP].data, 8)};
    const rw_seen *seen = &told.seen;
    rw_origins carries;
    g_autofree char *seen_text = text_of(c[RW_PROGRESS_SEEN]), *carries_text = text_of(c[RW_PROGRESS_CARRIES]);
    if (!rw_seen_parse(&told.seen, seen_text) || !rw_origins_parse(&carries, carries_text))
        return rw_fail(error, RW_ERR_STOP, "a row of ringway.progress in the log holds seen = '%s', carries = '%s', which are not lists of sites; the log is damaged",
                       seen_text, carries_text);
    unsigned source = c[RW_PROGRESS_SOURCE].data[0];
    rw_history_raise(&r->history, told.stamp_us);
    bool fits = rw_seen_raise(&r->history.seen, source, rw_history_own(&told, source));
    for (unsigned i = 0; i < seen->n; i++) {
        if (!rw_origins_has(&carries, seen->at[i].origin)) continue;
        if (seen->at[i].origin == r->start.source) note_back(&r->history, seen->at[i].stamp_us);
        else fits = fits && rw_history_applied(&r->history, seen->at[i].origin, seen->at[i].stamp_us);
    }
    r->txn.top_us = r->history.stamp_us;
    return fits || rw_fail(error, RW_ERR_STOP, "the log shows windows of more than %d other sites; not supported", RW_SEEN_MAX);
}

static bool hands_on(const rw_router *r) { return !r->start.watch && !rw_origins_is_only(&r->start.wanted.carries, r->start.source); }

/* What came back to the site from another one goes on from here, too: nobody else may bring it. */
static bool came_back(const rw_router *r, rw_slice carries_text)
{
    rw_origins carries;
    g_autofree char *text = text_of(carries_text);
    return !r->start.watch && rw_origins_parse(&carries, text) && rw_origins_has(&carries, r->start.source);
}

/* The first row of such a transaction says that a Ringway wrote it. */
static bool take_progress(rw_router *r, const rw_event *event, rw_route *route, GError **error)
{
    rw_rows rows = event->rows;
    rw_slice before, after;
    bool bad = false;
    g_autofree rw_slice *c = g_new(rw_slice, rows.table->n_columns);
    if (rows.table->n_columns < RW_PROGRESS_COLUMNS_READ || !rw_rows_next(&rows, &before, &after, &bad) || !rw_image_split(rows.table, after, c) ||
        c[RW_PROGRESS_SOURCE].len != 1 || c[RW_PROGRESS_ORIGIN].len != 1 || c[RW_PROGRESS_STAMP].len != 8)
        return malformed(rows.table, error);
    if (r->state == UNDECIDED) r->history = r->before; /* not an own transaction: it takes no stamp */
    route->writers.source = c[RW_PROGRESS_SOURCE].data[0];
    route->writers.stamp_us = rw_load_le(c[RW_PROGRESS_STAMP].data, 8);
    route->writers.origin = c[RW_PROGRESS_ORIGIN].data[0];
    route->writers.text = c[RW_PROGRESS_WRITERS];
    bool goes_on = hands_on(r) || came_back(r, c[RW_PROGRESS_CARRIES]);
    if (r->start.watch || (r->state == UNDECIDED && goes_on)) route->action = RW_ROUTE_WRITERS;
    if (r->state == UNDECIDED) r->state = goes_on ? RELAYED : DROPPED;
    r->txn.dropped = r->state == DROPPED;
    return take_history(r, c, error);
}

static rw_table *changed_table(rw_router *r, const rw_slice *c)
{
    if (!c[RW_CHANGE_SCHEMA].data || !c[RW_CHANGE_TABLE].data) return NULL;
    g_autofree char *schema = g_strndup((const char *)c[RW_CHANGE_SCHEMA].data, c[RW_CHANGE_SCHEMA].len);
    g_autofree char *name = g_strndup((const char *)c[RW_CHANGE_TABLE].data, c[RW_CHANGE_TABLE].len);
    rw_table *table = rw_table_decode(schema, name, c[RW_CHANGE_DEFINITION]);
    if (!table) return NULL;
    rw_table *known = g_hash_table_lookup(r->changed, &table->hash);
    if (known && strcmp(known->schema, schema) == 0 && strcmp(known->name, name) == 0) {
        rw_table_unref(table);
        return known;
    }
    if (known) g_hash_table_remove(r->changed, &table->hash);
    g_hash_table_insert(r->changed, &table->hash, table);
    return table;
}

/* What nobody hands on, nobody needs. */
static bool take_trace(const rw_router *r, const table_note *note, rw_route *route)
{
    if (r->state != RELAYED) return true;
    route->action = RW_ROUTE_CHANGE;
    route->filtered = note->verdict != PASS;
    return true;
}

/* Only within a Ringway's window: what people write there by hand is nothing. */
static bool take_change(rw_router *r, const rw_event *event, rw_route *route, GError **error)
{
    rw_rows rows = event->rows;
    rw_slice before, after;
    bool bad = false;
    g_autofree rw_slice *c = g_new(rw_slice, rows.table->n_columns);
    if ((r->state != DROPPED && r->state != RELAYED) || rows.op != RW_INSERT) return true;
    if (rows.table->n_columns < RW_CHANGE_COLUMNS_READ || !rw_rows_next(&rows, &before, &after, &bad) || !rw_image_split(rows.table, after, c))
        return malformed(rows.table, error);
    rw_table *table = changed_table(r, c);
    if (!table || c[RW_CHANGE_OWN].len != 1) return malformed(rows.table, error);
    const table_note *note = note_of(r, table, error);
    if (!note) return false;
    route->change.own = c[RW_CHANGE_OWN].data[0];
    route->change.table = target_table(note, table);
    route->change.here = table;
    route->change.image = c[RW_CHANGE_IMAGE];
    route->change.after = c[RW_CHANGE_AFTER];
    if (!route->change.own) return take_trace(r, note, route);
    if (!route->change.image.data) return malformed(rows.table, error);
    r->makes_changes = true;
    r->txn.counts.filtered += note->verdict != PASS;
    if (note->verdict != PASS) return true;
    route->action = RW_ROUTE_CHANGE;
    return true;
}

static bool take_origin(rw_router *r, const rw_event *event, GError **error)
{
    rw_rows rows = event->rows;
    rw_slice before, after;
    bool bad = false;
    g_autofree rw_slice *c = g_new(rw_slice, rows.table->n_columns);
    if (rows.table->n_columns < RW_ORIGIN_COLUMNS_READ) return malformed(rows.table, error);
    while (rw_rows_next(&rows, &before, &after, &bad)) {
        if (!after.data) continue;
        if (!rw_image_split(rows.table, after, c) || c[RW_ORIGIN_ORIGIN].len != 1) return malformed(rows.table, error);
        r->origin = c[RW_ORIGIN_ORIGIN].data[0];
    }
    return !bad || malformed(rows.table, error);
}

/* The site has another server. Its numbers go on behind all that the former one had given, but only what this one had is there. */
static bool take_rest(rw_router *r, const rw_event *event, GError **error)
{
    rw_rows rows = event->rows;
    rw_slice before, after;
    bool bad = false;
    g_autofree rw_slice *c = g_new(rw_slice, rows.table->n_columns);
    if (rows.table->n_columns < RW_REST_COLUMNS_READ) return malformed(rows.table, error);
    while (rw_rows_next(&rows, &before, &after, &bad)) {
        if (!after.data) continue;
        if (!rw_image_split(rows.table, after, c) || c[RW_REST_AFTER].len != 8 || c[RW_REST_UNTIL].len != 8) return malformed(rows.table, error);
        rw_history_raise(&r->history, rw_load_le(c[RW_REST_UNTIL].data, 8));
        r->history.back_us = MAX(r->history.back_us, rw_load_le(c[RW_REST_AFTER].data, 8));
    }
    return !bad || malformed(rows.table, error);
}

static bool is_skipped(const rw_router *r)
{
    if (!r->start.skip) return false;
    g_autofree char *identity = rw_txn_identity(&r->txn);
    return strcmp(identity, r->start.skip) == 0;
}

/* 'YYYY-MM-DD HH:MM:SS.ffffff': the second within the quarter of an hour, and the fraction. */
static bool read_clock(const char *text, unsigned *second, unsigned *us)
{
    unsigned minute, whole;
    char fraction[7] = "000000";
    if (strlen(text) < 19 || sscanf(text + 14, "%2u:%2u", &minute, &whole) != 2) return false;
    for (unsigned i = 0; text[19] == '.' && i < 6 && g_ascii_isdigit(text[20 + i]); i++) fraction[i] = text[20 + i];
    *second = minute % 15 * 60 + whole;
    *us = (unsigned)g_ascii_strtoull(fraction, NULL, 10);
    return true;
}

/* The version column knows the commit time better where the log has whole seconds only. A DATETIME may be in any zone, and zones differ by
 * quarters of an hour: the fraction counts if it can be the same second. Only rows at a transaction's beginning are asked, so that the
 * stamp of a large one is settled before its first piece is applied. */
static void refine_stamp(rw_router *r, const rw_rows *event_rows, unsigned column)
{
    enum { ASKED_BYTES = 1024 };
    rw_rows rows = *event_rows;
    rw_slice before, after;
    bool bad = false;
    unsigned second, us;
    if (r->state == DROPPED || r->state == RELAYED || r->rows_bytes > ASKED_BYTES || r->txn.commit_us % G_USEC_PER_SEC != 0) return;
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree rw_slice *columns = g_new(rw_slice, rows.table->n_columns);
    while (rows.full_after && rw_rows_next(&rows, &before, &after, &bad)) {
        g_string_truncate(text, 0);
        if (!after.data || !rw_image_split(rows.table, after, columns) || !columns[column].data) continue;
        if (!rw_value_text(&rows.table->columns[column], columns[column], text) || !read_clock(text->str, &second, &us)) continue;
        if (r->txn.commit_us / G_USEC_PER_SEC % 900 != second) continue;
        r->history.stamp_us = MAX(r->history.stamp_us, rw_stamp_next(r->before.stamp_us, r->txn.commit_us + us));
    }
    r->author.stamp_us = r->txn.top_us = r->history.stamp_us;
}

/* A node logs when COMMIT came there, or, for a transaction of another node, when its last statement began. When the first one
 * began stands in every node's log, and before anything that needs the stamp. */
static void take_time_of_rows(rw_router *r, const rw_event *event)
{
    if (!r->start.cluster || r->state != UNDECIDED || r->rows_bytes) return;
    r->txn.commit_us = (uint64_t)event->timestamp_s * G_USEC_PER_SEC;
    r->history.stamp_us = rw_stamp_next(r->before.stamp_us, r->txn.commit_us);
    r->author.stamp_us = r->txn.top_us = r->history.stamp_us;
}

static bool pass_rows(rw_router *r, const rw_event *event, rw_route *route, GError **error)
{
    const rw_rows *rows = &event->rows;
    route->relayed = r->state == RELAYED;
    if (!route->relayed) r->state = FORWARDED;
    if (r->start.watch) {
        route->action = RW_ROUTE_ROWS;
        return true;
    }
    if ((rows->op != RW_INSERT && !rows->full_before) || (rows->op != RW_DELETE && !rows->full_after))
        return rw_fail(error, RW_ERR_STOP,
                       "a row event of %s.%s does not hold all columns (binlog_row_image is not FULL); SET GLOBAL binlog_row_image = FULL "
                       "on the source, and look for sessions that set it themselves", rows->table->schema, rows->table->name);
    route->action = RW_ROUTE_ROWS;
    return true;
}

static bool route_rows(rw_router *r, const rw_event *event, rw_route *route, GError **error)
{
    begin_unless_begun(r, event);
    take_time_of_rows(r, event);
    uint64_t ignored = 0;
    route->origin = r->origin;
    const table_note *note = note_of(r, event->rows.table, error);
    if (!note) return false;
    route->table = target_table(note, event->rows.table);
    if (note->version_column >= 0) refine_stamp(r, &event->rows, (unsigned)note->version_column);
    r->rows_bytes += event->size_bytes;
    switch (note->verdict) {
    case PROGRESS:
        if (r->state == DROPPED || r->state == RELAYED ? event->rows.op != RW_DELETE : r->state == UNDECIDED && event->rows.op == RW_INSERT)
            return take_progress(r, event, route, error);
        return true;
    case SESSION: return walk_rows(r, event, true, &ignored, error);
    case CHANGE: return take_change(r, event, route, error);
    case ORIGIN: return take_origin(r, event, error);
    case REST: return take_rest(r, event, error);
    case OWN: return true;
    case FILTERED:
        if (r->state == DROPPED) return true;
        route->filtered = r->state == RELAYED;
        if (route->filtered) return pass_rows(r, event, route, error);
        r->state = FORWARDED;
        return walk_rows(r, event, false, &r->txn.counts.filtered, error);
    case PASS: break;
    }
    if (r->state == DROPPED) {
        if (r->start.watch) route->action = RW_ROUTE_ROWS;
        return true;
    }
    return pass_rows(r, event, route, error);
}

typedef enum { REACH_NONE, REACH_ALL, REACH_SOME } reach;

static bool object_passes(const rw_router *r, const rw_ddl_object *object)
{
    if (*object->name) return rw_filter_table(r->start.filter, object->schema, object->name);
    return rw_filter_schema(r->start.filter, object->schema);
}

static reach reach_of(const rw_router *r, const rw_ddl *ddl)
{
    unsigned passing = 0;
    for (unsigned i = 0; i < ddl->n_objects; i++) passing += object_passes(r, &ddl->objects[i]);
    if (passing == 0) return REACH_NONE;
    return passing == ddl->n_objects ? REACH_ALL : REACH_SOME;
}

static void fill_statement(rw_router *r, const rw_query *q, const rw_ddl *ddl, uint32_t timestamp_s, rw_statement *out)
{
    g_free(r->statement_schema);
    g_free(r->statement_time_zone);
    r->statement_schema = g_strndup((const char *)q->schema.data, q->schema.len);
    r->statement_time_zone = q->has_time_zone ? g_strndup((const char *)q->time_zone.data, q->time_zone.len) : NULL;
    *out = (rw_statement){.text = q->statement,
                          .schema = r->statement_schema,
                          .what = ddl->what,
                          .has_flags2 = q->has_flags2,
                          .has_sql_mode = q->has_sql_mode,
                          .has_charset = q->has_charset,
                          .flags2 = q->flags2,
                          .sql_mode = q->sql_mode,
                          .charset_client = q->charset_client,
                          .collation_connection = q->collation_connection,
                          .collation_server = q->collation_server,
                          .time_zone = r->statement_time_zone,
                          .timestamp_s = timestamp_s,
                          .error_code = q->error_code,
                          .drops_default_schema = ddl->kind == RW_DDL_DATABASE};
    out->cut_offset_bytes = ddl->cut_offset_bytes;
    out->cut_length_bytes = ddl->cut_length_bytes;
}

static bool refuse(const rw_event *event, const rw_ddl *ddl, const char *why, GError **error)
{
    int shown = (int)MIN(event->query.statement.len, 300);
    return rw_fail(error, RW_ERR_STOP, "%s %s: %.*s", ddl->what, why, shown, (const char *)event->query.statement.data);
}

static bool whole_schema_or_stop(const rw_router *r, const rw_event *event, const rw_ddl *ddl, GError **error)
{
    if (!g_str_has_prefix(ddl->what, "DROP")) return true;
    for (unsigned i = 0; i < ddl->n_objects; i++)
        if (!rw_filter_whole_schema(r->start.filter, ddl->objects[i].schema))
            return refuse(event, ddl, "of a schema that is replicated only in part; drop the replicated tables on the target by hand, then skip", error);
    return true;
}

/* In these sets a byte of a longer character may be ASCII, a quote even: the words of a statement cannot be told without its characters. */
static bool is_ambiguous(const rw_query *q)
{
    static const char *const sets[] = {"big5", "cp932", "gb18030", "gbk", "sjis"};
    const char *name = q->has_charset ? rw_charset_name(q->charset_client) : NULL;
    bool ascii = true;
    for (size_t i = 0; i < q->statement.len; i++) ascii &= q->statement.data[i] < 0x80;
    for (size_t i = 0; name && !ascii && i < G_N_ELEMENTS(sets); i++)
        if (strcmp(sets[i], name) == 0) return true;
    return false;
}

/* What a statement's kind means for the link. true with *run false: it does not concern the target. */
static bool judge_statement(rw_router *r, const rw_event *event, const rw_ddl *ddl, bool *run, GError **error)
{
    *run = false;
    switch (ddl->kind) {
    case RW_DDL_TABLE:
    case RW_DDL_DATABASE: {
        reach reached = reach_of(r, ddl);
        if (reached == REACH_SOME) return refuse(event, ddl, "touches replicated and filtered tables at once; run it in parts, then skip this one", error);
        *run = reached == REACH_ALL;
        if (*run && rw_naming_concerns(r->start.renames, ddl, &event->query))
            return refuse(event, ddl, "touches what is renamed by this link, or may refer to it; run it on the target by hand under its new name, with sql_log_bin = 0, then skip", error);
        return !*run || ddl->kind == RW_DDL_TABLE || whole_schema_or_stop(r, event, ddl, error);
    }
    case RW_DDL_TEMPORARY: return true;
    case RW_DDL_ADMIN: rw_log(RW_LOG_DEBUG, r->start.scope, "%s changes no data and is not replicated", ddl->what); return true;
    case RW_DDL_ACCOUNT: rw_log(RW_LOG_INFO, r->start.scope, "%s: accounts are not replicated", ddl->what); return true;
    case RW_DDL_OBJECT:
        if (ddl->n_objects && !rw_filter_schema(r->start.filter, ddl->objects[0].schema)) return true;
        return refuse(event, ddl, "is not replicated yet; run it on the target by hand, then skip", error);
    case RW_DDL_DML:
        return refuse(event, ddl, "is logged as a statement, not as rows; SET GLOBAL binlog_format = ROW on the source and look for sessions "
                      "that set it themselves, bring its change over by hand, then skip", error);
    case RW_DDL_XA: return refuse(event, ddl, "(XA) is not supported yet; bring its change over by hand, then skip", error);
    case RW_DDL_UNKNOWN: break;
    }
    return refuse(event, ddl, "is not understood; run it on the target by hand if it belongs there, then skip", error);
}

/* A Ringway's statement goes on as what it is: that of the site which executed it first. */
static bool goes_on(rw_router *r, const rw_event *event)
{
    rw_announced announced;
    if (r->state == DROPPED || r->state == RELAYED) return false;
    if (rw_intents_own(r->intents, event->query.thread_id, event->query.statement, &announced)) {
        if (!hands_on(r) && announced.origin != r->start.source) return false;
        r->author.origin = announced.origin;
        r->author.stamp_us = announced.stamp_us;
    }
    return rw_wanted_takes(&r->start.wanted, r->author.origin, r->author.stamp_us);
}

static bool route_statement(rw_router *r, const rw_event *event, rw_route *route, GError **error)
{
    begin_unless_begun(r, event);
    bool stands_alone = !r->in_group, run = false;
    if (r->start.watch) {
        route->action = RW_ROUTE_STATEMENT;
    } else if (!goes_on(r, event)) {
        r->txn.dropped = true;
        r->state = DROPPED;
    } else {
        rw_ddl ddl;
        g_autofree char *schema = g_strndup((const char *)event->query.schema.data, event->query.schema.len);
        rw_ddl_classify_mode(event->query.statement, schema, event->query.has_sql_mode ? event->query.sql_mode : 0, &ddl);
        bool judged = true;
        if (is_skipped(r)) run = true;
        else if (is_ambiguous(&event->query)) judged = refuse(event, &ddl, "comes from a session with a character set in which it cannot be read safely; run it on the target by hand, then skip", error);
        else judged = judge_statement(r, event, &ddl, &run, error);
        if (judged && run && !is_skipped(r) && ddl.create_select && stands_alone)
            judged = refuse(event, &ddl, "is logged as a statement; bring its change over by hand, then skip", error);
        if (judged && run) {
            r->state = FORWARDED;
            route->action = RW_ROUTE_STATEMENT;
            fill_statement(r, &event->query, &ddl, event->timestamp_s, &route->statement);
        }
        rw_ddl_clear(&ddl);
        if (!judged) return false;
    }
    if (stands_alone) end(r, event, route);
    return true;
}

static bool route_savepoint(rw_router *r, const rw_event *event, GError **error)
{
    rw_slice text = event->query.statement;
    bool undoes = text.len >= 8 && g_ascii_strncasecmp((const char *)text.data, "ROLLBACK", 8) == 0;
    if (!undoes || r->state == DROPPED || r->start.watch || is_skipped(r)) return true;
    return rw_fail(error, RW_ERR_STOP,
                   "ROLLBACK TO a savepoint is in the log, which happens when a transaction mixes InnoDB with other engines; "
                   "bring its change over by hand, then skip: %.*s", (int)MIN(text.len, 200), (const char *)text.data);
}

static void route_format(rw_router *r, const rw_event *event, rw_route *route)
{
    if (!event->format.server_started) return;
    rw_intents_server_started(r->intents);
    if (r->state != OUTSIDE) {
        route->action = RW_ROUTE_VOID;
        r->history = r->before;
    }
    r->state = OUTSIDE;
    r->in_group = false;
}

static void route_rotate(rw_router *r, const rw_event *event)
{
    g_free(r->file);
    r->file = g_strndup((const char *)event->place.file.data, event->place.file.len);
    r->txn.file = r->file;
}

static bool route_rollback(rw_router *r, const rw_event *event, rw_route *route, GError **error)
{
    if (r->state == FORWARDED && !r->start.watch && !is_skipped(r))
        return rw_fail(error, RW_ERR_STOP, "a transaction that was rolled back is in the log, which happens when it mixes InnoDB with other "
                       "engines; bring what remained of it over by hand, then skip");
    if (r->state == DROPPED || r->state == RELAYED) r->history = r->before;
    r->makes_changes = false;
    end(r, event, route);
    return true;
}

static bool step(rw_router *r, const rw_event *event, rw_route *route, GError **error)
{
    switch (event->kind) {
    case RW_EVENT_FORMAT: route_format(r, event, route); return true;
    case RW_EVENT_ROTATE: route_rotate(r, event); return true;
    case RW_EVENT_HEARTBEAT: return true;
    case RW_EVENT_GTID: begin(r, event, event->gtid.gtid, event->gtid.commit_us, event->gtid.group); return true;
    case RW_EVENT_BEGIN:
        begin_unless_begun(r, event);
        r->in_group = true;
        return true;
    case RW_EVENT_ROWS: return route_rows(r, event, route, error);
    case RW_EVENT_QUERY: return route_statement(r, event, route, error);
    case RW_EVENT_SAVEPOINT: return route_savepoint(r, event, error);
    case RW_EVENT_ROLLBACK: return route_rollback(r, event, route, error);
    case RW_EVENT_COMMIT:
        if (r->state == OUTSIDE) return rw_fail(error, RW_ERR_STOP, "a COMMIT without a transaction is in the log; the log is damaged");
        end(r, event, route);
        return true;
    }
    return rw_fail(error, RW_ERR_BUG, "event kind %d is not routed", (int)event->kind);
}

bool rw_router_event(rw_router *r, const rw_event *event, rw_route *route, GError **error)
{
    *route = (rw_route){.action = RW_ROUTE_NOTHING};
    return step(r, event, route, error);
}
