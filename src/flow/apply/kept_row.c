#include "flow/apply/kept_row.h"

#include "change/json_text.h"
#include "flow/apply/rowjson.h"
#include "server/charset.h"

#include <json-glib/json-glib.h>

typedef enum { FORM_UNKNOWN, FORM_INTEGER, FORM_DECIMAL, FORM_REAL, FORM_QUOTED, FORM_TEXT, FORM_JSON } value_form;

/* As bind.c has it for the types of the log. */
static const struct {
    const char *types; /* of the catalogue, between blanks */
    value_form form;
    const char *select; /* around the name */
} forms[] = {
    {" tinyint smallint mediumint int bigint ", FORM_INTEGER, "%s"},
    {" enum set bit ", FORM_INTEGER, "CAST(%s AS UNSIGNED)"},
    {" decimal ", FORM_DECIMAL, "%s"},
    {" float ", FORM_REAL, "CAST(%s AS DOUBLE)"},
    {" double ", FORM_REAL, "%s"},
    {" year date time datetime timestamp ", FORM_QUOTED, "%s"},
    {" char varchar binary varbinary tinytext text mediumtext longtext tinyblob blob mediumblob longblob ", FORM_TEXT, "%s"},
    {" json ", FORM_JSON, "%s"},
};

static int find_form(const rw_catalogue_column *column)
{
    g_autofree char *word = g_strdup_printf(" %s ", column->data_type);
    for (unsigned i = 0; i < G_N_ELEMENTS(forms); i++)
        if (strstr(forms[i].types, word)) return (int)i;
    return -1;
}

static value_form form_of(const rw_catalogue_column *column)
{
    int i = find_form(column);
    return i < 0 ? FORM_UNKNOWN : forms[i].form;
}

static bool refuse_type(const rw_catalogue_column *column, GError **error)
{
    return rw_fail(error, RW_ERR_STOP, "column %s: type %s is not handled; write the row yourself", column->name, column->data_type);
}

static void free_value(gpointer data)
{
    rw_kept_value *value = data;
    g_free(value->column);
    g_clear_pointer(&value->bytes, g_bytes_unref);
    g_free(value->hash);
    g_free(value);
}

void rw_kept_row_free(rw_kept_row *row)
{
    if (!row) return;
    g_ptr_array_unref(row->values);
    g_free(row);
}

const rw_kept_value *rw_kept_row_get(const rw_kept_row *row, const char *column)
{
    for (guint i = 0; i < row->values->len; i++) {
        const rw_kept_value *value = g_ptr_array_index(row->values, i);
        if (g_ascii_strcasecmp(value->column, column) == 0) return value;
    }
    return NULL;
}

static GBytes *unhex(const char *text)
{
    size_t len = strlen(text);
    if (len % 2) return NULL;
    g_autofree guint8 *bytes = g_malloc(len / 2 + 1);
    for (size_t i = 0; i < len; i += 2) {
        int high = g_ascii_xdigit_value(text[i]), low = g_ascii_xdigit_value(text[i + 1]);
        if (high < 0 || low < 0) return NULL;
        bytes[i / 2] = (guint8)(high << 4 | low);
    }
    return g_bytes_new(bytes, len / 2);
}

static const char *string_member(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);
    return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING ? json_node_get_string(node) : NULL;
}

static void take_object(JsonObject *object, rw_kept_value *value)
{
    const char *hex = string_member(object, "hex"), *hash = string_member(object, "xxh128");
    JsonNode *bytes = json_object_get_member(object, "bytes");
    value->kind = RW_KEPT_UNREADABLE;
    if (hex && (value->bytes = unhex(hex))) {
        value->kind = RW_KEPT_HEX;
    } else if (hash && bytes && JSON_NODE_HOLDS_VALUE(bytes) && json_node_get_int(bytes) > 0) {
        value->kind = RW_KEPT_LARGE;
        value->large_bytes = (uint64_t)json_node_get_int(bytes);
        value->hash = g_strdup(hash);
    }
}

static void take_value(JsonNode *node, rw_kept_value *value)
{
    GType type = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_value_type(node) : G_TYPE_INVALID;
    value->kind = RW_KEPT_UNREADABLE;
    if (JSON_NODE_HOLDS_NULL(node)) {
        value->kind = RW_KEPT_NULL;
    } else if (JSON_NODE_HOLDS_OBJECT(node)) {
        take_object(json_node_get_object(node), value);
    } else if (type == G_TYPE_INT64) {
        g_autofree char *digits = g_strdup_printf("%" G_GINT64_FORMAT, json_node_get_int(node));
        value->kind = RW_KEPT_NUMBER;
        value->bytes = g_bytes_new(digits, strlen(digits));
    } else if (type == G_TYPE_STRING) {
        const char *text = json_node_get_string(node);
        value->kind = RW_KEPT_TEXT;
        value->bytes = g_bytes_new(text, strlen(text));
    }
}

