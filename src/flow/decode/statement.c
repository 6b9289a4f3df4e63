/* statement: QUERY events, of both dialects, plain and compressed. */
#include "flow/decode/events.h"

/* Status variables stand in the order of their codes, and their lengths are not written: an unknown one ends the list, as on a server. */
static bool status_variable(rw_cursor *c, rw_query *q)
{
    enum {
        FLAGS2, SQL_MODE, CATALOG, AUTO_INCREMENT, CHARSET, TIME_ZONE, CATALOG_NZ, LC_TIME_NAMES, CHARSET_DATABASE, TABLE_MAP_FOR_UPDATE,
        MASTER_DATA_WRITTEN, INVOKER, UPDATED_DB_NAMES, MICROSECONDS, COMMIT_TS, COMMIT_TS2, EXPLICIT_DEFAULTS_FOR_TIMESTAMP,
        DDL_LOGGED_WITH_XID, DEFAULT_COLLATION_FOR_UTF8MB4, SQL_REQUIRE_PRIMARY_KEY, DEFAULT_TABLE_ENCRYPTION,
        MARIADB_HRNOW = 128, MARIADB_XID = 129,
        DB_NAMES_MAX = 16,
    };
    switch (rw_cursor_u8(c)) {
    case FLAGS2:
        q->flags2 = rw_cursor_u32(c);
        q->has_flags2 = true;
        return true;
    case SQL_MODE:
        q->sql_mode = rw_cursor_u64(c);
        q->has_sql_mode = true;
        return true;
    case CHARSET:
        q->charset_client = rw_cursor_u16(c);
        q->collation_connection = rw_cursor_u16(c);
        q->collation_server = rw_cursor_u16(c);
        q->has_charset = true;
        return true;
    case TIME_ZONE:
        q->time_zone = rw_cursor_take(c, rw_cursor_u8(c));
        q->has_time_zone = q->time_zone.len > 0;
        return true;
    case CATALOG: rw_cursor_take(c, rw_cursor_u8(c) + 1u); return true;
    case CATALOG_NZ: rw_cursor_take(c, rw_cursor_u8(c)); return true;
    case AUTO_INCREMENT: case MASTER_DATA_WRITTEN: rw_cursor_take(c, 4); return true;
    case LC_TIME_NAMES: case CHARSET_DATABASE: case DEFAULT_COLLATION_FOR_UTF8MB4: rw_cursor_take(c, 2); return true;
    case TABLE_MAP_FOR_UPDATE: case DDL_LOGGED_WITH_XID: case MARIADB_XID: rw_cursor_take(c, 8); return true;
    case MICROSECONDS: case MARIADB_HRNOW: rw_cursor_take(c, 3); return true;
    case EXPLICIT_DEFAULTS_FOR_TIMESTAMP: case SQL_REQUIRE_PRIMARY_KEY: case DEFAULT_TABLE_ENCRYPTION: rw_cursor_take(c, 1); return true;
    case INVOKER:
        rw_cursor_take(c, rw_cursor_u8(c));
        rw_cursor_take(c, rw_cursor_u8(c));
        return true;
    case UPDATED_DB_NAMES: {
        uint8_t names = rw_cursor_u8(c);
        for (unsigned i = 0; names <= DB_NAMES_MAX && i < names; i++) {
            const uint8_t *end = rw_cursor_left(c) ? memchr(c->p, '\0', rw_cursor_left(c)) : NULL;
            if (!end) c->bad = true;
            rw_cursor_take(c, end ? (uint64_t)(end - c->p) + 1 : 0);
        }
        return true;
    }
    default:
        return false;
    }
}

static void status_variables(rw_cursor *body, rw_slice variables, rw_query *q)
{
    rw_cursor c = rw_cursor_of(variables);
    while (rw_cursor_left(&c) > 0 && status_variable(&c, q)) {}
    body->bad |= c.bad;
}

static bool is_keyword(rw_slice text, const char *keyword)
{
    return text.len == strlen(keyword) && g_ascii_strncasecmp((const char *)text.data, keyword, text.len) == 0;
}

static bool begins(rw_slice text, const char *prefix)
{
    return text.len >= strlen(prefix) && g_ascii_strncasecmp((const char *)text.data, prefix, strlen(prefix)) == 0;
}

/* Servers write these themselves, in just this form; a user's spelling never reaches the log. */
static rw_event_kind kind_of(rw_slice statement)
{
    if (is_keyword(statement, "BEGIN")) return RW_EVENT_BEGIN;
    if (is_keyword(statement, "COMMIT")) return RW_EVENT_COMMIT;
    if (is_keyword(statement, "ROLLBACK")) return RW_EVENT_ROLLBACK;
    if (begins(statement, "SAVEPOINT ") || begins(statement, "ROLLBACK TO ") || begins(statement, "RELEASE SAVEPOINT ")) return RW_EVENT_SAVEPOINT;
    return RW_EVENT_QUERY;
}

static void read_head(rw_cursor *body, rw_query *q)
{
    *q = (rw_query){.thread_id = rw_cursor_u32(body)};
    rw_cursor_u32(body);
    uint8_t schema_bytes = rw_cursor_u8(body);
    q->error_code = rw_cursor_u16(body);
    uint16_t variables_bytes = rw_cursor_u16(body);
    status_variables(body, rw_cursor_take(body, variables_bytes), q);
    q->schema = rw_cursor_take(body, schema_bytes);
    if (rw_cursor_u8(body) != 0) body->bad = true;
}

/* MariaDB puts one in place of an event that it thinks a replica would not know. */
static bool is_dummy(rw_slice statement) { return begins(statement, "# Dummy ev"); }

static rw_outcome give(rw_event *out, rw_query q)
{
    if (is_dummy(q.statement)) return RW_DROPS;
    out->query = q;
    out->kind = kind_of(q.statement);
    return RW_GIVES;
}

rw_outcome rw_event_query(rw_decoder *decoder, const rw_event_header *header, rw_cursor *body, rw_event *out, GError **error)
{
    (void)decoder, (void)header, (void)error;
    rw_query q;
    read_head(body, &q);
    q.statement = rw_cursor_take(body, rw_cursor_left(body));
    return body->bad ? RW_DROPS : give(out, q);
}

rw_outcome rw_event_query_compressed(rw_decoder *decoder, const rw_event_header *header, rw_cursor *body, rw_event *out, GError **error)
{
    (void)header, (void)error;
    rw_query q;
    read_head(body, &q);
    if (body->bad) return RW_DROPS;
    return rw_inflate_tail(decoder, body, &q.statement) ? give(out, q) : RW_FAILS;
}
