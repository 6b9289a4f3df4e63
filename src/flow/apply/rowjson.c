#include "flow/apply/rowjson.h"

#include "change/value.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

static const int64_t most_exact = ((int64_t)1 << 53) - 1;

static void large_value_free(gpointer data)
{
    rw_large_value *large = data;
    g_free(large->column);
    g_bytes_unref(large->value);
    g_free(large);
}

GPtrArray *rw_large_values_new(void) { return g_ptr_array_new_with_free_func(large_value_free); }

void rw_row_json_string(GString *out, const char *text, size_t len)
{
    g_string_append_c(out, '"');
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c == 0x7f) g_string_append_printf(out, "\\u%04x", c);
        else if (c == '"' || c == '\\') g_string_append_printf(out, "\\%c", c);
        else g_string_append_c(out, (char)c);
    }
    g_string_append_c(out, '"');
}

char *rw_row_json_hash(rw_slice value)
{
    XXH128_hash_t hash = XXH3_128bits(value.data, value.len);
    return g_strdup_printf("%016" G_GINT64_MODIFIER "x%016" G_GINT64_MODIFIER "x", (guint64)hash.high64, (guint64)hash.low64);
}

static void append_large(GString *out, const char *column, rw_slice value, GPtrArray *large)
{
    g_autofree char *hash = rw_row_json_hash(value);
    g_string_append_printf(out, "{\"bytes\":%zu,\"xxh128\":\"%s\"}", value.len, hash);
    if (!large) return;
    rw_large_value *kept = g_new0(rw_large_value, 1);
    *kept = (rw_large_value){g_strdup(column), g_bytes_new(value.data, value.len)};
    g_ptr_array_add(large, kept);
}

static void append_text(GString *out, rw_slice value)
{
    const char *text = (const char *)value.data;
    if (!memchr(text, '\0', value.len) && g_utf8_validate(text, (gssize)value.len, NULL)) {
        rw_row_json_string(out, text, value.len);
        return;
    }
    g_string_append(out, "{\"hex\":\"");
    for (size_t i = 0; i < value.len; i++) g_string_append_printf(out, "%02x", value.data[i]);
    g_string_append(out, "\"}");
}

/* Slices end without a NUL. */
static void append_integer(GString *out, rw_slice value)
{
    char digits[24];
    char *end = digits;
    if (value.len < sizeof digits) {
        memcpy(digits, value.data, value.len);
        digits[value.len] = '\0';
        errno = 0;
        long long n = strtoll(digits, &end, 10);
        if (end != digits && !*end && !errno && n >= -most_exact && n <= most_exact) {
            g_string_append_len(out, digits, (gssize)value.len);
            return;
        }
    }
    append_text(out, value);
}

static void append_real(GString *out, rw_slice value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    g_autofree char *copy = g_strndup((const char *)value.data, value.len);
    g_ascii_formatd(text, sizeof text, "%.17g", g_ascii_strtod(copy, NULL));
    append_text(out, rw_slice_str(text));
}

void rw_row_json_value(GString *out, rw_json_form form, const char *column, rw_slice value, GPtrArray *large)
{
    if (!value.data) g_string_append(out, "null");
    else if (value.len > RW_JSON_WHOLE_BYTES) append_large(out, column, value, large);
    else if (form == RW_JSON_INTEGER) append_integer(out, value);
    else if (form == RW_JSON_REAL) append_real(out, value);
    else append_text(out, value);
}

static rw_json_form form_of(const rw_bound_column *column)
{
    if (column->compare == RW_COMPARE_NUMBER) return RW_JSON_REAL;
    return column->literal == RW_LITERAL_BARE && column->source.type != RW_T_NEWDECIMAL ? RW_JSON_INTEGER : RW_JSON_TEXT;
}

/* A binding has the name for SQL only: `a``b`. */
static char *plain_name(const rw_bound_column *column)
{
    GString *name = g_string_new(NULL);
    for (const char *c = column->quoted + 1; c[0] && c[1]; c++) {
        g_string_append_c(name, *c);
        if (*c == '`') c++;
    }
    return g_string_free(name, FALSE);
}

static bool is_key(const rw_binding *b, unsigned column)
{
    for (unsigned k = 0; k < b->n_key; k++)
        if (b->key[k] == column) return true;
    return false;
}

static void append_member(rw_row_scratch *scratch, const rw_bound_column *column, rw_slice value, bool packed, GString *out, GPtrArray *large)
{
    g_autofree char *name = plain_name(column);
    rw_row_json_string(out, name, strlen(name));
    g_string_append_c(out, ':');
    if (packed && value.data) {
        g_string_truncate(scratch->text, 0);
        if (!rw_value_text(&column->source, value, scratch->text)) {
            g_string_append(out, "{\"unreadable\":true}");
            return;
        }
        value = rw_slice_of(scratch->text->str, scratch->text->len);
    }
    rw_row_json_value(out, form_of(column), name, value, large);
}

void rw_row_json(rw_row_scratch *scratch, const rw_binding *b, const rw_slice *columns, const rw_slice *cells, bool key_only, GString *out,
                 GPtrArray *large)
{
    unsigned cell = 0; /* cells have no place for generated columns */
    char separator = '{';
    for (unsigned i = 0; i < b->n_columns; i++) {
        if (b->columns[i].generated) continue;
        rw_slice value = columns ? columns[i] : cells[cell++];
        if (key_only && b->n_key && !is_key(b, i)) continue;
        g_string_append_c(out, separator);
        separator = ',';
        append_member(scratch, &b->columns[i], value, columns != NULL, out, large);
    }
    g_string_append(out, separator == '{' ? "{}" : "}");
}
