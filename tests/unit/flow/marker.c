#include "flow/marker.h"

#include "route/log.h"

enum { NOTHING = 77 };

static uint64_t taken(rw_event event)
{
    uint64_t seq = NOTHING;
    rw_marker_take(&event, 2, &seq);
    return seq;
}

static void test_take(void)
{
    fixture f;
    start(&f);
    g_assert_cmpuint(taken(mark(&f, 2)), ==, 1);
    g_assert_cmpuint(taken(mark(&f, 3)), ==, NOTHING); /* another link's */
    g_assert_cmpuint(taken(progress_row(&f, RW_UPDATE, 2, 4000, NULL)), ==, NOTHING); /* the end of a large window */
    g_assert_cmpuint(taken(progress_row(&f, RW_DELETE, 2, 4000, NULL)), ==, NOTHING);
    g_assert_cmpuint(taken(row(f.shop)), ==, NOTHING);
    g_assert_cmpuint(taken(commit), ==, NOTHING);
    stop(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/flow/marker/take", test_take);
    return g_test_run();
}
