#include "conflict/writers.h"

static rw_slice encode(const rw_writers *w, GByteArray *out)
{
    g_byte_array_set_size(out, 0);
    rw_writers_encode(w, out);
    return rw_slice_of(out->data, out->len);
}

static void expect_same(const rw_writers *a, const rw_writers *b)
{
    g_assert_cmpint(a->kind, ==, b->kind);
    g_assert_cmpuint(a->txns->len, ==, b->txns->len);
    g_assert_cmpuint(a->items->len, ==, b->items->len);
    for (guint i = 0; i < a->txns->len; i++) {
        const rw_window_txn *x = &g_array_index(a->txns, rw_window_txn, i), *y = &g_array_index(b->txns, rw_window_txn, i);
        g_assert_cmpuint(x->stamp_us, ==, y->stamp_us);
        g_assert_cmpuint(x->seen.n, ==, y->seen.n);
        for (unsigned k = 0; k < x->seen.n; k++) {
            g_assert_cmpuint(x->seen.at[k].origin, ==, y->seen.at[k].origin);
            g_assert_cmpuint(x->seen.at[k].stamp_us, ==, y->seen.at[k].stamp_us);
        }
    }
    for (guint i = 0; i < a->items->len; i++) {
        const rw_window_item *x = &g_array_index(a->items, rw_window_item, i), *y = &g_array_index(b->items, rw_window_item, i);
        g_assert_true(rw_item_equal(x->item, y->item));
        g_assert_cmpuint(x->txn, ==, y->txn);
        g_assert_true(x->deletes == y->deletes && x->over == y->over && x->erased == y->erased);
    }
}

/* In memory of its own, so that a sanitizer sees a read beyond it. */
static bool decode(rw_writers *w, const uint8_t *bytes, size_t n)
{
    g_autofree uint8_t *copy = g_memdup2(bytes, n);
    return rw_writers_decode(w, rw_slice_of(copy, n));
}

static void round_trip(const rw_writers *w)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    rw_slice whole = encode(w, bytes);
    rw_writers back;
    rw_writers_init(&back);
    for (unsigned i = 0; i < 2; i++) { /* what it held before is gone */
        g_assert_true(decode(&back, whole.data, whole.len));
        expect_same(w, &back);
    }
    rw_writers_clear(&back);
}

static void test_empty(void)
{
    rw_writers w;
    rw_writers_init(&w);
    g_assert_cmpint(w.kind, ==, RW_WRITERS_LISTED);
    round_trip(&w);
    for (unsigned kind = RW_WRITERS_PLAIN; kind <= RW_WRITERS_SETTLED; kind++) {
        rw_writers_reset(&w, kind);
        round_trip(&w);
    }
    rw_writers_clear(&w);
}

static rw_seen seen_of(unsigned n)
{
    rw_seen seen = {0};
    for (unsigned i = 0; i < n; i++) rw_seen_raise(&seen, 255 - i, UINT64_C(1) << (4 * i));
    return seen;
}

static void fill(rw_writers *w, unsigned txns, unsigned items)
{
    rw_writers_reset(w, txns % 2 ? RW_WRITERS_LISTED : RW_WRITERS_SETTLED);
    for (unsigned i = 0; i < txns; i++) {
        rw_seen seen = seen_of(i % (RW_SEEN_MAX + 1));
        const rw_author author = {1 + i % 255, i == 1 ? UINT64_MAX : UINT64_C(1700000000000000) + i, &seen};
        rw_writers_add_txn(w, &author);
    }
    for (unsigned i = 0; i < items; i++) {
        rw_item item = {i * UINT64_C(0x9e3779b97f4a7c15), ~(uint64_t)i};
        if (i % 7 == 0) rw_writers_add_over(w, item);
        else if (i % 7 == 1) rw_writers_add_erased(w, item);
        else rw_writers_add_item(w, item, i % txns, i % 3 == 0);
    }
}

static void test_round_trip(void)
{
    static const unsigned txns[] = {1, 2, 31, 32, 33, 127, 128, 129, 1000};
    rw_writers w;
    rw_writers_init(&w);
    for (unsigned i = 0; i < G_N_ELEMENTS(txns); i++) {
        fill(&w, txns[i], 0);
        round_trip(&w);
        fill(&w, txns[i], txns[i] * 20);
        round_trip(&w);
    }
    rw_writers_clear(&w);
}

static void test_truncated(void)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    rw_writers w, back;
    rw_writers_init(&w);
    rw_writers_init(&back);
    fill(&w, 20, 150);
    rw_slice whole = encode(&w, bytes);
    for (size_t n = 0; n < whole.len; n++) g_assert_false(decode(&back, whole.data, n));
    g_byte_array_append(bytes, (const guint8 *)"", 1);
    g_assert_false(decode(&back, bytes->data, bytes->len)); /* more than it says */
    g_assert_false(rw_writers_decode(&back, (rw_slice){NULL, 0}));
    rw_writers_clear(&w);
    rw_writers_clear(&back);
}

static void refused(const void *bytes, size_t n)
{
    rw_writers w;
    rw_writers_init(&w);
    g_assert_false(decode(&w, bytes, n));
    rw_writers_clear(&w);
}

#define REFUSED(bytes) refused(bytes, sizeof bytes - 1)
#define ITEM "0123456789abcdef"

