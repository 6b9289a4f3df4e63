#include "server/catalogue.h"

static void take_columns(rw_catalogue_table *t, rw_result *rows)
{
    GArray *columns = g_array_new(FALSE, TRUE, sizeof(rw_catalogue_column));
    rw_slice c[11];
    while (rw_result_next(rows, c, 11)) {
        rw_catalogue_column column = {
            .name = rw_cell_text(c[0]), .data_type = rw_cell_text(c[1]), .charset = rw_cell_text(c[2]), .octets = rw_cell_number(c[3]), .precision = rw_cell_number(c[4]),
            .scale = rw_cell_number(c[5]), .fraction_digits = rw_cell_number(c[6]), .is_unsigned = rw_cell_number(c[7]), .nullable = rw_cell_number(c[8]),
            .generated = rw_cell_number(c[9]), .zerofill = rw_cell_number(c[10])};
        g_array_append_val(columns, column);
    }
    t->n_columns = columns->len;
    t->columns = (rw_catalogue_column *)g_array_free(columns, FALSE);
    t->in_other_unique = g_new0(bool, t->n_columns + 1);
}

static int ordinal_of(const rw_catalogue_table *t, const char *name)
{
    for (unsigned i = 0; name && i < t->n_columns; i++)
        if (g_ascii_strcasecmp(t->columns[i].name, name) == 0) return (int)i;
    return -1;
}

/* Rows come index by index, PRIMARY first; the first index whose columns are all NOT NULL is the key. */
static void take_unique_keys(rw_catalogue_table *t, rw_result *rows)
{
    g_autoptr(GArray) ordinals = g_array_new(FALSE, FALSE, sizeof(unsigned));
    g_autofree char *current = NULL;
    bool usable = false, prefix = false;
    rw_slice c[5];
    bool more = true;
    while (more) {
        more = rw_result_next(rows, c, 5); /* index, column, sub_part, nullable, expression */
        g_autofree char *name = more ? rw_cell_text(c[0]) : NULL;
        if (current && g_strcmp0(name, current) != 0) {
            if (usable && t->n_key == 0) {
                t->n_key = ordinals->len;
                t->key = g_memdup2(ordinals->data, ordinals->len * sizeof(unsigned));
                t->key_name = g_strdup(current);
                t->key_has_prefix = prefix;
            } else {
                for (guint i = 0; i < ordinals->len; i++) t->in_other_unique[g_array_index(ordinals, unsigned, i)] = true;
            }
            g_clear_pointer(&current, g_free);
        }
        if (!more) break;
        if (!current) {
            current = g_steal_pointer(&name);
            g_array_set_size(ordinals, 0);
            usable = true;
            prefix = false;
        }
        g_autofree char *column = rw_cell_text(c[1]);
        int ordinal = ordinal_of(t, column);
        if (ordinal < 0) {
            t->has_unique_expression = true;
            usable = false;
            continue;
        }
        unsigned at = (unsigned)ordinal;
        g_array_append_val(ordinals, at);
        if (rw_cell_number(c[2])) prefix = true;
        if (t->columns[at].nullable || t->columns[at].generated) usable = false;
    }
}

static void take_foreign_keys(rw_catalogue_table *t, rw_result *rows)
{
    rw_slice c[1];
    while (rw_result_next(rows, c, 1)) {
        bool child = rw_slice_is(c[0], "child");
        t->is_child |= child;
        t->is_parent |= !child;
    }
}

static void take_triggers(rw_catalogue_table *t, rw_result *rows)
{
    GString *names = NULL;
    rw_slice c[1];
    while (rw_result_next(rows, c, 1)) {
        if (!names) names = g_string_new(NULL);
        else g_string_append(names, ", ");
        g_string_append_len(names, (const char *)c[0].data, (gssize)c[0].len);
    }
    t->blind_triggers = names ? g_string_free(names, FALSE) : NULL;
}

static void take_engine(rw_catalogue_table *t, rw_result *rows)
{
    rw_slice c[1];
    t->transactional = rw_result_next(rows, c, 1) && rw_cell_number(c[0]);
}

static char *questions(const char *schema, const char *table)
{
    g_autoptr(GString) s = g_string_new(NULL);
    g_autoptr(GString) t = g_string_new(NULL);
    rw_sql_quote(s, rw_slice_str(schema));
    rw_sql_quote(t, rw_slice_str(table));
    return g_strdup_printf(
        "SELECT column_name, data_type, character_set_name, character_octet_length, numeric_precision, numeric_scale, "
        "datetime_precision, column_type LIKE '%% unsigned%%', is_nullable = 'YES', COALESCE(generation_expression, '') <> '', column_type LIKE '%% zerofill%%' "
        "FROM information_schema.columns WHERE table_schema = %1$s AND table_name = %2$s ORDER BY ordinal_position;"
        "SELECT index_name, column_name, sub_part, nullable, NULL FROM information_schema.statistics "
        "WHERE table_schema = %1$s AND table_name = %2$s AND non_unique = 0 "
        "ORDER BY index_name <> 'PRIMARY', index_name, seq_in_index;"
        "SELECT 'child' FROM information_schema.referential_constraints WHERE constraint_schema = %1$s AND table_name = %2$s "
        "UNION ALL SELECT 'parent' FROM information_schema.referential_constraints "
        "WHERE unique_constraint_schema = %1$s AND referenced_table_name = %2$s;"
        "SELECT trigger_name FROM information_schema.triggers WHERE event_object_schema = %1$s AND event_object_table = %2$s "
        "AND action_statement NOT LIKE '%%@ringway%%';"
        "SELECT e.transactions = 'YES' FROM information_schema.tables t JOIN information_schema.engines e ON e.engine = t.engine "
        "WHERE t.table_schema = %1$s AND t.table_name = %2$s",
        s->str, t->str);
}

rw_catalogue_table *rw_catalogue_load(rw_connection *connection, const char *schema, const char *table, GError **error)
{
    static void (*const take[])(rw_catalogue_table *, rw_result *) = {take_columns, take_unique_keys, take_foreign_keys,
                                                                      take_triggers, take_engine};
    g_autofree char *sql = questions(schema, table);
    if (!rw_connection_send(connection, rw_slice_str(sql), error)) return NULL;
    g_autoptr(rw_catalogue_table) t = g_new0(rw_catalogue_table, 1);
    for (unsigned i = 0; i < G_N_ELEMENTS(take); i++) {
        g_autoptr(rw_result) rows = NULL;
        if (!rw_connection_next_result(connection, &rows, NULL, error)) return NULL;
        take[i](t, rows);
    }
    return t->n_columns ? g_steal_pointer(&t) : NULL;
}

void rw_catalogue_free(rw_catalogue_table *t)
{
    if (!t) return;
    for (unsigned i = 0; i < t->n_columns; i++) {
        g_free(t->columns[i].name);
        g_free(t->columns[i].data_type);
        g_free(t->columns[i].charset);
    }
    g_free(t->columns);
    g_free(t->in_other_unique);
    g_free(t->key);
    g_free(t->key_name);
    g_free(t->blind_triggers);
    g_free(t);
}
