/* fuzz_table_blob: any bytes as the definition of a table. What is accepted is encoded to bytes that say the same, and stay as they are. */
#include "change/table_blob.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_same(const rw_column *a, const rw_column *b)
{
    g_assert_true(a->type == b->type && a->meta == b->meta && a->charset == b->charset);
    g_assert_true(a->nullable == b->nullable && a->has_sign == b->has_sign && a->is_unsigned == b->is_unsigned);
    g_assert_cmpstr(a->name, ==, b->name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    g_autoptr(GByteArray) first = g_byte_array_new();
    g_autoptr(GByteArray) second = g_byte_array_new();
    rw_table *table = rw_table_decode("s", "t", rw_slice_of(data, n));
    if (!table) return 0;
    rw_table_encode(table, first);
    rw_table *again = rw_table_decode("s", "t", rw_slice_of(first->data, first->len));
    g_assert_true(again && again->n_columns == table->n_columns && again->has_names == table->has_names);
    for (unsigned i = 0; i < table->n_columns; i++) check_same(&table->columns[i], &again->columns[i]);
    rw_table_encode(again, second);
    g_assert_cmpmem(first->data, first->len, second->data, second->len);
    rw_table_unref(again);
    rw_table_unref(table);
    return 0;
}
