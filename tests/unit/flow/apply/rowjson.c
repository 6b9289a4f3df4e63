#include "flow/apply/rowjson.h"

#include <json-glib/json-glib.h>

#define CELL(text) rw_slice_of(text, sizeof text - 1)
#define NONE ((rw_slice){NULL, 0})

enum { ID, BIG, ENUM, PRICE, REAL, DAY, NAME, SUM, DATA, COLUMNS };

/* A table with a generated column in the middle and the key (name, id). */
static rw_binding *binding(void)
{
    static const struct {
        const char *quoted;
        rw_type type;
        rw_literal literal;
        rw_compare compare;
        uint16_t meta;
    } columns[COLUMNS] = {
        [ID] = {"`id`", RW_T_LONG, RW_LITERAL_BARE, RW_COMPARE_TEXT},
        [BIG] = {"`big`", RW_T_LONGLONG, RW_LITERAL_BARE, RW_COMPARE_TEXT},
        [ENUM] = {"`e`", RW_T_ENUM, RW_LITERAL_BARE, RW_COMPARE_TEXT, 1},
        [PRICE] = {"`price`", RW_T_NEWDECIMAL, RW_LITERAL_BARE, RW_COMPARE_TEXT, 5 << 8 | 2},
        [REAL] = {"`real`", RW_T_DOUBLE, RW_LITERAL_BARE, RW_COMPARE_NUMBER, 8},
        [DAY] = {"`day`", RW_T_DATE, RW_LITERAL_QUOTED, RW_COMPARE_TEXT},
        [NAME] = {"`na``me`", RW_T_VARCHAR, RW_LITERAL_TEXT, RW_COMPARE_TEXT, 255},
        [SUM] = {"`sum`", RW_T_LONG, RW_LITERAL_BARE, RW_COMPARE_TEXT},
        [DATA] = {"`data`", RW_T_BLOB, RW_LITERAL_TEXT, RW_COMPARE_TEXT, 2},
    };
    static unsigned key[] = {NAME, ID};
    rw_binding *b = g_malloc0(sizeof *b + COLUMNS * sizeof b->columns[0]);
    b->n_columns = COLUMNS;
    b->key = key;
    b->n_key = G_N_ELEMENTS(key);
    for (unsigned i = 0; i < COLUMNS; i++)
        b->columns[i] = (rw_bound_column){.source = {.type = columns[i].type, .meta = columns[i].meta}, .quoted = (char *)columns[i].quoted,
                                          .literal = columns[i].literal, .compare = columns[i].compare, .generated = i == SUM};
    return b;
}

static char *json(const rw_slice *columns, const rw_slice *cells, bool key_only, GPtrArray *large)
{
    g_autofree rw_binding *b = binding();
    rw_row_scratch scratch;
    rw_row_scratch_init(&scratch);
    GString *out = g_string_new(NULL);
    rw_row_json(&scratch, b, columns, cells, key_only, out, large);
    rw_row_scratch_clear(&scratch);
    return g_string_free(out, FALSE);
}

static void test_cells(void)
{
    const rw_slice cells[COLUMNS - 1] = {CELL("-7"), CELL("9007199254740991"), CELL("3"), CELL("12.30"), CELL("0.1"), CELL("0000-00-00"), CELL("x"),
                                         NONE};
    g_autofree char *text = json(NULL, cells, false, NULL);
    g_assert_cmpstr(text, ==, "{\"id\":-7,\"big\":9007199254740991,\"e\":3,\"price\":\"12.30\",\"real\":\"0.10000000000000001\","
                              "\"day\":\"0000-00-00\",\"na`me\":\"x\",\"data\":null}");
    g_autofree char *key = json(NULL, cells, true, NULL);
    g_assert_cmpstr(key, ==, "{\"id\":-7,\"na`me\":\"x\"}");
}

/* The log's bytes of the same row: one text from either side. */
static void test_columns(void)
{
    static const uint8_t real[] = {0x9a, 0x99, 0x99, 0x99, 0x99, 0x99, 0xb9, 0x3f}; /* 0.1 */
    const rw_slice columns[COLUMNS] = {[ID] = CELL("\xf9\xff\xff\xff"),   [BIG] = CELL("\xff\xff\xff\xff\xff\xff\x1f\x00"),
                                       [ENUM] = CELL("\x03"),             [PRICE] = CELL("\x80\x0c\x1e"),
                                       [REAL] = rw_slice_of(real, 8),     [DAY] = CELL("\0\0\0"),
                                       [NAME] = CELL("x"),                [SUM] = CELL("\1\0\0\0"),
                                       [DATA] = NONE};
    g_autofree char *text = json(columns, NULL, false, NULL);
    g_assert_cmpstr(text, ==, "{\"id\":-7,\"big\":9007199254740991,\"e\":3,\"price\":\"12.30\",\"real\":\"0.10000000000000001\","
                              "\"day\":\"0000-00-00\",\"na`me\":\"x\",\"data\":null}");
}

