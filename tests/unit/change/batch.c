#include "change/batch.h"

static rw_rows some_rows(rw_table *table) { return (rw_rows){.table = table, .op = RW_UPDATE, .foreign_key_checks_off = true}; }

static void test_keeps_copies(void)
{
    rw_batch *batch = rw_batch_new();
    rw_table *table = rw_table_new("s", "t", 1);
    rw_txn txn = {.gtid = "", .file = ""};
    g_array_append_val(batch->txns, txn);
    g_array_append_val(batch->txns, txn);
    rw_rows rows = some_rows(table);
    char bytes[] = "before";
    rw_batch_hold_table(batch, table);
    rw_batch_hold_table(batch, table);
    g_assert_cmpuint(batch->tables->len, ==, 1);
    const rw_author author = {.origin = 3}, first = {.origin = 4};
    rw_batch_add_row(batch, &rows, rw_slice_str(bytes), (rw_slice){NULL, 0}, &author, &first);
    bytes[0] = 'X';
    rw_table_unref(table); /* the batch holds it */
    const rw_row *row = rw_batch_row(batch, 0);
    g_assert_true(rw_slice_is(row->before, "before"));
    g_assert_null(row->after.data);
    g_assert_cmpuint(row->txn, ==, 1);
    g_assert_true(row->author == &author && row->first == &first);
    g_assert_true(row->foreign_key_checks_off);
    g_assert_cmpstr(row->table->name, ==, "t");
    g_assert_cmpuint(rw_batch_bytes(batch), >, 6);
    rw_batch_reset(batch);
    g_assert_cmpuint(rw_batch_bytes(batch) + batch->rows->len + batch->txns->len + batch->tables->len, ==, 0);
    rw_batch_free(batch);
}

static void test_identity(void)
{
    rw_txn txn = {.gtid = "0-1-2", .file = "bin.000001", .start_bytes = 77};
    g_autofree char *by_gtid = rw_txn_identity(&txn);
    g_assert_cmpstr(by_gtid, ==, "0-1-2");
    txn.gtid = "";
    g_autofree char *by_place = rw_txn_identity(&txn);
    g_assert_cmpstr(by_place, ==, "bin.000001:77");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/batch/copies", test_keeps_copies);
    g_test_add_func("/batch/identity", test_identity);
    return g_test_run();
}
