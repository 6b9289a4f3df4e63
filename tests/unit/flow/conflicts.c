#include "flow/conflicts.h"

#include <json-glib/json-glib.h>

static rw_conflict_record *record(const char *site, uint64_t id)
{
    static const char *const texts[RW_CONFLICT_COLUMNS] = {
        [RW_CONFLICT_AT] = "2024-01-02 03:04:05.678901", [RW_CONFLICT_LINK] = "east->west", [RW_CONFLICT_KIND] = "update/update",
        [RW_CONFLICT_POLICY] = "last_write_wins", [RW_CONFLICT_VERDICT] = "target", [RW_CONFLICT_STATE] = "settled",
        [RW_CONFLICT_SCHEMA] = "shop", [RW_CONFLICT_TABLE] = "t", [RW_CONFLICT_KEY] = "{\"id\":1}", [RW_CONFLICT_OPERATION] = "update",
        [RW_CONFLICT_BEFORE] = "{\"id\":1,\"v\":\"old\"}", [RW_CONFLICT_INCOMING] = "{\"id\":1,\"v\":\"new\"}",
        [RW_CONFLICT_CURRENT] = "{\"id\":1,\"v\":null}", [RW_CONFLICT_ORIGIN] = "1", [RW_CONFLICT_STAMP] = "1700000000123456",
        [RW_CONFLICT_GTID] = "0-1-77", [RW_CONFLICT_FILE] = "bin.000003", [RW_CONFLICT_OFFSET] = "1234", [RW_CONFLICT_CURRENT_ORIGIN] = "9",
        [RW_CONFLICT_CURRENT_STAMP] = "1700000001000007", [RW_CONFLICT_CURRENT_GTID] = "",
    };
    rw_conflict_record *r = g_new0(rw_conflict_record, 1);
    r->site = g_strdup(site);
    r->id = id;
    for (unsigned i = 0; i < RW_CONFLICT_COLUMNS; i++) r->text[i] = g_strdup(texts[i]);
    r->text[RW_CONFLICT_ID] = g_strdup_printf("%" G_GUINT64_FORMAT, id);
    return r;
}

static void set(rw_conflict_record *r, rw_conflict_column column, const char *text)
{
    g_free(r->text[column]);
    r->text[column] = g_strdup(text);
}

static void test_table(void)
{
    g_autoptr(GPtrArray) records = rw_conflict_records_new();
    g_autoptr(GString) out = g_string_new(NULL);
    rw_conflict_record *statement = record("west", 12);
    set(statement, RW_CONFLICT_TABLE, "");
    set(statement, RW_CONFLICT_KEY, NULL);
    set(statement, RW_CONFLICT_POLICY, "");
    g_ptr_array_add(records, record("east", 7));
    g_ptr_array_add(records, statement);
    rw_conflicts_to_table(records, 3, out);
    g_assert_cmpstr(out->str, ==,
                    "SITE  ID  TIME (UTC)           LINK        TABLE             KEY       KIND           POLICY           VERDICT  STATE\n"
                    "east   7  2024-01-02 03:04:05  east->west  shop.t            {\"id\":1}  update/update  last_write_wins  target   settled\n"
                    "west  12  2024-01-02 03:04:05  east->west  shop (statement)  -         update/update  -                target   settled\n"
                    "3 more; use --limit\n");
}

static void test_json(void)
{
    g_autoptr(rw_conflict_record) r = record("east", 7);
    set(r, RW_CONFLICT_BEFORE, "0x0102");
    g_autofree char *json = rw_conflict_to_json(r, NULL);
    g_assert_cmpstr(
        json, ==,
        "{\"ref\":\"east/7\",\"site\":\"east\",\"id\":7,\"at\":\"2024-01-02 03:04:05.678901\",\"link\":\"east->west\",\"kind\":\"update/update\","
        "\"policy\":\"last_write_wins\",\"verdict\":\"target\",\"state\":\"settled\",\"schema_name\":\"shop\",\"table_name\":\"t\","
        "\"key_value\":{\"id\":1},\"operation\":\"update\",\"before_row\":\"0x0102\",\"incoming_row\":{\"id\":1,\"v\":\"new\"},"
        "\"current_row\":{\"id\":1,\"v\":null},\"origin\":1,\"stamp_us\":1700000000123456,\"gtid\":\"0-1-77\",\"file\":\"bin.000003\","
        "\"offset_bytes\":1234,\"current_origin\":9,\"current_stamp_us\":1700000001000007,\"current_gtid\":\"\",\"reason\":null,"
        "\"resolved_at\":null,\"resolved_keep\":null}");
    g_autoptr(GPtrArray) none = rw_conflict_records_new();
    g_autofree char *empty = rw_conflicts_to_json(none);
    g_assert_cmpstr(empty, ==, "{\"conflicts\":[]}");
}