static void check_value(rw_json_form form, rw_slice value, const char *expected)
{
    g_autoptr(GString) out = g_string_new(NULL);
    rw_row_json_value(out, form, "c", value, NULL);
    g_assert_cmpstr(out->str, ==, expected);
    g_autofree char *object = g_strdup_printf("{\"c\":%s}", out->str);
    g_autoptr(JsonNode) node = json_from_string(object, NULL);
    g_assert_nonnull(node);
}

static void test_values(void)
{
    check_value(RW_JSON_INTEGER, CELL("9007199254740991"), "9007199254740991");
    check_value(RW_JSON_INTEGER, CELL("9007199254740992"), "\"9007199254740992\"");
    check_value(RW_JSON_INTEGER, CELL("-9007199254740992"), "\"-9007199254740992\"");
    check_value(RW_JSON_INTEGER, CELL("18446744073709551615"), "\"18446744073709551615\"");
    check_value(RW_JSON_REAL, CELL("1e16"), "\"10000000000000000\"");
    check_value(RW_JSON_REAL, CELL("-1.7976931348623157e308"), "\"-1.7976931348623157e+308\"");
    check_value(RW_JSON_REAL, CELL("-0"), "\"-0\"");
    check_value(RW_JSON_TEXT, CELL(""), "\"\"");
    check_value(RW_JSON_TEXT, NONE, "null");
    check_value(RW_JSON_TEXT, CELL("\"\\\n\t\x1b\x7f/ä😀"), "\"\\\"\\\\\\u000a\\u0009\\u001b\\u007f/ä😀\"");
    check_value(RW_JSON_TEXT, CELL("a\0b"), "{\"hex\":\"610062\"}");
    check_value(RW_JSON_TEXT, CELL("\xe4"), "{\"hex\":\"e4\"}");
    check_value(RW_JSON_TEXT, CELL("\xed\xa0\x80"), "{\"hex\":\"eda080\"}"); /* half a surrogate pair */
}

/* The hash is that of `xxhsum -H2`. */
static void test_large(void)
{
    char bytes[RW_JSON_WHOLE_BYTES + 1];
    memset(bytes, 'x', sizeof bytes);
    rw_slice cells[COLUMNS - 1] = {[6] = rw_slice_of(bytes, RW_JSON_WHOLE_BYTES), [7] = rw_slice_of(bytes, sizeof bytes)};
    g_autoptr(GPtrArray) large = rw_large_values_new();
    g_autofree char *text = json(NULL, cells, false, large);
    g_autofree char *hash = rw_row_json_hash(cells[7]);
    g_autofree char *end = g_strdup_printf("x\",\"data\":{\"bytes\":1001,\"xxh128\":\"%s\"}}", hash);
    g_assert_true(g_str_has_suffix(text, end));
    g_assert_cmpuint(large->len, ==, 1);
    const rw_large_value *kept = g_ptr_array_index(large, 0);
    g_assert_cmpstr(kept->column, ==, "data");
    g_assert_cmpmem(g_bytes_get_data(kept->value, NULL), g_bytes_get_size(kept->value), bytes, sizeof bytes);
    g_autofree char *known = rw_row_json_hash(CELL("abc"));
    g_assert_cmpstr(known, ==, "06b05ab6733a618578af5f94892f3950");
}

static void test_unreadable(void)
{
    const rw_slice columns[COLUMNS] = {[ID] = CELL("\1")};
    g_autofree char *text = json(columns, NULL, false, NULL);
    g_assert_true(g_str_has_prefix(text, "{\"id\":{\"unreadable\":true},\"big\":null,"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/flow/apply/rowjson/cells", test_cells);
    g_test_add_func("/flow/apply/rowjson/columns", test_columns);
    g_test_add_func("/flow/apply/rowjson/values", test_values);
    g_test_add_func("/flow/apply/rowjson/large", test_large);
    g_test_add_func("/flow/apply/rowjson/unreadable", test_unreadable);
    return g_test_run();
}
