#include "log.h"

static void test_forwards_an_application(void)
{
    fixture f;
    start(&f);
    feed(&f, gtid("1-1-1", true));
    g_assert_cmpint(feed(&f, row(f.shop)).action, ==, RW_ROUTE_ROWS);
    g_assert_true(feed(&f, commit).ends);
    const rw_txn *t = rw_router_txn(f.router);
    g_assert_cmpstr(t->gtid, ==, "1-1-1");
    g_assert_cmpuint(t->start_bytes, ==, 4);
    g_assert_cmpuint(t->end_bytes, ==, 304);
    g_assert_cmpuint(t->author->origin, ==, 1);
    g_assert_false(t->dropped);
    g_assert_cmpuint(t->author->stamp_us, ==, 5000);
    feed(&f, gtid("1-1-2", true));
    g_assert_cmpuint(rw_router_txn(f.router)->author->stamp_us, ==, 5001);
    stop(&f);
}

static void test_drops_what_a_ringway_wrote(void)
{
    fixture f;
    start(&f);
    feed(&f, gtid("1-1-1", false));
    feed(&f, begin);
    feed(&f, mark(&f, 2));
    g_assert_cmpint(feed(&f, row(f.shop)).action, ==, RW_ROUTE_NOTHING);
    g_assert_true(feed(&f, commit).ends);
    g_assert_true(rw_router_txn(f.router)->dropped);
    feed(&f, gtid("1-1-2", true)); /* and the next is judged anew */
    g_assert_cmpint(feed(&f, row(f.shop)).action, ==, RW_ROUTE_ROWS);
    stop(&f);
}

static void test_filters_and_counts(void)
{
    fixture f;
    start(&f);
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
    start(&f);
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
    start(&f);
    const char *alter = "ALTER TABLE t ADD x INT";
    feed(&f, gtid("1-1-1", true));
    feed(&f, intent(&f, 9, true, alter));
    feed(&f, commit);
    g_assert_cmpstr(rw_router_txn(f.router)->intents, !=, NULL);
    g_assert_cmpint(feed(&f, query(alter, 8)).action, ==, RW_ROUTE_STATEMENT); /* another session */
    g_assert_cmpint(feed(&f, query(alter, 9)).action, ==, RW_ROUTE_NOTHING);
    g_assert_true(rw_router_txn(f.router)->dropped);
    feed(&f, gtid("1-1-2", true));
    feed(&f, mark(&f, 2));
    feed(&f, intent(&f, 9, false, ""));
    feed(&f, commit);
    g_assert_cmpint(feed(&f, query(alter, 9)).action, ==, RW_ROUTE_STATEMENT); /* an application got the number */
    stop(&f);
}

static void test_server_dies(void)
{
    fixture f;
    start(&f);
    feed(&f, gtid("1-1-1", true));
    feed(&f, row(f.shop));
    g_assert_cmpint(feed(&f, server_start).action, ==, RW_ROUTE_VOID);
    g_assert_cmpint(feed(&f, server_start).action, ==, RW_ROUTE_NOTHING);
    stop(&f);
}

static void test_partial_image(void)
{
    fixture f;
    start(&f);
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
    start_as(&f, (rw_router_start){.skip = "1-1-1"});
    feed(&f, gtid("1-1-1", false));
    rw_route view = feed(&f, query("CREATE VIEW v AS SELECT 1", 9));
    g_assert_true(view.action == RW_ROUTE_STATEMENT && view.ends);
    feed(&f, gtid("1-1-2", false));
    g_free(refused(&f, query("CREATE VIEW w AS SELECT 1", 9)));
    stop(&f);
}

