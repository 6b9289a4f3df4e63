#include "flow/apply/pace.h"

static void test_full_speed(void)
{
    rw_pace pace;
    rw_pace_init(&pace, 0, 100, 1000);
    g_assert_cmpuint(pace.limit, ==, 1000);
    g_assert_cmpint(rw_pace_done(&pace, 1000, 500000), ==, 0);
    g_assert_cmpuint(pace.limit, ==, 1000);
}

static void test_short_windows(void)
{
    rw_pace pace;
    rw_pace_init(&pace, 5, 100, 1000);
    g_assert_cmpuint(pace.limit, ==, 10);
    g_assert_cmpint(rw_pace_done(&pace, 10, 1000), ==, 0);
    g_assert_cmpuint(pace.limit, ==, 13); /* slowly */
    rw_pace_done(&pace, 2, 1000);
    g_assert_cmpuint(pace.limit, ==, 13); /* there was no more: it tells nothing */
    rw_pace_done(&pace, 13, 50000);
    g_assert_cmpuint(pace.limit, ==, 1);
    rw_pace_done(&pace, 1, 50000);
    g_assert_cmpuint(pace.limit, ==, 1); /* never none */
    for (unsigned i = 0; i < 100; i++) rw_pace_done(&pace, pace.limit, 0);
    g_assert_cmpuint(pace.limit, ==, 1000);
}

static void test_pauses(void)
{
    rw_pace pace;
    rw_pace_init(&pace, 0, 25, 1000);
    g_assert_cmpint(rw_pace_done(&pace, 1000, 1000), ==, 3000);
    g_assert_cmpint(rw_pace_done(&pace, 1000, 9 * G_USEC_PER_SEC), ==, G_USEC_PER_SEC); /* a large transaction does not stop the link */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/flow/apply/pace/full-speed", test_full_speed);
    g_test_add_func("/flow/apply/pace/short-windows", test_short_windows);
    g_test_add_func("/flow/apply/pace/pauses", test_pauses);
    return g_test_run();
}
