#include "bytes.h"

#include "flow/decode/events.h"

/* The table of a statement that inserts nothing (an image needs bytes, a ROWS event does not). */
static rw_table *table_of(rw_decoder *d, const GByteArray *map)
{
    give_nothing(d, (kind){.type = 19}, map->data, map->len);
    return rw_table_maps_find(d->maps, rw_load_le(map->data, 6));
}

static rw_table *map_table(rw_decoder *d, const void *types, size_t n, const void *meta, size_t meta_bytes, const void *extras, size_t extra_bytes)
{
    g_autoptr(GByteArray) map = make_map(5, types, n, meta, meta_bytes, extras, extra_bytes);
    return table_of(d, map);
}
#define MAP(d, types, meta, extras) map_table(d, types, sizeof types - 1, meta, sizeof meta - 1, extras, sizeof extras - 1)

static void test_types_and_meta(void)
{
    static const char types[] = "\x03\x0f\xfc\xf6\x10\x12\x05\xfe\xfe\xfe\xfe\xf5";
    static const char meta[] = "\x2c\x01" "\x02" "\x41\x1e" "\x01\x07" "\x06" "\x08" "\xf7\x02" "\xf8\x08" "\xfe\x0a" "\xee\x58" "\x04";
    rw_decoder *d = mysql_decoder();
    rw_table *t = MAP(d, types, meta, "");
    g_assert_cmpstr(t->schema, ==, "test");
    g_assert_cmpstr(t->name, ==, "t");
    g_assert_cmpuint(t->n_columns, ==, 12);
    static const struct { rw_type type; uint16_t meta; } want[] = {
        {RW_T_LONG, 0}, {RW_T_VARCHAR, 300}, {RW_T_BLOB, 2}, {RW_T_NEWDECIMAL, 65 << 8 | 30}, {RW_T_BIT, 57}, {RW_T_DATETIME2, 6},
        {RW_T_DOUBLE, 8}, {RW_T_ENUM, 2}, {RW_T_SET, 8}, {RW_T_STRING, 10}, {RW_T_STRING, 0x158}, {RW_T_JSON, 4},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(want); i++) {
        g_assert_cmpuint(t->columns[i].type, ==, want[i].type);
        g_assert_cmpuint(t->columns[i].meta, ==, want[i].meta);
        g_assert_true(t->columns[i].nullable);
        g_assert_false(t->columns[i].has_sign);
        g_assert_cmpuint(t->columns[i].charset, ==, 0);
        g_assert_null(t->columns[i].name);
    }
    g_assert_false(t->has_names);
    rw_decoder_free(d);
}

/* YEAR takes a bit of the signs too. */
static void test_signs(void)
{
    rw_decoder *d = mysql_decoder();
    rw_table *t = MAP(d, "\x03\x0d\x08\x0a\x01", "", "\x01\x01\x50");
    g_assert_true(t->columns[0].has_sign && !t->columns[0].is_unsigned);
    g_assert_true(t->columns[2].has_sign && !t->columns[2].is_unsigned);
    g_assert_false(t->columns[3].has_sign);
    g_assert_true(t->columns[4].has_sign && t->columns[4].is_unsigned);
    rw_decoder_free(d);
}

/* Two text columns, an enum and an integer between. */
#define TYPES "\x0f\x03\xfe\xfc"
#define META "\x0a\x00" "\xf7\x01" "\x02"

static void test_charsets(void)
{
    rw_decoder *d = mysql_decoder();
    rw_table *t = MAP(d, TYPES, META, "\x03\x04\x3f\xfc\xff\x00" "\x0b\x01\x08");
    g_assert_cmpuint(t->columns[0].charset, ==, 63);
    g_assert_cmpuint(t->columns[1].charset, ==, 0);
    g_assert_cmpuint(t->columns[2].charset, ==, 8);
    g_assert_cmpuint(t->columns[3].charset, ==, 255);
    t = MAP(d, TYPES, META, "\x02\x05\xfc\xff\x00\x01\x3f" "\x0a\x01\x2d");
    g_assert_cmpuint(t->columns[0].charset, ==, 255);
    g_assert_cmpuint(t->columns[2].charset, ==, 45);
    g_assert_cmpuint(t->columns[3].charset, ==, 63);
    rw_decoder_free(d);
}

/* A spatial column counts among those with a character set in MariaDB, not in MySQL; VECTOR does in MySQL. */
static void test_charsets_of_dialects(void)
{
    rw_decoder *d = mariadb_decoder();
    rw_table *t = MAP(d, "\xff\x0f", "\x04\x0a\x00", "\x03\x02\x3f\x08");
    g_assert_cmpuint(t->columns[1].charset, ==, 8);
    rw_decoder_free(d);
    d = mysql_decoder();
    t = MAP(d, "\xff\x0f", "\x04\x0a\x00", "\x03\x01\x08");
    g_assert_cmpuint(t->columns[1].charset, ==, 8);
    t = MAP(d, "\xf2\x0f", "\x04\x0a\x00", "\x03\x02\x3f\x08");
    g_assert_cmpuint(t->columns[1].charset, ==, 8);
    rw_decoder_free(d);
}

