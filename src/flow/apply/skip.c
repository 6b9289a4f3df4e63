#include "flow/apply/skip.h"

#include "flow/apply/record.h"

static rw_record record_of(const rw_skip *skip, const rw_txn *txn, const char *operation, const char *reason)
{
    return (rw_record){.link = skip->link, .txn = txn, .author = txn->author, .kind = "skipped", .policy = "", .verdict = "skip", .state = "skipped", .operation = operation, .reason = reason};
}

static char *hex(rw_slice image)
{
    if (!image.data) return NULL;
    GString *out = g_string_new("0x");
    for (size_t i = 0; i < image.len; i++) g_string_append_printf(out, "%02x", image.data[i]);
    return g_string_free(out, FALSE);
}

static bool skip_row(const rw_skip *skip, const rw_txn *txn, const rw_row *row, const char *reason, rw_row_scratch *scratch, GError **error)
{
    static const char *const operations[] = {[RW_INSERT] = "insert", [RW_UPDATE] = "update", [RW_DELETE] = "delete"};
    unsigned number;
    rw_record record = record_of(skip, txn, operations[row->op], reason);
    record.author = row->author;
    if (rw_tables_number(skip->tables, row->table, skip->target, &number, NULL)) {
        record.b = rw_tables_at(skip->tables, number);
        record.before = row->before;
        record.after = row->after;
        return rw_record_write(&record, scratch, skip->target, error);
    }
    g_autofree char *before = hex(row->before), *after = hex(row->after);
    const rw_record_texts texts = {.schema = row->table->schema, .table = row->table->name, .before = before, .incoming = after};
    return rw_record_write_texts(&record, &texts, skip->target, error);
}

static bool skip_statement(const rw_skip *skip, const rw_txn *txn, const char *reason, GError **error)
{
    g_autofree char *text = g_utf8_make_valid((const char *)txn->statement->text.data, (gssize)txn->statement->text.len);
    const rw_record record = record_of(skip, txn, "statement", reason);
    const rw_record_texts texts = {.schema = txn->statement->schema, .table = "", .incoming = text};
    return rw_record_write_texts(&record, &texts, skip->target, error);
}

/* Why the link stopped is why it was skipped. */
static bool load_reason(const rw_skip *skip, char **reason, GError **error)
{
    GError *failure = NULL;
    g_autoptr(GString) sql = g_string_new("SELECT error FROM ringway.link WHERE name=");
    rw_sql_quote(sql, rw_slice_str(skip->link));
    *reason = rw_connection_value(skip->target, sql->str, &failure);
    if (failure) g_propagate_error(error, failure);
    return !failure;
}

bool rw_skip_rows(const rw_skip *skip, const rw_batch *batch, const rw_txn *txn, GError **error)
{
    g_autofree char *reason = NULL;
    if (!load_reason(skip, &reason, error) || (txn->statement && !skip_statement(skip, txn, reason, error))) return false;
    rw_row_scratch scratch;
    rw_row_scratch_init(&scratch);
    bool ok = true;
    rw_tables_begin_window(skip->tables);
    for (unsigned i = 0; ok && i < txn->n_rows; i++)
        ok = skip_row(skip, txn, rw_batch_row(batch, txn->first_row + i), reason, &scratch, error);
    rw_row_scratch_clear(&scratch);
    return ok;
}
