#include "flow/apply/skip.h"

static void append_text(GString *sql, const char *text)
{
    g_string_append_c(sql, ',');
    if (text) rw_sql_quote(sql, rw_slice_str(text));
    else g_string_append(sql, "NULL");
}

static void append_head(const rw_skip *skip, const rw_txn *txn, GString *sql)
{
    g_string_append_printf(sql, "INSERT INTO ringway.conflict (origin,offset_bytes,stamp_us,kind,link,gtid,file,schema_name,table_name,operation,"
                           "before_row,incoming_row,reason) VALUES (%u,%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT ",'skipped'",
                           txn->origin, txn->start_bytes, txn->stamp_us);
    append_text(sql, skip->link);
    append_text(sql, txn->gtid);
    append_text(sql, txn->file);
}

static void end_record(const rw_skip *skip, GString *sql)
{
    g_string_append_printf(sql, ",(SELECT error FROM ringway.link AS l WHERE l.name=");
    rw_sql_quote(sql, rw_slice_str(skip->link));
    g_string_append(sql, "))");
}

static char *hex(rw_slice image)
{
    GString *out = g_string_new("0x");
    for (size_t i = 0; i < image.len; i++) g_string_append_printf(out, "%02x", image.data[i]);
    return g_string_free(out, FALSE);
}

static char *describe(rw_row_scratch *scratch, const rw_binding *b, rw_slice image)
{
    if (!image.data) return NULL;
    const rw_slice *columns = b ? rw_row_split(scratch, b, image) : NULL;
    if (!columns) return hex(image);
    GString *out = g_string_new(NULL);
    rw_row_describe(scratch, b, columns, NULL, (rw_row_view){.key_only = false, .shown_bytes = 0}, out);
    return g_string_free(out, FALSE);
}

static bool record_row(const rw_skip *skip, rw_rows_apply *out, const rw_txn *txn, const rw_row *row, rw_row_scratch *scratch, GError **error)
{
    static const char *const operations[] = {[RW_INSERT] = "insert", [RW_UPDATE] = "update", [RW_DELETE] = "delete"};
    unsigned number;
    bool bound = rw_tables_number(skip->tables, row->table, skip->target, &number, NULL);
    const rw_binding *b = bound ? rw_tables_at(skip->tables, number) : NULL;
    g_autofree char *before = describe(scratch, b, row->before), *after = describe(scratch, b, row->after);
    GString *sql = rw_rows_apply_sql(out);
    append_head(skip, txn, sql);
    append_text(sql, row->table->schema);
    append_text(sql, row->table->name);
    append_text(sql, operations[row->op]);
    append_text(sql, before);
    append_text(sql, after);
    end_record(skip, sql);
    return rw_rows_apply_end_statement(out, error);
}

static bool record_statement(const rw_skip *skip, rw_rows_apply *out, const rw_txn *txn, GError **error)
{
    g_autofree char *text = g_utf8_make_valid((const char *)txn->statement->text.data, (gssize)txn->statement->text.len);
    GString *sql = rw_rows_apply_sql(out);
    append_head(skip, txn, sql);
    append_text(sql, txn->statement->schema);
    append_text(sql, "");
    append_text(sql, "statement");
    append_text(sql, NULL);
    append_text(sql, text);
    end_record(skip, sql);
    return rw_rows_apply_end_statement(out, error);
}

bool rw_skip_rows(const rw_skip *skip, rw_rows_apply *out, const rw_batch *batch, const rw_txn *txn, GError **error)
{
    if (txn->statement && !record_statement(skip, out, txn, error)) return false;
    rw_row_scratch scratch;
    rw_row_scratch_init(&scratch);
    bool ok = true;
    rw_tables_begin_window(skip->tables);
    for (unsigned i = 0; ok && i < txn->n_rows; i++)
        ok = record_row(skip, out, txn, rw_batch_row(batch, txn->first_row + i), &scratch, error);
    rw_row_scratch_clear(&scratch);
    return ok;
}
