#include "flow/watcher.h"

#include "base/clock.h"
#include "base/log.h"
#include "change/rows.h"
#include "conflict/writers.h"
#include "flow/apply/rowitems.h"
#include "flow/apply/tables.h"
#include "flow/decode/decoder.h"
#include "flow/marker.h"
#include "flow/own_changes.h"
#include "flow/route/router.h"
#include "server/schema.h"

typedef enum { OTHERS, OUR_LINKS, LISTED } txn_kind; /* LISTED: its items came with the progress row */

struct rw_watcher {
    rw_watcher_options o;
    GThread *thread;
    gint stopping;          /* atomic */
    rw_stream *stream;
    rw_decoder *decoder;
    rw_router *router;
    rw_last_writers *memory;
    rw_connection *catalogue; /* opened at the first table */
    rw_tables *tables;
    rw_row_items items;
    rw_writers writers;
    GHashTable *unreadable; /* rw_table, referenced -> gint64: when the server was asked last, monotonic; 0: it was not */
    char *file;
    txn_kind kind;
    uint32_t handle;        /* of the transaction's writer in the memory */
    unsigned origin;        /* of that writer */
    unsigned announced;     /* whose the rows in hand are, as the window says; 0: it does not */
    GArray *handles;        /* uint32_t: of a window's transactions, as listed in writers */
    bool several;           /* the row events of a window are those of several transactions: each is looked up */
    bool begun, own, outside; /* a transaction's writer is in the memory; it is an application's; the log stands between two transactions */
    uint64_t window, ended; /* number of this link's window that is under way, and of the one that ended with the event in hand; 0: none */
    GArray *changes;        /* rw_own_change, of the transaction under way */
    char *local;            /* a table that the transaction under way changes, where applications are not to write; NULL: none */
    bool settles;           /* it is a link's own: a row goes that broke a constraint (flow/apply/settle.h) */
};

/* --- what a transaction wrote --- */

static bool on_written(void *user, rw_item item, rw_entry entry, GError **error)
{
    rw_watcher *w = user;
    /* What the source wrote itself is no news to it, whatever way it came. */
    if (entry == RW_ENTRY_ERASED || w->origin == w->o.source) return rw_last_writers_remove(w->memory, item, error);
    return rw_last_writers_put(w->memory, item, w->handle, entry == RW_ENTRY_ENDED, error);
}

static rw_writer writer_of(const rw_watcher *w, unsigned origin, uint64_t stamp_us, const rw_seen *seen)
{
    rw_writer writer = {.origin = origin, .stamp_us = stamp_us, .seen_us = rw_seen_of(seen, w->o.source)};
    g_strlcpy(writer.gtid, rw_router_txn(w->router)->gtid, sizeof writer.gtid);
    return writer;
}

/* An application's transaction of the target itself, unless a progress row has said otherwise. */
static void begin_txn(rw_watcher *w)
{
    const rw_txn *txn = rw_router_txn(w->router);
    if (w->begun) return;
    rw_writer writer = writer_of(w, txn->author->origin, txn->author->stamp_us, txn->author->seen);
    w->kind = OTHERS;
    w->origin = writer.origin;
    w->several = false;
    w->handle = rw_last_writers_begin(w->memory, &writer);
    w->begun = w->own = true;
}

static void begin_writers(rw_watcher *w)
{
    g_array_set_size(w->handles, 0);
    for (guint i = 0; i < w->writers.txns->len; i++) {
        const rw_window_txn *txn = &g_array_index(w->writers.txns, rw_window_txn, i);
        rw_writer writer = writer_of(w, txn->origin, txn->stamp_us, &txn->seen);
        w->handle = rw_last_writers_begin(w->memory, &writer);
        g_array_append_val(w->handles, w->handle);
    }
}

static bool take_list(rw_watcher *w, GError **error)
{
    begin_writers(w);
    if (w->writers.kind == RW_WRITERS_PLAIN) return true;
    for (guint i = 0; i < w->writers.items->len; i++) {
        const rw_window_item *one = &g_array_index(w->writers.items, rw_window_item, i);
        if (one->over) continue;
        if (one->erased || g_array_index(w->writers.txns, rw_window_txn, one->txn).origin == w->o.source ? !rw_last_writers_remove(w->memory, one->item, error)
                        : !rw_last_writers_put(w->memory, one->item, g_array_index(w->handles, uint32_t, one->txn), one->deletes, error)) return false;
    }
    return true;
}

