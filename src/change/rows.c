#include "change/rows.h"

#include <string.h>

static unsigned decimal_bytes(uint16_t meta)
{
    static const uint8_t of_digits[] = {0, 1, 1, 2, 2, 3, 3, 4, 4};
    unsigned scale = meta & 0xff, whole = (meta >> 8) - scale;
    return whole / 9 * 4 + of_digits[whole % 9] + scale / 9 * 4 + of_digits[scale % 9];
}

/* How many bytes a value takes; if that stands before it, the width of that number in *prefix. false: no rule. */
static inline bool length_rule(const rw_column *column, unsigned *fixed, unsigned *prefix)
{
    *fixed = *prefix = 0;
    switch (column->type) {
    case RW_T_TINY: case RW_T_YEAR: *fixed = 1; return true;
    case RW_T_SHORT: *fixed = 2; return true;
    case RW_T_INT24: case RW_T_DATE: case RW_T_NEWDATE: case RW_T_TIME: *fixed = 3; return true;
    case RW_T_LONG: case RW_T_FLOAT: case RW_T_TIMESTAMP: *fixed = 4; return true;
    case RW_T_LONGLONG: case RW_T_DOUBLE: case RW_T_DATETIME: *fixed = 8; return true;
    case RW_T_TIMESTAMP2: *fixed = 4 + (column->meta + 1u) / 2; return true;
    case RW_T_TIME2: *fixed = 3 + (column->meta + 1u) / 2; return true;
    case RW_T_DATETIME2: *fixed = 5 + (column->meta + 1u) / 2; return true;
    case RW_T_NEWDECIMAL: *fixed = decimal_bytes(column->meta); return true;
    case RW_T_BIT: *fixed = (column->meta + 7u) / 8; return true;
    case RW_T_ENUM: case RW_T_SET: *fixed = column->meta; return true;
    case RW_T_NULL: return true;
    case RW_T_STRING: case RW_T_VARCHAR: case RW_T_VAR_STRING: case RW_T_VARCHAR_COMPRESSED: *prefix = column->meta > 255 ? 2 : 1; return true;
    case RW_T_TINY_BLOB: case RW_T_MEDIUM_BLOB: case RW_T_LONG_BLOB: case RW_T_BLOB: case RW_T_BLOB_COMPRESSED: case RW_T_GEOMETRY:
    case RW_T_JSON: case RW_T_VECTOR: *prefix = column->meta; return true;
    default: return false;
    }
}

static inline rw_slice take_value(const rw_column *column, rw_cursor *c)
{
    unsigned fixed, prefix;
    if (!length_rule(column, &fixed, &prefix)) c->bad = true;
    if (prefix == 0) return rw_cursor_take(c, fixed);
    if (prefix == 1) return rw_cursor_take(c, rw_cursor_u8(c));
    if (prefix == 2) return rw_cursor_take(c, rw_cursor_u16(c));
    return rw_cursor_take(c, rw_cursor_le(c, prefix));
}

static inline bool bit(const uint8_t *bitmap, unsigned i) { return bitmap[i / 8] >> i % 8 & 1; }

static rw_slice take_full_image(const rw_table *table, rw_cursor *c)
{
    const uint8_t *start = c->p;
    rw_slice nulls = rw_cursor_take(c, (table->n_columns + 7) / 8);
    for (unsigned i = 0; i < table->n_columns && !c->bad; i++)
        if (!bit(nulls.data, i)) take_value(&table->columns[i], c);
    return (rw_slice){start, (size_t)(c->p - start)};
}

/* The NULL bitmap of such an image has a bit only for each column that is there. */
static rw_slice take_partial_image(const rw_table *table, rw_slice present, rw_cursor *c)
{
    const uint8_t *start = c->p;
    unsigned columns = 0, n = 0;
    for (unsigned i = 0; i < table->n_columns; i++) columns += bit(present.data, i);
    rw_slice nulls = rw_cursor_take(c, (columns + 7) / 8);
    for (unsigned i = 0; i < table->n_columns && !c->bad; i++) {
        if (!bit(present.data, i)) continue;
        if (!bit(nulls.data, n++)) take_value(&table->columns[i], c);
    }
    return (rw_slice){start, (size_t)(c->p - start)};
}

