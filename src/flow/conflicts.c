#include "flow/conflicts.h"

static const struct {
    const char *name;
    bool number;
    bool row; /* may be large */
} columns[RW_CONFLICT_COLUMNS] = {
    [RW_CONFLICT_ID] = {"id", true}, [RW_CONFLICT_AT] = {"at"}, [RW_CONFLICT_LINK] = {"link"}, [RW_CONFLICT_KIND] = {"kind"},
    [RW_CONFLICT_POLICY] = {"policy"}, [RW_CONFLICT_VERDICT] = {"verdict"}, [RW_CONFLICT_STATE] = {"state"},
    [RW_CONFLICT_SCHEMA] = {"schema_name"}, [RW_CONFLICT_TABLE] = {"table_name"}, [RW_CONFLICT_KEY] = {"key_value"},
    [RW_CONFLICT_OPERATION] = {"operation"}, [RW_CONFLICT_BEFORE] = {"before_row", .row = true},
    [RW_CONFLICT_INCOMING] = {"incoming_row", .row = true}, [RW_CONFLICT_CURRENT] = {"current_row", .row = true},
    [RW_CONFLICT_ORIGIN] = {"origin", true}, [RW_CONFLICT_STAMP] = {"stamp_us", true}, [RW_CONFLICT_GTID] = {"gtid"},
    [RW_CONFLICT_FILE] = {"file"}, [RW_CONFLICT_OFFSET] = {"offset_bytes", true}, [RW_CONFLICT_CURRENT_ORIGIN] = {"current_origin", true},
    [RW_CONFLICT_CURRENT_STAMP] = {"current_stamp_us", true}, [RW_CONFLICT_CURRENT_GTID] = {"current_gtid"},
    [RW_CONFLICT_REASON] = {"reason"}, [RW_CONFLICT_RESOLVED_AT] = {"resolved_at"}, [RW_CONFLICT_RESOLVED_KEEP] = {"resolved_keep"},
};

const char *const rw_conflict_sides[] = {"before", "incoming", "current", NULL};

const char *rw_conflict_column_name(rw_conflict_column column) { return columns[column].name; }
bool rw_conflict_column_is_number(rw_conflict_column column) { return columns[column].number; }

void rw_conflict_record_free(rw_conflict_record *record)
{
    if (!record) return;
    for (unsigned i = 0; i < RW_CONFLICT_COLUMNS; i++) g_free(record->text[i]);
    g_free(record->site);
    g_free(record);
}

GPtrArray *rw_conflict_records_new(void) { return g_ptr_array_new_with_free_func((GDestroyNotify)rw_conflict_record_free); }

static void select_columns(GString *sql, bool rows)
{
    for (unsigned i = 0; i < RW_CONFLICT_COLUMNS; i++)
        g_string_append_printf(sql, "%s%s", i ? "," : "SELECT ", columns[i].row && !rows ? "NULL" : columns[i].name);
    g_string_append(sql, " FROM ringway.conflict");
}

static void append_condition(GString *where, const char *condition, const char *value)
{
    if (!value) return;
    g_string_append_printf(where, "%s%s", where->len ? " AND " : " WHERE ", condition);
    rw_sql_quote(where, rw_slice_str(value));
}

static void append_where(GString *where, const rw_conflict_filter *filter)
{
    append_condition(where, "schema_name=", filter->schema);
    append_condition(where, "table_name=", filter->table);
    append_condition(where, "kind=", filter->kind);
    append_condition(where, "state=", filter->state);
    append_condition(where, "at>=", filter->since);
    append_condition(where, "at<", filter->until);
}

static rw_conflict_record *take(const rw_slice *cells, const char *site)
{
    rw_conflict_record *record = g_new0(rw_conflict_record, 1);
    record->site = g_strdup(site);
    record->id = rw_cell_number(cells[RW_CONFLICT_ID]);
    for (unsigned i = 0; i < RW_CONFLICT_COLUMNS; i++) record->text[i] = rw_cell_text(cells[i]);
    return record;
}

