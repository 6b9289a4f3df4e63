#include "flow/apply/kept_row.h"

#include "flow/apply/rowjson.h"

#define CELL(text) rw_slice_of(text, sizeof text - 1)
#define NONE ((rw_slice){NULL, 0})

static rw_catalogue_column column_of(const char *type, const char *charset)
{
    return (rw_catalogue_column){.name = (char *)"c", .data_type = (char *)type, .charset = (char *)charset};
}

static rw_kept_row *parse(const char *value)
{
    g_autofree char *json = g_strdup_printf("{\"c\":%s}", value);
    g_autoptr(GError) error = NULL;
    rw_kept_row *row = rw_kept_row_parse(json, &error);
    g_assert_no_error(error);
    return row;
}

static void literal(const char *type, const char *charset, const char *value, const char *expected)
{
    rw_catalogue_column column = column_of(type, charset);
    g_autoptr(rw_kept_row) row = parse(value);
    g_autoptr(GString) sql = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    bool ok = rw_kept_literal(&column, rw_kept_row_get(row, "C"), sql, &error);
    if (expected) {
        g_assert_no_error(error);
        g_assert_cmpstr(sql->str, ==, expected);
    } else {
        g_assert_false(ok);
        g_assert_error(error, RW_ERROR, RW_ERR_STOP);
        g_assert_nonnull(strstr(error->message, "column c"));
    }
}

static void test_literals(void)
{
    literal("int", NULL, "-7", "-7");
    literal("bigint", NULL, "\"18446744073709551615\"", "18446744073709551615");
    literal("bit", NULL, "5", "5");
    literal("decimal", NULL, "\"-12.30\"", "-12.30");
    literal("float", NULL, "\"0.10000000149011612\"", "0.10000000149011612e0");
    literal("double", NULL, "\"1.7976931348623157e+308\"", "1.7976931348623157e+308");
    literal("date", NULL, "\"0000-00-00\"", "'0000-00-00'");
    literal("varchar", "utf8", "\"it's \\\\ ä\"", "_utf8mb3'it\\'s \\\\ ä'");
    literal("varchar", "latin1", "{\"hex\":\"e4\"}", "_latin1'\xe4'");
    literal("varbinary", NULL, "{\"hex\":\"00ff\"}", "_binary'\\0\xff'");
    literal("blob", NULL, "\"\"", "_binary''");
    literal("json", NULL, "\"{}\"", "_utf8mb4'{}'");
    literal("geometry", NULL, "\"\"", NULL);
    literal("int", NULL, "null", "NULL");
}

/* A record is only a row that somebody may have written. */
static void test_refused(void)
{
    static const char *const numbers[] = {"\"1;DROP\"", "\"\"", "\"-\"", "\"1.\"", "\".5\"", "\"1e\"", "\"1e+\"", "\" 1\"", "\"0x10\"",
                                          "\"NULL\"", "\"1 \"", "1.5", "true", "[1]", "{}", "{\"hex\":\"0\"}", "{\"hex\":\"zz\"}",
                                          "{\"bytes\":5000,\"xxh128\":\"00\"}", "{\"unreadable\":true}"};
    for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++) literal("double", NULL, numbers[i], NULL);
    literal("int", NULL, "\"1.5\"", NULL);
    literal("decimal", NULL, "\"1e5\"", NULL);
    literal("varchar", "utf32le", "\"x\"", NULL);
    static const char *const texts[] = {"", "0x0102", "{`id`: 1}", "[1]", "null", "{\"a\":1", "\"x\""};
    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(rw_kept_row_parse(texts[i], &error));
        g_assert_error(error, RW_ERROR, RW_ERR_STOP);
    }
}

static void equal(const char *type, const char *value, rw_slice cell, bool expected)
{
    rw_catalogue_column column = column_of(type, NULL);
    g_autoptr(rw_kept_row) row = parse(value);
    g_assert_true(rw_kept_equal(&column, rw_kept_row_get(row, "c"), cell) == expected);
}

static void test_equal(void)
{
    equal("int", "7", CELL("7"), true);
    equal("int", "7", CELL("8"), false);
    equal("int", "7", NONE, false);
    equal("int", "null", NONE, true);
    equal("int", "null", CELL("0"), false);
    equal("varchar", "\"a\"", CELL("A"), false);
    equal("varbinary", "{\"hex\":\"6100\"}", CELL("a\0"), true);
    equal("varbinary", "\"\"", CELL(""), true);
    equal("double", "\"10000000000000000\"", CELL("1e16"), true);
    equal("json", "\"{\\\"a\\\":1}\"", CELL("{\"a\": 1}"), true);
    equal("text", "\"{\\\"a\\\":1}\"", CELL("{\"a\": 1}"), false);
    equal("varchar", "{\"unreadable\":true}", CELL(""), false);
}

static void test_large(void)
{
    char bytes[RW_JSON_WHOLE_BYTES + 1];
    memset(bytes, 'x', sizeof bytes);
    g_autoptr(GString) json = g_string_new(NULL);
    rw_row_json_value(json, RW_JSON_TEXT, "c", rw_slice_of(bytes, sizeof bytes), NULL);
    equal("text", json->str, rw_slice_of(bytes, sizeof bytes), true);
    equal("text", json->str, rw_slice_of(bytes, sizeof bytes - 1), false);
    bytes[500] = 'y';
    equal("text", json->str, rw_slice_of(bytes, sizeof bytes), false);
}

/* A row described from the catalogue reads back to its own literals. */
static void test_row(void)
{
    rw_catalogue_column columns[] = {{.name = (char *)"id", .data_type = (char *)"int", .zerofill = true},
                                     {.name = (char *)"sum", .data_type = (char *)"int", .generated = true},
                                     {.name = (char *)"a`b", .data_type = (char *)"enum"},
                                     {.name = (char *)"f", .data_type = (char *)"float"}};
    unsigned key[] = {0};
    const rw_catalogue_table table = {.columns = columns, .n_columns = G_N_ELEMENTS(columns), .key = key, .n_key = 1};
    g_autoptr(GString) list = g_string_new(NULL);
    g_assert_true(rw_kept_select_list(&table, list, NULL));
    g_assert_cmpstr(list->str, ==, "`id`+0,CAST(`a``b` AS UNSIGNED),CAST(`f` AS DOUBLE)");
    const rw_slice cells[] = {CELL("7"), CELL("2"), NONE};
    g_autoptr(GString) row = g_string_new(NULL);
    g_autoptr(GString) only = g_string_new(NULL);
    rw_kept_row_json(&table, cells, false, row, NULL);
    rw_kept_row_json(&table, cells, true, only, NULL);
    g_assert_cmpstr(row->str, ==, "{\"id\":7,\"a`b\":2,\"f\":null}");
    g_assert_cmpstr(only->str, ==, "{\"id\":7}");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/flow/apply/kept_row/literals", test_literals);
    g_test_add_func("/flow/apply/kept_row/refused", test_refused);
    g_test_add_func("/flow/apply/kept_row/equal", test_equal);
    g_test_add_func("/flow/apply/kept_row/large", test_large);
    g_test_add_func("/flow/apply/kept_row/row", test_row);
    return g_test_run();
}
