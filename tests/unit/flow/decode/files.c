/* Real logs of many versions, in the folder that RINGWAY_BINLOGS names: all decode to the last value, or are refused for a reason. */
#include "file.h"

#include "flow/decode/decoder.h"
#include "change/rows.h"
#include "change/value.h"

typedef struct {
    const char *file;
    const char *refused; /* part of the reason; NULL: decodes whole */
    unsigned images;     /* row images that are whole, at least those before the refusal */
} expectation;

/* A file that is not here has to decode whole. */
static const expectation expected[] = {
    {"ma-binlog_old_version_4_1.000001", "MySQL 4.1", 0},
    {"ma-ver_5_1_17.001", "before 5.1.18", 0},
    {"ma-ver_5_1_23.001", "LOAD DATA", 7},
    {"ma-ver_trunk_row_v2.001", "LOAD DATA", 7},
    {"ma-corrupt-relay-bin.000624", "QUERY event", 0},
    {"ma-bug11747416_32228_binlog.000001", "says it has 65567 bytes", 0},
    {"ma-mdev-39404-binlog.000001", "checksum of the MARIADB_GTID event", 0},
    {"ma-binlog_before_20574.bin", "encrypted", 0},
    {"ma-mdev35643_mysql_80_binlog.000001", "PARTIAL_UPDATE_ROWS", 105},
    {"rs-json.binlog.000001", "PARTIAL_UPDATE_ROWS", 18},
    {"canal-mysql-bin.000001", NULL, 178},
    {"ma-mdev6020-mysql-bin.000001", NULL, 11992},
    {"osh-mysql-bin.checksum-crc32", NULL, 86},
    {"osh-mysql-bin.checksum-none", NULL, 38},
    {"osh-mysql-bin.aurora-padding", NULL, 0},
    {"rs-binlog_transaction_with_GTID_TAG.000001", NULL, 1},
    {"rs-transaction_compression.000001", NULL, 1},
    {"rs-mysql-enum-string-set.000001", NULL, 4},
    {"rs-mysql_type_bit.000001", NULL, 1},
    {"rs-time_issue.000001", NULL, 1},
};

typedef struct {
    unsigned images, problems;
    char gtid[160];
    GString *text;
    GArray *columns;
} seen;

static void see_image(const rw_table *table, rw_slice image, seen *s)
{
    g_array_set_size(s->columns, table->n_columns);
    rw_slice *columns = (rw_slice *)(void *)s->columns->data;
    g_assert_true(rw_image_split(table, image, columns));
    s->images++;
    for (unsigned i = 0; i < table->n_columns; i++) {
        if (!columns[i].data) continue;
        if (rw_column_problem(&table->columns[i])) {
            s->problems++;
            continue;
        }
        g_string_truncate(s->text, 0);
        if (!rw_value_text(&table->columns[i], columns[i], s->text)) g_error("%s.%s: column %u, type %u", table->schema, table->name, i, table->columns[i].type);
    }
}

static void see(rw_event *event, seen *s)
{
    rw_slice before, after;
    bool bad;
    if (event->kind == RW_EVENT_GTID) memcpy(s->gtid, event->gtid.gtid, sizeof s->gtid);
    if (event->kind != RW_EVENT_ROWS) return;
    while (rw_rows_next(&event->rows, &before, &after, &bad)) {
        if (event->rows.full_before) see_image(event->rows.table, before, s);
        if (event->rows.full_after) see_image(event->rows.table, after, s);
    }
    g_assert_false(bad);
}

static void decode(const char *path, seen *s, GError **error)
{
    log_file file;
    rw_slice bytes;
    rw_event event;
    if (!log_file_open(&file, path, error)) return;
    rw_decoder *d = rw_decoder_new((rw_decoder_options){.checksum = true});
    while (!*error && log_cut_event(&file.rest, &bytes) && rw_decoder_feed(d, bytes, error))
        while (rw_decoder_next(d, &event, error)) see(&event, s);
    rw_decoder_free(d);
    log_file_close(&file);
}

static seen decode_file(const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(g_getenv("RINGWAY_BINLOGS"), name, NULL);
    seen s = {.text = g_string_new(NULL), .columns = g_array_new(FALSE, FALSE, sizeof(rw_slice))};
    decode(path, &s, error);
    g_string_free(s.text, TRUE);
    g_array_unref(s.columns);
    return s;
}

static void test_file(gconstpointer data)
{
    const char *name = data;
    expectation want = {.file = name};
    for (unsigned i = 0; i < G_N_ELEMENTS(expected); i++)
        if (strcmp(expected[i].file, name) == 0) want = expected[i];
    g_autoptr(GError) error = NULL;
    seen s = decode_file(name, &error);
    if (!want.refused) g_assert_no_error(error);
    else g_assert_error(error, RW_ERROR, RW_ERR_STOP);
    if (want.refused && !strstr(error->message, want.refused)) g_error("'%s' does not say '%s'", error->message, want.refused);
    g_assert_cmpuint(s.images, >=, want.images);
    if (strcmp(name, "rs-binlog_transaction_with_GTID_TAG.000001") == 0) g_assert_cmpstr(s.gtid, ==, "55778904-0299-11f1-b1b8-4ef0c4956feb:mytag:3");
}

static void test_missing(void) { g_test_skip("RINGWAY_BINLOGS names no folder with binary logs"); }

static void add_file(const char *name)
{
    g_autofree char *path = g_strdup_printf("/decode/files/%s", name);
    g_test_add_data_func_full(path, g_strdup(name), test_file, g_free);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    const char *folder = g_getenv("RINGWAY_BINLOGS"), *name;
    GDir *dir = folder ? g_dir_open(folder, 0, NULL) : NULL;
    if (!dir) g_test_add_func("/decode/files", test_missing);
    while (dir && (name = g_dir_read_name(dir)))
        if (!g_str_has_suffix(name, ".md")) add_file(name);
    g_clear_pointer(&dir, g_dir_close);
    return g_test_run();
}
