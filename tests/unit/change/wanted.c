#include "change/wanted.h"

static void test_takes(void)
{
    rw_wanted wanted = {.target = 4};
    g_assert_true(rw_origins_parse(&wanted.carries, "1,2"));
    g_assert_true(rw_seen_parse(&wanted.reached, "2:100"));
    g_assert_true(rw_wanted_takes(&wanted, 1, 1));
    g_assert_false(rw_wanted_takes(&wanted, 2, 100)); /* it is there */
    g_assert_true(rw_wanted_takes(&wanted, 2, 101));
    g_assert_false(rw_wanted_takes(&wanted, 3, 101));
    g_assert_false(rw_wanted_takes(&wanted, 4, 101));
}

static void test_targets_own(void)
{
    rw_wanted wanted = {.target = 4, .until_us = 200};
    g_assert_true(rw_origins_parse(&wanted.carries, "1,4"));
    g_assert_true(rw_seen_parse(&wanted.reached, "4:100"));
    g_assert_false(rw_wanted_takes(&wanted, 4, 100));
    g_assert_true(rw_wanted_takes(&wanted, 4, 101));
    g_assert_true(rw_wanted_takes(&wanted, 4, 200));
    g_assert_false(rw_wanted_takes(&wanted, 4, 201)); /* its present server wrote it */
    wanted.until_us = 0;
    g_assert_false(rw_wanted_takes(&wanted, 4, 101));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/change/wanted/takes", test_takes);
    g_test_add_func("/change/wanted/targets-own", test_targets_own);
    return g_test_run();
}
