#include "flow/status.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

static rw_site_status *add_site(rw_status *status, const char *name, unsigned id, bool reachable)
{
    rw_site_status *site = rw_site_status_new(name, id);
    site->flavour = g_strdup("mariadb");
    site->version = g_strdup("10.11.19");
    site->host = g_strdup("db1:3306");
    site->reachable = reachable;
    g_ptr_array_add(status->sites, site);
    return site;
}

static rw_link_status *add_link(rw_status *status, const char *name, const char *source, const char *target)
{
    rw_link_status *link = rw_link_status_new(name, source, target);
    g_ptr_array_add(status->links, link);
    return link;
}

/* The example of the manual, with a lag that is the same in binary. */
static rw_status *example(void)
{
    rw_status *status = rw_status_new("shop");
    add_site(status, "east", 1, true);
    rw_link_status *link = add_link(status, "east->west", "east", "west");
    link->state = RW_LINK_RUNNING;
    rw_source_pos_set(&link->position, "bin.000003", 1234, "0-1-77");
    link->lag_s = 0.25;
    link->transactions = 10;
    link->captured = 40;
    link->applied = 38;
    link->filtered = 1;
    link->discarded = 1;
    link->conflicts = 1;
    link->window = 12;
    return status;
}

static void test_json(void)
{
    g_autoptr(rw_status) status = example();
    g_autofree char *json = rw_status_to_json(status);
    g_assert_cmpstr(
        json, ==,
        "{\"name\":\"shop\",\"sites\":[{\"name\":\"east\",\"id\":1,\"flavour\":\"mariadb\",\"version\":\"10.11.19\",\"host\":\"db1:3306\","
        "\"reachable\":true}],\"links\":[{\"name\":\"east->west\",\"source\":\"east\",\"target\":\"west\",\"state\":\"running\","
        "\"error\":null,\"warning\":null,\"position\":{\"file\":\"bin.000003\",\"offset\":1234,\"gtid\":\"0-1-77\"},\"lag_s\":0.25,\"delay_s\":0,\"transactions\":10,"
        "\"rows\":{\"captured\":40,\"applied\":38,\"filtered\":1,\"discarded\":1},\"conflicts\":1,\"drift\":0,\"ddl\":0,\"retries\":0,"
        "\"local_writes\":0,\"window\":12,\"tables\":[]}]}");
}

static void test_json_edges(void)
{
    static const double unknown[] = {-1, NAN, INFINITY};
    g_autoptr(rw_status) status = example();
    rw_link_status *link = g_ptr_array_index(status->links, 0);
    rw_link_status_set_error(link, "a \"b\"\n\x01 \xff </script>");
    link->transactions = UINT64_MAX;
    for (size_t i = 0; i < G_N_ELEMENTS(unknown); i++) {
        link->lag_s = unknown[i];
        g_autofree char *json = rw_status_to_json(status);
        g_assert_nonnull(strstr(json, "\"lag_s\":null,"));
        g_assert_nonnull(strstr(json, "\"error\":\"a \\\"b\\\"\\n\\u0001 \357\277\275 "));
        g_assert_nonnull(strstr(json, "\"transactions\":9223372036854775807,"));
        g_assert_true(g_utf8_validate(json, -1, NULL));
        g_autoptr(JsonNode) node = json_from_string(json, NULL);
        g_assert_nonnull(node);
    }
}

static void assert_same_link(const rw_link_status *a, const rw_link_status *b)
{
    g_assert_cmpstr(a->name, ==, b->name);
    g_assert_cmpstr(a->source, ==, b->source);
    g_assert_cmpstr(a->target, ==, b->target);
    g_assert_cmpint(a->state, ==, b->state);
    g_assert_cmpstr(a->error, ==, b->error);
    g_assert_cmpstr(a->warning, ==, b->warning);
    g_assert_cmpstr(a->position.file, ==, b->position.file);
    g_assert_cmpuint(a->position.offset_bytes, ==, b->position.offset_bytes);
    g_assert_cmpstr(a->position.gtid, ==, b->position.gtid);
    g_assert_cmpfloat_with_epsilon(a->lag_s, b->lag_s, 0.001);
    g_assert_cmpuint(a->transactions, ==, b->transactions);
    g_assert_cmpuint(a->captured, ==, b->captured);
    g_assert_cmpuint(a->applied, ==, b->applied);
    g_assert_cmpuint(a->filtered, ==, b->filtered);
    g_assert_cmpuint(a->discarded, ==, b->discarded);
    g_assert_cmpuint(a->conflicts, ==, b->conflicts);
    g_assert_cmpuint(a->drift, ==, b->drift);
    g_assert_cmpuint(a->ddl, ==, b->ddl);
    g_assert_cmpuint(a->retries, ==, b->retries);
    g_assert_cmpuint(a->local_writes, ==, b->local_writes);
    g_assert_cmpuint(a->window, ==, b->window);
    g_assert_cmpuint(a->tables->len, ==, b->tables->len);
    for (guint i = 0; i < a->tables->len; i++) {
        const rw_table_status *x = g_ptr_array_index(a->tables, i), *y = g_ptr_array_index(b->tables, i);
        g_assert_cmpstr(x->table, ==, y->table);
        g_assert_cmpint(x->exact, ==, y->exact);
        g_assert_cmpstr(x->why, ==, y->why);
    }
}

