#include "flow/reader.h"

#include "base/lock.h"
#include "base/point.h"
#include "change/rows.h"
#include "flow/decode/decoder.h"

struct rw_reader {
    GThread *thread;
    rw_stream *stream;
    rw_decoder *decoder;
    rw_router *router;
    rw_queue *queue;
    rw_batch *batch;      /* NULL between transactions */
    size_t txn_bytes, txn_started_bytes;
    uint64_t captured;    /* row changes of the current transaction */
    bool continued;       /* earlier pieces of the current transaction are in the queue */
    char *file, *intents, *skip;
    rw_lock lock;
    char *failed;         /* under lock */
};

static rw_txn *current(rw_reader *r) { return rw_batch_txn(r->batch, r->batch->txns->len - 1); }

/* false: the queue is closed. */
static bool open_txn(rw_reader *r)
{
    if (r->batch) return true;
    r->batch = rw_queue_open(r->queue);
    if (!r->batch) return false;
    rw_txn txn = {.first_row = r->batch->rows->len, .continued = r->continued};
    r->txn_started_bytes = rw_batch_bytes(r->batch);
    g_array_append_val(r->batch->txns, txn);
    return true;
}

static const char *keep(rw_reader *r, const char *text)
{
    return text ? rw_arena_strdup(r->batch->arena, rw_slice_str(text)) : NULL;
}

/* It changes seldom: the transactions of a batch share it. */
static const rw_seen *keep_seen(rw_reader *r, const rw_seen *seen)
{
    guint n = r->batch->txns->len;
    const rw_seen *last = n > 1 ? rw_batch_txn(r->batch, n - 2)->seen : NULL;
    if (last && memcmp(last, seen, sizeof *seen) == 0) return last;
    rw_seen *copy = rw_arena_alloc(r->batch->arena, sizeof *copy);
    *copy = *seen;
    return copy;
}

static void fill_head(rw_reader *r)
{
    const rw_txn *head = rw_router_txn(r->router);
    rw_txn *txn = current(r);
    txn->gtid = keep(r, head->gtid);
    txn->file = keep(r, head->file);
    txn->intents = keep(r, head->intents);
    txn->start_bytes = head->start_bytes;
    txn->end_bytes = head->end_bytes;
    txn->commit_us = head->commit_us;
    txn->stamp_us = head->stamp_us;
    txn->top_us = head->top_us;
    txn->seen = keep_seen(r, head->seen);
    txn->origin = head->origin;
    txn->dropped = head->dropped;
    txn->counts = head->counts;
    txn->n_rows = r->batch->rows->len - txn->first_row;
}

static bool give(rw_reader *r)
{
    rw_batch *batch = r->batch;
    r->batch = NULL;
    rw_point(RW_POINT_QUEUED);
    return rw_queue_give(r->queue, batch);
}

static bool give_piece(rw_reader *r)
{
    fill_head(r);
    current(r)->continues = true;
    current(r)->counts = (rw_row_counts){0}; /* the last piece brings them */
    r->continued = true;
    return give(r);
}

static bool end_txn(rw_reader *r)
{
    if (!open_txn(r)) return false;
    fill_head(r);
    current(r)->counts.captured = r->captured;
    r->captured = 0;
    r->continued = false;
    return give(r);
}

static bool void_txn(rw_reader *r)
{
    r->captured = 0;
    if (!r->batch && !r->continued) return true;
    if (!open_txn(r)) return false;
    fill_head(r);
    current(r)->void_ = true;
    g_array_set_size(r->batch->rows, current(r)->first_row);
    current(r)->n_rows = 0;
    r->continued = false;
    return give(r);
}

static bool add_rows(rw_reader *r, rw_rows rows, GError **error)
{
    rw_slice before, after;
    bool bad = false;
    if (!open_txn(r)) return false;
    rw_batch_hold_table(r->batch, rows.table);
    for (; rw_rows_next(&rows, &before, &after, &bad); r->captured++) rw_batch_add_row(r->batch, &rows, before, after);
    if (bad) return rw_fail(error, RW_ERR_STOP, "a row event of %s.%s does not fit its table map; the log is damaged", rows.table->schema, rows.table->name);
    return rw_batch_bytes(r->batch) - r->txn_started_bytes < r->txn_bytes || give_piece(r);
}

static bool add_change(rw_reader *r, const rw_route *route)
{
    static const rw_slice none = {NULL, 0};
    const rw_rows as_rows = {.table = route->change.table, .op = RW_DELETE};
    if (!open_txn(r)) return false;
    rw_batch_hold_table(r->batch, route->change.table);
    rw_batch_add_row(r->batch, &as_rows, route->change.image, none);
    rw_batch_row(r->batch, r->batch->rows->len - 1)->unchecked = true;
    r->captured++;
    return true;
}

