#include "flow/route/router.h"

#include "server/schema.h"

typedef struct {
    rw_router *router;
    rw_filter *filter;
    rw_table *shop, *secret, *progress, *session;
    uint64_t offset_bytes;
} fixture;

static rw_table *table_of(const char *schema, const char *name, const rw_type *types, unsigned n)
{
    rw_table *t = rw_table_new(schema, name, n);
    for (unsigned i = 0; i < n; i++) {
        t->columns[i].type = types[i];
        if (types[i] == RW_T_VARCHAR) t->columns[i].meta = 255;
        if (types[i] == RW_T_BLOB) t->columns[i].meta = 4;
    }
    return t;
}

static void start(fixture *f, const char *skip, const char *intents)
{
    static const rw_type id[] = {RW_T_TINY};
    static const rw_type progress[] = {RW_T_TINY, RW_T_SHORT, RW_T_LONGLONG, RW_T_TINY};
    static const rw_type session[] = {RW_T_TINY, RW_T_SHORT, RW_T_LONGLONG, RW_T_LONGLONG, RW_T_TINY, RW_T_TINY, RW_T_TINY, RW_T_TINY, RW_T_TINY,
                                      RW_T_TINY, RW_T_TINY, RW_T_BLOB};
    static const char *const deny[] = {"secret", NULL};
    rw_filter_lists lists = {.schemas_deny = deny};
    f->filter = rw_filter_new(&lists, NULL);
    rw_router_start s = {"a->b", 1, f->filter, "bin.000001", 0, intents, skip};
    f->router = rw_router_new(&s, NULL);
    f->shop = table_of("shop", "t", id, 1);
    f->secret = table_of("secret", "t", id, 1);
    f->progress = table_of(RW_SCHEMA, "progress", progress, 4);
    f->session = table_of(RW_SCHEMA, "session", session, RW_SESSION_COLUMNS);
    f->offset_bytes = 4;
}

static void stop(fixture *f)
{
    rw_router_free(f->router);
    rw_filter_free(f->filter);
    rw_table_unref(f->shop);
    rw_table_unref(f->secret);
    rw_table_unref(f->progress);
    rw_table_unref(f->session);
}

static rw_route feed(fixture *f, rw_event e)
{
    rw_route route;
    GError *error = NULL;
    f->offset_bytes += 100;
    e.size_bytes = 100;
    e.end_offset_bytes = f->offset_bytes;
    if (!e.timestamp_s) e.timestamp_s = 1000;
    if (!rw_router_event(f->router, &e, &route, &error)) g_error("%s", error->message);
    return route;
}

static char *refused(fixture *f, rw_event e)
{
    rw_route route;
    GError *error = NULL;
    g_assert_false(rw_router_event(f->router, &e, &route, &error));
    g_assert_error(error, RW_ERROR, RW_ERR_STOP);
    char *message = g_strdup(error->message);
    g_error_free(error);
    return message;
}

static rw_event gtid(const char *text, bool group)
{
    rw_event e = {.kind = RW_EVENT_GTID};
    g_strlcpy(e.gtid.gtid, text, sizeof e.gtid.gtid);
    e.gtid.commit_us = 5000;
    e.gtid.group = group;
    return e;
}

static rw_event rows(rw_table *t, rw_op op, const uint8_t *bytes, size_t n)
{
    rw_event e = {.kind = RW_EVENT_ROWS};
    e.rows = (rw_rows){.table = t, .op = op, .full_before = op != RW_INSERT, .full_after = op != RW_DELETE, .rest = rw_cursor_of(rw_slice_of(bytes, n))};
    return e;
}

static rw_event row(rw_table *t)
{
    static const uint8_t image[] = {0, 7};
    return rows(t, RW_INSERT, image, sizeof image);
}

static rw_event mark(fixture *f, uint8_t origin)
{
    static uint8_t image[1 + 1 + 2 + 8 + 1];
    image[sizeof image - 1] = origin;
    return rows(f->progress, RW_INSERT, image, sizeof image);
}

