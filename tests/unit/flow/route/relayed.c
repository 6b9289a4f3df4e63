#include "log.h"

#include "change/origins.h"

/* A link from site 1 that brings the changes of 1, 2 and 3. */
static void start_relay(fixture *f, const char *reached)
{
    rw_router_start s = {0};
    g_assert_true(rw_origins_parse(&s.wanted.carries, "1,2,3"));
    g_assert_true(rw_seen_parse(&s.wanted.reached, reached));
    start_as(f, s);
}

static rw_route begin_window(fixture *f)
{
    feed(f, gtid("1-1-1", true));
    return feed(f, progress_row(f, RW_INSERT, 2, 700, "list"));
}

static void test_window(void)
{
    fixture f;
    start_relay(&f, NULL);
    rw_route head = begin_window(&f);
    g_assert_cmpint(head.action, ==, RW_ROUTE_WRITERS);
    g_assert_true(rw_slice_is(head.writers.text, "list"));
    g_assert_cmpuint(head.writers.source, ==, 2);
    rw_route rows = feed(&f, row(f.shop));
    g_assert_cmpint(rows.action, ==, RW_ROUTE_ROWS);
    g_assert_true(rows.relayed && !rows.filtered && rows.origin == 0);
    g_assert_cmpint(feed(&f, origin_row(&f, 3)).action, ==, RW_ROUTE_NOTHING);
    g_assert_cmpuint(feed(&f, row(f.shop)).origin, ==, 3);
    rw_route secret = feed(&f, row(f.secret));
    g_assert_true(secret.action == RW_ROUTE_ROWS && secret.relayed && secret.filtered);
    g_assert_true(feed(&f, commit).ends);
    /* What comes next is not in it. */
    feed(&f, gtid("1-1-2", true));
    rows = feed(&f, row(f.shop));
    g_assert_true(!rows.relayed && rows.origin == 0);
    g_assert_true(feed(&f, commit).ends);
    g_assert_cmpuint(rw_router_txn(f.router)->author->origin, ==, 1);
    stop(&f);
}

/* A part of a window is at the site: the place that the row names, and its stamp, are before it, but what was seen is not. */
static void test_part_of_a_window(void)
{
    fixture f;
    start(&f);
    f.seen = "3:900";
    f.carries = "2,3";
    begin_window(&f);
    feed(&f, commit);
    g_assert_cmpuint(rw_router_history(f.router)->stamp_us, ==, 900);
    stop(&f);
}

/* Who has a site's own changes has seen it, whatever windows of others followed in its log. */
static void test_seen_up_to_the_last_own_change(void)
{
    fixture f;
    start(&f);
    const rw_txn *txn = rw_router_txn(f.router);
    const rw_history *history = rw_router_history(f.router);
    feed(&f, gtid("1-1-1", true));
    feed(&f, row(f.shop));
    feed(&f, commit);
    uint64_t own_us = txn->own_us;
    g_assert_cmpuint(own_us, ==, txn->top_us);
    f.seen = "2:600";
    f.carries = "2";
    feed(&f, gtid("1-1-2", true));
    feed(&f, progress_row(&f, RW_INSERT, 2, own_us + 700, "list"));
    feed(&f, commit);
    g_assert_cmpuint(txn->top_us, ==, own_us + 700);
    g_assert_cmpuint(txn->own_us, ==, own_us);
    g_assert_cmpuint(rw_seen_of(&history->seen, 2), ==, 600);
    feed(&f, gtid("1-1-3", true)); /* nothing that concerns anybody */
    feed(&f, commit);
    g_assert_cmpuint(txn->own_us, ==, own_us);
    feed(&f, gtid("1-1-4", true));
    feed(&f, row(f.secret)); /* for others, it may be something */
    feed(&f, commit);
    g_assert_cmpuint(txn->own_us, ==, txn->top_us);
    stop(&f);
}

/* A link that brings its source's own changes only drops it; it learns from it all the same. */
static void test_not_carried(void)
{
    fixture f;
    start(&f);
    f.seen = "3:90,4:80";
    f.carries = "2,3";
    g_assert_cmpint(begin_window(&f).action, ==, RW_ROUTE_NOTHING);
    g_assert_cmpint(feed(&f, row(f.shop)).action, ==, RW_ROUTE_NOTHING);
    g_assert_true(feed(&f, commit).ends);
    g_assert_true(rw_router_txn(f.router)->dropped);
    g_autofree char *seen = rw_seen_format(&rw_router_history(f.router)->seen);
    g_assert_cmpstr(seen, ==, "2:700,3:90"); /* of 4 that link brings nothing */
    stop(&f);
}

/* The site has another server, which lacks what site 2 brings back: numbers go on behind it, and who reads the site hands it on. */
static void test_rest(void)
{
    static const uint64_t far_us = (uint64_t)9000 * G_USEC_PER_SEC;
    fixture f;
    start(&f);
    const rw_history *history = rw_router_history(f.router);
    feed(&f, gtid("1-1-1", true));
    g_assert_cmpint(feed(&f, rest_row(&f, 500, far_us)).action, ==, RW_ROUTE_NOTHING);
    feed(&f, commit);
    g_assert_cmpuint(history->stamp_us, ==, far_us);
    g_assert_cmpuint(history->back_us, ==, 500);
    g_assert_cmpuint(history->seen.n, ==, 0);
    feed(&f, gtid("1-1-2", true));
    feed(&f, row(f.shop));
    feed(&f, commit);
    g_assert_cmpuint(rw_router_txn(f.router)->author->stamp_us, ==, far_us + 1);
    f.seen = "1:800";
    f.carries = "1,2";
    g_assert_cmpint(begin_window(&f).action, ==, RW_ROUTE_WRITERS);
    g_assert_true(feed(&f, row(f.shop)).relayed);
    feed(&f, commit);
    g_assert_false(rw_router_txn(f.router)->dropped);
    g_assert_cmpuint(history->back_us, ==, 800);
    g_assert_cmpuint(rw_seen_of(&history->seen, 1), ==, 0);
    stop(&f);
}

