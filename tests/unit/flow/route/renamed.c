#include "log.h"

/* A link that renames schema shop to eu and table crm.t to old.u. */
typedef struct {
    fixture f;
    rw_renames renames;
} renaming;

static void start_renaming(renaming *r)
{
    g_assert_null(rw_renames_parse(&r->renames, "shop:eu, crm.t:old.u"));
    start_as(&r->f, (rw_router_start){.renames = &r->renames});
}

static void stop_renaming(renaming *r)
{
    stop(&r->f);
    rw_renames_clear(&r->renames);
}

static rw_table *made(const char *schema, const char *name)
{
    static const rw_type id[] = {RW_T_TINY};
    return table_of(schema, name, id, 1);
}

static void expect_name(renaming *r, const char *schema, const char *name, const char *new_schema, const char *new_name)
{
    rw_table *table = made(schema, name);
    feed(&r->f, gtid("1-1-1", true));
    rw_route route = feed(&r->f, row(table));
    g_assert_cmpint(route.action, ==, RW_ROUTE_ROWS);
    g_assert_cmpstr(route.table->schema, ==, new_schema);
    g_assert_cmpstr(route.table->name, ==, new_name);
    g_assert_cmpuint(route.table->n_columns, ==, table->n_columns);
    g_assert_true(feed(&r->f, row(table)).table == route.table); /* one table stays one table: bindings go by it */
    feed(&r->f, commit);
    rw_table_unref(table);
}

static void test_rows(void)
{
    renaming r;
    start_renaming(&r);
    expect_name(&r, "shop", "t", "eu", "t");
    expect_name(&r, "crm", "t", "old", "u");
    expect_name(&r, "crm", "other", "crm", "other");
    stop_renaming(&r);
}

static void test_two_become_one(void)
{
    renaming r;
    start_renaming(&r);
    rw_table *there = made("eu", "t");
    feed(&r.f, gtid("1-1-1", true));
    g_autofree char *why = refused(&r.f, row(there));
    g_assert_cmpstr(why, ==, "tables eu.t and shop.t of the source are both eu.t at the target, as rename says; filter one of them, or correct rename, and restart ringway run");
    rw_table_unref(there);
    stop_renaming(&r);
}

/* The filter speaks of the source's names, and what it keeps back may be called anything. */
static void test_filtered(void)
{
    rw_renames renames;
    g_assert_null(rw_renames_parse(&renames, "shop:secret"));
    fixture f;
    start_as(&f, (rw_router_start){.renames = &renames});
    feed(&f, gtid("1-1-1", true));
    g_assert_cmpint(feed(&f, row(f.secret)).action, ==, RW_ROUTE_NOTHING);
    g_assert_cmpstr(feed(&f, row(f.shop)).table->schema, ==, "secret");
    feed(&f, commit);
    stop(&f);
    rw_renames_clear(&renames);
}

/* A delete that the source made itself, in a window. */
static void test_change(void)
{
    renaming r;
    start_renaming(&r);
    feed(&r.f, gtid("1-1-1", true));
    feed(&r.f, mark(&r.f, 2));
    rw_route route = feed(&r.f, change_row(&r.f, RW_INSERT, r.f.shop, rw_slice_str("1")));
    g_assert_cmpint(route.action, ==, RW_ROUTE_CHANGE);
    g_assert_cmpstr(route.change.table->schema, ==, "eu");
    stop_renaming(&r);
}

static void test_ddl(void)
{
    static const char *const stops[] = {"ALTER TABLE t ADD x INT", "DROP DATABASE shop", "CREATE TABLE eu.x (id INT)", "RENAME TABLE crm.x TO crm.t", "CREATE DATABASE old",
                                        "CREATE TABLE crm.x (p INT, FOREIGN KEY (p) REFERENCES `T` (id))", "ALTER TABLE crm.x ADD FOREIGN KEY (p) REFERENCES parent (id)" /* of shop */};
    renaming r;
    start_renaming(&r);
    for (size_t i = 0; i < G_N_ELEMENTS(stops); i++) {
        feed(&r.f, gtid("1-1-1", false));
        g_autofree char *why = refused(&r.f, query(stops[i], 9));
        if (!strstr(why, "touches what is renamed by this link, or may refer to it; run it on the target by hand under its new name")) g_error("%s: %s", stops[i], why);
        feed(&r.f, server_start); /* out of the transaction */
    }
    feed(&r.f, gtid("1-1-1", false));
    g_assert_cmpint(feed(&r.f, query("ALTER TABLE crm.other ADD x INT", 9)).action, ==, RW_ROUTE_STATEMENT);
    stop_renaming(&r);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/renamed/rows", test_rows);
    g_test_add_func("/renamed/two-become-one", test_two_become_one);
    g_test_add_func("/renamed/filtered", test_filtered);
    g_test_add_func("/renamed/change", test_change);
    g_test_add_func("/renamed/ddl", test_ddl);
    return g_test_run();
}
