/* table_map: TABLE_MAP events to tables.
 *
 * A server writes the same definition before every statement, so definitions are kept by the hash of their bytes and one rw_table
 * serves them all. Both the maps of one statement and the definitions kept are bounded.
 */
#include "flow/decode/events.h"

#include <xxhash.h>

enum {
    MAPS_MAX = 65536,            /* tables in one statement */
    KEPT_COLUMNS_MAX = 256 * 1024, /* over all definitions that are kept: some 20 MiB with names */
    COLUMNS_MAX = 4096,          /* of a table, on every server */
};

typedef struct {
    uint64_t id;
    rw_table *table; /* a reference */
} mapped;

struct rw_table_maps {
    GArray *mapped;     /* of this statement */
    GHashTable *kept;   /* hash of the definition -> table, a reference */
    unsigned kept_columns;
};

/* As the event's optional metadata has it; slices are empty where a field is missing. */
typedef struct {
    rw_slice signs, names, charsets, default_charset, enum_charsets, enum_default_charset;
} extras;

static void clear_mapped(gpointer m) { rw_table_unref(((mapped *)m)->table); }

rw_table_maps *rw_table_maps_new(void)
{
    rw_table_maps *maps = g_new0(rw_table_maps, 1);
    maps->mapped = g_array_new(FALSE, FALSE, sizeof(mapped));
    g_array_set_clear_func(maps->mapped, clear_mapped);
    maps->kept = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, (GDestroyNotify)rw_table_unref);
    return maps;
}

void rw_table_maps_free(rw_table_maps *maps)
{
    g_array_unref(maps->mapped);
    g_hash_table_unref(maps->kept);
    g_free(maps);
}

void rw_table_maps_clear(rw_table_maps *maps)
{
    if (maps->mapped->len > 0) g_array_set_size(maps->mapped, 0);
}

rw_table *rw_table_maps_find(const rw_table_maps *maps, uint64_t id)
{
    for (guint i = maps->mapped->len; i-- > 0;)
        if (g_array_index(maps->mapped, mapped, i).id == id) return g_array_index(maps->mapped, mapped, i).table;
    return NULL;
}

static bool map(rw_table_maps *maps, uint64_t id, rw_table *table)
{
    mapped m = {id, rw_table_ref(table)};
    for (guint i = maps->mapped->len; i-- > 0;) {
        mapped *old = &g_array_index(maps->mapped, mapped, i);
        if (old->id != id) continue;
        rw_table_unref(old->table);
        *old = m;
        return true;
    }
    g_array_append_val(maps->mapped, m);
    return maps->mapped->len <= MAPS_MAX;
}

static void keep(rw_table_maps *maps, rw_table *table)
{
    if (maps->kept_columns + table->n_columns > KEPT_COLUMNS_MAX) {
        g_hash_table_remove_all(maps->kept);
        maps->kept_columns = 0;
    }
    maps->kept_columns += table->n_columns;
    g_hash_table_insert(maps->kept, &table->hash, table);
}

static bool is_character_mysql(rw_type type)
{
    return type == RW_T_STRING || type == RW_T_VAR_STRING || type == RW_T_VARCHAR || (type >= RW_T_TINY_BLOB && type <= RW_T_BLOB) ||
           type == RW_T_VARCHAR_COMPRESSED || type == RW_T_BLOB_COMPRESSED || type == RW_T_VECTOR;
}

/* MariaDB gives spatial columns a character set, MySQL does not. */
static bool is_character_mariadb(rw_type type) { return type == RW_T_GEOMETRY || is_character_mysql(type); }

static bool is_enum_or_set(rw_type type) { return type == RW_T_ENUM || type == RW_T_SET; }

/* YEAR has a bit too, always that of an unsigned type. */
static bool is_numeric(rw_type type)
{
    return type == RW_T_TINY || type == RW_T_SHORT || type == RW_T_INT24 || type == RW_T_LONG || type == RW_T_LONGLONG || type == RW_T_FLOAT ||
           type == RW_T_DOUBLE || type == RW_T_NEWDECIMAL || type == RW_T_YEAR;
}

/* The type behind the wire's STRING: two bytes that hold the real type and a length of 10 bits, two of them inverted in the type. */
static void set_string_type(rw_column *column, rw_slice two)
{
    if (!two.data) return;
    uint8_t type = two.data[0], length = two.data[1];
    if ((type & 0x30) != 0x30) {
        column->meta = (uint16_t)(length | ((type & 0x30) ^ 0x30) << 4);
        type |= 0x30;
    } else {
        column->meta = length;
    }
    column->type = type;
}