static bool take_over(rw_watcher *w, GError **error)
{
    for (guint i = 0; i < w->writers.items->len; i++) {
        const rw_window_item *one = &g_array_index(w->writers.items, rw_window_item, i);
        if (one->over && !rw_last_writers_remove(w->memory, one->item, error)) return false;
    }
    return true;
}

static void begin_rows(rw_watcher *w, txn_kind kind, const rw_route *route, bool listed)
{
    guint n = listed ? w->writers.txns->len : 0;
    w->kind = kind;
    w->origin = n ? g_array_index(w->writers.txns, rw_window_txn, n - 1).origin : route->writers.origin;
    w->several = kind == OTHERS && n > 1;
    if (w->several) rw_writers_sort(&w->writers);
}

/* A progress row comes first in its transaction, and once more at the end of a large one. */
static bool take_writers(rw_watcher *w, const rw_route *route, GError **error)
{
    bool ours = route->writers.source == w->o.source, listed = route->writers.text.data && rw_writers_decode(&w->writers, route->writers.text);
    if (route->writers.text.data && !listed)
        return rw_fail(error, RW_ERR_STOP, "ringway.progress.writers of link from site %u cannot be read; another version of Ringway wrote it?", route->writers.source);
    bool again = w->begun;
    w->begun = true;
    if (ours) {
        begin_rows(w, listed && w->writers.kind == RW_WRITERS_SETTLED ? LISTED : OUR_LINKS, route, listed);
        return w->kind == OUR_LINKS || take_over(w, error);
    }
    if (again && listed && w->writers.kind == RW_WRITERS_PLAIN) return true; /* the end of a large transaction, whose beginning named it already */
    begin_rows(w, listed && w->writers.kind != RW_WRITERS_PLAIN ? LISTED : OTHERS, route, listed);
    if (listed) return take_list(w, error);
    static const rw_seen nothing = {0};
    rw_writer writer = writer_of(w, route->writers.origin, route->writers.stamp_us, &nothing);
    w->handle = rw_last_writers_begin(w->memory, &writer);
    return true;
}

/* --- rows --- */

/* Asking the server costs more than the change. It may be granted later. */
static bool is_given_up(const rw_watcher *w, const rw_table *table)
{
    const gint64 *tried_us = g_hash_table_lookup(w->unreadable, table);
    return tried_us && *tried_us && rw_clock_us() - *tried_us < G_USEC_PER_SEC;
}

static bool pass_over(rw_watcher *w, rw_table *table, bool asked, const char *why)
{
    gint64 tried_us = asked ? rw_clock_us() : 0;
    bool known = g_hash_table_contains(w->unreadable, table);
    if (asked || !known) g_hash_table_replace(w->unreadable, rw_table_ref(table), g_memdup2(&tried_us, sizeof tried_us));
    if (known) return true;
    rw_log(RW_LOG_INFO, w->o.link, "changes of %s.%s in the target's log cannot be told by row (%s); only the rows themselves are compared", table->schema,
           table->name, why);
    return true;
}

/* NULL with *error unset: the table cannot be read. */
static const rw_binding *binding_of(rw_watcher *w, rw_table *table, GError **error)
{
    g_autoptr(GError) failure = NULL;
    unsigned number;
    if (is_given_up(w, table)) return NULL;
    if (!w->catalogue) w->catalogue = rw_endpoint_open(w->o.target, (rw_connection_limits){w->o.limits.connect_timeout_s, w->o.limits.deadline_s, w->o.limits.deadline_s}, error);
    if (!w->catalogue) return NULL;
    if (rw_tables_number(w->tables, table, w->catalogue, &number, &failure)) return rw_tables_at(w->tables, number);
    if (g_error_matches(failure, RW_ERROR, RW_ERR_STOP)) pass_over(w, table, true, failure->message);
    else g_propagate_error(error, g_steal_pointer(&failure));
    return NULL;
}

static bool look_up(rw_watcher *w, const rw_binding *b, rw_slice image, GError **error)
{
    rw_item item;
    if (!rw_row_items_row(&w->items, b, image, &item)) return rw_row_misfit(b, error);
    unsigned i = rw_writers_find(&w->writers, item).last;
    while (i > 0 && w->announced && g_array_index(w->writers.txns, rw_window_txn, i).origin != w->announced) i--;
    w->origin = g_array_index(w->writers.txns, rw_window_txn, i).origin;
    w->handle = g_array_index(w->handles, uint32_t, i);
    return true;
}

