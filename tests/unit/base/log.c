#include "base/log.h"

/* A log line goes to standard error by write(2): it is looked at from a child process. */
static void run_child(const char *path)
{
    g_test_trap_subprocess(path, 0, 0);
    g_test_trap_assert_passed();
}

static void child_text(void)
{
    rw_log_setup(RW_LOG_INFO, false);
    rw_log(RW_LOG_WARNING, "east->west", "row '%s'", "a\nb");
    rw_log(RW_LOG_DEBUG, NULL, "too quiet to be heard");
}

static void test_text(void)
{
    run_child("/base/log/subprocess/text");
    g_test_trap_assert_stderr("*Z warning [east->west] row 'a\\u000ab'\n");
    g_test_trap_assert_stderr_unmatched("*quiet*");
}

static void child_json(void)
{
    rw_log_setup(RW_LOG_DEBUG, true);
    rw_log(RW_LOG_ERROR, "a\"b", "%s", "quote \" backslash \\ tab \t bell \x07 latin \xe4 end");
}

static void test_json(void)
{
    run_child("/base/log/subprocess/json");
    g_test_trap_assert_stderr("{\"time\":\"*Z\",\"level\":\"error\",\"scope\":\"a\\\"b\",\"message\":\"quote \\\" "
                              "backslash \\\\ tab \\u0009 bell \\u0007 latin * end\"}\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/log/subprocess/text", child_text);
    g_test_add_func("/base/log/subprocess/json", child_json);
    g_test_add_func("/base/log/text", test_text);
    g_test_add_func("/base/log/json", test_json);
    return g_test_run();
}
