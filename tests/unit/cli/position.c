#include "cli/position.h"

#include <glib/gstdio.h>
#include <string.h>

#define UUID "3e11fa47-71ca-11e1-9e33-c80aa9429562"

typedef struct {
    rw_gtid_kind kind;
    const char *text, *file;
    uint64_t offset_bytes;
    const char *gtid;
} expectation;

static void check(const char *given, const expectation *e)
{
    rw_source_pos pos = {0};
    GError *error = NULL;
    if (!rw_position_parse(given, e->kind, &pos, &error)) g_error("%s: %s", e->text, error->message);
    if (strcmp(pos.file, e->file) != 0 || pos.offset_bytes != e->offset_bytes || strcmp(pos.gtid, e->gtid) != 0)
        g_error("%s: %s:%" G_GUINT64_FORMAT " '%s'", e->text, pos.file, pos.offset_bytes, pos.gtid);
    rw_source_pos_clear(&pos);
}

static void test_words(void)
{
    static const expectation cases[] = {
        {RW_GTID_MARIADB, "0-1-77", "", 0, "0-1-77"},
        {RW_GTID_MARIADB, "1-2-3,0-1-77", "", 0, "0-1-77,1-2-3"},
        {RW_GTID_MYSQL, UUID ":1-5", "", 0, UUID ":1-5"},
        {RW_GTID_MYSQL, UUID ":7", "", 0, UUID ":7"},
        {RW_GTID_MYSQL, "bin.000003:1234", "bin.000003", 1234, ""},
        {RW_GTID_NONE, "bin.000003:1234", "bin.000003", 1234, ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) check(cases[i].text, &cases[i]);
}

/* The heads of files as the tools write them. */
static void test_files(void)
{
    static const expectation cases[] = {
        {RW_GTID_MARIADB, "bin.000002\t658\t0-1-9\n", "bin.000002", 658, "0-1-9"},
        {RW_GTID_MARIADB, "bin.000002\t658\n", "bin.000002", 658, ""},
        {RW_GTID_MYSQL, "bin.000002\t658\t" UUID ":1-5,\n4e11fa47-71ca-11e1-9e33-c80aa9429562:1\n", "bin.000002", 658, UUID ":1-5,4e11fa47-71ca-11e1-9e33-c80aa9429562:1"},
        {RW_GTID_MARIADB, "-- CHANGE MASTER TO MASTER_LOG_FILE='bin.000001', MASTER_LOG_POS=344;\n", "bin.000001", 344, ""},
        {RW_GTID_MARIADB, "-- SET GLOBAL gtid_slave_pos='0-1-4';\n-- CHANGE MASTER TO MASTER_LOG_FILE='bin.000001', MASTER_LOG_POS=344;\n", "bin.000001", 344, "0-1-4"},
        {RW_GTID_MYSQL, "SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ '" UUID ":1-12';\n", "", 0, UUID ":1-12"},
        {RW_GTID_MYSQL, "-- CHANGE REPLICATION SOURCE TO SOURCE_LOG_FILE='bin.000002', SOURCE_LOG_POS=157;\n/* SET @@GLOBAL.GTID_PURGED='+" UUID ":1-5';*/\n",
         "bin.000002", 157, UUID ":1-5"},
    };
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "ringway-position-XXXXXX", NULL);
    int fd = g_mkstemp(path);
    g_assert_cmpint(fd, >=, 0);
    g_close(fd, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_assert_true(g_file_set_contents(path, cases[i].text, -1, NULL));
        check(path, &cases[i]);
    }
    g_assert_true(g_file_set_contents(path, "-- nothing of the kind\n", -1, NULL));
    rw_source_pos pos = {0};
    g_assert_false(rw_position_parse(path, RW_GTID_MYSQL, &pos, NULL));
    g_unlink(path);
}

static void test_refused(void)
{
    static const char *const bad[] = {"", "nonsense", "bin.000001", "bin.000001:", "bin.000001:x", "bin.000001:3", ":4", "/nowhere/at:all", "a b:7"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        rw_source_pos pos = {0};
        GError *error = NULL;
        g_assert_false(rw_position_parse(bad[i], RW_GTID_MARIADB, &pos, &error));
        g_assert_error(error, RW_ERROR, RW_ERR_CONFIG);
        g_error_free(error);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/position/words", test_words);
    g_test_add_func("/position/files", test_files);
    g_test_add_func("/position/refused", test_refused);
    return g_test_run();
}
