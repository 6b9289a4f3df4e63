#include "gtid/mariadb.h"

#include <string.h>

static rw_gtid_pos *parsed(const char *text)
{
    GError *error = NULL;
    rw_gtid_pos *pos = rw_gtid_pos_parse(text, &error);
    g_assert_no_error(error);
    return pos;
}

static void assert_text(const rw_gtid_pos *pos, const char *want)
{
    g_autofree char *text = rw_gtid_pos_format(pos);
    g_assert_cmpstr(text, ==, want);
}

static void test_canonical(void)
{
    static const char *const cases[][2] = {
        {"", ""},
        {" \n", ""},
        {"0-1-42", "0-1-42"},
        {" 7-1-3 ,\n2-9-1", "2-9-1,7-1-3"},
        {"4294967295-4294967295-18446744073709551615", "4294967295-4294967295-18446744073709551615"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(rw_gtid_pos) pos = parsed(cases[i][0]);
        assert_text(pos, cases[i][1]);
        g_assert_true(rw_gtid_pos_is_empty(pos) == !*cases[i][1]);
    }
}

static void test_refused(void)
{
    static const char *const bad[] = {"x", "0", "0-1", "0-1-", "0-1-2-3", "0--1", "-1-1-1", "0-1-2,", ",0-1-2", "0-1-2 1-1-2", "0-1-2,0-2-3", "0 - 1 - 2",
                                      "4294967296-1-1", "0-4294967296-1", "0-1-18446744073709551616", "3e11fa47-71ca-11e1-9e33-c80aa9429562:1"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(rw_gtid_pos_parse(bad[i], &error));
        g_assert_error(error, RW_ERROR, RW_ERR_CONFIG);
    }
    g_autoptr(GError) error = NULL;
    g_assert_null(rw_gtid_pos_parse("0-1-2,0-2-3", &error));
    g_assert_nonnull(strstr(error->message, "twice at character 7"));
}

static void test_update(void)
{
    g_autoptr(rw_gtid_pos) pos = parsed("5-1-10");
    g_assert_true(rw_gtid_pos_update(pos, "0-1-1", NULL));
    g_assert_true(rw_gtid_pos_update(pos, "9-1-1", NULL));
    g_assert_true(rw_gtid_pos_update(pos, "5-2-11", NULL));
    assert_text(pos, "0-1-1,5-2-11,9-1-1");
    g_autoptr(rw_gtid_pos) copy = rw_gtid_pos_copy(pos);
    g_assert_true(rw_gtid_pos_update(pos, "5-1-3", NULL)); /* the log decides, not the number */
    assert_text(pos, "0-1-1,5-1-3,9-1-1");
    assert_text(copy, "0-1-1,5-2-11,9-1-1");
    static const char *const bad[] = {"", "0-1", "0-1-2 ", " 0-1-2", "0-1-2,1-1-2", "0-1-x"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(rw_gtid_pos_update(pos, bad[i], &error));
        g_assert_error(error, RW_ERROR, RW_ERR_CONFIG);
        g_assert_false(rw_gtid_pos_contains(pos, bad[i]));
    }
    assert_text(pos, "0-1-1,5-1-3,9-1-1");
}

static void test_contains(void)
{
    g_autoptr(rw_gtid_pos) pos = parsed("0-1-10,7-3-5");
    static const char *const in[] = {"0-1-10", "0-1-1", "0-2-9", "7-1-5"}, *const out[] = {"0-1-11", "7-3-6", "1-1-1", "4294967295-1-1"};
    for (size_t i = 0; i < G_N_ELEMENTS(in); i++) g_assert_true(rw_gtid_pos_contains(pos, in[i]));
    for (size_t i = 0; i < G_N_ELEMENTS(out); i++) g_assert_false(rw_gtid_pos_contains(pos, out[i]));
}

static void test_missing(void)
{
    g_autoptr(rw_gtid_pos) pos = parsed("0-1-10,7-3-5");
    g_assert_null(rw_gtid_pos_missing(pos, "0-1-10,0-2-15,7-3-6"));
    g_assert_null(rw_gtid_pos_missing(pos, " 7-3-5 ,\n0-2-3, 0-1-11"));
    static const struct { const char *state, *missing; } behind[] = {
        {"", "0-1-10,7-3-5"}, {"0-1-9,7-3-5", "0-1-10"}, {"0-2-20,7-3-5", "0-1-10"} /* another server's */, {"0-1-10", "7-3-5"}, {"nonsense", "0-1-10,7-3-5"}};
    for (size_t i = 0; i < G_N_ELEMENTS(behind); i++) {
        g_autofree char *missing = rw_gtid_pos_missing(pos, behind[i].state);
        g_assert_cmpstr(missing, ==, behind[i].missing);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gtid/mariadb/canonical", test_canonical);
    g_test_add_func("/gtid/mariadb/refused", test_refused);
    g_test_add_func("/gtid/mariadb/update", test_update);
    g_test_add_func("/gtid/mariadb/contains", test_contains);
    g_test_add_func("/gtid/mariadb/missing", test_missing);
    return g_test_run();
}
