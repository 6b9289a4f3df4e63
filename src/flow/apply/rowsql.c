#include "flow/apply/rowsql.h"

#include "change/json_text.h"
#include "change/rows.h"
#include "change/value.h"

#include <stdlib.h>

void rw_row_scratch_init(rw_row_scratch *scratch) { *scratch = (rw_row_scratch){.text = g_string_new(NULL)}; }

void rw_row_scratch_clear(rw_row_scratch *scratch)
{
    g_string_free(scratch->text, TRUE);
    g_free(scratch->columns);
}

const rw_slice *rw_row_split(rw_row_scratch *scratch, const rw_binding *b, rw_slice image)
{
    if (scratch->n_columns < b->n_columns) {
        scratch->columns = g_renew(rw_slice, scratch->columns, b->n_columns);
        scratch->n_columns = b->n_columns;
    }
    return rw_image_split(b->source, image, scratch->columns) ? scratch->columns : NULL;
}

bool rw_row_misfit(const rw_binding *b, GError **error)
{
    return rw_fail(error, RW_ERR_STOP, "a row of %s does not fit its table map; the log is damaged, or a type is not decoded rightly", b->quoted);
}

static bool render(rw_row_scratch *scratch, const rw_bound_column *column, rw_slice value)
{
    g_string_truncate(scratch->text, 0);
    return rw_value_text(&column->source, value, scratch->text);
}

static rw_slice rendered(const rw_row_scratch *scratch) { return rw_slice_of(scratch->text->str, scratch->text->len); }

static void append_key_part(GString *key, rw_slice text)
{
    uint32_t len = (uint32_t)text.len;
    g_string_append_len(key, (const char *)&len, sizeof len);
    g_string_append_len(key, (const char *)text.data, (gssize)text.len);
}

bool rw_row_key(rw_row_scratch *scratch, const rw_binding *b, const rw_slice *columns, GString *key)
{
    for (unsigned k = 0; k < b->n_key; k++) {
        const rw_bound_column *column = &b->columns[b->key[k]];
        if (!columns[b->key[k]].data || !render(scratch, column, columns[b->key[k]])) return false;
        append_key_part(key, rendered(scratch));
    }
    return true;
}

bool rw_row_identity(rw_row_scratch *scratch, const rw_binding *b, const rw_slice *columns, GString *key)
{
    if (b->n_key) return rw_row_key(scratch, b, columns, key);
    for (unsigned i = 0; i < b->n_columns; i++) {
        if (b->columns[i].generated) continue;
        g_string_append_c(key, columns[i].data ? 'v' : '0');
        if (!columns[i].data) continue;
        if (!render(scratch, &b->columns[i], columns[i])) return false;
        append_key_part(key, rendered(scratch));
    }
    return true;
}

/* cells hold only what is selected: generated columns have no place there. */
static unsigned cell_of(const rw_binding *b, unsigned column)
{
    unsigned cell = 0;
    for (unsigned i = 0; i < column; i++) cell += !b->columns[i].generated;
    return cell;
}

void rw_row_cells_key(const rw_binding *b, const rw_slice *cells, GString *key)
{
    for (unsigned k = 0; k < b->n_key; k++) append_key_part(key, cells[cell_of(b, b->key[k])]);
}

void rw_row_cells_where(const rw_binding *b, const rw_slice *cells, GString *sql)
{
    for (unsigned k = 0; k < b->n_key; k++) {
        const rw_bound_column *column = &b->columns[b->key[k]];
        rw_slice text = cells[cell_of(b, b->key[k])];
        g_string_append_printf(sql, "%s%s=", k ? " AND " : "", column->quoted);
        if (column->literal == RW_LITERAL_BARE) g_string_append_len(sql, (const char *)text.data, (gssize)text.len);
        else {
            if (column->introducer) g_string_append(sql, column->introducer);
            rw_sql_quote(sql, text);
        }
    }
}