static rw_link_status *fill(rw_link_status *link, unsigned n)
{
    link->state = (rw_link_state)(n % (RW_LINK_STANDBY + 1));
    rw_source_pos_set(&link->position, "binlog.000007", UINT64_C(1) << 40, "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5");
    if (n % 2) rw_link_status_set_error(link, "site west: \"lock\" \303\251\n");
    if (n % 3) link->warning = g_strdup("its log \"goes\"");
    link->lag_s = n % 3 ? 0.123 * n : -1;
    uint64_t *counts[] = {&link->transactions, &link->captured, &link->applied, &link->filtered, &link->discarded,
                          &link->conflicts,    &link->drift,    &link->ddl,     &link->retries,  &link->local_writes};
    for (unsigned i = 0; i < G_N_ELEMENTS(counts); i++) *counts[i] = (UINT64_C(1) << 53) + 1 + n * 100 + i;
    link->window = 4000000000u;
    rw_link_status_add_table(link, "shop.log", true, "it has no key");
    rw_link_status_add_table(link, "shop.ok", false, NULL);
    return link;
}

static void test_round_trip(void)
{
    g_autoptr(rw_status) status = rw_status_new("sh\"op");
    add_site(status, "east", 1, true);
    rw_site_status *bare = rw_site_status_new("west", 255);
    g_ptr_array_add(status->sites, bare);
    for (unsigned i = 0; i <= RW_LINK_STANDBY; i++) fill(add_link(status, "east->west", "east", "west"), i);
    g_autofree char *json = rw_status_to_json(status);
    g_autoptr(GError) error = NULL;
    g_autoptr(rw_status) back = rw_status_from_json(json, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(back->name, ==, "sh\"op");
    g_assert_cmpuint(back->sites->len, ==, 2);
    const rw_site_status *east = g_ptr_array_index(back->sites, 0), *west = g_ptr_array_index(back->sites, 1);
    g_assert_cmpstr(east->host, ==, "db1:3306");
    g_assert_true(east->reachable);
    g_assert_cmpuint(west->id, ==, 255);
    g_assert_null(west->version);
    g_assert_false(west->reachable);
    g_assert_cmpuint(back->links->len, ==, status->links->len);
    for (guint i = 0; i < back->links->len; i++)
        assert_same_link(g_ptr_array_index(back->links, i), g_ptr_array_index(status->links, i));
}

static void test_copy(void)
{
    g_autoptr(rw_link_status) link = fill(rw_link_status_new("a->b", "a", "b"), 1);
    g_autoptr(rw_link_status) copy = rw_link_status_copy(link);
    assert_same_link(link, copy);
    rw_link_status_set_error(link, link->error);
    assert_same_link(link, copy);
    rw_link_status_set_error(link, NULL);
    g_assert_nonnull(copy->error);
}

static void test_other_versions(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(rw_status) old = rw_status_from_json(
        "{\"name\":\"x\",\"links\":[{\"name\":\"a->b\",\"source\":\"a\",\"target\":\"b\",\"state\":\"down\",\"position\":null,"
        "\"lag_s\":3,\"future\":[1],\"tables\":[{\"table\":\"s.t\",\"path\":\"exact\"}]}],\"future\":{}}", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(old->sites->len, ==, 0);
    const rw_link_status *link = g_ptr_array_index(old->links, 0);
    g_assert_cmpint(link->state, ==, RW_LINK_DOWN);
    g_assert_cmpfloat(link->lag_s, ==, 3);
    g_assert_null(link->position.file);
    g_assert_cmpuint(link->tables->len, ==, 1);
}

static void test_not_a_status(void)
{
    static const char *const bad[] = {
        "", "null", "[]", "1", "{", "<html>", "{}", "{\"name\":1}", "{\"name\":\"x\",\"links\":{}}", "{\"name\":\"x\",\"links\":[1]}",
        "{\"name\":\"x\",\"sites\":[{}]}", "{\"name\":\"x\",\"sites\":[{\"name\":\"a\",\"id\":-1}]}",
        "{\"name\":\"x\",\"sites\":[{\"name\":\"a\",\"id\":4294967296}]}", "{\"name\":\"x\",\"sites\":[{\"name\":\"a\",\"reachable\":1}]}",
        "{\"name\":\"x\",\"links\":[{\"name\":\"l\",\"source\":\"a\",\"target\":\"b\",\"state\":\"dancing\"}]}",
        "{\"name\":\"x\",\"links\":[{\"name\":\"l\",\"source\":\"a\",\"target\":\"b\",\"state\":\"down\",\"lag_s\":\"1\"}]}",
        "{\"name\":\"x\",\"links\":[{\"name\":\"l\",\"source\":\"a\",\"target\":\"b\",\"state\":\"down\",\"ddl\":1.5}]}",
        "{\"name\":\"x\",\"links\":[{\"name\":\"l\",\"source\":\"a\",\"target\":\"b\",\"state\":\"down\",\"rows\":[]}]}"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        if (rw_status_from_json(bad[i], &error)) g_error("taken for a status: %s", bad[i]);
        g_assert_error(error, RW_ERROR, RW_ERR_STOP);
        g_assert_null(strchr(error->message, '\n'));
    }
    g_autoptr(GError) error = NULL;
    g_autofree char *deep = g_strnfill(1000000, '[');
    g_assert_null(rw_status_from_json(deep, &error));
    g_assert_error(error, RW_ERROR, RW_ERR_STOP);
}

static void test_table(void)
{
    g_autoptr(rw_status) status = example();
    add_site(status, "west", 2, false);
    rw_link_status *back = add_link(status, "west->east", "west", "east");
    back->state = RW_LINK_STOPPED;
    back->transactions = 12345678;
    rw_link_status_set_error(back, "site west: gone\x1b[31m\n now");
    rw_link_status_add_table(back, "shop.log", true, "it has no key");
    rw_link_status_add_table(back, "shop.ok", false, NULL);
    back->local_writes = 2;
    back->warning = g_strdup("its log\ngoes");
    g_autoptr(GString) out = g_string_new(NULL);
    rw_status_to_table(status, out);
    g_assert_cmpstr(out->str, ==,
                    "link        state      lag  transactions  rows applied  conflicts  window  position\n"
                    "east->west  running  0.2 s            10            38          1      12  bin.000003:1234\n"
                    "west->east  stopped      -      12345678             0          0       0  -\n"
                    "site west: cannot be reached at db1:3306\n"
                    "west->east: site west: gone [31m  now\n"
                    "west->east: warning: its log goes\n"
                    "west->east: applications wrote at east, which is read_only: 2 transactions, which no other site gets\n"
                    "west->east: table shop.log takes the exact path: it has no key\n");
}

static void test_lag(void)
{
    static const struct {
        double lag_s;
        const char *text;
    } cases[] = {{0, "0.0 s"},         {9.9, "9.9 s"},         {42, "42 s"}, {600, "10 min"},
                 {3600 * 5, "5.0 h"}, {86400 * 3, "3.0 d"}, {-1, "-"},    {NAN, "-"}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(rw_status) status = example();
        ((rw_link_status *)g_ptr_array_index(status->links, 0))->lag_s = cases[i].lag_s;
        g_autoptr(GString) out = g_string_new(NULL);
        rw_status_to_table(status, out);
        g_autofree char *wanted = g_strdup_printf(" %s  ", cases[i].text);
        g_assert_nonnull(strstr(out->str, wanted));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/status/json", test_json);
    g_test_add_func("/status/json_edges", test_json_edges);
    g_test_add_func("/status/round_trip", test_round_trip);
    g_test_add_func("/status/copy", test_copy);
    g_test_add_func("/status/other_versions", test_other_versions);
    g_test_add_func("/status/not_a_status", test_not_a_status);
    g_test_add_func("/status/table", test_table);
    g_test_add_func("/status/lag", test_lag);
    return g_test_run();
}
