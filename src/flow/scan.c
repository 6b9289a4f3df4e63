#include "flow/scan.h"

#include "change/rows.h"
#include "ddl/announced.h"
#include "flow/decode/decoder.h"
#include "server/schema.h"

typedef struct {
    const rw_scan *scan;
    const rw_intent *intent; /* NULL: looking for the nonce */
    uint64_t nonce;
    bool announced, server_started, found;
} search;

/* The session row of our link in an image; false: not that row, or not readable. */
static bool session_row(const search *s, const rw_table *table, rw_slice image, uint64_t *connection, uint64_t *nonce, unsigned *intent)
{
    if (table->n_columns < RW_SESSION_COLUMNS || !image.data) return false;
    g_autofree rw_slice *c = g_new(rw_slice, table->n_columns);
    if (!rw_image_split(table, image, c)) return false;
    if (c[RW_SESSION_SOURCE].len != 1 || c[RW_SESSION_CONNECTION].len != 8 || c[RW_SESSION_NONCE].len != 8 || c[RW_SESSION_INTENT].len != 1) return false;
    *connection = rw_load_le(c[RW_SESSION_CONNECTION].data, 8);
    *nonce = rw_load_le(c[RW_SESSION_NONCE].data, 8);
    *intent = c[RW_SESSION_INTENT].data[0];
    return c[RW_SESSION_SOURCE].data[0] == s->scan->source;
}

static void see_rows(search *s, const rw_event *event)
{
    rw_rows rows = event->rows;
    rw_slice before, after;
    bool bad = false;
    if (g_ascii_strcasecmp(rows.table->schema, RW_SCHEMA) != 0 || g_ascii_strcasecmp(rows.table->name, "session") != 0) return;
    while (rw_rows_next(&rows, &before, &after, &bad)) {
        uint64_t connection, nonce;
        unsigned intent;
        if (!session_row(s, rows.table, after, &connection, &nonce, &intent)) continue;
        if (!s->intent && nonce == s->nonce) s->found = true;
        if (s->intent && connection == s->intent->connection_id) s->announced = intent == RW_INTENT_OPEN;
    }
}

static void see_statement(search *s, const rw_event *event)
{
    if (!s->intent || !s->announced) return;
    /* A server that died within the statement may log it as it recovers, in no session's name: then the text decides. */
    rw_slice announced = rw_slice_str(s->intent->text);
    bool ours = s->server_started ? rw_slice_equal(event->query.statement, announced)
                                  : event->query.thread_id == s->intent->connection_id && rw_ddl_may_be(announced, event->query.statement);
    if (ours) s->found = true;
}

static void see(search *s, const rw_event *event)
{
    if (event->kind == RW_EVENT_ROWS) see_rows(s, event);
    else if (event->kind == RW_EVENT_QUERY) see_statement(s, event);
    else if (event->kind == RW_EVENT_FORMAT && event->format.server_started && s->announced) s->server_started = true;
}

static bool walk(search *s, const rw_target_pos *place, GError **error)
{
    rw_dump_start start = {.file = place->file, .offset_bytes = place->offset_bytes, .once = true};
    g_autoptr(rw_stream) stream = rw_stream_open(s->scan->at, s->scan->limits, &start, error);
    if (!stream) return false;
    rw_decoder *decoder = rw_decoder_new((rw_decoder_options){.from_stream = true, .checksum = true, .initial_checksum = true});
    GError *failure = NULL;
    rw_slice bytes;
    rw_event event;
    while (!failure && !s->found && rw_stream_next(stream, &bytes, &failure) == RW_STREAM_EVENT) {
        if (!rw_decoder_feed(decoder, bytes, &failure)) break;
        while (rw_decoder_next(decoder, &event, &failure)) see(s, &event);
        if (!failure) rw_connection_keep(s->scan->keep, &failure);
    }
    rw_decoder_free(decoder);
    if (!failure) return true;
    g_propagate_error(error, failure);
    return false;
}

bool rw_scan_proof(const rw_scan *scan, const rw_target_pos *place, uint64_t nonce, bool *found, GError **error)
{
    search s = {.scan = scan, .nonce = nonce};
    bool ok = walk(&s, place, error);
    *found = s.found;
    return ok;
}

bool rw_scan_executed(const rw_scan *scan, const rw_intent *intent, bool *found, GError **error)
{
    search s = {.scan = scan, .intent = intent};
    bool ok = walk(&s, &intent->place, error);
    *found = s.found;
    return ok;
}