static bool take_row(rw_watcher *w, const rw_binding *b, rw_slice before, rw_slice after, GError **error)
{
    if (w->several && !look_up(w, b, after.data ? after : before, error)) return false;
    if (w->kind == OUR_LINKS) return rw_row_items_overwritten(&w->items, b, before, after, w->origin, error);
    return rw_row_items_written(&w->items, b, before, after, w->origin, error);
}

/* --- where applications are not to write --- */

static void note_local(rw_watcher *w, const rw_table *table)
{
    if (!w->o.local || !w->own || w->local || !rw_local_writes_concern(w->o.local, table)) return;
    w->local = g_strdup_printf("%s.%s", table->schema, table->name);
}

/* A link that deletes rows for a constraint, in a transaction of the site's own, records each of them first. */
static void note_record(rw_watcher *w, const rw_event *event)
{
    if (event->kind != RW_EVENT_ROWS || event->rows.op != RW_INSERT) return;
    if (strcmp(event->rows.table->schema, RW_SCHEMA) == 0 && strcmp(event->rows.table->name, "conflict") == 0) w->settles = true;
}

static void end_local(rw_watcher *w, bool counts)
{
    if (w->local && counts && !w->settles) rw_local_writes_add(w->o.local, rw_router_txn(w->router), w->local);
    g_clear_pointer(&w->local, g_free);
    w->settles = false;
}

static bool take_rows(rw_watcher *w, rw_rows rows, unsigned origin, GError **error)
{
    rw_slice before, after;
    bool bad = false;
    begin_txn(w);
    note_local(w, rows.table);
    w->announced = origin;
    if (origin) w->origin = origin;
    if (w->kind == LISTED || (w->kind == OUR_LINKS && rw_last_writers_is_empty(w->memory))) return true;
    if ((rows.op != RW_INSERT && !rows.full_before) || (rows.op != RW_DELETE && !rows.full_after)) return pass_over(w, rows.table, false, "binlog_row_image is not FULL");
    const rw_binding *b = binding_of(w, rows.table, error);
    if (!b) return !*error;
    while (rw_rows_next(&rows, &before, &after, &bad))
        if (!take_row(w, b, before, after, error)) return false;
    return !bad || rw_fail(error, RW_ERR_STOP, "a row event of %s.%s in the target's log does not fit its table map", rows.table->schema, rows.table->name);
}

/* Deletes that the target made itself, right after the window that they came with. */
static bool take_changes(rw_watcher *w, GError **error)
{
    static const rw_slice none = {NULL, 0};
    const rw_txn *txn = rw_router_txn(w->router);
    if (!w->changes->len) return true;
    rw_writer writer = writer_of(w, txn->author->origin, txn->author->stamp_us, txn->author->seen);
    g_strlcat(writer.gtid, RW_OWN_MARK, sizeof writer.gtid);
    w->handle = rw_last_writers_begin(w->memory, &writer);
    w->kind = OTHERS;
    w->origin = writer.origin;
    w->several = false;
    for (guint i = 0; i < w->changes->len; i++) {
        const rw_own_change *c = &g_array_index(w->changes, rw_own_change, i);
        const rw_binding *b = binding_of(w, c->table, error);
        if (b ? !take_row(w, b, rw_own_change_image(c), none, error) : *error != NULL) return false;
    }
    g_array_set_size(w->changes, 0);
    return true;
}

/* --- events --- */

static void forget_tables(rw_watcher *w)
{
    rw_tables_forget(w->tables);
    g_hash_table_remove_all(w->unreadable);
}

static bool end_txn(rw_watcher *w, GError **error)
{
    if (w->own) rw_last_writers_stamp(w->memory, w->handle, rw_router_txn(w->router)->author->stamp_us);
    w->begun = w->own = false;
    w->ended = w->window;
    w->window = 0;
    end_local(w, true);
    return take_changes(w, error);
}