static rw_event intent(fixture *f, uint8_t connection, uint8_t open, const char *statement)
{
    static uint8_t image[2 + 1 + 2 + 8 + 8 + 7 + 4 + 64];
    memset(image, 0, sizeof image);
    uint8_t *p = image + 2; /* two bytes of NULL bits */
    *p = 2;
    p[3] = connection;
    p[3 + 16] = open;
    p += 1 + 2 + 8 + 8 + 7;
    p[0] = (uint8_t)strlen(statement);
    memcpy(p + 4, statement, strlen(statement));
    return rows(f->session, RW_INSERT, image, (size_t)(p + 4 - image) + strlen(statement));
}

static rw_event query(const char *text, uint32_t thread)
{
    rw_event e = {.kind = RW_EVENT_QUERY};
    e.query.schema = rw_slice_str("shop");
    e.query.statement = rw_slice_str(text);
    e.query.thread_id = thread;
    return e;
}

static const rw_event commit = {.kind = RW_EVENT_COMMIT}, begin = {.kind = RW_EVENT_BEGIN}, server_start = {.kind = RW_EVENT_FORMAT, .format.server_started = true};

static void test_forwards_an_application(void)
{
    fixture f;
    start(&f, NULL, NULL);
    feed(&f, gtid("1-1-1", true));
    g_assert_cmpint(feed(&f, row(f.shop)).action, ==, RW_ROUTE_ROWS);
    g_assert_true(feed(&f, commit).ends);
    const rw_txn *t = rw_router_txn(f.router);
    g_assert_cmpstr(t->gtid, ==, "1-1-1");
    g_assert_cmpuint(t->start_bytes, ==, 4);
    g_assert_cmpuint(t->end_bytes, ==, 304);
    g_assert_cmpuint(t->origin, ==, 1);
    g_assert_false(t->dropped);
    g_assert_cmpuint(t->stamp_us, ==, 5000);
    feed(&f, gtid("1-1-2", true));
    g_assert_cmpuint(rw_router_txn(f.router)->stamp_us, ==, 5001);
    stop(&f);
}

static void test_drops_what_a_ringway_wrote(void)
{
    fixture f;
    start(&f, NULL, NULL);
    feed(&f, gtid("1-1-1", false));
    feed(&f, begin);
    feed(&f, mark(&f, 2));
    g_assert_cmpint(feed(&f, row(f.shop)).action, ==, RW_ROUTE_NOTHING);
    g_assert_true(feed(&f, commit).ends);
    g_assert_true(rw_router_txn(f.router)->dropped);
    g_assert_cmpuint(rw_router_txn(f.router)->origin, ==, 2);
    feed(&f, gtid("1-1-2", true)); /* and the next is judged anew */
    g_assert_cmpint(feed(&f, row(f.shop)).action, ==, RW_ROUTE_ROWS);
    stop(&f);
}

static void test_filters_and_counts(void)
{
    fixture f;
    start(&f, NULL, NULL);
    feed(&f, gtid("1-1-1", true));
    g_assert_cmpint(feed(&f, row(f.secret)).action, ==, RW_ROUTE_NOTHING);
    g_assert_cmpint(feed(&f, row(f.shop)).action, ==, RW_ROUTE_ROWS);
    feed(&f, commit);
    g_assert_cmpuint(rw_router_txn(f.router)->counts.filtered, ==, 1);
    g_assert_cmpint(feed(&f, query("ALTER TABLE secret.t ADD x INT", 9)).action, ==, RW_ROUTE_NOTHING);
    g_autofree char *both = refused(&f, query("DROP TABLE secret.t, shop.t", 9));
    g_assert_nonnull(strstr(both, "filtered"));
    stop(&f);
}