/* Only what lacks the schema is said in our own words. */
static rw_result *query(rw_connection *site, const char *sql, GError **error)
{
    enum { NO_SUCH_SCHEMA = 1049, UNKNOWN_COLUMN = 1054, NO_SUCH_TABLE = 1146 };
    GError *failure = NULL;
    rw_result *rows = rw_connection_query(site, sql, &failure);
    if (rows) return rows;
    unsigned number = rw_connection_errno(site);
    if (number == NO_SUCH_SCHEMA || number == NO_SUCH_TABLE || number == UNKNOWN_COLUMN) {
        g_clear_error(&failure);
        rw_fail(error, RW_ERR_CONFIG, "site %s: schema ringway is %s; run: ringway init", site->site,
                number == UNKNOWN_COLUMN ? "that of an older version" : "not there");
        return NULL;
    }
    g_propagate_error(error, failure);
    return NULL;
}

static bool count(rw_connection *site, const char *where, uint64_t *total, GError **error)
{
    g_autofree char *sql = g_strconcat("SELECT COUNT(*) FROM ringway.conflict", where, NULL);
    g_autoptr(rw_result) rows = query(site, sql, error);
    rw_slice cell = {NULL, 0};
    if (!rows) return false;
    rw_result_next(rows, &cell, 1);
    *total = rw_cell_number(cell);
    return true;
}

/* The newest are asked for first, because of the limit, and shown last. */
static void reverse(GPtrArray *records, guint first)
{
    for (guint i = first, k = records->len; k > i + 1; i++) {
        gpointer swapped = records->pdata[i];
        records->pdata[i] = records->pdata[--k];
        records->pdata[k] = swapped;
    }
}

bool rw_conflicts_list(rw_connection *site, const rw_conflict_filter *filter, GPtrArray *records, uint64_t *total, GError **error)
{
    g_autoptr(GString) where = g_string_new(NULL);
    g_autoptr(GString) sql = g_string_new(NULL);
    append_where(where, filter);
    if (!rw_connection_run(site, "SET SESSION time_zone = '+00:00'", error) || !count(site, where->str, total, error)) return false;
    select_columns(sql, filter->rows);
    g_string_append_printf(sql, "%s ORDER BY at DESC, id DESC", where->str);
    if (filter->limit) g_string_append_printf(sql, " LIMIT %u", filter->limit);
    g_autoptr(rw_result) rows = query(site, sql->str, error);
    if (!rows) return false;
    rw_slice cells[RW_CONFLICT_COLUMNS];
    guint first = records->len;
    while (rw_result_next(rows, cells, RW_CONFLICT_COLUMNS)) g_ptr_array_add(records, take(cells, site->site));
    reverse(records, first);
    return true;
}

rw_conflict_record *rw_conflicts_load(rw_connection *site, uint64_t id, bool lock, GError **error)
{
    g_autoptr(GString) sql = g_string_new(NULL);
    select_columns(sql, true);
    g_string_append_printf(sql, " WHERE id=%" G_GUINT64_FORMAT "%s", id, lock ? " FOR UPDATE" : "");
    if (!rw_connection_run(site, "SET SESSION time_zone = '+00:00'", error)) return NULL;
    g_autoptr(rw_result) rows = query(site, sql->str, error);
    rw_slice cells[RW_CONFLICT_COLUMNS];
    return rows && rw_result_next(rows, cells, RW_CONFLICT_COLUMNS) ? take(cells, site->site) : NULL;
}

char *rw_conflict_value_name(const char *side, const char *column) { return g_strconcat(side, "/", column, NULL); }

GHashTable *rw_conflicts_values(rw_connection *site, uint64_t id, GError **error)
{
    g_autofree char *sql = g_strdup_printf("SELECT side, column_name, value FROM ringway.conflict_value WHERE conflict=%" G_GUINT64_FORMAT, id);
    g_autoptr(rw_result) rows = query(site, sql, error);
    if (!rows) return NULL;
    GHashTable *values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
    rw_slice c[3];
    while (rw_result_next(rows, c, 3)) {
        g_autofree char *side = rw_cell_text(c[0]), *column = rw_cell_text(c[1]);
        g_hash_table_insert(values, rw_conflict_value_name(side, column), g_bytes_new(c[2].data, c[2].len));
    }
    return values;
}
