#include "change/pos.h"

static void test_set(void)
{
    rw_source_pos pos = {0};
    rw_source_pos_set(&pos, "bin.000001", 4, "0-1-2");
    g_assert_cmpstr(pos.file, ==, "bin.000001");
    g_assert_cmpuint(pos.offset_bytes, ==, 4);
    g_assert_cmpstr(pos.gtid, ==, "0-1-2");
    rw_source_pos_set(&pos, NULL, UINT64_MAX, NULL);
    g_assert_cmpstr(pos.file, ==, "");
    g_assert_cmpstr(pos.gtid, ==, "");
    rw_source_pos_clear(&pos);
    g_assert_null(pos.file);
    rw_source_pos_clear(&pos);
}

/* Moving only the offset passes the position's own strings back in. */
static void test_set_from_itself(void)
{
    rw_source_pos pos = {0};
    rw_source_pos_set(&pos, "bin.000001", 4, "0-1-2");
    rw_source_pos_set(&pos, pos.file, 500, pos.gtid);
    g_assert_cmpstr(pos.file, ==, "bin.000001");
    g_assert_cmpuint(pos.offset_bytes, ==, 500);
    g_assert_cmpstr(pos.gtid, ==, "0-1-2");
    rw_source_pos_clear(&pos);
}

static void test_target(void)
{
    rw_target_pos pos = {g_strdup("bin.000009"), 77};
    rw_target_pos_clear(&pos);
    g_assert_null(pos.file);
    g_assert_cmpuint(pos.offset_bytes, ==, 0);
}

static void test_files(void)
{
    g_assert_cmpint(rw_log_file_compare("bin.000009", "bin.000010"), <, 0);
    g_assert_cmpint(rw_log_file_compare("bin.1000000", "bin.999999"), >, 0);
    g_assert_cmpint(rw_log_file_compare("bin.000009", "bin.000009"), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/change/pos/set", test_set);
    g_test_add_func("/change/pos/set-from-itself", test_set_from_itself);
    g_test_add_func("/change/pos/target", test_target);
    g_test_add_func("/change/pos/files", test_files);
    return g_test_run();
}
