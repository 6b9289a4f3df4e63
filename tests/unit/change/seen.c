#include "change/seen.h"

static void test_raise(void)
{
    rw_seen seen = {0};
    g_assert_cmpuint(rw_seen_of(&seen, 2), ==, 0);
    g_assert_true(rw_seen_raise(&seen, 2, 50));
    g_assert_true(rw_seen_raise(&seen, 7, 9));
    g_assert_true(rw_seen_raise(&seen, 2, 40)); /* never lowers */
    g_assert_cmpuint(rw_seen_of(&seen, 2), ==, 50);
    g_assert_true(rw_seen_raise(&seen, 2, 51));
    g_assert_cmpuint(rw_seen_of(&seen, 2), ==, 51);
    g_assert_cmpuint(rw_seen_of(&seen, 7), ==, 9);
    g_assert_cmpuint(seen.n, ==, 2);
}

static void test_too_many(void)
{
    rw_seen seen = {0};
    for (unsigned i = 1; i <= RW_SEEN_MAX; i++) g_assert_true(rw_seen_raise(&seen, i, i));
    g_assert_false(rw_seen_raise(&seen, RW_SEEN_MAX + 1, 1));
    g_assert_true(rw_seen_raise(&seen, RW_SEEN_MAX, 100));
    g_assert_cmpuint(seen.n, ==, RW_SEEN_MAX);
}

static void test_covers(void)
{
    rw_seen a, b;
    g_assert_true(rw_seen_parse(&a, "1:10,2:20"));
    g_assert_true(rw_seen_parse(&b, "2:20,1:9"));
    g_assert_true(rw_seen_covers(&a, &b, 0));
    g_assert_false(rw_seen_covers(&b, &a, 0));
    g_assert_true(rw_seen_covers(&b, &a, 1));
    g_assert_true(rw_seen_raise(&b, 3, 1));
    g_assert_false(rw_seen_covers(&a, &b, 0));
    g_assert_true(rw_seen_covers(&a, &b, 3));
    g_assert_true(rw_seen_covers(&a, &(rw_seen){0}, 0));
}

static void test_text(void)
{
    static const char *const texts[] = {"", "1:0", "2:1700000000000000,3:1700000000000007", "255:18446744073709551615"};
    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        rw_seen seen;
        g_assert_true(rw_seen_parse(&seen, texts[i]));
        g_autofree char *text = rw_seen_format(&seen);
        g_assert_cmpstr(text, ==, texts[i]);
    }
    rw_seen seen;
    g_assert_true(rw_seen_parse(&seen, NULL));
    g_assert_cmpuint(seen.n, ==, 0);
}

static void test_refused(void)
{
    static const char *const texts[] = {"1", "1:", ":5", "x:5", "1:x", "1:5x", "1:5;2:6", "0:5", "256:5", "1:5,,2:6", ",1:5", "1:5,",
                                        " 1:5", "1: 5", "1:-5", "-1:5", "+1:5", "1:18446744073709551616",
                                        "1:1,2:1,3:1,4:1,5:1,6:1,7:1,8:1,9:1,10:1,11:1,12:1,13:1,14:1,15:1,16:1,17:1"};
    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        rw_seen seen;
        g_test_message("'%s'", texts[i]);
        g_assert_false(rw_seen_parse(&seen, texts[i]));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/seen/raise", test_raise);
    g_test_add_func("/seen/too-many", test_too_many);
    g_test_add_func("/seen/covers", test_covers);
    g_test_add_func("/seen/text", test_text);
    g_test_add_func("/seen/refused", test_refused);
    return g_test_run();
}
