#include "flow/apply/change.h"

#include "change/table_blob.h"

static void append_image(GString *sql, rw_slice image)
{
    g_string_append_c(sql, ',');
    if (image.data) rw_sql_hex(sql, image);
    else g_string_append(sql, "NULL");
}

static void append_change(const rw_binding *b, rw_slice before, rw_slice after, unsigned source, bool own, GString *sql)
{
    g_autoptr(GByteArray) definition = g_byte_array_new();
    rw_table_encode(b->source, definition);
    g_string_append_printf(sql, "INSERT INTO ringway.change (source,own,schema_name,table_name,definition,row_image,after_image) VALUES (%u,%d,", source, own);
    rw_sql_quote(sql, rw_slice_str(b->source->schema));
    g_string_append_c(sql, ',');
    rw_sql_quote(sql, rw_slice_str(b->source->name));
    append_image(sql, rw_slice_of(definition->data, definition->len));
    append_image(sql, before);
    append_image(sql, after);
    g_string_append_c(sql, ')');
}

void rw_change_own_sql(const rw_binding *b, rw_slice image, unsigned source, GString *sql)
{
    append_change(b, image, (rw_slice){NULL, 0}, source, true, sql);
}

void rw_change_trace_sql(const rw_binding *b, rw_slice before, rw_slice after, unsigned source, GString *sql)
{
    append_change(b, before, after, source, false, sql);
}

void rw_change_trim_sql(GString *sql)
{
    g_string_append(sql, "DELETE FROM ringway.change WHERE at < NOW(6) - INTERVAL 1 DAY LIMIT 20000");
}