/* meta as rw_column documents it. */
static void read_meta(rw_column *column, rw_cursor *c)
{
    switch (column->type) {
    case RW_T_STRING:
        set_string_type(column, rw_cursor_take(c, 2));
        if (column->type != RW_T_STRING && !is_enum_or_set(column->type)) c->bad = true;
        break;
    case RW_T_VARCHAR: case RW_T_VAR_STRING: case RW_T_VARCHAR_COMPRESSED:
        column->meta = rw_cursor_u16(c);
        break;
    case RW_T_NEWDECIMAL: {
        uint8_t precision = rw_cursor_u8(c), scale = rw_cursor_u8(c);
        if (precision > 81 || scale > precision) c->bad = true;
        column->meta = (uint16_t)(precision << 8 | scale);
        break;
    }
    case RW_T_BIT: {
        uint8_t bits = rw_cursor_u8(c), bytes = rw_cursor_u8(c);
        column->meta = (uint16_t)(bytes * 8 + bits);
        if (bits > 7 || column->meta > 64) c->bad = true;
        break;
    }
    case RW_T_ENUM: case RW_T_SET: {
        rw_cursor_u8(c);
        column->meta = rw_cursor_u8(c);
        break;
    }
    case RW_T_TINY_BLOB: case RW_T_MEDIUM_BLOB: case RW_T_LONG_BLOB: case RW_T_BLOB: case RW_T_BLOB_COMPRESSED: case RW_T_GEOMETRY:
    case RW_T_JSON: case RW_T_VECTOR:
        column->meta = rw_cursor_u8(c);
        if (column->meta < 1 || column->meta > 4) c->bad = true;
        break;
    case RW_T_TIMESTAMP2: case RW_T_DATETIME2: case RW_T_TIME2:
        column->meta = rw_cursor_u8(c);
        if (column->meta > 6) c->bad = true;
        break;
    case RW_T_FLOAT: case RW_T_DOUBLE:
        column->meta = rw_cursor_u8(c);
        if (column->meta != (column->type == RW_T_FLOAT ? 4 : 8)) c->bad = true;
        break;
    case RW_T_TYPED_ARRAY: {
        rw_column element = {.type = rw_cursor_u8(c)};
        if (element.type == RW_T_TYPED_ARRAY) c->bad = true;
        else if (element.type == RW_T_VARCHAR) rw_cursor_take(c, 3);
        else read_meta(&element, c);
        break;
    }
    default:
        break;
    }
    if (is_enum_or_set(column->type) && (column->meta < 1 || column->meta > (column->type == RW_T_ENUM ? 2 : 8))) c->bad = true;
}

static void read_extras(rw_cursor *c, extras *x)
{
    enum { SIGNEDNESS = 1, DEFAULT_CHARSET, COLUMN_CHARSET, COLUMN_NAME, ENUM_AND_SET_DEFAULT_CHARSET = 10, ENUM_AND_SET_COLUMN_CHARSET };
    while (rw_cursor_left(c) > 0) {
        uint8_t field = rw_cursor_u8(c);
        rw_slice value = rw_cursor_take(c, rw_cursor_lenenc(c));
        switch (field) {
        case SIGNEDNESS: x->signs = value; break;
        case DEFAULT_CHARSET: x->default_charset = value; break;
        case COLUMN_CHARSET: x->charsets = value; break;
        case COLUMN_NAME: x->names = value; break;
        case ENUM_AND_SET_DEFAULT_CHARSET: x->enum_default_charset = value; break;
        case ENUM_AND_SET_COLUMN_CHARSET: x->enum_charsets = value; break;
        default: break;
        }
    }
}

static bool set_signs(rw_table *table, rw_slice signs)
{
    unsigned n = 0;
    if (!signs.data) return true;
    for (unsigned i = 0; i < table->n_columns; i++) {
        rw_column *column = &table->columns[i];
        if (!is_numeric(column->type)) continue;
        if (n / 8 >= signs.len) return false;
        column->has_sign = true;
        column->is_unsigned = signs.data[n / 8] & 0x80 >> n % 8;
        n++;
    }
    return signs.len == (n + 7) / 8;
}

static bool set_charset(rw_column *column, uint64_t id)
{
    column->charset = (uint16_t)id;
    return id <= UINT16_MAX;
}

/* One charset per column of a kind. */
static bool set_charsets(rw_table *table, bool (*of_kind)(rw_type), rw_slice ids)
{
    if (!ids.data) return true;
    rw_cursor c = rw_cursor_of(ids);
    for (unsigned i = 0; i < table->n_columns; i++)
        if (of_kind(table->columns[i].type) && !set_charset(&table->columns[i], rw_cursor_lenenc(&c))) return false;
    return !c.bad && rw_cursor_left(&c) == 0;
}

