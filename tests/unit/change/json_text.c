#include "change/json_text.h"

#include <glib.h>

static void check(const char *a, const char *b, bool same)
{
    rw_slice x = rw_slice_str(a), y = rw_slice_str(b);
    if (rw_json_text_equal(x, y) != same || rw_json_text_equal(y, x) != same)
        g_error("%s and %s are not %s", a, b, same ? "the same" : "different");
}

static void same(const char *a, const char *b)
{
    check(a, b, true);
}
static void differ(const char *a, const char *b)
{
    check(a, b, false);
}

static void test_space(void)
{
    same("{\"a\":[1,2,{}],\"b\":null}", " { \"a\" :\t[ 1 ,\n2 , { } ] ,\r\n\"b\" : null } ");
    same("[]", "[ ]");
    same(" true", "true ");
    differ("\" a\"", "\"a\"");
    differ("[1,2]", "[12]");
    differ("[1]\v", "[1]");
}

static void test_structure(void)
{
    differ("[1,2]", "[2,1]");
    differ("[1]", "[1,1]");
    differ("[]", "{}");
    differ("[]", "[[]]");
    differ("[[],[]]", "[[[]]]");
    differ("null", "false");
    differ("true", "1");
    differ("\"1\"", "1");
    differ("\"null\"", "null");
    differ("{\"a\":{}}", "{\"a\":[]}");
    differ("[\"a\",\"b\"]", "[\"a\\u0000b\"]");
    differ("[\"a\",\"#1\"]", "[\"a\",\"#1.0\"]");
}

static void test_members(void)
{
    same("{\"b\":1,\"a\":2,\"aa\":3,\"B\":4}", "{\"B\": 4, \"a\": 2, \"b\": 1, \"aa\": 3}");
    same("{\"x\":{\"b\":[{\"d\":1,\"c\":2}],\"a\":0},\"\":1}", "{\"\":1,\"x\":{\"a\":0,\"b\":[{\"c\":2,\"d\":1}]}}");
    same("{\"\\u0061\":1}", "{\"a\":1}");
    differ("{\"a\":1,\"b\":2}", "{\"a\":2,\"b\":1}");
    differ("{\"a\":1}", "{\"a\":1,\"b\":1}");
    differ("{\"a\":1}", "{\"A\":1}");
    differ("{\"a\":1,\"b\":2}", "{\"a\":1,\"ab\":2}");
}

static void test_duplicates(void)
{
    same("{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}");
    same("{\"a\":1,\"a\":2,\"a\":[]}", "{\"a\":[]}");
    same("{\"a\":{\"x\":1},\"\\u0061\":{\"y\":2}}", "{\"a\":{\"y\":2}}");
    same("[{\"b\":0,\"a\":{\"c\":1,\"c\":2},\"b\":1},9]", "[{\"a\":{\"c\":2},\"b\":1},9]");
    differ("{\"a\":1,\"a\":2}", "{\"a\":1}");
}

static void test_strings(void)
{
    same("\"\\u00e9\\n\\/\\\"\\\\\\b\\f\\r\\t\"", "\"\303\251\\u000a/\\u0022\\u005C\\u0008\\u000C\\u000d\\u0009\"");
    same("\"\\ud83d\\uDE00\"", "\"\360\237\230\200\"");
    same("\"\\u0000\"", "\"\\u0000\"");
    same("\"\\uffff\"", "\"\357\277\277\"");
    differ("\"\\u0000\"", "\"\"");
    differ("\"a\\u0000b\"", "\"a\\u0000c\"");
    differ("\"\303\251\"", "\"e\314\201\"");
    differ("\"\\ud83d\\ude00\"", "\"\\ud83d\\ude01\"");
}

static void test_numbers(void)
{
    same("1", "1.0");
    same("100", "1e2");
    same("1.10", "11e-1");
    same("1E+2", "100.0");
    same("0.1", "0.1000000000000000055511151231257827");
    same("-5", "-50e-1");
    same("-0", "0");
    same("-0.0", "0");
    same("-0", "0.0");
    same("0e5", "0");
    differ("1", "-1");
    differ("1", "1.0000000000000002");
    differ("-1.5", "1.5");
    differ("1", "10");
    differ("12", "1.2");
}

static void test_long_integers(void)
{
    /* What MySQL's integers hold is exact, even where a double is not. */
    differ("9007199254740993", "9007199254740992");
    differ("9007199254740993", "9007199254740992.0");
    same("9007199254740992", "9007199254740992.0");
    differ("18446744073709551615", "1.8446744073709552e19");
    differ("9223372036854775807", "9223372036854775808.0");
    same("-9223372036854775808", "-9.223372036854775808e18");
    /* Beyond that a MySQL server has made a double of it. */
    same("18446744073709551616", "1.8446744073709552e19");
    same("-9223372036854775809", "-9.223372036854776e18");
    same("123456789012345678901234567890", "1.2345678901234568e29");
    differ("123456789012345678901234567890", "123456789012345678901234567891");
    g_autofree char *nines = g_strnfill(400, '9'), *others = g_strnfill(400, '9');
    same(nines, others);
    others[399] = '8';
    differ(nines, others);
    differ(nines, "1e308");
}

