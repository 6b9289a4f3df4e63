#include "change/table_blob.h"

#include "base/cursor.h"

#include <xxhash.h>

enum { VERSION = 1, NULLABLE = 1, HAS_SIGN = 2, IS_UNSIGNED = 4, COLUMNS_MAX = 4096 };

static void put(GByteArray *out, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++, value >>= 8) g_byte_array_append(out, &(guint8){(guint8)value}, 1);
}

void rw_table_encode(const rw_table *t, GByteArray *out)
{
    put(out, VERSION, 1);
    put(out, t->has_names, 1);
    put(out, t->n_columns, 2);
    for (unsigned i = 0; i < t->n_columns; i++) {
        const rw_column *c = &t->columns[i];
        size_t len = t->has_names ? MIN(strlen(c->name), 255) : 0;
        put(out, c->type, 1);
        put(out, c->meta, 2);
        put(out, (c->nullable ? NULLABLE : 0) | (c->has_sign ? HAS_SIGN : 0) | (c->is_unsigned ? IS_UNSIGNED : 0), 1);
        put(out, c->charset, 2);
        put(out, len, 1);
        if (len) g_byte_array_append(out, (const guint8 *)c->name, (guint)len);
    }
}

/* As table maps are checked: who reads values relies on it. */
static bool meta_fits(const rw_column *c)
{
    switch (c->type) {
    case RW_T_NEWDECIMAL: return c->meta >> 8 <= 81 && (c->meta & 0xff) <= c->meta >> 8;
    case RW_T_BIT: return c->meta <= 64;
    case RW_T_ENUM: return c->meta >= 1 && c->meta <= 2;
    case RW_T_SET: return c->meta >= 1 && c->meta <= 8;
    case RW_T_TINY_BLOB: case RW_T_MEDIUM_BLOB: case RW_T_LONG_BLOB: case RW_T_BLOB: case RW_T_BLOB_COMPRESSED: case RW_T_GEOMETRY:
    case RW_T_JSON: case RW_T_VECTOR: return c->meta >= 1 && c->meta <= 4;
    case RW_T_TIMESTAMP2: case RW_T_DATETIME2: case RW_T_TIME2: return c->meta <= 6;
    default: return true;
    }
}

static void take_column(rw_cursor *c, rw_column *column, bool has_names)
{
    column->type = (rw_type)rw_cursor_u8(c);
    column->meta = rw_cursor_u16(c);
    uint8_t flags = rw_cursor_u8(c);
    column->nullable = flags & NULLABLE;
    column->has_sign = flags & HAS_SIGN;
    column->is_unsigned = flags & IS_UNSIGNED;
    column->charset = rw_cursor_u16(c);
    if (!meta_fits(column)) c->bad = true;
    rw_slice name = rw_cursor_take(c, rw_cursor_u8(c));
    if (!c->bad && has_names) rw_column_set_name(column, name);
}

rw_table *rw_table_decode(const char *schema, const char *name, rw_slice bytes)
{
    rw_cursor c = rw_cursor_of(bytes);
    unsigned version = rw_cursor_u8(&c);
    bool has_names = rw_cursor_u8(&c);
    unsigned n_columns = rw_cursor_u16(&c);
    if (c.bad || version != VERSION || n_columns == 0 || n_columns > COLUMNS_MAX) return NULL;
    rw_table *t = rw_table_new(schema, name, n_columns);
    t->has_names = has_names;
    /* Of the names too: many tables have the same columns. */
    t->hash = XXH3_64bits_withSeed(name, strlen(name) + 1, XXH3_64bits_withSeed(schema, strlen(schema) + 1, XXH3_64bits(bytes.data, bytes.len)));
    for (unsigned i = 0; i < n_columns && !c.bad; i++) take_column(&c, &t->columns[i], has_names);
    if (!c.bad && rw_cursor_left(&c) == 0) return t;
    rw_table_unref(t);
    return NULL;
}
