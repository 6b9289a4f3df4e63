#include "cli/when.h"

enum { NOW_S = 1700000000 }; /* 2023-11-14 22:13:20 */

static void check(const char *text, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *time = rw_when_parse(text, NOW_S, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(time, ==, expected);
}

static void test_calendar(void)
{
    check("2024-02-29", "2024-02-29 00:00:00");
    check("2024-02-29 12:34", "2024-02-29 12:34:00");
    check("2024-02-29 23:59:59", "2024-02-29 23:59:59");
    check("2024-02-29T23:59:59", "2024-02-29 23:59:59");
    check("1970-01-01", "1970-01-01 00:00:00");
}

static void test_ago(void)
{
    check("0s", "2023-11-14 22:13:20");
    check("20s", "2023-11-14 22:13:00");
    check("30m", "2023-11-14 21:43:20");
    check("2h", "2023-11-14 20:13:20");
    check("7d", "2023-11-07 22:13:20");
}

static void test_refused(void)
{
    static const char *const bad[] = {"",           "yesterday",        "2h ago",           "-2h",        "2",          "2w",
                                      "2H",         "999999999999999d", "99999999999999999999999d", "2024",     "2024-02",    "2024-02-30",
                                      "2024-2-1",   "2024-13-01",       "2024-02-01 12",    "2024-02-01 ", "2024-02-01 24:00", "2024-02-01 12:00:60",
                                      "2024-02-01 12:00:00.5", "2024-02-01  12:00", "1969-12-31", "20240201", "2024-02-01Z"};
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(rw_when_parse(bad[i], NOW_S, &error));
        g_assert_error(error, RW_ERROR, RW_ERR_CONFIG);
        g_autofree char *message =
            g_strdup_printf("time '%s': not understood; write 'YYYY-MM-DD HH:MM:SS' in UTC, or how long ago: 30m, 2h, 7d", bad[i]);
        g_assert_cmpstr(error->message, ==, message);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/when/calendar", test_calendar);
    g_test_add_func("/cli/when/ago", test_ago);
    g_test_add_func("/cli/when/refused", test_refused);
    return g_test_run();
}