static void test_not_json(void)
{
    static const char *const bad[] = {"",
                                      " ",
                                      "nul",
                                      "nullx",
                                      "True",
                                      "01",
                                      "-",
                                      "-a",
                                      "1.",
                                      ".5",
                                      "+1",
                                      "1e",
                                      "1e+",
                                      "0x1",
                                      "NaN",
                                      "1e400",
                                      "\"a",
                                      "\"\t\"",
                                      "\"\\x\"",
                                      "\"\\u12g4\"",
                                      "\"\\u123\"",
                                      "\"\\",
                                      "\"\\ud800\"",
                                      "\"\\udc00\"",
                                      "\"\\ud800\\u0041\"",
                                      "\"\\ud800\\n\"",
                                      "\"\\ud800",
                                      "[",
                                      "[1,]",
                                      "[1",
                                      "[1 2]",
                                      "]",
                                      "[,1]",
                                      "[1}",
                                      "{",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{\"a\":1,}",
                                      "{a:1}",
                                      "{1:1}",
                                      "{\"a\":1",
                                      "{\"a\" 1}",
                                      "{,}",
                                      "[1]x",
                                      "1 2",
                                      "\"\377\"",
                                      "\"\355\240\200\"",
                                      "\"\300\200\"",
                                      "\357\273\2771",
                                      "'a'",
                                      "/**/1",
                                      "\\u0031"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *spaced = g_strconcat(bad[i], " ", NULL);
        same(bad[i], bad[i]);
        differ(bad[i], spaced);
        differ(bad[i], "1");
    }
    g_assert_false(rw_json_text_equal(rw_slice_of("1\0", 2), rw_slice_str("1")));
    g_assert_false(rw_json_text_equal(rw_slice_of("\"\0\"", 3), rw_slice_str("\"\\u0000\"")));
    g_assert_true(rw_json_text_equal((rw_slice){0}, (rw_slice){0}));
    g_assert_false(rw_json_text_equal((rw_slice){0}, rw_slice_str("null")));
    g_assert_false(rw_json_text_equal((rw_slice){0}, rw_slice_str("")));
}

static char *nested(unsigned depth, const char *open, const char *inner, char close)
{
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < depth; i++) g_string_append(text, open);
    g_string_append(text, inner);
    for (unsigned i = 0; i < depth; i++) g_string_append_c(text, close);
    return g_string_free(text, FALSE);
}

static void test_depth(void)
{
    g_autofree char *deepest = nested(100, "[", "1", ']'), *spaced = nested(100, "[ ", "1", ']');
    g_autofree char *too_deep = nested(101, "[", "1", ']'), *spaced_too = nested(101, "[ ", "1", ']');
    g_autofree char *objects = nested(100, "{\"a\":", "1", '}'), *objects_too = nested(101, "{\"a\":", "1", '}');
    g_autofree char *far_too_deep = nested(1000000, "[", "1", ']'), *far_spaced = nested(1000000, "[ ", "1", ']');
    same(deepest, spaced);
    differ(too_deep, spaced_too);
    differ(far_too_deep, far_spaced);
    g_autofree char *more = g_strconcat(objects, " ", NULL), *more_too = g_strconcat(objects_too, " ", NULL);
    same(objects, more);
    differ(objects_too, more_too);
}

/* A hundred thousand members in the worst order, nested, must not take more than a moment. */
static void test_large(void)
{
    enum { MEMBERS = 100000 };
    g_autoptr(GString) up = g_string_new("{\"top\":{"), down = g_string_new("{\"top\":{");
    for (unsigned i = 0; i < MEMBERS; i++) {
        g_string_append_printf(up, "%s\"k%u\":[%u,{\"b\":1,\"a\":\"%u\"}]", i ? "," : "", i, i, i);
        unsigned j = MEMBERS - 1 - i;
        g_string_append_printf(down, "%s\"k%u\" : [%u, {\"a\":\"%u\",\"b\":1}]", i ? "," : "", j, j, j);
    }
    g_string_append(up, "}}");
    g_string_append(down, "}}");
    gint64 from_us = g_get_monotonic_time();
    same(up->str, down->str);
    g_assert_cmpint(g_get_monotonic_time() - from_us, <, 20 * G_USEC_PER_SEC);
    up->str[up->len - 5] = '2'; /* the last "a" is another number */
    differ(up->str, down->str);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json_text/space", test_space);
    g_test_add_func("/json_text/structure", test_structure);
    g_test_add_func("/json_text/members", test_members);
    g_test_add_func("/json_text/duplicates", test_duplicates);
    g_test_add_func("/json_text/strings", test_strings);
    g_test_add_func("/json_text/numbers", test_numbers);
    g_test_add_func("/json_text/long_integers", test_long_integers);
    g_test_add_func("/json_text/not_json", test_not_json);
    g_test_add_func("/json_text/depth", test_depth);
    g_test_add_func("/json_text/large", test_large);
    return g_test_run();
}
