#include "flow/apply/absence.h"

#include "change/table_blob.h"

bool rw_absence_write(const rw_binding *b, rw_slice image, unsigned source, rw_connection *target, GError **error)
{
    g_autoptr(GString) sql = g_string_new("INSERT INTO ringway.change (source,schema_name,table_name,definition,row_image) VALUES (");
    g_autoptr(GByteArray) definition = g_byte_array_new();
    rw_table_encode(b->source, definition);
    g_string_append_printf(sql, "%u,", source);
    rw_sql_quote(sql, rw_slice_str(b->source->schema));
    g_string_append_c(sql, ',');
    rw_sql_quote(sql, rw_slice_str(b->source->name));
    g_string_append_c(sql, ',');
    rw_sql_hex(sql, rw_slice_of(definition->data, definition->len));
    g_string_append_c(sql, ',');
    rw_sql_hex(sql, image);
    g_string_append_c(sql, ')');
    return rw_connection_run(target, sql->str, error);
}

void rw_absence_trim_sql(GString *sql)
{
    g_string_append(sql, "DELETE FROM ringway.change WHERE at < NOW(6) - INTERVAL 1 DAY LIMIT 1000");
}
