#include "flow/reader.h"

#include "base/lock.h"
#include "base/log.h"
#include "base/point.h"
#include "change/rows.h"
#include "flow/decode/decoder.h"
#include "flow/fingerprint.h"
#include "flow/own_changes.h"

struct rw_reader {
    GThread *thread;
    rw_stream *stream;
    rw_decoder *decoder;
    rw_router *router;
    rw_queue *queue;
    rw_batch *batch;      /* NULL between transactions */
    size_t txn_bytes, txn_started_bytes;
    uint64_t captured, filtered; /* row changes of the current transaction; relayed ones that a rule keeps back */
    bool continued;       /* earlier pieces of the current transaction are in the queue */
    rw_fingerprint *prints; /* NULL: no marks are needed */
    bool told_local;
    rw_relay *relay;
    rw_relay_options relays;
    bool relayed;         /* the current transaction is a window that is handed on */
    GArray *changes;      /* rw_own_change, of that window; they come after it */
    bool known;           /* the target holds the current transaction already */
    char *file, *intents, *skip, *scope;
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
    rw_author *author = rw_arena_alloc(r->batch->arena, sizeof *author);
    rw_txn txn = {.first_row = r->batch->rows->len, .continued = r->continued, .author = author};
    r->txn_started_bytes = rw_batch_bytes(r->batch);
    g_array_append_val(r->batch->txns, txn);
    if (r->relayed) rw_relay_attach(r->relay, r->batch->arena);
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

static const rw_mark *keep_mark(rw_reader *r)
{
    if (!r->prints) return NULL;
    rw_mark *copy = rw_arena_alloc(r->batch->arena, sizeof *copy);
    *copy = *rw_fingerprint_mark(r->prints);
    return copy;
}

/* The target holds the transaction already: it came another way. */
static void forget_rows(rw_reader *r)
{
    rw_txn *txn = current(r);
    g_array_set_size(r->batch->rows, txn->first_row);
    txn->n_rows = 0;
    txn->counts = (rw_row_counts){0};
    txn->statement = NULL;
    txn->dropped = r->known = true;
    r->captured = 0;
}

/* The rows of the transaction point to it already. */
static void fill_author(rw_reader *r, rw_author *author)
{
    const rw_author *head = rw_router_txn(r->router)->author, *last = r->relayed ? rw_relay_last(r->relay) : NULL;
    *author = last ? *last : (rw_author){head->origin, head->stamp_us, current(r)->seen};
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
    txn->top_us = head->top_us;
    txn->own_us = head->own_us;
    txn->seen = keep_seen(r, head->seen);
    txn->mark = keep_mark(r);
    fill_author(r, (rw_author *)txn->author);
    txn->dropped = head->dropped;
    txn->counts = head->counts;
    txn->n_rows = r->batch->rows->len - txn->first_row;
    if (r->relayed) txn->dropped = !txn->n_rows && !txn->continued;
    else if (!txn->dropped && !rw_relay_takes(&r->relays, txn->author)) forget_rows(r);
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
    if (r->known) return true;
    current(r)->continues = true;
    if (r->relayed && !r->continued) current(r)->writers = rw_relay_writers(r->relay, r->batch->arena);
    current(r)->counts = (rw_row_counts){0}; /* the last piece brings them */
    r->continued = true;
    return give(r);
}

static bool end_txn(rw_reader *r);

static void add_change(rw_reader *r, rw_table *table, rw_slice image)
{
    static const rw_slice none = {NULL, 0};
    const rw_rows as_rows = {.table = table, .op = RW_DELETE};
    rw_batch_hold_table(r->batch, table);
    rw_batch_add_row(r->batch, &as_rows, image, none, current(r)->author, current(r)->author);
    rw_batch_row(r->batch, r->batch->rows->len - 1)->unchecked = true;
    r->captured++;
}

static bool give_changes(rw_reader *r)
{
    if (!open_txn(r)) return false;
    for (guint i = 0; i < r->changes->len; i++) {
        const rw_own_change *c = &g_array_index(r->changes, rw_own_change, i);
        add_change(r, c->table, rw_own_change_image(c));
    }
    g_array_set_size(r->changes, 0);
    return end_txn(r);
}

static bool end_txn(rw_reader *r)
{
    if (!open_txn(r)) return false;
    fill_head(r);
    current(r)->counts.captured = r->captured;
    current(r)->counts.filtered += r->filtered;
    r->filtered = 0;
    current(r)->partial = r->changes->len > 0;
    r->captured = 0;
    r->continued = r->relayed = r->known = false;
    return give(r) && (!r->changes->len || give_changes(r));
}

static bool void_txn(rw_reader *r)
{
    r->captured = r->filtered = 0;
    r->relayed = false;
    g_array_set_size(r->changes, 0);
    if (!r->batch && !r->continued) {
        r->known = false;
        return true;
    }
    if (!open_txn(r)) return false;
    fill_head(r);
    r->known = false;
    current(r)->void_ = true;
    g_array_set_size(r->batch->rows, current(r)->first_row);
    current(r)->n_rows = 0;
    r->continued = false;
    return give(r);
}

static bool malformed(const rw_table *table, GError **error)
{
    return rw_fail(error, RW_ERR_STOP, "a row event of %s.%s does not fit its table map; the log is damaged", table->schema, table->name);
}

static bool is_large(const rw_reader *r) { return rw_batch_bytes(r->batch) - r->txn_started_bytes >= r->txn_bytes; }

static bool add_rows(rw_reader *r, rw_rows rows, GError **error)
{
    rw_slice before, after;
    bool bad = false;
    if (r->known) return true;
    if (!open_txn(r)) return false;
    rw_batch_hold_table(r->batch, rows.table);
    for (; rw_rows_next(&rows, &before, &after, &bad); r->captured++) rw_batch_add_row(r->batch, &rows, before, after, current(r)->author, current(r)->author);
    if (bad) return malformed(rows.table, error);
    return !is_large(r) || give_piece(r);
}

/* here: the table as the source calls it. */
static bool add_relayed(rw_reader *r, rw_rows rows, rw_table *here, const rw_route *route, GError **error)
{
    rw_slice before, after;
    bool bad = false;
    if (!open_txn(r)) return false;
    rw_batch_hold_table(r->batch, rows.table);
    while (rw_rows_next(&rows, &before, &after, &bad)) {
        rw_relayed relayed;
        if (!rw_relay_row(r->relay, here, before, after, route->origin, &relayed, error)) return false;
        if (!relayed.author) continue;
        if (route->filtered) {
            r->filtered++;
            continue;
        }
        rw_batch_add_row(r->batch, &rows, before, after, relayed.author, relayed.first);
        rw_batch_row(r->batch, r->batch->rows->len - 1)->partly = relayed.partly;
        r->captured++;
    }
    if (bad) return malformed(rows.table, error);
    return !is_large(r) || give_piece(r);
}

static bool begin_relayed(rw_reader *r, const rw_route *route, GError **error)
{
    r->relayed = true;
    return rw_relay_begin(r->relay, route->writers.text, &rw_router_history(r->router)->seen, error);
}

/* What the window did to a row that was as wanted: nothing is known of the row before. */
static bool add_trace(rw_reader *r, const rw_route *route, GError **error)
{
    rw_slice before = route->change.image, after = route->change.after;
    const rw_rows as_rows = {.table = route->change.table, .op = !before.data ? RW_INSERT : after.data ? RW_UPDATE : RW_DELETE};
    rw_relayed relayed;
    if (!open_txn(r)) return false;
    if (!rw_relay_row(r->relay, route->change.here, before, after, route->origin, &relayed, error)) return false;
    if (!relayed.author) return true;
    r->filtered += route->filtered;
    if (route->filtered) return true;
    rw_batch_hold_table(r->batch, as_rows.table);
    rw_batch_add_row(r->batch, &as_rows, before, after, relayed.author, relayed.first);
    rw_batch_row(r->batch, r->batch->rows->len - 1)->partly = true;
    r->captured++;
    return !is_large(r) || give_piece(r);
}

/* What the source did itself comes after the window, as a transaction of its own. */
static bool take_change(rw_reader *r, const rw_route *route, GError **error)
{
    if (!route->change.own) return add_trace(r, route, error);
    if (!r->relayed) {
        if (open_txn(r)) add_change(r, route->change.table, route->change.image);
        return r->batch != NULL;
    }
    rw_own_changes_add(r->changes, route->change.table, route->change.image);
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

static bool take_rows(rw_reader *r, const rw_event *event, const rw_route *route, GError **error)
{
    rw_rows rows = event->rows;
    rows.table = route->table;
    return route->relayed ? add_relayed(r, rows, event->rows.table, route, error) : add_rows(r, rows, error);
}

static void tell_local(rw_reader *r, rw_local local)
{
    const rw_connection *source = rw_stream_connection(r->stream);
    const char *why = local == RW_LOCAL_UNNUMBERED ? "it changed a table of an engine that the cluster does not replicate"
                                                   : "its number is not the cluster's: it, or the one before, was made with wsrep_on = 0";
    if (local == RW_LOCAL_NOT || r->told_local) return;
    r->told_local = true;
    rw_log(RW_LOG_WARNING, r->scope, "site %s: the log of host %s holds a transaction that is local to this node (%s): other nodes do not have it; make such changes "
           "at all nodes alike, or not at all", source->site, source->address, why);
}

/* false with *error unset: the queue is closed. */
static bool handle(rw_reader *r, const rw_event *event, GError **error)
{
    rw_route route;
    rw_local local = RW_LOCAL_NOT;
    if (r->prints) rw_fingerprint_event(r->prints, event, &local);
    tell_local(r, local);
    if (event->kind == RW_EVENT_QUERY) rw_relay_forget_tables(r->relay);
    if (!rw_router_event(r->router, event, &route, error)) return false;
    if (route.action == RW_ROUTE_WRITERS && !begin_relayed(r, &route, error)) return false;
    if (route.action == RW_ROUTE_ROWS && !take_rows(r, event, &route, error)) return false;
    if (route.action == RW_ROUTE_STATEMENT && !add_statement(r, &route.statement, error)) return false;
    if (route.action == RW_ROUTE_CHANGE && !take_change(r, &route, error)) return false;
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
    rw_relay_free(r->relay);
    rw_fingerprint_free(r->prints);
    g_array_free(r->changes, TRUE);
    g_free(r->file);
    g_free(r->intents);
    g_free(r->skip);
    g_free(r->scope);
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
    r->scope = g_strdup(start->route.scope);
    r->prints = start->mark ? rw_fingerprint_new(start->mark) : NULL;
    r->relays = start->relay;
    r->relay = rw_relay_new(&start->relay);
    r->changes = rw_own_changes_new();
    rw_router_start route = start->route;
    route.file = r->file;
    route.intents = r->intents;
    route.skip = r->skip;
    route.wanted = start->relay.wanted;
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