/* A default, then pairs (which column of the kind, charset) of those that differ, in order. */
static bool set_default_charset(rw_table *table, bool (*of_kind)(rw_type), rw_slice ids)
{
    if (!ids.data) return true;
    rw_cursor c = rw_cursor_of(ids);
    uint64_t otherwise = rw_cursor_lenenc(&c), n = 0;
    bool more = rw_cursor_left(&c) > 0;
    uint64_t next = more ? rw_cursor_lenenc(&c) : 0;
    for (unsigned i = 0; i < table->n_columns; i++) {
        if (!of_kind(table->columns[i].type)) continue;
        bool differs = more && n++ == next;
        if (!set_charset(&table->columns[i], differs ? rw_cursor_lenenc(&c) : otherwise)) return false;
        if (!differs) continue;
        more = rw_cursor_left(&c) > 0;
        if (more) next = rw_cursor_lenenc(&c);
    }
    return !c.bad && !more;
}

static bool set_names(rw_table *table, rw_slice names)
{
    if (!names.data) return true;
    rw_cursor c = rw_cursor_of(names);
    for (unsigned i = 0; i < table->n_columns; i++) {
        rw_slice name = rw_cursor_take(&c, rw_cursor_lenenc(&c));
        if (c.bad || memchr(name.data, '\0', name.len)) return false;
        rw_column_set_name(&table->columns[i], name);
    }
    table->has_names = true;
    return rw_cursor_left(&c) == 0;
}

static rw_table *new_table(rw_cursor *c, rw_slice types)
{
    char schema[256] = "", name[256] = "";
    rw_slice s = rw_cursor_take(c, rw_cursor_u8(c));
    rw_cursor_u8(c);
    rw_slice t = rw_cursor_take(c, rw_cursor_u8(c));
    if (c->bad || memchr(s.data, '\0', s.len) || memchr(t.data, '\0', t.len)) return NULL;
    memcpy(schema, s.data, s.len);
    memcpy(name, t.data, t.len);
    return rw_table_new(schema, name, (unsigned)types.len);
}

/* From the length of the schema's name to the event's end. */
static rw_table *parse(rw_slice definition, bool mariadb, GError **error)
{
    rw_cursor c = rw_cursor_of(definition), names = c;
    rw_cursor_take(&c, rw_cursor_u8(&c));
    rw_cursor_u8(&c);
    rw_cursor_take(&c, rw_cursor_u8(&c));
    rw_cursor_u8(&c);
    rw_slice types = rw_cursor_take(&c, rw_cursor_lenenc(&c));
    if (!c.bad && rw_cursor_left(&c) == 0) {
        rw_fail(error, RW_ERR_STOP, "TABLE_MAP event without the columns' lengths: row events of a server before 5.1.18 are not understood");
        return NULL;
    }
    rw_cursor meta = rw_cursor_of(rw_cursor_take(&c, rw_cursor_lenenc(&c)));
    rw_slice nullable = rw_cursor_take(&c, (types.len + 7) / 8);
    extras x = {0};
    read_extras(&c, &x);
    if (c.bad || types.len < 1 || types.len > COLUMNS_MAX) return NULL;

    bool (*is_character)(rw_type) = mariadb ? is_character_mariadb : is_character_mysql;
    rw_table *table = new_table(&names, types);
    if (!table) return NULL;
    for (unsigned i = 0; i < table->n_columns; i++) {
        table->columns[i].type = types.data[i];
        table->columns[i].nullable = nullable.data[i / 8] >> i % 8 & 1;
        read_meta(&table->columns[i], &meta);
    }
    if (!meta.bad && rw_cursor_left(&meta) == 0 && set_signs(table, x.signs) && set_charsets(table, is_character, x.charsets) &&
        set_default_charset(table, is_character, x.default_charset) && set_charsets(table, is_enum_or_set, x.enum_charsets) &&
        set_default_charset(table, is_enum_or_set, x.enum_default_charset) && set_names(table, x.names))
        return table;
    rw_table_unref(table);
    return NULL;
}

rw_outcome rw_event_table_map(rw_decoder *decoder, const rw_event_header *header, rw_cursor *body, rw_event *out, GError **error)
{
    (void)header, (void)out;
    rw_table_maps *maps = decoder->maps;
    uint64_t id = rw_cursor_le(body, decoder->table_id_bytes);
    rw_cursor_u16(body);
    rw_slice definition = rw_cursor_take(body, rw_cursor_left(body));
    if (body->bad) return RW_DROPS;
    uint64_t hash = XXH3_64bits(definition.data, definition.len);
    rw_table *table = g_hash_table_lookup(maps->kept, &hash);
    if (!table) {
        table = parse(definition, decoder->mariadb, error);
        if (!table) return RW_FAILS;
        table->hash = hash;
        keep(maps, table);
    }
    if (map(maps, id, table)) return RW_DROPS;
    rw_fail(error, RW_ERR_STOP, "a statement that changes more than %d tables is not understood", MAPS_MAX);
    return RW_FAILS;
}