bool rw_row_literal(rw_row_scratch *scratch, const rw_bound_column *column, rw_slice value, GString *sql)
{
    size_t start = sql->len;
    if (!value.data) {
        g_string_append(sql, "NULL");
        return true;
    }
    if (column->literal == RW_LITERAL_BARE) {
        if (!rw_value_text(&column->source, value, sql)) return false;
        /* -0 alone is an integer without a sign, and 0.1 a decimal: the exponent makes a double. */
        if (column->compare == RW_COMPARE_NUMBER && !strchr(sql->str + start, 'e')) g_string_append(sql, "e0");
        return true;
    }
    if (!render(scratch, column, value)) return false;
    if (column->introducer) g_string_append(sql, column->introducer);
    rw_sql_quote(sql, rendered(scratch));
    return true;
}

bool rw_row_tuple(rw_row_scratch *scratch, const rw_binding *b, const rw_slice *columns, GString *sql)
{
    char separator = '(';
    for (unsigned i = 0; i < b->n_columns; i++) {
        if (b->columns[i].generated) continue;
        g_string_append_c(sql, separator);
        if (!rw_row_literal(scratch, &b->columns[i], columns[i], sql)) return false;
        separator = ',';
    }
    g_string_append_c(sql, ')');
    return true;
}

bool rw_row_key_tuple(rw_row_scratch *scratch, const rw_binding *b, const rw_slice *columns, GString *sql)
{
    if (b->n_key > 1) g_string_append_c(sql, '(');
    for (unsigned k = 0; k < b->n_key; k++) {
        if (k) g_string_append_c(sql, ',');
        if (!rw_row_literal(scratch, &b->columns[b->key[k]], columns[b->key[k]], sql)) return false;
    }
    if (b->n_key > 1) g_string_append_c(sql, ')');
    return true;
}

bool rw_row_key_where(rw_row_scratch *scratch, const rw_binding *b, const rw_slice *columns, GString *sql)
{
    for (unsigned k = 0; k < b->n_key; k++) {
        const rw_bound_column *column = &b->columns[b->key[k]];
        g_string_append_printf(sql, "%s%s=", k ? " AND " : "", column->quoted);
        if (!rw_row_literal(scratch, column, columns[b->key[k]], sql)) return false;
    }
    return true;
}

static bool append_exact(rw_row_scratch *scratch, const rw_bound_column *column, rw_slice value, GString *sql)
{
    if (!value.data) {
        g_string_append_printf(sql, "%s IS NULL", column->quoted);
        return true;
    }
    const char *first = strstr(column->exact, "%s"), *second = strstr(first + 2, "%s");
    g_string_append_len(sql, column->exact, first - column->exact);
    g_string_append(sql, column->quoted);
    g_string_append_len(sql, first + 2, second - first - 2);
    if (!rw_row_literal(scratch, column, value, sql)) return false;
    g_string_append(sql, second + 2);
    return true;
}

bool rw_row_exact_where(rw_row_scratch *scratch, const rw_binding *b, const rw_slice *columns, GString *sql)
{
    bool first = true;
    if (b->n_key) {
        if (!rw_row_key_where(scratch, b, columns, sql)) return false;
        first = false;
    }
    for (unsigned i = 0; i < b->n_columns; i++) {
        if (b->columns[i].generated) continue;
        if (!first) g_string_append(sql, " AND ");
        first = false;
        if (!append_exact(scratch, &b->columns[i], columns[i], sql)) return false;
    }
    return true;
}

bool rw_row_assignments(rw_row_scratch *scratch, const rw_binding *b, const rw_slice *columns, GString *sql)
{
    bool first = true;
    for (unsigned i = 0; i < b->n_columns; i++) {
        if (b->columns[i].generated) continue;
        g_string_append_printf(sql, "%s%s=", first ? "" : ",", b->columns[i].quoted);
        first = false;
        if (!rw_row_literal(scratch, &b->columns[i], columns[i], sql)) return false;
    }
    return true;
}

