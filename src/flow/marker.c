#include "flow/marker.h"

#include "change/rows.h"
#include "flow/decode/decoder.h"
#include "server/schema.h"

void rw_marker_take(const rw_event *event, unsigned source, uint64_t *seq)
{
    if (event->kind != RW_EVENT_ROWS || event->rows.op != RW_INSERT) return;
    rw_rows rows = event->rows;
    rw_slice before, after;
    bool bad = false;
    if (g_ascii_strcasecmp(rows.table->schema, RW_SCHEMA) != 0 || g_ascii_strcasecmp(rows.table->name, "progress") != 0) return;
    if (rows.table->n_columns < RW_PROGRESS_COLUMNS_READ || !rw_rows_next(&rows, &before, &after, &bad)) return;
    g_autofree rw_slice *c = g_new(rw_slice, rows.table->n_columns);
    if (!rw_image_split(rows.table, after, c) || c[RW_PROGRESS_SOURCE].len != 1 || c[RW_PROGRESS_LANE].len != 2 || c[RW_PROGRESS_SEQ].len != 8) return;
    if (c[RW_PROGRESS_SOURCE].data[0] == source && rw_load_le(c[RW_PROGRESS_LANE].data, 2) == 0) *seq = rw_load_le(c[RW_PROGRESS_SEQ].data, 8);
}

/* --- one log file --- */

typedef struct {
    const rw_log_reader *log;
    const char *file;
    unsigned source;
    uint64_t seq;
    uint64_t under_way, last; /* windows: the one that has begun; the last one of the file; 0: none */
    bool over;                /* the next file begins */
    uint64_t offset_bytes;    /* 0: not found */
} search;

/* true: the event in hand ends the window that is looked for. */
static bool see(search *s, const rw_event *event)
{
    rw_marker_take(event, s->source, &s->under_way);
    if (event->kind == RW_EVENT_ROTATE) s->over = !rw_slice_is(event->place.file, s->file);
    if (event->kind == RW_EVENT_ROLLBACK || event->kind == RW_EVENT_GTID) s->under_way = 0;
    if (event->kind != RW_EVENT_COMMIT || !s->under_way) return false;
    bool wanted = s->under_way == s->seq;
    s->last = s->under_way;
    s->under_way = 0;
    return wanted;
}

/* After Ringway was started over, numbers begin anew in the same log: the last one counts, so a file is read to its end. */
static bool walk(search *s, GError **error)
{
    rw_dump_start start = {.file = s->file, .offset_bytes = 4, .once = true};
    g_autoptr(rw_stream) stream = rw_stream_open(s->log->at, s->log->limits, &start, error);
    if (!stream) return false;
    rw_decoder *decoder = rw_decoder_new((rw_decoder_options){.from_stream = true, .checksum = true, .initial_checksum = true});
    GError *failure = NULL;
    rw_slice bytes;
    rw_event event;
    while (!failure && !s->over && rw_stream_next(stream, &bytes, &failure) == RW_STREAM_EVENT) {
        bool ended = false;
        if (!rw_decoder_feed(decoder, bytes, &failure)) break;
        while (rw_decoder_next(decoder, &event, &failure)) ended |= see(s, &event);
        if (ended) s->offset_bytes = rw_decoder_place(decoder);
        if (!failure) rw_connection_keep(s->log->session, &failure);
    }
    rw_decoder_free(decoder);
    if (!failure) return true;
    g_propagate_error(error, failure);
    return false;
}

/* --- all of them --- */

GPtrArray *rw_log_files(rw_connection *session, GError **error)
{
    g_autoptr(rw_result) rows = rw_connection_query(session, "SHOW BINARY LOGS", error);
    rw_slice c[2];
    if (!rows) return NULL;
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    while (rw_result_next(rows, c, 2)) g_ptr_array_add(names, rw_cell_text(c[0]));
    return names;
}

bool rw_marker_find(const rw_log_reader *log, unsigned source, uint64_t seq, rw_marker_answer *answer, char **file, uint64_t *offset_bytes, GError **error)
{
    g_autoptr(GPtrArray) files = rw_log_files(log->session, error);
    if (!files) return false;
    *answer = RW_MARKER_GONE;
    for (guint i = files->len; i-- > 0 && *answer == RW_MARKER_GONE;) {
        search s = {.log = log, .file = g_ptr_array_index(files, i), .source = source, .seq = seq};
        if (!walk(&s, error)) return false;
        if (s.offset_bytes) {
            *answer = RW_MARKER_FOUND;
            *file = g_strdup(s.file);
            *offset_bytes = s.offset_bytes;
        } else if (s.last && s.last < seq) {
            *answer = RW_MARKER_LACKING;
        }
    }
    return true;
}
