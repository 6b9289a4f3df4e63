#include "change/origins.h"

static void test_text(void)
{
    rw_origins set;
    g_assert_true(rw_origins_parse(&set, "1,3,255"));
    g_assert_true(rw_origins_has(&set, 1) && rw_origins_has(&set, 3) && rw_origins_has(&set, 255));
    g_assert_false(rw_origins_has(&set, 2) || rw_origins_has(&set, 64) || rw_origins_has(&set, 254));
    g_autofree char *text = rw_origins_format(&set);
    g_assert_cmpstr(text, ==, "1,3,255");
    g_assert_true(rw_origins_parse(&set, NULL));
    g_autofree char *nobody = rw_origins_format(&set);
    g_assert_cmpstr(nobody, ==, "");
}

static void test_refuses(void)
{
    static const char *const bad[] = {"0", "256", "1,", ",1", "1;2", "x", "-1", " 1", "1,,2"};
    rw_origins set;
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) g_assert_false(rw_origins_parse(&set, bad[i]));
}

static void test_only(void)
{
    rw_origins set = {0};
    g_assert_false(rw_origins_is_only(&set, 7));
    g_assert_true(rw_origins_is_empty(&set));
    rw_origins_add(&set, 7);
    g_assert_false(rw_origins_is_empty(&set));
    g_assert_true(rw_origins_is_only(&set, 7));
    rw_origins_add(&set, 200);
    g_assert_false(rw_origins_is_only(&set, 7));
    rw_origins other = {0};
    rw_origins_add(&other, 200);
    rw_origins_add(&other, 9);
    rw_origins rest = rw_origins_minus(&set, &other);
    g_assert_true(rw_origins_is_only(&rest, 7));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/origins/text", test_text);
    g_test_add_func("/origins/refuses", test_refuses);
    g_test_add_func("/origins/only", test_only);
    return g_test_run();
}
