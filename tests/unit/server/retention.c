#include "server/retention.h"

#include <string.h>

/* A site with the files bin.000003 to bin.000006. */
static rw_retention *kept(uint64_t keep_s, uint64_t limit_bytes, bool at_once)
{
    rw_retention *r = g_new0(rw_retention, 1);
    r->site = g_strdup("east");
    r->setting = g_strdup("binlog_expire_logs_seconds");
    r->files = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 3; i <= 6; i++) g_ptr_array_add(r->files, g_strdup_printf("bin.%06u", i));
    r->keep_s = keep_s;
    r->limit_bytes = limit_bytes;
    r->at_once = at_once;
    return r;
}

/* words NULL: safe. */
static void assert_verdict(uint64_t keep_s, uint64_t limit_bytes, const char *file, gint64 behind_s, rw_retention_verdict verdict, const char *words)
{
    g_autoptr(rw_retention) r = kept(keep_s, limit_bytes, false);
    char *text;
    g_assert_cmpint(rw_retention_judge(r, file, behind_s, &text), ==, verdict);
    g_assert_true((text == NULL) == (words == NULL));
    if (text && !strstr(text, words)) g_error("\"%s\" is not in \"%s\"", words, text);
    g_free(text);
}

static void test_time(void)
{
    assert_verdict(86400, 0, "bin.000005", 43200, RW_RETENTION_SAFE, NULL);
    assert_verdict(86400, 0, "bin.000005", 43201, RW_RETENTION_LATE, "keeps its binary log for 24 h (binlog_expire_logs_seconds), and this link has not got beyond what was written 12 h ago (bin.000005)");
    assert_verdict(100, 0, "bin.000003", 51, RW_RETENTION_LATE, "for 100 s");
    assert_verdict(1209600, 0, "bin.000004", 700000, RW_RETENTION_LATE, "for 14 days");
    assert_verdict(0, 0, "bin.000003", 999999, RW_RETENTION_SAFE, NULL);
    /* The newest file is never purged, and a link that has everything needs none. */
    assert_verdict(100, 1000, "bin.000006", 99999, RW_RETENTION_SAFE, NULL);
    assert_verdict(100, 1000, "bin.000003", 0, RW_RETENTION_SAFE, NULL);
    /* Another log: not this one's question. */
    assert_verdict(100, 1000, "bin.000010", 99999, RW_RETENTION_SAFE, NULL);
}

static void test_size(void)
{
    assert_verdict(0, 1000, "bin.000003", 1, RW_RETENTION_FULL, "larger than 1000 bytes together, and this link still needs bin.000003");
    assert_verdict(0, 1000, "bin.000004", 1, RW_RETENTION_FULL, "bin.000003 to bin.000006");
    assert_verdict(0, 1000, "bin.000005", 1, RW_RETENTION_SAFE, NULL);
    assert_verdict(0, 0, "bin.000003", 1, RW_RETENTION_SAFE, NULL);
}

static void test_gone(void)
{
    assert_verdict(86400, 0, "bin.000002", 1, RW_RETENTION_GONE, "this link stands in bin.000002, and there is bin.000003 to bin.000006 now");
    assert_verdict(86400, 0, "bin.000002", 0, RW_RETENTION_SAFE, NULL);
}

static void test_managed(void)
{
    g_autoptr(rw_retention) r = kept(0, 0, true);
    char *text;
    g_assert_cmpint(rw_retention_judge(r, "bin.000006", 0, &text), ==, RW_RETENTION_AT_ONCE);
    g_assert_nonnull(strstr(text, "CALL mysql.rds_set_configuration('binlog retention hours', 72)"));
    g_free(text);
}

static void test_period(void)
{
    static const struct {
        uint64_t keep_s;
        unsigned period_s;
    } cases[] = {{0, 60}, {1, 1}, {100, 10}, {600, 60}, {86400 * 30, 60}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(rw_retention) r = kept(cases[i].keep_s, 0, false);
        g_assert_cmpuint(rw_retention_period_s(r), ==, cases[i].period_s);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/retention/time", test_time);
    g_test_add_func("/retention/size", test_size);
    g_test_add_func("/retention/gone", test_gone);
    g_test_add_func("/retention/managed", test_managed);
    g_test_add_func("/retention/period", test_period);
    return g_test_run();
}
