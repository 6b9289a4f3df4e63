#include "../flow/decode/bytes.h"

/* `t`: INT, VARCHAR(10); table id 5 is mapped. */
static rw_decoder *with_table(bool mariadb)
{
    rw_decoder *d = mariadb ? mariadb_decoder() : mysql_decoder();
    g_autoptr(GByteArray) map = make_map(5, "\x03\x0f", 2, "\x0a\x00", 2, "", 0);
    give_nothing(d, (kind){.type = 19}, map->data, map->len);
    return d;
}

#define V1 "\5\0\0\0\0\0" "\1\0" "\2"
#define V2 "\5\0\0\0\0\0" "\1\0" "\2\0" "\2"
#define ROW_1 "\xfc" "\1\0\0\0" "\2hi"
#define ROW_2 "\xfe" "\7\0\0\0"
#define BYTES(s) s, sizeof s - 1

static void check_row(rw_table *table, rw_slice image, uint32_t id, const char *text)
{
    rw_slice columns[2];
    g_assert_true(rw_image_split(table, image, columns));
    g_assert_cmpuint(columns[0].len, ==, 4);
    g_assert_cmpuint(rw_load_le(columns[0].data, 4), ==, id);
    g_assert_true(text ? rw_slice_is(columns[1], text) : columns[1].data == NULL);
}

static void check_inserts(rw_event *out)
{
    rw_slice before, after;
    bool bad;
    g_assert_cmpint(out->kind, ==, RW_EVENT_ROWS);
    g_assert_cmpint(out->rows.op, ==, RW_INSERT);
    g_assert_true(out->rows.full_after && !out->rows.full_before);
    g_assert_true(rw_rows_next(&out->rows, &before, &after, &bad));
    g_assert_null(before.data);
    check_row(out->rows.table, after, 1, "hi");
    g_assert_true(rw_rows_next(&out->rows, &before, &after, &bad));
    check_row(out->rows.table, after, 7, NULL);
    g_assert_false(rw_rows_next(&out->rows, &before, &after, &bad));
    g_assert_false(bad);
}

static void test_versions(void)
{
    rw_decoder *d = with_table(false);
    rw_event out = give_ok(d, (kind){.type = 23}, BYTES(V1 "\xff" ROW_1 ROW_2));
    check_inserts(&out);
    rw_decoder_free(d);
    d = with_table(false);
    out = give_ok(d, (kind){.type = 30}, BYTES(V2 "\xff" ROW_1 ROW_2));
    check_inserts(&out);
    rw_decoder_free(d);
    d = with_table(false);
    out = give_ok(d, (kind){.type = 30}, BYTES("\5\0\0\0\0\0" "\7\0" "\5\0\1\2\3" "\2\xff" ROW_1 ROW_2));
    check_inserts(&out);
    g_assert_true(out.rows.foreign_key_checks_off && out.rows.unique_checks_off);
    rw_decoder_free(d);
}

static void test_update_delete(void)
{
    rw_slice before, after;
    bool bad;
    rw_decoder *d = with_table(false);
    rw_event out = give_ok(d, (kind){.type = 31}, BYTES(V2 "\xff\xff" ROW_1 ROW_2));
    g_assert_true(out.rows.full_before && out.rows.full_after && out.rows.op == RW_UPDATE);
    g_assert_true(rw_rows_next(&out.rows, &before, &after, &bad));
    check_row(out.rows.table, before, 1, "hi");
    check_row(out.rows.table, after, 7, NULL);
    g_assert_false(rw_rows_next(&out.rows, &before, &after, &bad));
    g_assert_false(bad);
    rw_decoder_free(d);
    d = with_table(true);
    out = give_ok(d, (kind){.type = 25}, BYTES(V1 "\xff" ROW_2));
    g_assert_true(out.rows.full_before && !out.rows.full_after && out.rows.op == RW_DELETE);
    g_assert_true(rw_rows_next(&out.rows, &before, &after, &bad));
    check_row(out.rows.table, before, 7, NULL);
    g_assert_null(after.data);
    rw_decoder_free(d);
}

