#include "conflict/writers.h"

#include "base/cursor.h"

#include <stdlib.h>

enum { VERSION = 2 };

void rw_writers_init(rw_writers *w)
{
    w->txns = g_array_new(FALSE, FALSE, sizeof(rw_window_txn));
    w->items = g_array_new(FALSE, FALSE, sizeof(rw_window_item));
    w->index = g_array_new(FALSE, FALSE, sizeof(rw_written));
    w->kind = RW_WRITERS_LISTED;
}

void rw_writers_clear(rw_writers *w)
{
    g_array_free(w->txns, TRUE);
    g_array_free(w->items, TRUE);
    g_array_free(w->index, TRUE);
}

void rw_writers_reset(rw_writers *w, rw_writers_kind kind)
{
    g_array_set_size(w->txns, 0);
    g_array_set_size(w->items, 0);
    w->kind = kind;
}

void rw_writers_add_txn(rw_writers *w, const rw_author *author)
{
    rw_window_txn txn = {author->origin, author->stamp_us, *author->seen};
    g_array_append_val(w->txns, txn);
}

void rw_writers_add_item(rw_writers *w, rw_item item, unsigned txn, bool deletes)
{
    rw_window_item one = {item, txn, deletes, false, false};
    g_array_append_val(w->items, one);
}

void rw_writers_add_over(rw_writers *w, rw_item item)
{
    rw_window_item one = {item, 0, false, true, false};
    g_array_append_val(w->items, one);
}

void rw_writers_add_erased(rw_writers *w, rw_item item)
{
    rw_window_item one = {item, 0, false, false, true};
    g_array_append_val(w->items, one);
}

static void put_byte(GByteArray *out, unsigned byte) { g_byte_array_append(out, &(guint8){(guint8)byte}, 1); }

static void put_varint(GByteArray *out, uint64_t n)
{
    for (; n >= 0x80; n >>= 7) put_byte(out, (n & 0x7f) | 0x80);
    put_byte(out, (unsigned)n);
}

static void put_txn(GByteArray *out, const rw_window_txn *txn)
{
    put_byte(out, txn->origin);
    put_varint(out, txn->stamp_us);
    put_byte(out, txn->seen.n);
    for (unsigned i = 0; i < txn->seen.n; i++) {
        put_byte(out, txn->seen.at[i].origin);
        put_varint(out, txn->seen.at[i].stamp_us);
    }
}

static void put_item(GByteArray *out, const rw_window_item *one)
{
    const uint64_t halves[] = {GUINT64_TO_LE(one->item.low), GUINT64_TO_LE(one->item.high)};
    g_byte_array_append(out, (const guint8 *)halves, sizeof halves);
    put_varint(out, (uint64_t)one->txn * 8 + (uint64_t)one->erased * 4 + (uint64_t)one->over * 2 + one->deletes);
}

void rw_writers_encode(const rw_writers *w, GByteArray *out)
{
    put_byte(out, VERSION);
    put_byte(out, w->kind);
    put_varint(out, w->txns->len);
    for (guint i = 0; i < w->txns->len; i++) put_txn(out, &g_array_index(w->txns, rw_window_txn, i));
    put_varint(out, w->items->len);
    for (guint i = 0; i < w->items->len; i++) put_item(out, &g_array_index(w->items, rw_window_item, i));
}

static uint64_t take_varint(rw_cursor *c)
{
    uint64_t n = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = rw_cursor_u8(c);
        n |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) return n;
    }
    c->bad = true;
    return 0;
}

static void take_txn(rw_cursor *c, rw_writers *w)
{
    rw_window_txn txn = {.origin = rw_cursor_u8(c)};
    txn.stamp_us = take_varint(c);
    unsigned sites = rw_cursor_u8(c);
    for (unsigned i = 0; i < sites && !c->bad; i++) {
        unsigned origin = rw_cursor_u8(c);
        if (!rw_seen_raise(&txn.seen, origin, take_varint(c))) c->bad = true;
    }
    g_array_append_val(w->txns, txn);
}

static void take_item(rw_cursor *c, rw_writers *w)
{
    rw_window_item one = {0};
    one.item.low = rw_cursor_u64(c);
    one.item.high = rw_cursor_u64(c);
    uint64_t rest = take_varint(c);
    if (rest / 8 >= w->txns->len) c->bad = true;
    one.txn = (uint32_t)(rest / 8);
    one.erased = rest & 4;
    one.over = rest & 2;
    one.deletes = rest & 1;
    g_array_append_val(w->items, one);
}

bool rw_writers_decode(rw_writers *w, rw_slice bytes)
{
    rw_cursor c = rw_cursor_of(bytes);
    unsigned version = rw_cursor_u8(&c);
    unsigned kind = rw_cursor_u8(&c);
    if (version != VERSION || kind > RW_WRITERS_SETTLED) return false;
    rw_writers_reset(w, (rw_writers_kind)kind);
    uint64_t txns = take_varint(&c);
    for (uint64_t i = 0; i < txns && !c.bad; i++) take_txn(&c, w);
    uint64_t items = take_varint(&c);
    for (uint64_t i = 0; i < items && !c.bad; i++) take_item(&c, w);
    return !c.bad && rw_cursor_left(&c) == 0;
}

static int by_item(const void *x, const void *y)
{
    const rw_item *a = &((const rw_written *)x)->item, *b = &((const rw_written *)y)->item;
    if (a->high != b->high) return a->high < b->high ? -1 : 1;
    return (a->low > b->low) - (a->low < b->low);
}

/* While sorting, `last` is the place in the list, which is in the order of the changes. */
static int by_item_then_place(const void *x, const void *y)
{
    int order = by_item(x, y);
    const rw_written *a = x, *b = y;
    return order ? order : (a->last > b->last) - (a->last < b->last);
}

void rw_writers_sort(rw_writers *w)
{
    guint n = 0;
    g_array_set_size(w->index, 0);
    for (guint i = 0; i < w->items->len; i++) {
        const rw_window_item *one = &g_array_index(w->items, rw_window_item, i);
        rw_written written = {one->item, one->txn, i};
        if (!one->over && !one->erased) g_array_append_val(w->index, written);
    }
    if (!w->index->len) return;
    rw_written *index = &g_array_index(w->index, rw_written, 0);
    qsort(index, w->index->len, sizeof *index, by_item_then_place);
    for (guint i = 0; i < w->index->len; i++) {
        uint32_t txn = index[i].first;
        if (n && rw_item_equal(index[n - 1].item, index[i].item)) index[n - 1].last = txn;
        else index[n++] = (rw_written){index[i].item, txn, txn};
    }
    g_array_set_size(w->index, n);
}

rw_written rw_writers_find(const rw_writers *w, rw_item item)
{
    const rw_written wanted = {item, w->txns->len - 1, w->txns->len - 1};
    const rw_written *found = w->index->len ? bsearch(&wanted, w->index->data, w->index->len, sizeof wanted, by_item) : NULL;
    return found ? *found : wanted;
}