static void test_damaged(void)
{
    fixture f;
    start(&f);
    feed(&f, gtid("1-1-1", true));
    f.carries = "2;3";
    g_autofree char *message = refused(&f, mark(&f, 2));
    g_assert_nonnull(strstr(message, "2;3"));
    stop(&f);
}

static rw_route announced(fixture *f, unsigned origin, uint64_t stamp_us)
{
    f->announced_by = origin;
    f->announced_us = stamp_us;
    feed(f, gtid("1-1-1", true));
    feed(f, intent(f, 9, true, "CREATE TABLE t (a INT)"));
    feed(f, commit);
    feed(f, gtid("1-1-2", false));
    return feed(f, query("CREATE TABLE t (a INT)", 9));
}

static void test_statement(void)
{
    fixture f;
    start_relay(&f, "3:500");
    rw_route route = announced(&f, 3, 501);
    g_assert_cmpint(route.action, ==, RW_ROUTE_STATEMENT);
    g_assert_cmpuint(rw_router_txn(f.router)->author->origin, ==, 3);
    g_assert_cmpuint(rw_router_txn(f.router)->author->stamp_us, ==, 501);
    g_assert_cmpint(announced(&f, 3, 500).action, ==, RW_ROUTE_NOTHING); /* it is there */
    g_assert_cmpint(announced(&f, 4, 900).action, ==, RW_ROUTE_NOTHING); /* it goes another way */
    stop(&f);
    start(&f);
    g_assert_cmpint(announced(&f, 3, 501).action, ==, RW_ROUTE_NOTHING);
    g_assert_true(rw_router_txn(f.router)->dropped);
    stop(&f);
}

/* The site's own deletes come after the window, as a transaction of its own. */
static void test_changes(void)
{
    static const uint8_t image[] = {0, 7};
    fixture f;
    start_relay(&f, NULL);
    begin_window(&f);
    feed(&f, row(f.shop));
    g_assert_cmpint(feed(&f, change_row(&f, RW_INSERT, f.shop, rw_slice_of(image, sizeof image))).action, ==, RW_ROUTE_CHANGE);
    g_assert_true(feed(&f, commit).ends);
    g_assert_cmpuint(rw_router_txn(f.router)->author->origin, ==, 1);
    g_assert_cmpuint(rw_router_txn(f.router)->author->stamp_us, ==, 5000);
    stop(&f);
}

/* A change that found the row as wanted goes on with the window, and nowhere else. */
static void test_trace(void)
{
    static const uint8_t image[] = {0, 7};
    const rw_slice row = {image, sizeof image};
    fixture f;
    start_relay(&f, NULL);
    begin_window(&f);
    feed(&f, origin_row(&f, 3));
    rw_route route = feed(&f, trace_row(&f, f.shop, row, row));
    g_assert_cmpint(route.action, ==, RW_ROUTE_CHANGE);
    g_assert_true(!route.change.own && !route.filtered && route.origin == 3);
    g_assert_true(rw_slice_equal(route.change.image, row) && rw_slice_equal(route.change.after, row));
    g_assert_true(feed(&f, trace_row(&f, f.secret, row, row)).filtered);
    g_assert_true(feed(&f, commit).ends);
    g_assert_cmpuint(rw_router_history(f.router)->stamp_us, ==, 700); /* no transaction of the site's own */
    stop(&f);
    start(&f);
    begin_window(&f);
    g_assert_cmpint(feed(&f, trace_row(&f, f.shop, row, row)).action, ==, RW_ROUTE_NOTHING);
    stop(&f);
}

static void test_rolled_back(void)
{
    fixture f;
    start_relay(&f, NULL);
    begin_window(&f);
    feed(&f, row(f.shop));
    g_assert_cmpint(feed(&f, server_start).action, ==, RW_ROUTE_VOID);
    g_assert_cmpuint(rw_router_history(f.router)->stamp_us, ==, 0);
    g_assert_cmpuint(rw_router_history(f.router)->seen.n, ==, 0);
    stop(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/router/relayed/window", test_window);
    g_test_add_func("/router/relayed/not-carried", test_not_carried);
    g_test_add_func("/router/relayed/part", test_part_of_a_window);
    g_test_add_func("/router/relayed/seen-own", test_seen_up_to_the_last_own_change);
    g_test_add_func("/router/relayed/rest", test_rest);
    g_test_add_func("/router/relayed/damaged", test_damaged);
    g_test_add_func("/router/relayed/statement", test_statement);
    g_test_add_func("/router/relayed/changes", test_changes);
    g_test_add_func("/router/relayed/trace", test_trace);
    g_test_add_func("/router/relayed/rolled-back", test_rolled_back);
    return g_test_run();
}