bool rw_row_exact_change(rw_row_scratch *scratch, const rw_binding *b, rw_op op, rw_slice before, rw_slice after, GString *sql)
{
    const rw_slice *columns;
    if (op == RW_INSERT) {
        g_string_append_printf(sql, "INSERT INTO %s (%s) VALUES ", b->quoted, b->write_list);
        return (columns = rw_row_split(scratch, b, after)) && rw_row_tuple(scratch, b, columns, sql);
    }
    if (op == RW_UPDATE) {
        g_string_append_printf(sql, "UPDATE %s SET ", b->quoted);
        if (!(columns = rw_row_split(scratch, b, after)) || !rw_row_assignments(scratch, b, columns, sql)) return false;
    } else {
        g_string_append_printf(sql, "DELETE FROM %s", b->quoted);
    }
    g_string_append(sql, " WHERE ");
    if (!(columns = rw_row_split(scratch, b, before)) || !rw_row_exact_where(scratch, b, columns, sql)) return false;
    g_string_append(sql, " LIMIT 1");
    return true;
}

static bool append_term(rw_row_scratch *scratch, const rw_bound_column *column, rw_slice value, GString *sql)
{
    if (value.data) return rw_row_literal(scratch, column, value, sql);
    g_string_append_c(sql, '0');
    return true;
}

bool rw_row_sum(rw_row_scratch *scratch, const rw_bound_column *column, rw_slice before, rw_slice after, GString *sql)
{
    g_string_append_printf(sql, "COALESCE(%s,0)+(", column->quoted);
    if (!append_term(scratch, column, after, sql)) return false;
    g_string_append(sql, ")-(");
    if (!append_term(scratch, column, before, sql)) return false;
    g_string_append_c(sql, ')');
    return true;
}

static bool append_change(rw_row_scratch *scratch, const rw_bound_column *column, rw_slice before, rw_slice after, GString *sql)
{
    g_string_append_printf(sql, "%s=", column->quoted);
    return column->adds ? rw_row_sum(scratch, column, before, after, sql) : rw_row_literal(scratch, column, after, sql);
}

static bool changes(const rw_binding *b, const rw_slice *was, const rw_slice *is, unsigned i) { return !b->columns[i].generated && !rw_slice_equal(was[i], is[i]); }

static bool any_change(const rw_binding *b, const rw_slice *was, const rw_slice *is)
{
    for (unsigned i = 0; i < b->n_columns; i++)
        if (changes(b, was, is, i)) return true;
    return false;
}

bool rw_row_columns_change(rw_row_scratch *scratch, rw_row_scratch *other, const rw_binding *b, rw_slice before, rw_slice after, GString *sql)
{
    const rw_slice *was = rw_row_split(scratch, b, before), *is = rw_row_split(other, b, after);
    const char *separator = "";
    if (!was || !is) return false;
    if (!any_change(b, was, is)) return rw_row_exact_change(scratch, b, RW_UPDATE, before, after, sql);
    g_string_append_printf(sql, "UPDATE %s SET ", b->quoted);
    for (unsigned i = 0; i < b->n_columns; i++) {
        bool changed = changes(b, was, is, i);
        if (!changed && !rw_row_sets_itself(&b->columns[i])) continue;
        g_string_append(sql, separator);
        if (!changed) g_string_append_printf(sql, "%s=%s", b->columns[i].quoted, b->columns[i].quoted);
        else if (!append_change(scratch, &b->columns[i], was[i], is[i], sql)) return false;
        separator = ",";
    }
    g_string_append(sql, " WHERE ");
    if (!rw_row_key_where(scratch, b, was, sql)) return false;
    for (unsigned i = 0; i < b->n_columns; i++) {
        if (b->columns[i].adds || !changes(b, was, is, i)) continue;
        g_string_append(sql, " AND ");
        if (!append_exact(scratch, &b->columns[i], was[i], sql)) return false;
    }
    return true;
}