static void test_watch_a_ringway(void)
{
    fixture f;
    start_as(&f, (rw_router_start){.watch = true});
    feed(&f, gtid("1-1-1", true));
    rw_route first = feed(&f, progress_row(&f, RW_INSERT, 2, 4000, "a list"));
    g_assert_cmpint(first.action, ==, RW_ROUTE_WRITERS);
    g_assert_cmpuint(first.writers.source, ==, 2);
    g_assert_cmpuint(first.writers.stamp_us, ==, 4000);
    g_assert_true(rw_slice_is(first.writers.text, "a list"));
    g_assert_cmpint(feed(&f, row(f.shop)).action, ==, RW_ROUTE_ROWS);
    g_assert_cmpint(feed(&f, progress_row(&f, RW_DELETE, 3, 9000, NULL)).action, ==, RW_ROUTE_NOTHING);
    rw_route last = feed(&f, progress_row(&f, RW_UPDATE, 2, 4500, NULL));
    g_assert_cmpint(last.action, ==, RW_ROUTE_WRITERS);
    g_assert_cmpuint(last.writers.stamp_us, ==, 4500);
    g_assert_null(last.writers.text.data);
    g_assert_true(feed(&f, commit).ends);
    g_assert_true(rw_router_txn(f.router)->dropped);
    stop(&f);
}

static void test_watch_an_application(void)
{
    fixture f;
    start_as(&f, (rw_router_start){.watch = true});
    feed(&f, gtid("1-1-1", true));
    g_assert_cmpint(feed(&f, progress_row(&f, RW_DELETE, 2, 9000, NULL)).action, ==, RW_ROUTE_NOTHING);
    g_assert_cmpint(feed(&f, intent(&f, 9, true, "DROP TABLE t")).action, ==, RW_ROUTE_NOTHING);
    g_assert_cmpint(feed(&f, row(f.shop)).action, ==, RW_ROUTE_ROWS);
    g_assert_cmpint(feed(&f, row(f.secret)).action, ==, RW_ROUTE_ROWS);
    g_assert_cmpint(feed(&f, progress_row(&f, RW_INSERT, 2, 9000, NULL)).action, ==, RW_ROUTE_NOTHING); /* too late to be a mark */
    g_assert_cmpint(feed(&f, change_row(&f, RW_INSERT, f.secret, rw_slice_of("\0\7", 2))).action, ==, RW_ROUTE_NOTHING);
    g_assert_true(feed(&f, commit).ends);
    g_assert_false(rw_router_txn(f.router)->dropped);
    g_assert_cmpuint(rw_router_txn(f.router)->counts.filtered, ==, 0);
    stop(&f);
}

/* What stops a link is no concern of one who only watches. */
static void test_watch_judges_nothing(void)
{
    static const char *const texts[] = {"INSERT INTO t VALUES (1)", "CREATE VIEW v AS SELECT 1", "XA START 'x'", "whatever this is",
                                        "DROP TABLE secret.t, shop.t", "GRANT SELECT ON *.* TO u"};
    fixture f;
    start_as(&f, (rw_router_start){.watch = true});
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        rw_route route = feed(&f, query(texts[i], 9));
        g_assert_true(route.action == RW_ROUTE_STATEMENT && route.ends);
    }
    feed(&f, gtid("1-1-1", true));
    rw_event partial = row(f.shop), savepoint = query("ROLLBACK TO s", 9);
    partial.rows.full_after = false;
    savepoint.kind = RW_EVENT_SAVEPOINT;
    g_assert_cmpint(feed(&f, partial).action, ==, RW_ROUTE_ROWS);
    g_assert_cmpint(feed(&f, savepoint).action, ==, RW_ROUTE_NOTHING);
    g_assert_cmpint(feed(&f, query("CREATE TABLE n (a INT)", 9)).action, ==, RW_ROUTE_STATEMENT);
    g_assert_true(feed(&f, rollback).ends);
    stop(&f);
}

static void expect_change(fixture *f, const rw_table *of)
{
    static const uint8_t image[] = {0, 7};
    rw_route route = feed(f, change_row(f, RW_INSERT, of, rw_slice_of(image, sizeof image)));
    g_assert_cmpint(route.action, ==, RW_ROUTE_CHANGE);
    g_assert_cmpstr(route.change.table->schema, ==, of->schema);
    g_assert_cmpstr(route.change.table->name, ==, of->name);
    g_assert_cmpuint(route.change.table->n_columns, ==, 1);
    g_assert_cmpint(route.change.table->columns[0].type, ==, RW_T_TINY);
    g_assert_true(rw_slice_equal(route.change.image, rw_slice_of(image, sizeof image)));
}