/* One item of two transactions, with this behind it. */
static void expect_flags(unsigned byte)
{
    uint8_t bytes[] = "\2\2\2\1\5\0\3\6\0\1" ITEM "x";
    bytes[sizeof bytes - 2] = (uint8_t)byte;
    rw_writers w;
    rw_writers_init(&w);
    g_assert_true(decode(&w, bytes, sizeof bytes - 1));
    const rw_window_item *one = &g_array_index(w.items, rw_window_item, 0);
    g_assert_cmpuint(one->txn, ==, byte / 8);
    g_assert_true(one->erased == !!(byte & 4) && one->over == !!(byte & 2) && one->deletes == (byte & 1));
    g_autoptr(GByteArray) again = g_byte_array_new();
    encode(&w, again);
    g_assert_cmpmem(again->data, again->len, bytes, sizeof bytes - 1);
    rw_writers_clear(&w);
}

static void test_flags(void)
{
    for (unsigned byte = 0; byte < 16; byte++) expect_flags(byte);
}

/* What each way to add one sets. */
static void test_added(void)
{
    const rw_seen nothing = {0};
    const rw_item item = {1, 2};
    rw_writers w;
    rw_writers_init(&w);
    rw_writers_reset(&w, RW_WRITERS_SETTLED);
    rw_writers_add_txn(&w, &(rw_author){1, 5, &nothing});
    rw_writers_add_txn(&w, &(rw_author){2, 6, &nothing});
    rw_writers_add_item(&w, item, 1, false);
    rw_writers_add_item(&w, item, 1, true);
    rw_writers_add_over(&w, item);
    rw_writers_add_erased(&w, item);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    rw_slice whole = encode(&w, bytes);
    static const uint8_t last[] = {8, 9, 2, 4};
    g_assert_cmpuint(whole.len, ==, 10 + 4 * 17);
    for (unsigned i = 0; i < 4; i++) g_assert_cmpuint(whole.data[10 + 17 * i + 16], ==, last[i]);
    round_trip(&w);
    rw_writers_clear(&w);
}

static void test_refused(void)
{
    REFUSED("\1\1\0\0");                                               /* another version */
    REFUSED("\2\3\0\0");                                               /* another kind */
    REFUSED("\2\1\0\1" ITEM "\0");                                     /* an item of no transaction */
    REFUSED("\2\1\1\7\5\0\1" ITEM "\x08");                             /* of the second of one */
    REFUSED("\2\1\1\7\5\0\1" ITEM "\x80\x80\x80\x80\x80\1");         /* of one whose number has more than 32 bits */
    REFUSED("\2\1\1\7\5\0\1" ITEM "\xff\xff\xff\xff\xff\xff\xff\xff\xff\1");
    REFUSED("\2\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\0");           /* more transactions than bytes */
    REFUSED("\2\1\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\1");
    REFUSED("\2\1\1\7\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\0\0");   /* a number longer than 64 bits */
    g_autoptr(GString) crowd = g_string_new_len("\2\1\1\7\5\x11", 6);   /* a transaction that has seen 17 sites */
    for (int i = 1; i <= RW_SEEN_MAX + 1; i++) g_string_append_printf(crowd, "%c%c", i, 1);
    g_string_append_c(crowd, '\0');
    refused(crowd->str, crowd->len);
}

static void test_garbage(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    unsigned read = 0;
    rw_writers w;
    rw_writers_init(&w);
    for (unsigned i = 0; i < 20000; i++) {
        uint8_t bytes[60];
        size_t n = (size_t)g_rand_int_range(rand, 0, sizeof bytes);
        for (size_t k = 0; k < n; k++) bytes[k] = k < 2 ? (uint8_t)(2 - k) : (uint8_t)g_rand_int_range(rand, 0, i % 2 ? 4 : 256);
        if (!decode(&w, bytes, n)) continue;
        round_trip(&w);
        read++;
    }
    g_assert_cmpuint(read, >, 0);
    g_test_message("%u of 20000 were read", read);
    rw_writers_clear(&w);
}

static void expect_found(const rw_writers *w, uint64_t item, unsigned first, unsigned last)
{
    rw_written found = rw_writers_find(w, (rw_item){item, 9});
    g_assert_cmpuint(found.first, ==, first);
    g_assert_cmpuint(found.last, ==, last);
}

/* By the order of the list, not of the numbers. */
static void test_find(void)
{
    const rw_seen nothing = {0};
    rw_writers w;
    rw_writers_init(&w);
    rw_writers_reset(&w, RW_WRITERS_LISTED);
    for (unsigned i = 0; i < 4; i++) rw_writers_add_txn(&w, &(rw_author){1, i, &nothing});
    rw_writers_sort(&w);
    expect_found(&w, 5, 3, 3);
    static const struct { uint64_t item; unsigned txn; } list[] = {{5, 2}, {7, 1}, {5, 0}, {6, 1}, {7, 1}, {5, 1}};
    for (unsigned i = 0; i < G_N_ELEMENTS(list); i++) rw_writers_add_item(&w, (rw_item){list[i].item, 9}, list[i].txn, false);
    rw_writers_add_over(&w, (rw_item){8, 9});
    rw_writers_add_erased(&w, (rw_item){8, 9});
    rw_writers_sort(&w);
    expect_found(&w, 5, 2, 1);
    expect_found(&w, 6, 1, 1);
    expect_found(&w, 7, 1, 1);
    expect_found(&w, 8, 3, 3); /* not in the list: the last one's */
    rw_writers_clear(&w);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/writers/empty", test_empty);
    g_test_add_func("/writers/round-trip", test_round_trip);
    g_test_add_func("/writers/truncated", test_truncated);
    g_test_add_func("/writers/flags", test_flags);
    g_test_add_func("/writers/added", test_added);
    g_test_add_func("/writers/refused", test_refused);
    g_test_add_func("/writers/garbage", test_garbage);
    g_test_add_func("/writers/find", test_find);
    return g_test_run();
}