rw_kept_row *rw_kept_row_parse(const char *json, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(JsonNode) root = json_from_string(json, &why);
    if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
        rw_fail(error, RW_ERR_STOP, "a row that is kept in another form than JSON");
        return NULL;
    }
    rw_kept_row *row = g_new0(rw_kept_row, 1);
    row->values = g_ptr_array_new_with_free_func(free_value);
    JsonObject *object = json_node_get_object(root);
    g_autoptr(GList) names = json_object_get_members(object);
    for (const GList *name = names; name; name = name->next) {
        rw_kept_value *value = g_new0(rw_kept_value, 1);
        value->column = g_strdup(name->data);
        take_value(json_object_get_member(object, name->data), value);
        g_ptr_array_add(row->values, value);
    }
    return row;
}

static bool same_large(const rw_kept_value *value, rw_slice cell)
{
    if (cell.len != value->large_bytes) return false;
    g_autofree char *hash = rw_row_json_hash(cell);
    return strcmp(hash, value->hash) == 0;
}

static bool fetch_value(rw_kept_value *value, rw_connection *connection, uint64_t conflict, const char *side, GError **error)
{
    g_autoptr(GString) sql = g_string_new(NULL);
    g_string_append_printf(sql, "SELECT value FROM ringway.conflict_value WHERE conflict=%" G_GUINT64_FORMAT " AND side='%s' AND column_name=",
                           conflict, side);
    rw_sql_quote(sql, rw_slice_str(value->column));
    g_autoptr(rw_result) rows = rw_connection_query(connection, sql->str, error);
    rw_slice cell;
    if (!rows) return false;
    if (!rw_result_next(rows, &cell, 1))
        return rw_fail(error, RW_ERR_STOP, "column %s of the %s row: its %" G_GUINT64_FORMAT " bytes are not in ringway.conflict_value",
                       value->column, side, value->large_bytes);
    if (!same_large(value, cell))
        return rw_fail(error, RW_ERR_STOP, "column %s of the %s row: its bytes in ringway.conflict_value are not those that were kept",
                       value->column, side);
    value->bytes = g_bytes_new(cell.data, cell.len);
    return true;
}

bool rw_kept_row_fetch(rw_kept_row *row, rw_connection *connection, uint64_t conflict, const char *side, GError **error)
{
    for (guint i = 0; i < row->values->len; i++) {
        rw_kept_value *value = g_ptr_array_index(row->values, i);
        if (value->kind == RW_KEPT_LARGE && !value->bytes && !fetch_value(value, connection, conflict, side, error)) return false;
    }
    return true;
}

bool rw_kept_select(const rw_catalogue_column *column, GString *sql, GError **error)
{
    int i = find_form(column);
    if (i < 0) return refuse_type(column, error);
    g_autoptr(GString) name = g_string_new(NULL);
    rw_sql_name(name, column->name);
    const char *format = column->zerofill ? "%s+0" : forms[i].select, *hole = strstr(format, "%s");
    g_string_append_len(sql, format, hole - format);
    g_string_append(sql, name->str);
    g_string_append(sql, hole + 2);
    return true;
}

static rw_slice bytes_of(const rw_kept_value *value)
{
    gsize len;
    const void *data = g_bytes_get_data(value->bytes, &len);
    return rw_slice_of(data ? data : "", len);
}

/* -12, 12.30, 1e-05: nothing else may stand in SQL without quotes. */
static bool is_number(rw_slice text, value_form form)
{
    const uint8_t *p = text.data, *end = p + text.len;
    const uint8_t *digits = p += p < end && *p == '-';
    while (p < end && g_ascii_isdigit(*p)) p++;
    if (p == digits) return false;
    if (form != FORM_INTEGER && p < end && *p == '.') {
        digits = ++p;
        while (p < end && g_ascii_isdigit(*p)) p++;
        if (p == digits) return false;
    }
    if (form == FORM_REAL && p < end && *p == 'e') {
        p++;
        p += p < end && (*p == '-' || *p == '+');
        digits = p;
        while (p < end && g_ascii_isdigit(*p)) p++;
        if (p == digits) return false;
    }
    return p == end;
}

static bool append_number(GString *sql, const rw_catalogue_column *column, rw_slice text, value_form form, GError **error)
{
    if (!is_number(text, form))
        return rw_fail(error, RW_ERR_STOP, "column %s: what is kept is not a number, but the column is %s", column->name, column->data_type);
    g_string_append_len(sql, (const char *)text.data, (gssize)text.len);
    /* As in rowsql.c: the exponent makes a double of it. */
    if (form == FORM_REAL && !memchr(text.data, 'e', text.len)) g_string_append(sql, "e0");
    return true;
}

static bool append_text(GString *sql, const rw_catalogue_column *column, rw_slice text, value_form form, GError **error)
{
    const char *charset = form == FORM_JSON ? "utf8mb4" : column->charset ? rw_charset_plain(column->charset) : "binary";
    if (!rw_charset_supported(charset))
        return rw_fail(error, RW_ERR_STOP, "column %s: character set %s is not handled; write the row yourself", column->name, charset);
    g_string_append_printf(sql, "_%s", charset);
    rw_sql_quote(sql, text);
    return true;
}