static void test_statements(void)
{
    fixture f;
    start(&f, NULL, NULL);
    feed(&f, gtid("1-1-1", false));
    rw_route alone = feed(&f, query("ALTER TABLE t ADD x INT", 9));
    g_assert_true(alone.action == RW_ROUTE_STATEMENT && alone.ends);
    g_assert_cmpstr(alone.statement.schema, ==, "shop");
    feed(&f, gtid("1-1-2", true)); /* CREATE TABLE ... SELECT of MariaDB */
    rw_route with_rows = feed(&f, query("CREATE TABLE n (a INT)", 9));
    g_assert_true(with_rows.action == RW_ROUTE_STATEMENT && !with_rows.ends);
    g_assert_cmpint(feed(&f, row(f.shop)).action, ==, RW_ROUTE_ROWS);
    g_assert_true(feed(&f, commit).ends);
    g_assert_cmpint(feed(&f, query("GRANT SELECT ON *.* TO u", 9)).action, ==, RW_ROUTE_NOTHING);
    static const char *const stops[] = {"INSERT INTO t VALUES (1)", "CREATE VIEW v AS SELECT 1", "XA START 'x'", "whatever this is"};
    for (size_t i = 0; i < G_N_ELEMENTS(stops); i++) g_free(refused(&f, query(stops[i], 9)));
    stop(&f);
}

static void test_statement_of_a_ringway(void)
{
    fixture f;
    start(&f, NULL, NULL);
    const char *alter = "ALTER TABLE t ADD x INT";
    feed(&f, gtid("1-1-1", true));
    feed(&f, intent(&f, 9, 1, alter));
    feed(&f, commit);
    g_assert_cmpstr(rw_router_txn(f.router)->intents, !=, NULL);
    g_assert_cmpint(feed(&f, query(alter, 8)).action, ==, RW_ROUTE_STATEMENT); /* another session */
    g_assert_cmpint(feed(&f, query(alter, 9)).action, ==, RW_ROUTE_NOTHING);
    g_assert_true(rw_router_txn(f.router)->dropped);
    feed(&f, gtid("1-1-2", true));
    feed(&f, mark(&f, 2));
    feed(&f, intent(&f, 9, 0, ""));
    feed(&f, commit);
    g_assert_cmpint(feed(&f, query(alter, 9)).action, ==, RW_ROUTE_STATEMENT); /* an application got the number */
    stop(&f);
}

static void test_server_dies(void)
{
    fixture f;
    start(&f, NULL, NULL);
    feed(&f, gtid("1-1-1", true));
    feed(&f, row(f.shop));
    g_assert_cmpint(feed(&f, server_start).action, ==, RW_ROUTE_VOID);
    g_assert_cmpint(feed(&f, server_start).action, ==, RW_ROUTE_NOTHING);
    stop(&f);
}

static void test_partial_image(void)
{
    fixture f;
    start(&f, NULL, NULL);
    feed(&f, gtid("1-1-1", true));
    rw_event e = row(f.shop);
    e.rows.full_after = false;
    g_autofree char *message = refused(&f, e);
    g_assert_nonnull(strstr(message, "binlog_row_image"));
    stop(&f);
}

/* What stops the link can be skipped: it is handed on unjudged. */
static void test_skip(void)
{
    fixture f;
    start(&f, "1-1-1", NULL);
    feed(&f, gtid("1-1-1", false));
    rw_route view = feed(&f, query("CREATE VIEW v AS SELECT 1", 9));
    g_assert_true(view.action == RW_ROUTE_STATEMENT && view.ends);
    feed(&f, gtid("1-1-2", false));
    g_free(refused(&f, query("CREATE VIEW w AS SELECT 1", 9)));
    stop(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/router/application", test_forwards_an_application);
    g_test_add_func("/router/ringway", test_drops_what_a_ringway_wrote);
    g_test_add_func("/router/filters", test_filters_and_counts);
    g_test_add_func("/router/statements", test_statements);
    g_test_add_func("/router/own-statement", test_statement_of_a_ringway);
    g_test_add_func("/router/server-dies", test_server_dies);
    g_test_add_func("/router/partial-image", test_partial_image);
    g_test_add_func("/router/skip", test_skip);
    return g_test_run();
}