static rw_slice keep_text(rw_reader *r, const rw_statement *s)
{
    rw_slice text = rw_arena_copy(r->batch->arena, s->text);
    size_t after = s->cut_offset_bytes + s->cut_length_bytes;
    memmove((uint8_t *)text.data + s->cut_offset_bytes, s->text.data + after, s->text.len - after);
    text.len -= s->cut_length_bytes;
    return text;
}

static bool add_statement(rw_reader *r, const rw_statement *statement, GError **error)
{
    if (!open_txn(r)) return false;
    if (current(r)->statement) return rw_fail(error, RW_ERR_STOP, "a transaction holds two statements; the second: %s", statement->what);
    rw_statement *copy = rw_arena_alloc(r->batch->arena, sizeof *copy);
    *copy = *statement;
    copy->text = keep_text(r, statement);
    copy->schema = keep(r, statement->schema);
    copy->time_zone = keep(r, statement->time_zone);
    current(r)->statement = copy;
    return true;
}

/* false with *error unset: the queue is closed. */
static bool handle(rw_reader *r, const rw_event *event, GError **error)
{
    rw_route route;
    if (!rw_router_event(r->router, event, &route, error)) return false;
    if (route.action == RW_ROUTE_ROWS && !add_rows(r, event->rows, error)) return false;
    if (route.action == RW_ROUTE_STATEMENT && !add_statement(r, &route.statement, error)) return false;
    if (route.action == RW_ROUTE_CHANGE && !add_change(r, &route)) return false;
    if (route.action == RW_ROUTE_VOID && !void_txn(r)) return false;
    return !route.ends || end_txn(r);
}

static bool decode(rw_reader *r, rw_slice bytes, GError **error)
{
    rw_event event;
    GError *failure = NULL;
    if (!rw_decoder_feed(r->decoder, bytes, error)) return false;
    while (rw_decoder_next(r->decoder, &event, &failure))
        if (!handle(r, &event, error)) return false;
    if (!failure) return true;
    g_propagate_error(error, failure);
    return false;
}

static void place_failure(rw_reader *r, GError *error)
{
    const rw_txn *head = rw_router_txn(r->router);
    if (!head->file || g_error_matches(error, RW_ERROR, RW_ERR_RETRY)) return;
    g_prefix_error(&error, "at %s:%" G_GUINT64_FORMAT " (GTID %s): ", head->file, head->start_bytes, head->gtid && *head->gtid ? head->gtid : "none");
    rw_lock_take(&r->lock);
    r->failed = head->gtid ? rw_txn_identity(head) : NULL;
    rw_lock_give(&r->lock);
}

static gpointer run(gpointer data)
{
    rw_reader *r = data;
    GError *error = NULL;
    rw_slice bytes;
    bool more = true;
    while (more && rw_stream_next(r->stream, &bytes, &error) == RW_STREAM_EVENT) {
        rw_point(RW_POINT_READ);
        more = decode(r, bytes, &error);
    }
    if (more && !error) rw_fail(&error, RW_ERR_RETRY, "the source ended the stream of its log");
    if (error) {
        place_failure(r, error);
        rw_queue_fail(r->queue, error);
    }
    g_clear_pointer(&r->batch, rw_batch_free);
    return NULL;
}

static void reader_free(rw_reader *r)
{
    rw_stream_close(r->stream);
    rw_decoder_free(r->decoder);
    rw_router_free(r->router);
    g_free(r->file);
    g_free(r->intents);
    g_free(r->skip);
    g_free(r->failed);
    rw_lock_clear(&r->lock);
    g_free(r);
}

rw_reader *rw_reader_new(rw_stream *stream, const rw_reader_start *start, rw_queue *queue, GError **error)
{
    rw_reader *r = g_new0(rw_reader, 1);
    rw_lock_init(&r->lock);
    r->stream = stream;
    r->queue = queue;
    r->txn_bytes = start->txn_bytes;
    r->file = g_strdup(start->route.file);
    r->intents = g_strdup(start->route.intents);
    r->skip = g_strdup(start->route.skip);
    rw_router_start route = start->route;
    route.file = r->file;
    route.intents = r->intents;
    route.skip = r->skip;
    r->router = rw_router_new(&route, error);
    if (!r->router) {
        reader_free(r);
        return NULL;
    }
    r->decoder = rw_decoder_new((rw_decoder_options){.from_stream = true, .checksum = true, .initial_checksum = true});
    r->thread = g_thread_new("reader", run, r);
    return r;
}

void rw_reader_stop(rw_reader *r)
{
    if (!r) return;
    rw_stream_cancel(r->stream);
    g_thread_join(r->thread);
    reader_free(r);
}

char *rw_reader_failed_identity(rw_reader *r)
{
    rw_lock_take(&r->lock);
    char *failed = g_strdup(r->failed);
    rw_lock_give(&r->lock);
    return failed;
}
