#include "flow/route/router.h"

#include "base/log.h"
#include "change/rows.h"
#include "change/stamp.h"
#include "ddl/classify.h"
#include "flow/route/intents.h"
#include "server/charset.h"
#include "server/schema.h"

typedef enum { OUTSIDE, UNDECIDED, FORWARDED, DROPPED } txn_state;
typedef enum { PASS = 1, FILTERED, PROGRESS, SESSION, OWN } table_verdict;

struct rw_router {
    rw_router_start start;
    rw_intents *intents;
    GHashTable *verdicts; /* rw_table (referenced) -> table_verdict */
    txn_state state;
    bool in_group;        /* a COMMIT will end it */
    uint64_t stamp_us;
    char gtid[sizeof((rw_event){0}.gtid.gtid)];
    char *file, *intents_text, *statement_schema, *statement_time_zone;
    rw_txn txn;
};

rw_router *rw_router_new(const rw_router_start *start, GError **error)
{
    rw_router *r = g_new0(rw_router, 1);
    r->start = *start;
    r->stamp_us = start->stamp_us;
    r->file = g_strdup(start->file);
    r->intents = rw_intents_new();
    r->verdicts = g_hash_table_new_full(NULL, NULL, (GDestroyNotify)rw_table_unref, NULL);
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
    g_hash_table_unref(r->verdicts);
    g_free(r->file);
    g_free(r->intents_text);
    g_free(r->statement_schema);
    g_free(r->statement_time_zone);
    g_free(r);
}

const rw_txn *rw_router_txn(const rw_router *r) { return &r->txn; }

static table_verdict judge(const rw_router *r, const rw_table *table)
{
    if (g_ascii_strcasecmp(table->schema, RW_SCHEMA) != 0)
        return rw_filter_table(r->start.filter, table->schema, table->name) ? PASS : FILTERED;
    if (g_ascii_strcasecmp(table->name, "progress") == 0) return PROGRESS;
    return g_ascii_strcasecmp(table->name, "session") == 0 ? SESSION : OWN;
}

static table_verdict verdict_of(rw_router *r, rw_table *table)
{
    gpointer known = g_hash_table_lookup(r->verdicts, table);
    if (known) return (table_verdict)GPOINTER_TO_INT(known);
    table_verdict verdict = judge(r, table);
    g_hash_table_insert(r->verdicts, rw_table_ref(table), GINT_TO_POINTER(verdict));
    return verdict;
}

static void begin(rw_router *r, const rw_event *event, const char *gtid, uint64_t commit_us, bool in_group)
{
    g_strlcpy(r->gtid, gtid, sizeof r->gtid);
    r->state = UNDECIDED;
    r->in_group = in_group;
    r->stamp_us = rw_stamp_next(r->stamp_us, commit_us);
    r->txn = (rw_txn){.gtid = r->gtid,
                      .file = r->file,
                      .start_bytes = event->end_offset_bytes - MIN(event->size_bytes, event->end_offset_bytes),
                      .end_bytes = event->end_offset_bytes,
                      .commit_us = commit_us,
                      .stamp_us = r->stamp_us,
                      .origin = r->start.source};
}

/* Logs without GTIDs begin a transaction with its first event. */
static void begin_unless_begun(rw_router *r, const rw_event *event)
{
    if (r->state == OUTSIDE) begin(r, event, "", (uint64_t)event->timestamp_s * G_USEC_PER_SEC, false);
}

static void end(rw_router *r, const rw_event *event, rw_route *route)
{
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
        if (source.len != 1 || lane.len != 2 || connection.len != 8 || intent.len != 1) return malformed(rows.table, error);
        rw_intents_note(r->intents, source.data[0], (unsigned)rw_load_le(lane.data, 2), rw_load_le(connection.data, 8), intent.data[0] == 1,
                        columns[RW_SESSION_STATEMENT]);
    }
    return !bad || malformed(rows.table, error);
}

static bool take_origin(rw_router *r, const rw_event *event, GError **error)
{
    rw_rows rows = event->rows;
    rw_slice before, after;
    bool bad = false;
    g_autofree rw_slice *columns = g_new(rw_slice, rows.table->n_columns);
    if (rows.table->n_columns <= RW_PROGRESS_ORIGIN || !rw_rows_next(&rows, &before, &after, &bad) ||
        !rw_image_split(rows.table, after, columns) || columns[RW_PROGRESS_ORIGIN].len != 1)
        return malformed(rows.table, error);
    r->txn.origin = columns[RW_PROGRESS_ORIGIN].data[0];
    r->txn.dropped = true;
    r->state = DROPPED;
    return true;
}

static bool is_skipped(const rw_router *r)
{
    if (!r->start.skip) return false;
    g_autofree char *identity = rw_txn_identity(&r->txn);
    return strcmp(identity, r->start.skip) == 0;
}

static bool pass_rows(rw_router *r, const rw_event *event, rw_route *route, GError **error)
{
    const rw_rows *rows = &event->rows;
    r->state = FORWARDED;
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
    if (r->state == DROPPED) return true;
    uint64_t ignored = 0;
    switch (verdict_of(r, event->rows.table)) {
    case PROGRESS:
        if (r->state == UNDECIDED && event->rows.op == RW_INSERT) return take_origin(r, event, error);
        return true;
    case SESSION: return walk_rows(r, event, true, &ignored, error);
    case OWN: return true;
    case FILTERED:
        r->state = FORWARDED;
        return walk_rows(r, event, false, &r->txn.counts.filtered, error);
    case PASS: break;
    }
    return pass_rows(r, event, route, error);
}

/* A session row may come inside a dropped transaction, too: a Ringway's outcome stands there with its progress row. */
static bool note_dropped_sessions(rw_router *r, const rw_event *event, GError **error)
{
    uint64_t ignored = 0;
    if (verdict_of(r, event->rows.table) != SESSION) return true;
    return walk_rows(r, event, true, &ignored, error);
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

static bool route_statement(rw_router *r, const rw_event *event, rw_route *route, GError **error)
{
    begin_unless_begun(r, event);
    bool stands_alone = !r->in_group, run = false;
    if (rw_intents_own(r->intents, event->query.thread_id, event->query.statement) || r->state == DROPPED) {
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
    if (!undoes || r->state == DROPPED || is_skipped(r)) return true;
    return rw_fail(error, RW_ERR_STOP,
                   "ROLLBACK TO a savepoint is in the log, which happens when a transaction mixes InnoDB with other engines; "
                   "bring its change over by hand, then skip: %.*s", (int)MIN(text.len, 200), (const char *)text.data);
}

static void route_format(rw_router *r, const rw_event *event, rw_route *route)
{
    if (!event->format.server_started) return;
    rw_intents_server_started(r->intents);
    if (r->state != OUTSIDE) route->action = RW_ROUTE_VOID;
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
    if (r->state == FORWARDED && !is_skipped(r))
        return rw_fail(error, RW_ERR_STOP, "a transaction that was rolled back is in the log, which happens when it mixes InnoDB with other "
                       "engines; bring what remained of it over by hand, then skip");
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
    case RW_EVENT_ROWS:
        if (r->state == DROPPED) return note_dropped_sessions(r, event, error);
        return route_rows(r, event, route, error);
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
