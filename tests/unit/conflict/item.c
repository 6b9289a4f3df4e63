#include "conflict/item.h"

#include <glib.h>

static rw_item row(const char *schema, const char *table, const char *key) { return rw_item_row(rw_item_table(schema, table), rw_slice_str(key)); }

static void test_same(void)
{
    g_assert_true(rw_item_equal(row("shop", "orders", "1"), row("shop", "orders", "1")));
    rw_item one = row("shop", "orders", "1");
    g_assert_true(rw_item_equal(rw_item_part(one, RW_ITEM_COLUMN, 3), rw_item_part(one, RW_ITEM_COLUMN, 3)));
}

/* Names, keys, kinds and numbers run into each other nowhere. */
static void test_different(void)
{
    rw_item r = row("shop", "orders", "1");
    const rw_item all[] = {
        r,
        row("shop", "orders", "11"),
        row("shop", "orders", ""),
        row("shop", "order", "s1"),
        row("shopo", "rders", "1"),
        row("sho", "porders", "1"),
        row("orders", "shop", "1"),
        rw_item_row(rw_item_table("shop", "orders"), rw_slice_of("1\0", 2)),
        rw_item_table("shop", "orders"),
        rw_item_part(r, RW_ITEM_COLUMN, 0),
        rw_item_part(r, RW_ITEM_COLUMN, 1),
        rw_item_part(r, RW_ITEM_END, 0),
        rw_item_part(r, RW_ITEM_ORIGIN, 0),
        rw_item_part(r, RW_ITEM_ORIGIN, 1),
        rw_item_part(rw_item_table("shop", "orders"), RW_ITEM_TABLE, 0),
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(all); i++)
        for (unsigned j = 0; j < i; j++) g_assert_false(rw_item_equal(all[i], all[j]));
}

/* What other processes and versions compute must be the same: the items travel in ringway.progress. */
static void test_fixed(void)
{
    rw_item r = row("shop", "orders", "1"), column = rw_item_part(r, RW_ITEM_COLUMN, 2);
    g_assert_cmphex(r.low, ==, 0xa2cb37fadecb3da9);
    g_assert_cmphex(r.high, ==, 0xa9258fcdbac8409a);
    g_assert_cmphex(column.low, ==, 0x4df878b928719437);
    g_assert_cmphex(column.high, ==, 0xa0c9b0b541fc3863);
}

/* The table of the memory lays them out by their first bits. */
static void test_spread(void)
{
    unsigned counts[64] = {0};
    rw_item table = rw_item_table("shop", "orders");
    for (uint32_t i = 0; i < 64000; i++) counts[rw_item_row(table, rw_slice_of(&i, sizeof i)).low >> 58]++;
    for (unsigned i = 0; i < G_N_ELEMENTS(counts); i++) {
        g_assert_cmpuint(counts[i], >, 800);
        g_assert_cmpuint(counts[i], <, 1200);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/item/same", test_same);
    g_test_add_func("/item/different", test_different);
    g_test_add_func("/item/fixed", test_fixed);
    g_test_add_func("/item/spread", test_spread);
    return g_test_run();
}
