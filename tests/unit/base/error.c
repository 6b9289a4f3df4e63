#include "base/error.h"

static void test_fail(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_false(rw_fail(&error, RW_ERR_STOP, "table %s: %d columns", "t", 3));
    g_assert_error(error, RW_ERROR, RW_ERR_STOP);
    g_assert_cmpstr(error->message, ==, "table t: 3 columns");
}

static void test_nobody_asks(void)
{
    g_assert_false(rw_fail(NULL, RW_ERR_BUG, "unseen"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/error/fail", test_fail);
    g_test_add_func("/base/error/nobody-asks", test_nobody_asks);
    return g_test_run();
}
