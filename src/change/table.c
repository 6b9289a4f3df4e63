#include "change/table.h"

rw_table *rw_table_new(const char *schema, const char *name, unsigned n_columns)
{
    rw_table *table = g_malloc0(sizeof *table + n_columns * sizeof table->columns[0]);
    table->refs = 1;
    table->schema = g_strdup(schema);
    table->name = g_strdup(name);
    table->n_columns = n_columns;
    return table;
}

rw_table *rw_table_named(const rw_table *table, const char *schema, const char *name)
{
    rw_table *named = rw_table_new(schema, name, table->n_columns);
    named->hash = table->hash;
    named->has_names = table->has_names;
    for (unsigned i = 0; i < table->n_columns; i++) {
        named->columns[i] = table->columns[i];
        named->columns[i].name = g_strdup(table->columns[i].name);
    }
    return named;
}

rw_table *rw_table_ref(rw_table *table)
{
    g_atomic_int_inc(&table->refs);
    return table;
}

void rw_table_unref(rw_table *table)
{
    if (!table || !g_atomic_int_dec_and_test(&table->refs)) return;
    for (unsigned i = 0; i < table->n_columns; i++) g_free((char *)table->columns[i].name);
    g_free(table->schema);
    g_free(table->name);
    g_free(table);
}

void rw_column_set_name(rw_column *column, rw_slice name)
{
    g_free((char *)column->name);
    column->name = g_strndup((const char *)name.data, name.len);
}
