#include "flow/apply/author_list.h"

static void test_numbers(void)
{
    const rw_seen nothing = {0};
    const rw_author a = {1, 5, &nothing}, b = {2, 6, &nothing}, twin = a;
    rw_writers writers;
    rw_author_list list;
    rw_writers_init(&writers);
    rw_author_list_init(&list);
    for (int turn = 0; turn < 2; turn++) {
        rw_writers_reset(&writers, RW_WRITERS_LISTED);
        rw_author_list_reset(&list);
        g_assert_cmpuint(rw_author_list_number(&list, &b, &writers), ==, 0);
        g_assert_cmpuint(rw_author_list_number(&list, &b, &writers), ==, 0);
        g_assert_cmpuint(rw_author_list_number(&list, &a, &writers), ==, 1);
        g_assert_cmpuint(rw_author_list_number(&list, &b, &writers), ==, 0);
        g_assert_cmpuint(rw_author_list_number(&list, &twin, &writers), ==, 2); /* by address */
        g_assert_cmpuint(writers.txns->len, ==, 3);
        g_assert_cmpuint(g_array_index(writers.txns, rw_window_txn, 1).origin, ==, 1);
        g_assert_cmpuint(g_array_index(writers.txns, rw_window_txn, 1).stamp_us, ==, 5);
    }
    rw_author_list_clear(&list);
    rw_writers_clear(&writers);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/author-list/numbers", test_numbers);
    return g_test_run();
}