static GHashTable *whole_values(void)
{
    GHashTable *values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
    g_hash_table_insert(values, rw_conflict_value_name("incoming", "v"), g_bytes_new("whole", 5));
    g_hash_table_insert(values, rw_conflict_value_name("current", "v"), g_bytes_new("\0\1", 2));
    return values;
}

#define LARGE(bytes) "{\"id\":1,\"v\":{\"bytes\":" bytes ",\"xxh128\":\"00ff\"}}"

static void test_json_whole(void)
{
    g_autoptr(rw_conflict_record) r = record("east", 7);
    g_autoptr(GHashTable) values = whole_values();
    set(r, RW_CONFLICT_INCOMING, LARGE("5"));
    set(r, RW_CONFLICT_CURRENT, LARGE("2"));
    g_autofree char *json = rw_conflict_to_json(r, values);
    g_assert_nonnull(strstr(json, "\"incoming_row\":{\"id\":1,\"v\":{\"bytes\":5,\"xxh128\":\"00ff\",\"value\":\"whole\"}}"));
    g_assert_nonnull(strstr(json, "\"current_row\":{\"id\":1,\"v\":{\"bytes\":2,\"xxh128\":\"00ff\",\"hex\":\"0001\"}}"));
}

static char *page(const rw_conflict_record *r, GHashTable *values)
{
    static const char text[] = "[site east]\nid=1\nhosts=x\n[site west]\nid=2\nhosts=y\n";
    g_autoptr(rw_conf) conf = rw_conf_parse("r.cnf", text, strlen(text), NULL);
    GString *out = g_string_new(NULL);
    rw_conflict_to_page(r, values, conf, out);
    return g_string_free(out, FALSE);
}

static void test_page(void)
{
    g_autoptr(rw_conflict_record) r = record("east", 7);
    set(r, RW_CONFLICT_RESOLVED_AT, "2024-02-03 00:00:00.000000");
    set(r, RW_CONFLICT_RESOLVED_KEEP, "source");
    g_autofree char *text = page(r, NULL);
    g_assert_cmpstr(text, ==,
                    "conflict   east/7\n"
                    "time       2024-01-02 03:04:05.678901 UTC\n"
                    "link       east->west\n"
                    "table      shop.t\n"
                    "key        {\"id\":1}\n"
                    "kind       update/update\n"
                    "operation  update\n"
                    "policy     last_write_wins\n"
                    "verdict    target\n"
                    "state      settled\n"
                    "incoming   site east, stamp 2023-11-14 22:13:20.123456 UTC, GTID 0-1-77, bin.000003:1234\n"
                    "present    site 9, stamp 2023-11-14 22:13:21.000007 UTC\n"
                    "resolved   2024-02-03 00:00:00.000000 UTC, kept source\n"
                    "\n"
                    "   COLUMN  BEFORE  INCOMING  CURRENT\n"
                    "   id      1       1         1\n"
                    "*  v       \"old\"   \"new\"     NULL\n");
}

static void test_page_rows(void)
{
    g_autoptr(rw_conflict_record) r = record("east", 7);
    g_autoptr(GHashTable) values = whole_values();
    set(r, RW_CONFLICT_BEFORE, NULL);
    set(r, RW_CONFLICT_INCOMING, LARGE("5"));
    set(r, RW_CONFLICT_CURRENT, "{`id`: 1}");
    g_autofree char *text = page(r, NULL), *whole = page(r, values);
    g_assert_nonnull(strstr(text, "\n  COLUMN  BEFORE (no row)  INCOMING              CURRENT\n"
                                  "  id      -                1                     -\n"
                                  "  v       -                5 bytes, xxh128 00ff  -\n\ncurrent\n  {`id`: 1}\n"));
    g_assert_nonnull(strstr(whole, "  v       -                \"whole\"   -\n"));
    set(r, RW_CONFLICT_CURRENT, "{\"id\":2,\"w\":\"12345678901234567890123456789012345678901\"}");
    g_autofree char *wide = page(r, NULL);
    g_assert_nonnull(strstr(wide, "*  id      -                1                     2\n"));
    g_assert_nonnull(strstr(wide, "*  w       -                -                     (below)\n\nw\n  before    -\n  incoming  -\n"
                                  "  current   \"12345678901234567890123456789012345678901\"\n"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/flow/conflicts/table", test_table);
    g_test_add_func("/flow/conflicts/json", test_json);
    g_test_add_func("/flow/conflicts/json-whole", test_json_whole);
    g_test_add_func("/flow/conflicts/page", test_page);
    g_test_add_func("/flow/conflicts/page-rows", test_page_rows);
    return g_test_run();
}
