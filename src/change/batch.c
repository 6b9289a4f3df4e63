#include "change/batch.h"

enum { ARENA_BLOCK_BYTES = 256 * 1024 };

rw_batch *rw_batch_new(void)
{
    rw_batch *batch = g_new0(rw_batch, 1);
    batch->arena = rw_arena_new(ARENA_BLOCK_BYTES);
    batch->txns = g_array_new(FALSE, FALSE, sizeof(rw_txn));
    batch->rows = g_array_new(FALSE, FALSE, sizeof(rw_row));
    batch->tables = g_ptr_array_new_with_free_func((GDestroyNotify)rw_table_unref);
    return batch;
}

char *rw_txn_identity(const rw_txn *txn)
{
    if (*txn->gtid) return g_strdup(txn->gtid);
    return g_strdup_printf("%s:%" G_GUINT64_FORMAT, txn->file, txn->start_bytes);
}

void rw_batch_reset(rw_batch *batch)
{
    g_array_set_size(batch->txns, 0);
    g_array_set_size(batch->rows, 0);
    g_ptr_array_set_size(batch->tables, 0);
    rw_arena_reset(batch->arena);
}

void rw_batch_free(rw_batch *batch)
{
    if (!batch) return;
    g_array_free(batch->txns, TRUE);
    g_array_free(batch->rows, TRUE);
    g_ptr_array_free(batch->tables, TRUE);
    rw_arena_free(batch->arena);
    g_free(batch);
}

size_t rw_batch_bytes(const rw_batch *batch)
{
    return rw_arena_bytes(batch->arena) + batch->rows->len * sizeof(rw_row) + batch->txns->len * sizeof(rw_txn);
}

void rw_batch_hold_table(rw_batch *batch, rw_table *table)
{
    for (guint i = batch->tables->len; i-- > 0;)
        if (g_ptr_array_index(batch->tables, i) == table) return;
    g_ptr_array_add(batch->tables, rw_table_ref(table));
}

void rw_batch_add_row(rw_batch *batch, const rw_rows *rows, rw_slice before, rw_slice after, const rw_author *author, const rw_author *first)
{
    rw_row row = {
        .table = rows->table,
        .before = rw_arena_copy(batch->arena, before),
        .after = rw_arena_copy(batch->arena, after),
        .author = author,
        .first = first,
        .txn = batch->txns->len - 1,
        .op = rows->op,
        .foreign_key_checks_off = rows->foreign_key_checks_off,
    };
    g_array_append_val(batch->rows, row);
}