static rw_slice take_image(const rw_rows *rows, bool full, rw_slice present, rw_cursor *c)
{
    if (full) return take_full_image(rows->table, c);
    return present.data ? take_partial_image(rows->table, present, c) : (rw_slice){NULL, 0};
}

bool rw_rows_next(rw_rows *rows, rw_slice *before, rw_slice *after, bool *bad)
{
    rw_cursor *c = &rows->rest;
    const uint8_t *start = c->p;
    *bad = c->bad;
    if (rw_cursor_left(c) == 0) return false;
    *before = take_image(rows, rows->full_before, rows->before_present, c);
    *after = take_image(rows, rows->full_after, rows->after_present, c);
    if (c->p == start) c->bad = true;
    *bad = c->bad;
    return !c->bad;
}

bool rw_image_split(const rw_table *table, rw_slice image, rw_slice *columns)
{
    rw_cursor c = rw_cursor_of(image);
    rw_slice nulls = rw_cursor_take(&c, (table->n_columns + 7) / 8);
    if (c.bad) return false;
    for (unsigned i = 0; i < table->n_columns; i++)
        columns[i] = bit(nulls.data, i) ? (rw_slice){NULL, 0} : take_value(&table->columns[i], &c);
    return !c.bad && c.p == c.end;
}

typedef struct {
    rw_cursor c;
    rw_slice nulls;
    bool none;
} image_walk;

static image_walk walk_image(const rw_table *table, rw_slice image)
{
    image_walk w = {.c = rw_cursor_of(image), .none = !image.data};
    if (!w.none) w.nulls = rw_cursor_take(&w.c, (table->n_columns + 7) / 8);
    return w;
}

/* The next value as it is packed; data NULL: SQL NULL. */
static rw_slice next_packed(image_walk *w, const rw_column *column, unsigned i)
{
    if (w->none || w->c.bad || bit(w->nulls.data, i)) return (rw_slice){NULL, 0};
    const uint8_t *start = w->c.p;
    take_value(column, &w->c);
    return (rw_slice){start, (size_t)(w->c.p - start)};
}

bool rw_image_mix(const rw_table *table, rw_slice image, rw_slice with, const bool *chosen, GByteArray *out)
{
    image_walk a = walk_image(table, image), b = walk_image(table, with);
    const guint nulls = out->len, bytes = (table->n_columns + 7) / 8;
    g_byte_array_set_size(out, nulls + bytes);
    memset(out->data + nulls, 0, bytes);
    for (unsigned i = 0; i < table->n_columns; i++) {
        rw_slice packed = next_packed(&a, &table->columns[i], i), other = next_packed(&b, &table->columns[i], i);
        if (chosen[i]) packed = other;
        if (packed.data) g_byte_array_append(out, packed.data, (guint)packed.len);
        else out->data[nulls + i / 8] |= (guint8)(1 << i % 8);
    }
    return !a.c.bad && !b.c.bad && a.c.p == a.c.end && (b.none || b.c.p == b.c.end);
}

const char *rw_column_problem(const rw_column *column)
{
    unsigned fixed, prefix;
    switch (column->type) {
    case RW_T_GEOMETRY: return "spatial types are not handled yet";
    case RW_T_VECTOR: return "VECTOR is not handled yet";
    case RW_T_TYPED_ARRAY: return "multi-valued index columns (typed arrays) are not handled yet";
    case RW_T_BLOB_COMPRESSED: return "compressed BLOB and TEXT columns (MariaDB COMPRESSED) are not handled yet";
    case RW_T_VARCHAR_COMPRESSED: return "compressed VARCHAR and VARBINARY columns (MariaDB COMPRESSED) are not handled yet";
    case RW_T_DECIMAL: return "DECIMAL of a table made before MySQL 5.0 is not handled; rebuild the table";
    case RW_T_NULL: return "a column of type NULL is not handled";
    default: return length_rule(column, &fixed, &prefix) ? NULL : "a column type that is not known to this version";
    }
}
