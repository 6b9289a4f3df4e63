#include "flow/relay.h"

#include "conflict/writers.h"
#include "flow/apply/rowitems.h"
#include "flow/apply/tables.h"

struct rw_relay {
    rw_relay_options o;
    rw_writers writers;
    rw_seen seen;              /* of the source's log at the window */
    rw_author *authors, *firsts; /* of each transaction; in the batch's arena */
    rw_connection *catalogue;  /* opened when it is needed */
    rw_tables *tables;
    rw_row_items items;
};

static bool ignore_item(void *user, rw_item item, rw_entry entry, GError **error)
{
    (void)user, (void)item, (void)entry, (void)error;
    return true;
}

rw_relay *rw_relay_new(const rw_relay_options *options)
{
    rw_relay *r = g_new0(rw_relay, 1);
    r->o = *options;
    r->tables = rw_tables_new(options->conf, true);
    rw_writers_init(&r->writers);
    rw_row_items_init(&r->items, options->conf, ignore_item, NULL);
    return r;
}

void rw_relay_free(rw_relay *r)
{
    if (!r) return;
    rw_connection_close(r->catalogue);
    rw_tables_free(r->tables);
    rw_row_items_clear(&r->items);
    rw_writers_clear(&r->writers);
    g_free(r);
}

void rw_relay_forget_tables(rw_relay *r) { rw_tables_forget(r->tables); }

bool rw_relay_begin(rw_relay *r, rw_slice text, const rw_seen *seen, GError **error)
{
    rw_writers_reset(&r->writers, RW_WRITERS_PLAIN);
    r->seen = *seen;
    if (text.data && !rw_writers_decode(&r->writers, text))
        return rw_fail(error, RW_ERR_STOP, "ringway.progress.writers of a window in the log cannot be read: it was written by another version; run the same version "
                       "everywhere, and start this link behind the window with 'ringway init --link ... --from'");
    for (guint i = 0; i < r->writers.txns->len; i++) {
        /* What its own site had written before may be at the target by another way. */
        rw_window_txn *txn = &g_array_index(r->writers.txns, rw_window_txn, i);
        if (!rw_seen_raise(&txn->seen, txn->origin, txn->stamp_us)) return rw_fail(error, RW_ERR_STOP, "a window in the log names more than %d sites; not supported", RW_SEEN_MAX);
    }
    rw_writers_sort(&r->writers);
    return true;
}

static rw_seen *copy_seen(rw_arena *arena, const rw_seen *seen)
{
    rw_seen *copy = rw_arena_alloc(arena, sizeof *copy);
    *copy = *seen;
    return copy;
}

/* What both had seen. */
static rw_seen *common(rw_arena *arena, const rw_seen *a, const rw_seen *b, unsigned source)
{
    rw_seen *both = copy_seen(arena, a);
    for (unsigned i = 0; i < both->n; i++)
        if (both->at[i].origin != source) both->at[i].stamp_us = MIN(both->at[i].stamp_us, rw_seen_of(b, both->at[i].origin));
    return both;
}

void rw_relay_attach(rw_relay *r, rw_arena *arena)
{
    guint n = r->writers.txns->len;
    r->authors = rw_arena_alloc(arena, sizeof(rw_author) * (n + 1));
    r->firsts = rw_arena_alloc(arena, sizeof(rw_author) * (n + 1));
    for (guint i = 0; i < n; i++) {
        const rw_window_txn *txn = &g_array_index(r->writers.txns, rw_window_txn, i);
        const rw_seen *seen = copy_seen(arena, &txn->seen);
        r->authors[i] = (rw_author){txn->origin, txn->stamp_us, seen};
        r->firsts[i] = r->authors[i];
        if (!rw_seen_covers(&r->seen, seen, r->o.source->site->id)) r->firsts[i].seen = common(arena, seen, &r->seen, r->o.source->site->id);
    }
}

const rw_author *rw_relay_last(const rw_relay *r) { return r->writers.txns->len ? &r->authors[r->writers.txns->len - 1] : NULL; }

bool rw_relay_takes(const rw_relay_options *o, const rw_author *author)
{
    return rw_wanted_takes(&o->wanted, author->origin, author->stamp_us);
}

/* The site's last transaction in the window; false: it has none. */
static bool find_last_of(const rw_relay *r, unsigned origin, uint32_t *last)
{
    guint i = r->writers.txns->len;
    while (i > 0 && origin && r->authors[i - 1].origin != origin) i--;
    if (i) *last = i - 1;
    return i > 0;
}

static bool is_one_site(const rw_relay *r)
{
    for (guint i = 1; i < r->writers.txns->len; i++)
        if (r->authors[i].origin != r->authors[0].origin) return false;
    return true;
}

/* NULL with *error unset: the table is not as it was. */
static const rw_binding *binding_of(rw_relay *r, rw_table *table, GError **error)
{
    unsigned number;
    GError *failure = NULL;
    if (!r->catalogue) r->catalogue = rw_endpoint_open(r->o.source, (rw_connection_limits){r->o.limits.connect_timeout_s, r->o.limits.deadline_s, r->o.limits.deadline_s}, error);
    if (!r->catalogue) return NULL;
    if (rw_tables_number(r->tables, table, r->catalogue, &number, &failure)) return rw_tables_at(r->tables, number);
    if (g_error_matches(failure, RW_ERROR, RW_ERR_STOP)) g_error_free(failure);
    else g_propagate_error(error, failure);
    return NULL;
}

/* In the list, if it is there, and is that site's. */
static bool look_up(rw_relay *r, rw_table *table, rw_slice image, rw_written *row, GError **error)
{
    GError *failure = NULL;
    const rw_binding *b = binding_of(r, table, &failure);
    rw_item item;
    if (failure) {
        g_propagate_error(error, failure);
        return false;
    }
    if (!b || !rw_row_items_row(&r->items, b, image, &item)) return true;
    rw_written found = rw_writers_find(&r->writers, item);
    if (r->authors[found.last].origin == r->authors[row->last].origin) *row = found;
    return true;
}

bool rw_relay_row(rw_relay *r, rw_table *table, rw_slice before, rw_slice after, unsigned origin, rw_relayed *relayed, GError **error)
{
    rw_written row = {0};
    if (!find_last_of(r, origin, &row.last) || (!origin && !is_one_site(r)))
        return rw_fail(error, RW_ERR_STOP, "a window in the log does not tell whose the rows of %s.%s are: it was written when there were two sites; start this link behind it, "
                       "with 'ringway init --link ... --from'", table->schema, table->name);
    row.first = row.last;
    if (r->writers.txns->len > 1 && !look_up(r, table, after.data ? after : before, &row, error)) return false;
    const rw_author *author = &r->authors[row.last];
    *relayed = (rw_relayed){rw_relay_takes(&r->o, author) ? author : NULL, &r->firsts[row.first], !rw_relay_takes(&r->o, &r->authors[row.first])};
    return true;
}

rw_slice rw_relay_writers(const rw_relay *r, rw_arena *arena)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    rw_writers_encode(&r->writers, bytes);
    return rw_arena_copy(arena, rw_slice_of(bytes->data, bytes->len));
}
