#include "change/stamp.h"

#include <glib.h>

static void test_clock_goes_on(void)
{
    g_assert_cmpuint(rw_stamp_next(100, 200), ==, 200);
}

static void test_clock_stands_or_goes_back(void)
{
    g_assert_cmpuint(rw_stamp_next(100, 100), ==, 101);
    g_assert_cmpuint(rw_stamp_next(100, 3), ==, 101);
    g_assert_cmpuint(rw_stamp_next(0, 0), ==, 1);
}

static void test_always_rises(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    uint64_t highest = 0;
    for (int i = 0; i < 10000; i++) {
        uint64_t next = rw_stamp_next(highest, g_rand_int_range(rand, 0, 5000));
        g_assert_cmpuint(next, >, highest);
        highest = next;
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/change/stamp/clock-goes-on", test_clock_goes_on);
    g_test_add_func("/change/stamp/clock-stands-or-goes-back", test_clock_stands_or_goes_back);
    g_test_add_func("/change/stamp/always-rises", test_always_rises);
    return g_test_run();
}
