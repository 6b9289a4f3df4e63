#include "flow/local_writes.h"

#include "base/log.h"

static void add(rw_local_writes *l, const char *file, uint64_t end)
{
    const rw_txn txn = {.gtid = "0-1-2", .file = file, .start_bytes = end - 100, .end_bytes = end};
    rw_local_writes_add(l, &txn, "shop.account");
}

static void test_counts_once(void)
{
    rw_log_setup(RW_LOG_ERROR, false);
    g_autoptr(rw_filter) filter = rw_filter_new(NULL, NULL);
    rw_local_writes *l = rw_local_writes_new("a->b", "b", "is read_only", filter, NULL);
    g_assert_cmpuint(rw_local_writes_count(l), ==, 0);
    add(l, "bin.000009", 400);
    add(l, "bin.000009", 900);
    add(l, "bin.000010", 300);
    g_assert_cmpuint(rw_local_writes_count(l), ==, 3);
    /* The log is read again. */
    add(l, "bin.000009", 900);
    add(l, "bin.000010", 300);
    g_assert_cmpuint(rw_local_writes_count(l), ==, 3);
    add(l, "bin.000010", 301);
    g_assert_cmpuint(rw_local_writes_count(l), ==, 4);
    rw_local_writes_free(l);
}

static void test_concern(void)
{
    static const char *const only[] = {"shop", NULL};
    g_autoptr(rw_filter) filter = rw_filter_new(&(rw_filter_lists){.schemas_allow = only}, NULL);
    rw_renames renames;
    g_assert_null(rw_renames_parse(&renames, "shop:shop_eu"));
    rw_local_writes *plain = rw_local_writes_new("a->b", "b", "is read_only", filter, NULL), *renaming = rw_local_writes_new("a->b", "b", "is read_only", filter, &renames);
    rw_table *in = rw_table_new("shop", "account", 1), *new_name = rw_table_new("shop_eu", "account", 1), *out = rw_table_new("mysql", "rds_heartbeat2", 1);
    g_assert_true(rw_local_writes_concern(plain, in));
    g_assert_false(rw_local_writes_concern(plain, new_name));
    g_assert_false(rw_local_writes_concern(plain, out));
    g_assert_true(rw_local_writes_concern(renaming, new_name));
    rw_table_unref(in);
    rw_table_unref(new_name);
    rw_table_unref(out);
    rw_local_writes_free(plain);
    rw_local_writes_free(renaming);
    rw_renames_clear(&renames);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/local_writes/counts_once", test_counts_once);
    g_test_add_func("/local_writes/concern", test_concern);
    return g_test_run();
}
