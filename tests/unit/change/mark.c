#include "change/mark.h"

#include <string.h>

#define CLUSTER "c2b7a0d5-5b0f-11ef-8c32-0242ac110002"

static void there_and_back(rw_mark mark, const char *text)
{
    char cluster[RW_CLUSTER_BYTES];
    rw_mark read;
    g_autofree char *written = rw_mark_format(CLUSTER, &mark);
    g_assert_cmpstr(written, ==, text);
    g_assert_true(rw_mark_parse(text, cluster, &read));
    g_assert_true(rw_mark_equal(&mark, &read));
    g_assert_cmpuint(read.from_bytes, ==, mark.from_bytes);
    g_assert_cmpstr(cluster, ==, CLUSTER);
}

static void test_text(void)
{
    there_and_back((rw_mark){.number = 1205, .content = 0x1f}, CLUSTER " 1205:000000000000001f");
    there_and_back((rw_mark){.number = UINT64_MAX, .content = UINT64_MAX, .n_since = 2, .since = 0xab},
                   CLUSTER " 18446744073709551615:ffffffffffffffff +2:00000000000000ab");
    there_and_back((rw_mark){.number = 7, .content = 8, .from_bytes = 4096}, CLUSTER " 7:0000000000000008 @4096");
    there_and_back((rw_mark){.number = 7, .content = 8, .n_since = 1, .since = 2, .from_bytes = 4}, CLUSTER " 7:0000000000000008 +1:0000000000000002 @4");
}

static void test_none(void)
{
    char cluster[RW_CLUSTER_BYTES];
    rw_mark none = {0}, one = {.number = 1}, read = one;
    g_autofree char *unmarked = rw_mark_format(CLUSTER, &none), *unnamed = rw_mark_format("", &one);
    g_assert_cmpstr(unmarked, ==, "");
    g_assert_cmpstr(unnamed, ==, "");
    g_assert_true(rw_mark_parse("", cluster, &read));
    g_assert_cmpuint(read.number, ==, 0);
    g_assert_true(rw_mark_parse(NULL, cluster, &read));
}

static void test_refused(void)
{
    static const char *const bad[] = {"x", " 1:2", "u 1", "u 0:1", "u 1:", "u 1:g", "u 1:2 ", "u 1:2 3:4", "u 1:2 +0:4", "u 1:2 +1:4 ", "u 1:2 +4294967296:1", "u 1:2 @", "u 1:2 @4 +1:2", "u 1:2 @4x",
                                      "0123456789012345678901234567890123456789 1:2"};
    char cluster[RW_CLUSTER_BYTES];
    rw_mark read;
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        if (rw_mark_parse(bad[i], cluster, &read)) g_error("taken: %s", bad[i]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/change/mark/text", test_text);
    g_test_add_func("/change/mark/none", test_none);
    g_test_add_func("/change/mark/refused", test_refused);
    return g_test_run();
}