/* MINIMAL images: the NULL bitmap has a bit for each column that is there. */
static void test_partial(void)
{
    rw_slice before, after;
    bool bad;
    rw_decoder *d = with_table(false);
    rw_event out = give_ok(d, (kind){.type = 31}, BYTES(V2 "\xfd\xfe" "\xfe\1\0\0\0" "\xfe\3abc" "\xfe\2\0\0\0" "\xff"));
    g_assert_false(out.rows.full_before || out.rows.full_after);
    g_assert_true(rw_rows_next(&out.rows, &before, &after, &bad));
    g_assert_cmpuint(before.len, ==, 5);
    g_assert_cmpuint(after.len, ==, 5);
    g_assert_true(rw_rows_next(&out.rows, &before, &after, &bad));
    g_assert_cmpuint(after.len, ==, 1);
    g_assert_false(rw_rows_next(&out.rows, &before, &after, &bad));
    g_assert_false(bad);
    rw_decoder_free(d);
}

static GByteArray *compressed(const char *head, size_t n, const char *rows, size_t rows_bytes)
{
    GByteArray *b = g_byte_array_new();
    uint8_t packed[512];
    uLongf size = sizeof packed;
    g_assert_cmpint(compress(packed, &size, (const Bytef *)rows, rows_bytes), ==, Z_OK);
    put_bytes(b, head, n);
    put_le(b, 0x81, 1);
    put_le(b, rows_bytes, 1);
    put_bytes(b, packed, size);
    return b;
}

static void test_compressed(void)
{
    rw_decoder *d = with_table(true);
    g_autoptr(GByteArray) v1 = compressed(BYTES(V1 "\xff"), BYTES(ROW_1 ROW_2)), v2 = compressed(BYTES(V2 "\xff"), BYTES(ROW_1 ROW_2));
    rw_event out = give_ok(d, (kind){.type = 166}, v1->data, v1->len);
    check_inserts(&out);
    rw_decoder_free(d);
    d = with_table(true);
    out = give_ok(d, (kind){.type = 169}, v2->data, v2->len);
    check_inserts(&out);
    rw_decoder_free(d);
    for (guint n = 0; n < v2->len; n++) {
        d = with_table(true);
        give_refused(d, (kind){.type = 169}, v2->data, n, "WRITE_ROWS_COMPRESSED");
        rw_decoder_free(d);
    }
}

static void test_unknown_table(void)
{
    rw_decoder *d = with_table(false);
    give_refused(d, (kind){.type = 30}, BYTES("\6\0\0\0\0\0" "\1\0" "\2\0" "\2\xff" ROW_1), "table id 6");
    rw_decoder_free(d);
    d = with_table(false);
    give_ok(d, (kind){.type = 30}, BYTES(V2 "\xff" ROW_1)); /* ends the statement */
    give_refused(d, (kind){.type = 30}, BYTES(V2 "\xff" ROW_1), "table id 5");
    rw_decoder_free(d);
    d = with_table(false);
    give_refused(d, (kind){.type = 30}, BYTES("\5\0\0\0\0\0" "\1\0" "\2\0" "\3\xff" ROW_1), "3 columns");
    rw_decoder_free(d);
}

static void test_rows_cut(void)
{
    static const char event[] = V2 "\xff" ROW_1;
    enum { HEAD = sizeof V2 "\xff" - 1, WHOLE = sizeof event - 1 };
    for (size_t n = HEAD + 1; n < WHOLE; n++) {
        rw_slice before, after;
        bool bad;
        rw_decoder *d = with_table(false);
        rw_event out = give_ok(d, (kind){.type = 30}, event, n);
        g_assert_false(rw_rows_next(&out.rows, &before, &after, &bad));
        g_assert_true(bad);
        g_assert_false(rw_rows_next(&out.rows, &before, &after, &bad));
        g_assert_true(bad);
        rw_decoder_free(d);
    }
    for (size_t n = 0; n < HEAD; n++) {
        rw_decoder *d = with_table(false);
        give_refused(d, (kind){.type = 30}, event, n, "WRITE_ROWS");
        rw_decoder_free(d);
    }
}