static void expect_no_change(fixture *f, rw_op op, const rw_table *of)
{
    g_assert_cmpint(feed(f, change_row(f, op, of, rw_slice_of("\0\7", 2))).action, ==, RW_ROUTE_NOTHING);
}

/* Of the last transaction: as an own one, or as another site's. */
static void expect_ended(fixture *f, bool dropped, unsigned filtered)
{
    const rw_txn *txn = rw_router_txn(f->router);
    g_assert_true(feed(f, commit).ends);
    g_assert_true(txn->dropped == dropped);
    g_assert_cmpuint(txn->counts.filtered, ==, filtered);
}

static void test_change(void)
{
    for (unsigned watch = 0; watch < 2; watch++) {
        fixture f;
        start_as(&f, (rw_router_start){.watch = watch});
        feed(&f, gtid("1-1-1", true));
        feed(&f, mark(&f, 2));
        g_assert_cmpint(feed(&f, row(f.shop)).action, ==, watch ? RW_ROUTE_ROWS : RW_ROUTE_NOTHING);
        expect_change(&f, f.shop);
        g_assert_true(rw_router_txn(f.router)->dropped); /* until its end */
        expect_no_change(&f, RW_UPDATE, f.shop);
        expect_no_change(&f, RW_DELETE, f.shop); /* swept */
        expect_change(&f, f.shop);
        expect_ended(&f, false, 0);
        feed(&f, gtid("1-1-2", true)); /* and the next is judged anew */
        feed(&f, mark(&f, 2));
        expect_ended(&f, true, 0);
        stop(&f);
    }
}

static void test_change_is_none(void)
{
    for (unsigned watch = 0; watch < 2; watch++) {
        fixture f;
        start_as(&f, (rw_router_start){.watch = watch});
        feed(&f, gtid("1-1-1", true)); /* a person's */
        for (rw_op op = RW_INSERT; op <= RW_DELETE; op++) expect_no_change(&f, op, f.shop);
        feed(&f, row(f.shop));
        expect_no_change(&f, RW_INSERT, f.secret);
        expect_ended(&f, false, 0);
        feed(&f, gtid("1-1-2", true));
        expect_no_change(&f, RW_INSERT, f.shop); /* before the mark */
        feed(&f, mark(&f, 2));
        expect_no_change(&f, RW_UPDATE, f.shop);
        expect_no_change(&f, RW_DELETE, f.shop);
        expect_ended(&f, true, 0);
        stop(&f);
    }
}

/* It is an own transaction nevertheless, in which nothing is. */
static void test_change_is_filtered(void)
{
    fixture f;
    start(&f);
    feed(&f, gtid("1-1-1", true));
    feed(&f, mark(&f, 2));
    feed(&f, row(f.secret)); /* of the window, which does not count */
    expect_no_change(&f, RW_INSERT, f.secret);
    expect_ended(&f, false, 1);
    feed(&f, gtid("1-1-2", true));
    feed(&f, mark(&f, 2));
    expect_no_change(&f, RW_INSERT, f.secret);
    expect_change(&f, f.shop);
    expect_ended(&f, false, 1);
    stop(&f);
    start_as(&f, (rw_router_start){.watch = true}); /* who watches filters nothing */
    feed(&f, gtid("1-1-1", true));
    feed(&f, mark(&f, 2));
    expect_change(&f, f.secret);
    expect_ended(&f, false, 0);
    stop(&f);
}