static void test_names(void)
{
    rw_decoder *d = mysql_decoder();
    rw_table *t = MAP(d, "\x03\x03", "", "\x04\x05\x01" "a" "\x02\xc3\xa4" "\x08\x01\x00" "\x0c\x01\xc0" "\x63\x02zz");
    g_assert_true(t->has_names);
    g_assert_cmpstr(t->columns[0].name, ==, "a");
    g_assert_cmpstr(t->columns[1].name, ==, "ä");
    rw_decoder_free(d);
}

/* The same definition is the same table, whatever the id and the decoder's state; another one is not. */
static void test_interned(void)
{
    rw_decoder *d = mysql_decoder();
    g_autoptr(GByteArray) a = make_map(5, "\x03", 1, "", 0, "", 0), b = make_map(6, "\x03", 1, "", 0, "", 0), c = make_map(7, "\x02", 1, "", 0, "", 0);
    rw_table *first = table_of(d, a);
    g_assert_true(table_of(d, b) == first);
    g_assert_true(table_of(d, c) != first);
    give_nothing(d, (kind){.type = 30}, "\xff\xff\xff\0\0\0\1\0\2\0\1\xff", 12); /* only ends the statement */
    give_ok(d, (kind){.type = 16}, "abcdefgh", 8);
    g_assert_null(rw_table_maps_find(d->maps, 5));
    g_assert_true(table_of(d, a) == first);
    rw_decoder_free(d);
}

/* Definitions are forgotten when there are too many, tables in use are not. */
static void test_bounded(void)
{
    enum { COLUMNS = 200, TABLES = 4000 };
    rw_decoder *d = mysql_decoder();
    uint8_t types[COLUMNS];
    memset(types, RW_T_LONG, sizeof types);
    rw_table *first = NULL;
    for (unsigned i = 0; i < TABLES; i++) {
        uint8_t extra[] = {99, 4, (uint8_t)i, (uint8_t)(i >> 8), 0, 0};
        g_autoptr(GByteArray) map = make_map(i, types, sizeof types, "", 0, extra, sizeof extra);
        rw_table *t = table_of(d, map);
        if (i == 0) first = t;
        g_ptr_array_set_size(kept, 0);
    }
    g_assert_true(rw_table_maps_find(d->maps, 0) == first);
    g_assert_cmpuint(first->n_columns, ==, COLUMNS);
    rw_decoder_free(d);
}

#define REFUSED(types, meta, extras) refused(types, sizeof types - 1, meta, sizeof meta - 1, extras, sizeof extras - 1)
static void refused(const void *types, size_t n, const void *meta, size_t meta_bytes, const void *extras, size_t extra_bytes)
{
    rw_decoder *d = mysql_decoder();
    g_autoptr(GByteArray) map = make_map(5, types, n, meta, meta_bytes, extras, extra_bytes);
    give_refused(d, (kind){.type = 19}, map->data, map->len, "TABLE_MAP");
    rw_decoder_free(d);
}

static void test_hostile(void)
{
    REFUSED("", "", "");
    REFUSED("\x0f", "\x01", "");
    REFUSED("\x03", "\x01", "");
    REFUSED("\xf6", "\x01\x02", "");         /* more digits behind the point than in all */
    REFUSED("\xfc", "\x05", "");
    REFUSED("\x12", "\x07", "");
    REFUSED("\xfe", "\xf7\x03", "");
    REFUSED("\xfe", "\xf8\x09", "");
    REFUSED("\x10", "\x08\x01", "");
    REFUSED("\x14", "\x14", "");
    REFUSED("\x03", "", "\x01\x00");
    REFUSED("\x03", "", "\x01\x02\x00\x00");
    REFUSED("\x03", "", "\x04\x05\x01");
    REFUSED("\x03", "", "\x04\x02\x05g");
    REFUSED("\x03", "", "\x04\x03\x01g\x00");
    REFUSED("\x0f", "\x0a\x00", "\x03\x00");
    REFUSED("\x0f", "\x0a\x00", "\x03\x02\x08\x08");
    REFUSED("\x0f", "\x0a\x00", "\x02\x03\x08\x01\x08");
    REFUSED("\x0f", "\x0a\x00", "\x03\x04\xfd\x00\x00\x01");
}

static void test_cut(void)
{
    g_autoptr(GByteArray) map = make_map(5, TYPES, 4, META, 5, "\x03\x04\x3f\xfc\xff\x00", 6);
    for (guint n = 0; n < map->len; n++) {
        if (n == map->len - 6) continue; /* whole but for what is optional */
        rw_decoder *d = mysql_decoder();
        give_refused(d, (kind){.type = 19}, map->data, n, "TABLE_MAP");
        rw_decoder_free(d);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/decode/table-map/types-and-meta", test_types_and_meta);
    g_test_add_func("/decode/table-map/signs", test_signs);
    g_test_add_func("/decode/table-map/charsets", test_charsets);
    g_test_add_func("/decode/table-map/charsets-of-dialects", test_charsets_of_dialects);
    g_test_add_func("/decode/table-map/names", test_names);
    g_test_add_func("/decode/table-map/interned", test_interned);
    g_test_add_func("/decode/table-map/bounded", test_bounded);
    g_test_add_func("/decode/table-map/hostile", test_hostile);
    g_test_add_func("/decode/table-map/cut", test_cut);
    return run_tests();
}