bool rw_kept_literal(const rw_catalogue_column *column, const rw_kept_value *value, GString *sql, GError **error)
{
    value_form form = form_of(column);
    if (form == FORM_UNKNOWN) return refuse_type(column, error);
    if (value->kind == RW_KEPT_NULL) {
        g_string_append(sql, "NULL");
        return true;
    }
    if (!value->bytes)
        return rw_fail(error, RW_ERR_STOP, "column %s: its value was not kept in a form that can be read; write the row yourself", column->name);
    switch (form) {
    case FORM_UNKNOWN: break;
    case FORM_INTEGER:
    case FORM_DECIMAL:
    case FORM_REAL: return append_number(sql, column, bytes_of(value), form, error);
    case FORM_QUOTED: rw_sql_quote(sql, bytes_of(value)); return true;
    case FORM_TEXT:
    case FORM_JSON: return append_text(sql, column, bytes_of(value), form, error);
    }
    return rw_fail(error, RW_ERR_BUG, "column %s: unknown form", column->name);
}

static bool same_number(rw_slice a, rw_slice b)
{
    g_autofree char *x = g_strndup((const char *)a.data, a.len), *y = g_strndup((const char *)b.data, b.len);
    return g_ascii_strtod(x, NULL) == g_ascii_strtod(y, NULL);
}

bool rw_kept_equal(const rw_catalogue_column *column, const rw_kept_value *value, rw_slice cell)
{
    value_form form = form_of(column);
    if (value->kind == RW_KEPT_NULL || !cell.data) return value->kind == RW_KEPT_NULL && !cell.data;
    if (value->kind == RW_KEPT_LARGE && same_large(value, cell)) return true;
    if (!value->bytes) return false;
    if (form == FORM_REAL) return same_number(bytes_of(value), cell);
    return rw_slice_equal(bytes_of(value), cell) || (form == FORM_JSON && rw_json_text_equal(bytes_of(value), cell));
}

void rw_kept_value_json(const rw_catalogue_column *column, rw_slice cell, GString *out, GPtrArray *large)
{
    value_form form = form_of(column);
    rw_row_json_string(out, column->name, strlen(column->name));
    g_string_append_c(out, ':');
    rw_row_json_value(out, form == FORM_INTEGER ? RW_JSON_INTEGER : form == FORM_REAL ? RW_JSON_REAL : RW_JSON_TEXT, column->name, cell, large);
}

bool rw_kept_select_list(const rw_catalogue_table *table, GString *sql, GError **error)
{
    bool first = true;
    for (unsigned i = 0; i < table->n_columns; i++) {
        if (table->columns[i].generated) continue;
        if (!first) g_string_append_c(sql, ',');
        first = false;
        if (!rw_kept_select(&table->columns[i], sql, error)) return false;
    }
    return true;
}

static bool is_key(const rw_catalogue_table *table, unsigned column)
{
    for (unsigned k = 0; k < table->n_key; k++)
        if (table->key[k] == column) return true;
    return false;
}

void rw_kept_row_json(const rw_catalogue_table *table, const rw_slice *cells, bool key_only, GString *out, GPtrArray *large)
{
    unsigned cell = 0;
    char separator = '{';
    for (unsigned i = 0; i < table->n_columns; i++) {
        if (table->columns[i].generated) continue;
        rw_slice value = cells[cell++];
        if (key_only && table->n_key && !is_key(table, i)) continue;
        g_string_append_c(out, separator);
        separator = ',';
        rw_kept_value_json(&table->columns[i], value, out, large);
    }
    g_string_append(out, separator == '{' ? "{}" : "}");
}

static rw_slice key_cell(const rw_catalogue_table *table, const rw_slice *cells, unsigned k)
{
    unsigned cell = 0;
    for (unsigned i = 0; i < table->key[k]; i++) cell += !table->columns[i].generated;
    return cells[cell];
}

void rw_kept_row_key(const rw_catalogue_table *table, const rw_slice *cells, GString *key)
{
    for (unsigned k = 0; k < table->n_key; k++) {
        rw_slice text = key_cell(table, cells, k);
        uint32_t len = (uint32_t)text.len;
        g_string_append_len(key, (const char *)&len, sizeof len);
        g_string_append_len(key, (const char *)text.data, (gssize)text.len);
    }
}

bool rw_kept_row_where(const rw_catalogue_table *table, const rw_slice *cells, GString *sql, GError **error)
{
    for (unsigned k = 0; k < table->n_key; k++) {
        rw_slice text = key_cell(table, cells, k);
        g_autoptr(GBytes) bytes = g_bytes_new(text.data, text.len);
        const rw_kept_value value = {.kind = RW_KEPT_TEXT, .bytes = bytes};
        g_string_append(sql, k ? " AND " : "");
        rw_sql_name(sql, table->columns[table->key[k]].name);
        g_string_append_c(sql, '=');
        if (!rw_kept_literal(&table->columns[table->key[k]], &value, sql, error)) return false;
    }
    return true;
}
