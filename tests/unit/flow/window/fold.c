#include "flow/window/fold.h"

#include <glib.h>

static rw_slice s(const char *text) { return text ? rw_slice_str(text) : (rw_slice){NULL, 0}; }

static void change(rw_fold *f, const char *key, const char *before, const char *after, unsigned txn)
{
    rw_fold_change(f, 0, s(key), s(before), s(after), txn);
}

static void expect(rw_fold *f, const char *key, const char *before, const char *after, unsigned txn)
{
    const rw_net *net = rw_fold_find(f, 0, s(key));
    g_assert_nonnull(net);
    g_assert_true(rw_slice_equal(net->before, s(before)));
    g_assert_true(rw_slice_equal(net->after, s(after)));
    g_assert_cmpuint(net->last, ==, txn);
}

static void test_net_change(void)
{
    rw_fold *f = rw_fold_new();
    change(f, "updated", "a", "b", 0);
    change(f, "updated", "b", "c", 3);
    change(f, "born and gone", NULL, "a", 0);
    change(f, "born and gone", "a", NULL, 1);
    change(f, "gone and born", "a", NULL, 0);
    change(f, "gone and born", NULL, "a", 2);
    change(f, "born", NULL, "a", 0);
    change(f, "born", "a", "b", 4);
    expect(f, "updated", "a", "c", 3);
    expect(f, "born and gone", NULL, NULL, 1);
    expect(f, "gone and born", "a", "a", 2);
    expect(f, "born", NULL, "b", 4);
    g_assert_null(rw_fold_find(f, 0, s("never")));
    rw_fold_free(f);
}

static void expect_way(rw_fold *f, const char *key, const char *image, unsigned first_txn, unsigned txn)
{
    const rw_net *net = rw_fold_find(f, 0, s(key));
    g_assert_true(rw_slice_equal(net->image, s(image)));
    g_assert_cmpuint(net->first, ==, first_txn);
    g_assert_cmpuint(net->last, ==, txn);
}

/* Between the first transaction that touched a row and the last one; the image is the last that it had, also when it is gone. */
static void test_way(void)
{
    rw_fold *f = rw_fold_new();
    change(f, "once", NULL, "a", 2);
    change(f, "gone", "a", NULL, 3);
    change(f, "updated", "a", "b", 1);
    change(f, "updated", "b", "c", 4);
    change(f, "updated", "c", "d", 4);
    change(f, "born and gone", NULL, "a", 0);
    change(f, "born and gone", "a", "b", 1);
    change(f, "born and gone", "b", NULL, 5);
    change(f, "gone and born", "a", NULL, 2);
    change(f, "gone and born", NULL, "b", 6);
    for (unsigned i = 0; i < 2; i++) {
        expect_way(f, "once", "a", 2, 2);
        expect_way(f, "gone", "a", 3, 3);
        expect_way(f, "updated", "d", 1, 4);
        expect_way(f, "born and gone", "b", 0, 5);
        expect_way(f, "gone and born", "b", 2, 6);
        rw_fold_sort(f);
    }
    rw_fold_reset(f);
    change(f, "updated", "x", "y", 7);
    expect_way(f, "updated", "y", 7, 7);
    rw_fold_free(f);
}

static void test_tables_are_apart(void)
{
    rw_fold *f = rw_fold_new();
    rw_fold_change(f, 0, s("k"), s("x"), s("y"), 0);
    rw_fold_change(f, 5, s("k"), s("p"), s("q"), 0);
    g_assert_true(rw_slice_equal(rw_fold_find(f, 5, s("k"))->after, s("q")));
    g_assert_null(rw_fold_find(f, 4, s("k")));
    g_assert_cmpuint(rw_fold_first(f, 4), ==, RW_FOLD_NONE);
    g_assert_cmpuint(rw_fold_first(f, 99), ==, RW_FOLD_NONE);
    rw_fold_free(f);
}

/* Thousands of keys, several rounds: growth, order of first appearance, and reset. */
static void test_many(void)
{
    rw_fold *f = rw_fold_new();
    for (unsigned round = 0; round < 3; round++) {
        unsigned n = round == 1 ? 20000 : 50;
        rw_fold_reset(f);
        for (unsigned i = 0; i < 2 * n; i++) {
            uint32_t key = i % n;
            rw_fold_change(f, 1, rw_slice_of(&key, sizeof key), s("b"), s("a"), i);
        }
        unsigned seen = 0;
        for (unsigned e = rw_fold_first(f, 1); e != RW_FOLD_NONE; e = rw_fold_at(f, e)->next, seen++) {
            uint32_t key;
            memcpy(&key, rw_fold_at(f, e)->key.data, sizeof key);
            g_assert_cmpuint(key, ==, seen);
            g_assert_cmpuint(rw_fold_at(f, e)->last, ==, n + seen);
        }
        g_assert_cmpuint(seen, ==, n);
    }
    rw_fold_free(f);
}

/* Chains follow the keys' bytes, also behind the part that is compared first; each table keeps its own. */
static void test_sort(void)
{
    static const char *const sorted[] = {"", "a", "a longer key than what is compared first", "a longer key than what is compared later",
                                         "a longer key than what is compared later too", "b"};
    static const unsigned order[] = {3, 5, 0, 4, 2, 1};
    rw_fold *f = rw_fold_new();
    rw_fold_sort(f);
    g_assert_cmpuint(rw_fold_first(f, 0), ==, RW_FOLD_NONE);
    for (unsigned i = 0; i < G_N_ELEMENTS(order); i++)
        for (unsigned table = 0; table < 3; table += 2) rw_fold_change(f, table, s(sorted[order[i]]), s("b"), s("a"), i);
    rw_fold_sort(f);
    for (unsigned table = 0; table < 3; table += 2) {
        unsigned seen = 0;
        for (unsigned e = rw_fold_first(f, table); e != RW_FOLD_NONE; e = rw_fold_at(f, e)->next) {
            g_assert_cmpuint(rw_fold_at(f, e)->table, ==, table);
            g_assert_true(rw_slice_equal(rw_fold_at(f, e)->key, s(sorted[seen++])));
        }
        g_assert_cmpuint(seen, ==, G_N_ELEMENTS(sorted));
    }
    g_assert_cmpuint(rw_fold_first(f, 1), ==, RW_FOLD_NONE);
    rw_fold_change(f, 0, s("a"), s("a"), s("c"), 9); /* an entry is still found */
    expect(f, "a", "b", "c", 9);
    rw_fold_free(f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fold/net", test_net_change);
    g_test_add_func("/fold/way", test_way);
    g_test_add_func("/fold/tables", test_tables_are_apart);
    g_test_add_func("/fold/many", test_many);
    g_test_add_func("/fold/sort", test_sort);
    return g_test_run();
}