/* Rows of no bytes at all would never end. */
static void test_empty_rows(void)
{
    rw_slice before, after;
    bool bad;
    rw_decoder *d = with_table(false);
    rw_event out = give_ok(d, (kind){.type = 30}, BYTES(V2 "\xfc" "abc"));
    g_assert_false(rw_rows_next(&out.rows, &before, &after, &bad));
    g_assert_true(bad);
    rw_decoder_free(d);
}

static void test_split_exact(void)
{
    rw_slice columns[2];
    rw_decoder *d = with_table(false);
    rw_event out = give_ok(d, (kind){.type = 30}, BYTES(V2 "\xff" ROW_1));
    static const char image[] = ROW_1;
    for (size_t n = 0; n < sizeof image - 1; n++) g_assert_false(rw_image_split(out.rows.table, rw_slice_of(image, n), columns));
    g_assert_true(rw_image_split(out.rows.table, rw_slice_of(image, sizeof image - 1), columns));
    g_assert_false(rw_image_split(out.rows.table, rw_slice_of(image, sizeof image), columns));
    rw_decoder_free(d);
}

static void test_problems(void)
{
    static const struct { rw_type type; const char *says; } cases[] = {
        {RW_T_GEOMETRY, "spatial"}, {RW_T_VECTOR, "VECTOR"}, {RW_T_TYPED_ARRAY, "typed array"}, {RW_T_BLOB_COMPRESSED, "COMPRESSED"},
        {RW_T_VARCHAR_COMPRESSED, "COMPRESSED"}, {RW_T_DECIMAL, "DECIMAL"}, {RW_T_NULL, "NULL"}, {99, "not known"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *problem = rw_column_problem(&(rw_column){.type = cases[i].type});
        g_assert_nonnull(problem);
        g_assert_nonnull(strstr(problem, cases[i].says));
    }
    g_assert_null(rw_column_problem(&(rw_column){.type = RW_T_JSON, .meta = 4}));
    g_assert_null(rw_column_problem(&(rw_column){.type = RW_T_LONG}));
}

/* Columns of one image, chosen ones of another, or none. */
static void test_mix(void)
{
    static const uint8_t one[] = {4, 1, 0, 0, 0, 2, 'a', 'b'}, other[] = {0, 9, 0, 0, 0, 1, 'z', 7, 0, 0, 0};
    const rw_slice a = {one, sizeof one}, b = {other, sizeof other}, none = {NULL, 0};
    static const struct { bool chosen[3], with; uint8_t wanted[12]; guint len; } cases[] = {
        {{false, false, false}, true, {4, 1, 0, 0, 0, 2, 'a', 'b'}, 8},
        {{true, false, true}, true, {0, 9, 0, 0, 0, 2, 'a', 'b', 7, 0, 0, 0}, 12},
        {{false, true, false}, true, {4, 1, 0, 0, 0, 1, 'z'}, 7},
        {{false, true, true}, false, {6, 1, 0, 0, 0}, 5},
    };
    rw_table *table = g_malloc0(sizeof *table + 3 * sizeof *table->columns);
    table->n_columns = 3;
    table->columns[0].type = table->columns[2].type = RW_T_LONG;
    table->columns[1].type = RW_T_VARCHAR;
    table->columns[1].meta = 20;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GByteArray) out = g_byte_array_new();
        g_assert_true(rw_image_mix(table, a, cases[i].with ? b : none, cases[i].chosen, out));
        g_assert_cmpmem(out->data, out->len, cases[i].wanted, cases[i].len);
    }
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_assert_false(rw_image_mix(table, a, rw_slice_of(other, sizeof other - 1), cases[0].chosen, out));
    g_free(table);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/decode/rows/versions", test_versions);
    g_test_add_func("/decode/rows/update-delete", test_update_delete);
    g_test_add_func("/decode/rows/partial", test_partial);
    g_test_add_func("/decode/rows/compressed", test_compressed);
    g_test_add_func("/decode/rows/unknown-table", test_unknown_table);
    g_test_add_func("/decode/rows/cut", test_rows_cut);
    g_test_add_func("/decode/rows/empty", test_empty_rows);
    g_test_add_func("/decode/rows/split-exact", test_split_exact);
    g_test_add_func("/decode/rows/problems", test_problems);
    g_test_add_func("/decode/rows/mix", test_mix);
    return run_tests();
}