static bool handle(rw_watcher *w, const rw_event *event, GError **error)
{
    rw_route route;
    if (!rw_router_event(w->router, event, &route, error)) return false;
    switch (route.action) {
    case RW_ROUTE_WRITERS:
        rw_marker_take(event, w->o.source, &w->window);
        if (!take_writers(w, &route, error)) return false;
        break;
    case RW_ROUTE_ROWS:
        if (!take_rows(w, event->rows, route.origin, error)) return false;
        break;
    case RW_ROUTE_CHANGE: rw_own_changes_add(w->changes, route.change.table, route.change.image); break; /* the others are in the list */
    case RW_ROUTE_STATEMENT: forget_tables(w); break;
    case RW_ROUTE_VOID:
        w->begun = w->own = false;
        w->window = 0;
        end_local(w, false);
        g_array_set_size(w->changes, 0);
        break;
    case RW_ROUTE_NOTHING: note_record(w, event); break;
    }
    if (event->kind == RW_EVENT_GTID || event->kind == RW_EVENT_BEGIN) w->outside = false;
    if (route.ends && !end_txn(w, error)) return false;
    if (route.ends || route.action == RW_ROUTE_VOID) w->outside = true;
    return true;
}

/* Events that no stage needs move the place, too: the log may end with one of them. */
static void note_place(rw_watcher *w)
{
    const char *file = rw_router_txn(w->router)->file;
    if (file) rw_last_writers_reached(w->memory, file, rw_decoder_place(w->decoder), w->outside ? rw_router_history(w->router) : NULL, w->ended);
    w->ended = 0;
}

static bool feed(rw_watcher *w, rw_slice bytes, GError **error)
{
    rw_event event;
    GError *failure = NULL;
    if (!rw_decoder_feed(w->decoder, bytes, error)) return false;
    while (rw_decoder_next(w->decoder, &event, &failure))
        if (!handle(w, &event, error)) return false;
    if (failure) {
        g_propagate_error(error, failure);
        return false;
    }
    note_place(w);
    return true;
}

static gpointer run(gpointer data)
{
    rw_watcher *w = data;
    GError *error = NULL;
    rw_slice bytes;
    while (!error && rw_stream_next(w->stream, &bytes, &error) == RW_STREAM_EVENT) feed(w, bytes, &error);
    if (!error) rw_fail(&error, RW_ERR_RETRY, "the target ended the stream of its log");
    g_prefix_error(&error, "who wrote which row last is read from the target's log: ");
    bool lost = g_error_matches(error, RW_ERROR, RW_ERR_RETRY);
    rw_last_writers_fail(w->memory, error);
    if (lost && !g_atomic_int_get(&w->stopping)) w->o.lost(w->o.user);
    return NULL;
}

static void watcher_free(rw_watcher *w)
{
    rw_stream_close(w->stream);
    rw_decoder_free(w->decoder);
    rw_router_free(w->router);
    rw_connection_close(w->catalogue);
    rw_tables_free(w->tables);
    rw_row_items_clear(&w->items);
    rw_writers_clear(&w->writers);
    g_hash_table_unref(w->unreadable);
    g_array_free(w->changes, TRUE);
    g_array_free(w->handles, TRUE);
    g_free(w->file);
    g_free(w->local);
    g_free(w);
}

rw_watcher *rw_watcher_start(const rw_watcher_options *options, const rw_memory_place *from, rw_last_writers *memory, GError **error)
{
    rw_dump_start start = {.file = from->pos.file, .offset_bytes = from->pos.offset_bytes};
    rw_stream *stream = rw_stream_open(options->target, options->limits, &start, error);
    if (!stream) return NULL;
    rw_watcher *w = g_new0(rw_watcher, 1);
    w->o = *options;
    w->stream = stream;
    w->memory = memory;
    w->file = g_strdup(from->pos.file);
    w->tables = rw_tables_new(options->conf, true);
    rw_row_items_init(&w->items, options->conf, on_written, w);
    rw_writers_init(&w->writers);
    w->handles = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    w->changes = rw_own_changes_new();
    w->unreadable = g_hash_table_new_full(NULL, NULL, (GDestroyNotify)rw_table_unref, g_free);
    w->decoder = rw_decoder_new((rw_decoder_options){.from_stream = true, .checksum = true, .initial_checksum = true});
    rw_router_start route = {.scope = options->link, .source = options->target->site->id, .conf = options->conf, .file = w->file, .history = from->history, .watch = true, .cluster = options->cluster};
    w->router = rw_router_new(&route, error);
    if (!w->router) {
        watcher_free(w);
        return NULL;
    }
    w->outside = true;
    w->thread = g_thread_new("watcher", run, w);
    return w;
}

void rw_watcher_stop(rw_watcher *w)
{
    if (!w) return;
    g_atomic_int_set(&w->stopping, 1);
    rw_stream_cancel(w->stream);
    g_thread_join(w->thread);
    watcher_free(w);
}