/* One definition is one table as long as the router lives, also beside another of the same columns. */
static void test_change_tables(void)
{
    static const uint8_t image[] = {0, 7};
    const rw_slice bytes = rw_slice_of(image, sizeof image);
    fixture f;
    start(&f);
    rw_table *twin = table_of("shop", "twin", (const rw_type[]){RW_T_TINY}, 1);
    rw_table *tables[2] = {NULL, NULL};
    feed(&f, gtid("1-1-1", true));
    feed(&f, mark(&f, 2));
    expect_change(&f, f.shop);
    expect_change(&f, twin);
    for (unsigned i = 0; i < 6; i++) {
        rw_table *table = feed(&f, change_row(&f, RW_INSERT, i % 2 ? twin : f.shop, bytes)).change.table;
        g_assert_cmpstr(table->name, ==, i % 2 ? "twin" : "t");
        if (tables[i % 2]) g_assert_true(table == tables[i % 2]);
        tables[i % 2] = table;
    }
    rw_table_unref(twin);
    stop(&f);
}

static void refuse_change(fixture *f, void (*spoil)(fixture *f))
{
    change_row(f, RW_INSERT, f->shop, rw_slice_of("\0\7", 2));
    spoil(f);
    g_autofree char *message = refused(f, image_rows(f, f->change, RW_INSERT));
    g_assert_nonnull(strstr(message, "ringway.change"));
}

enum { AT_DEFINITION = 2 + 8 + 1 + (1 + 4) + (1 + 1) + 4 };

static void spoil_version(fixture *f) { f->image->data[AT_DEFINITION] = 99; }
static void spoil_columns(fixture *f) { f->image->data[AT_DEFINITION + 2] = 2; }
static void spoil_length(fixture *f) { g_byte_array_set_size(f->image, f->image->len - 1); }

static void spoil_image(fixture *f)
{
    f->image->data[0] = 1 << RW_CHANGE_IMAGE;
    g_byte_array_remove_range(f->image, f->image->len - 3 - 2 - 4, 4 + 2);
}

static void spoil_schema(fixture *f)
{
    f->image->data[0] = 1 << RW_CHANGE_SCHEMA;
    g_byte_array_remove_range(f->image, 2 + 8 + 1, 1 + 4);
}

static void test_change_is_broken(void)
{
    static void (*const spoils[])(fixture *) = {spoil_version, spoil_columns, spoil_image, spoil_length, spoil_schema};
    fixture f;
    start(&f);
    feed(&f, gtid("1-1-1", true));
    feed(&f, mark(&f, 2));
    for (unsigned i = 0; i < G_N_ELEMENTS(spoils); i++) refuse_change(&f, spoils[i]);
    rw_table *old = table_of(RW_SCHEMA, "change", (const rw_type[]){RW_T_TINY}, 1);
    g_free(refused(&f, row(old)));
    rw_table_unref(old);
    stop(&f);
}

static void test_progress_is_broken(void)
{
    fixture f;
    start(&f);
    feed(&f, gtid("1-1-1", true));
    rw_event e = mark(&f, 2);
    e.rows.rest.end--;
    g_autofree char *message = refused(&f, e);
    g_assert_nonnull(strstr(message, "ringway.progress"));
    f.progress->columns[RW_PROGRESS_STAMP].type = RW_T_LONG;
    g_free(refused(&f, mark(&f, 2)));
    rw_table *old = table_of(RW_SCHEMA, "progress", (const rw_type[]){RW_T_TINY}, 1);
    g_free(refused(&f, row(old)));
    rw_table_unref(old);
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
    g_test_add_func("/router/watch/ringway", test_watch_a_ringway);
    g_test_add_func("/router/watch/application", test_watch_an_application);
    g_test_add_func("/router/watch/judges-nothing", test_watch_judges_nothing);
    g_test_add_func("/router/change", test_change);
    g_test_add_func("/router/change/none", test_change_is_none);
    g_test_add_func("/router/change/filtered", test_change_is_filtered);
    g_test_add_func("/router/change/tables", test_change_tables);
    g_test_add_func("/router/change/broken", test_change_is_broken);
    g_test_add_func("/router/progress-is-broken", test_progress_is_broken);
    return g_test_run();
}