/* Both texts are exact, but servers print one number in several ways. NaN cannot be stored. */
static bool same_number(const char *a, rw_slice cell)
{
    char copy[400];
    if (cell.len >= sizeof copy) return false;
    memcpy(copy, cell.data, cell.len);
    copy[cell.len] = '\0';
    double x = g_ascii_strtod(a, NULL), y = g_ascii_strtod(copy, NULL);
    return x == y; /* MariaDB stores -0 as 0, so the two count as one */
}

static bool same_cell(const rw_row_scratch *scratch, const rw_bound_column *column, rw_slice cell)
{
    switch (column->compare) {
    case RW_COMPARE_TEXT: return rw_slice_equal(rendered(scratch), cell);
    case RW_COMPARE_NUMBER: return same_number(scratch->text->str, cell);
    case RW_COMPARE_JSON: return rw_slice_equal(rendered(scratch), cell) || rw_json_text_equal(rendered(scratch), cell);
    }
    return false;
}

bool rw_row_compare(rw_row_scratch *scratch, const rw_binding *b, const rw_slice *columns, const rw_slice *cells, bool *equal)
{
    *equal = false;
    unsigned cell = 0;
    for (unsigned i = 0; i < b->n_columns; i++) {
        if (b->columns[i].generated) continue;
        rw_slice theirs = cells[cell++];
        if (!columns[i].data || !theirs.data) {
            if (columns[i].data != theirs.data) return true;
            continue;
        }
        if (!render(scratch, &b->columns[i], columns[i])) return false;
        if (!same_cell(scratch, &b->columns[i], theirs)) return true;
    }
    *equal = true;
    return true;
}

bool rw_row_sets_itself(const rw_bound_column *column)
{
    rw_type type = column->source.type;
    return !column->generated && (type == RW_T_TIMESTAMP || type == RW_T_TIMESTAMP2 || type == RW_T_DATETIME || type == RW_T_DATETIME2);
}

bool rw_row_has_enum_error(const rw_binding *b, const rw_slice *columns)
{
    for (unsigned i = 0; i < b->n_columns; i++) {
        if (b->columns[i].source.type != RW_T_ENUM || !columns[i].data) continue;
        bool zero = true;
        for (size_t k = 0; k < columns[i].len; k++) zero &= columns[i].data[k] == 0;
        if (zero) return true;
    }
    return false;
}

static bool is_key(const rw_binding *b, unsigned column)
{
    for (unsigned k = 0; k < b->n_key; k++)
        if (b->key[k] == column) return true;
    return false;
}

static void describe_value(GString *out, const rw_bound_column *column, rw_slice text, size_t most)
{
    size_t shown = most ? MIN(text.len, most) : text.len;
    bool printable = g_utf8_validate((const char *)text.data, (gssize)shown, NULL);
    const char *quote = column->literal == RW_LITERAL_BARE ? "" : "'";
    if (!printable) g_string_append(out, "0x");
    else g_string_append(out, quote);
    for (size_t i = 0; i < shown; i++) {
        if (printable) g_string_append_c(out, (char)text.data[i]);
        else g_string_append_printf(out, "%02x", text.data[i]);
    }
    if (printable) g_string_append(out, quote);
    if (shown < text.len) g_string_append_printf(out, "... (%zu bytes)", text.len);
}

void rw_row_describe(rw_row_scratch *scratch, const rw_binding *b, const rw_slice *columns, const rw_slice *cells, rw_row_view view, GString *out)
{
    const char *separator = "{";
    for (unsigned i = 0; i < b->n_columns; i++) {
        const rw_bound_column *column = &b->columns[i];
        if (column->generated || (view.key_only && b->n_key && !is_key(b, i))) continue;
        rw_slice value = columns ? columns[i] : cells[cell_of(b, i)];
        g_string_append(out, separator);
        separator = ", ";
        g_string_append(out, column->quoted);
        g_string_append(out, ": ");
        if (!value.data) g_string_append(out, "NULL");
        else if (cells) describe_value(out, column, value, view.shown_bytes);
        else if (render(scratch, column, value)) describe_value(out, column, rendered(scratch), view.shown_bytes);
        else g_string_append(out, "(unreadable)");
    }
    g_string_append_c(out, '}');
}
