#include "log.h"

/* --- transactions --- */

/* An application's; gives its stamp. */
static uint64_t own(fixture *f, uint64_t commit_us)
{
    feed(f, gtid_at("1-1-1", commit_us, true));
    feed(f, row(f->shop));
    g_assert_true(feed(f, commit).ends);
    const rw_txn *txn = rw_router_txn(f->router);
    g_assert_false(txn->dropped);
    g_assert_cmpuint(txn->top_us, ==, txn->author->stamp_us);
    g_assert_cmpuint(rw_router_history(f->router)->stamp_us, ==, txn->author->stamp_us);
    return txn->author->stamp_us;
}

static void dropped(fixture *f, uint64_t commit_us, unsigned source, uint64_t stamp_us)
{
    feed(f, gtid_at("1-1-2", commit_us, true));
    feed(f, progress_row(f, RW_INSERT, source, stamp_us, NULL));
    feed(f, row(f->shop));
    g_assert_true(feed(f, commit).ends);
    g_assert_true(rw_router_txn(f->router)->dropped);
}

static void expect(const fixture *f, uint64_t stamp_us, const char *seen)
{
    const rw_history *history = rw_router_history(f->router);
    const rw_txn *txn = rw_router_txn(f->router);
    g_autofree char *text = rw_seen_format(&history->seen);
    g_autofree char *of_txn = rw_seen_format(txn->seen);
    g_assert_cmpuint(history->stamp_us, ==, stamp_us);
    g_assert_cmpuint(txn->top_us, ==, stamp_us);
    g_assert_cmpstr(text, ==, seen);
    g_assert_cmpstr(of_txn, ==, seen);
}

static void test_own(void)
{
    fixture f;
    start_as(&f, (rw_router_start){.history = {.stamp_us = 4000}});
    g_assert_cmpuint(rw_router_history(f.router)->stamp_us, ==, 4000);
    g_assert_cmpuint(own(&f, 5000), ==, 5000);
    g_assert_cmpuint(own(&f, 5000), ==, 5001);
    g_assert_cmpuint(own(&f, 3000), ==, 5002); /* the clock went back */
    g_assert_cmpuint(own(&f, 9000), ==, 9000);
    feed(&f, query("ALTER TABLE t ADD x INT", 9)); /* in a log without GTIDs: whole seconds */
    expect(&f, 1000 * G_USEC_PER_SEC, "");
    stop(&f);
}

/* Each node of a cluster logs another time for the whole, the same for its rows. */
static void test_cluster(void)
{
    for (unsigned i = 0; i < 4; i++) {
        fixture f;
        uint64_t ends_us = (i % 2 ? 1003 : 1007) * (uint64_t)G_USEC_PER_SEC;
        start_as(&f, (rw_router_start){.cluster = true, .watch = i / 2, .history = {.stamp_us = 4000}});
        feed(&f, gtid_at("1-1-1", ends_us, true));
        rw_event first = row(f.shop), second = row(f.shop);
        first.timestamp_s = 1001;
        second.timestamp_s = 1003;
        feed(&f, first);
        feed(&f, second);
        g_assert_true(feed(&f, commit).ends);
        expect(&f, 1001 * (uint64_t)G_USEC_PER_SEC, "");
        g_assert_cmpuint(rw_router_txn(f.router)->author->stamp_us, ==, 1001 * (uint64_t)G_USEC_PER_SEC);
        g_assert_cmpuint(rw_router_txn(f.router)->commit_us, ==, 1001 * (uint64_t)G_USEC_PER_SEC);
        dropped(&f, ends_us, 2, 5500);
        expect(&f, 1001 * (uint64_t)G_USEC_PER_SEC, "2:5500");
        g_assert_cmpuint(own(&f, ends_us), ==, 1001 * (uint64_t)G_USEC_PER_SEC + 1); /* its row is older */
        stop(&f);
    }
}

/* It has none of its own: it brings that of the source's log, which the site has seen up to there. */
static void test_dropped(void)
{
    fixture f;
    start_as(&f, (rw_router_start){.history = {.stamp_us = 100, .seen = {1, {{3, 40}}}}});
    g_assert_cmpuint(own(&f, 5000), ==, 5000);
    dropped(&f, 6000, 2, 5500);
    expect(&f, 5500, "3:40,2:5500");
    g_assert_cmpuint(own(&f, 5200), ==, 5501);
    expect(&f, 5501, "3:40,2:5500");
    dropped(&f, 6000, 2, 5300); /* never lower */
    expect(&f, 5501, "3:40,2:5500");
    dropped(&f, 6000, 3, 5400);
    expect(&f, 5501, "3:5400,2:5500");
    g_assert_cmpuint(own(&f, 6000), ==, 6000);
    stop(&f);
}

/* A large transaction says only at its end how far it goes. */
static void test_dropped_and_large(void)
{
    fixture f;
    start(&f);
    feed(&f, gtid("1-1-1", true));
    feed(&f, progress_row(&f, RW_INSERT, 2, 700, NULL));
    expect(&f, 700, "2:700");
    feed(&f, row(f.shop));
    feed(&f, progress_row(&f, RW_DELETE, 2, 99000, NULL)); /* old ones go */
    expect(&f, 700, "2:700");
    feed(&f, progress_row(&f, RW_UPDATE, 2, 800, NULL));
    expect(&f, 800, "2:800");
    feed(&f, progress_row(&f, RW_UPDATE, 2, 750, NULL)); /* never lower */
    g_assert_true(feed(&f, commit).ends);
    expect(&f, 800, "2:800");
    stop(&f);
}

/* Only the first row can say that a Ringway wrote it; and a person may tidy up. */
static void test_not_dropped(void)
{
    fixture f;
    start(&f);
    feed(&f, gtid("1-1-1", true));
    feed(&f, progress_row(&f, RW_UPDATE, 2, 99000, NULL));
    feed(&f, progress_row(&f, RW_DELETE, 2, 99000, NULL));
    feed(&f, row(f.shop));
    feed(&f, progress_row(&f, RW_INSERT, 2, 99000, NULL));
    g_assert_true(feed(&f, commit).ends);
    g_assert_false(rw_router_txn(f.router)->dropped);
    expect(&f, 5000, "");
    stop(&f);
}

static void test_too_many_sites(void)
{
    fixture f;
    start(&f);
    for (unsigned i = 0; i < RW_SEEN_MAX; i++) dropped(&f, 1, 2 + i, 10 + i);
    feed(&f, gtid("1-1-1", true));
    g_autofree char *message = refused(&f, mark(&f, 2 + RW_SEEN_MAX));
    g_assert_nonnull(strstr(message, "16"));
    stop(&f);
}

static void test_void(void)
{
    fixture f;
    start_as(&f, (rw_router_start){.history = {.stamp_us = 100, .seen = {1, {{2, 90}}}}});
    feed(&f, gtid("1-1-1", true));
    feed(&f, row(f.shop));
    g_assert_cmpuint(rw_router_history(f.router)->stamp_us, ==, 5000);
    g_assert_cmpint(feed(&f, server_start).action, ==, RW_ROUTE_VOID);
    g_assert_cmpuint(rw_router_history(f.router)->stamp_us, ==, 100);
    feed(&f, gtid("1-1-2", false));
    feed(&f, begin);
    feed(&f, progress_row(&f, RW_INSERT, 2, 7000, NULL));
    feed(&f, progress_row(&f, RW_UPDATE, 2, 7100, NULL));
    g_assert_cmpuint(rw_seen_of(&rw_router_history(f.router)->seen, 2), ==, 7100);
    g_assert_cmpint(feed(&f, server_start).action, ==, RW_ROUTE_VOID);
    g_assert_cmpuint(rw_seen_of(&rw_router_history(f.router)->seen, 2), ==, 90);
    g_assert_cmpuint(own(&f, 50), ==, 101);
    expect(&f, 101, "2:90");
    stop(&f);
}

/* --- what a Ringway's window makes the site change itself --- */

static const uint8_t seven[] = {0, 7};

static rw_event change_of(fixture *f, const rw_table *of) { return change_row(f, RW_INSERT, of, rw_slice_of(seven, sizeof seven)); }

/* A window of site 2's, up to that stamp, with a change of a row of `of`; not yet at its end. */
static void begin_changes(fixture *f, uint64_t commit_us, uint64_t stamp_us, const rw_table *of)
{
    feed(f, gtid_at("1-1-2", commit_us, true));
    feed(f, progress_row(f, RW_INSERT, 2, stamp_us, NULL));
    feed(f, change_of(f, of));
}

/* An own transaction, later than the window, which it has seen. */
static void end_changes(fixture *f, uint64_t stamp_us, const char *seen)
{
    const rw_txn *txn = rw_router_txn(f->router);
    g_assert_true(feed(f, commit).ends);
    g_assert_false(txn->dropped);
    g_assert_cmpuint(txn->author->origin, ==, 1);
    g_assert_cmpuint(txn->author->stamp_us, ==, stamp_us);
    expect(f, stamp_us, seen);
}

static void test_change(void)
{
    for (unsigned i = 0; i < 4; i++) {
        fixture f;
        start_as(&f, (rw_router_start){.watch = i / 2, .history = {.stamp_us = 100, .seen = {1, {{3, 40}}}}});
        rw_table *of = i % 2 ? f.secret : f.shop; /* filtered or not */
        begin_changes(&f, 5000, 7000, of);
        end_changes(&f, 7001, "3:40,2:7000"); /* after the window */
        begin_changes(&f, 9000, 8000, of);
        end_changes(&f, 9000, "3:40,2:8000"); /* when it was committed */
        begin_changes(&f, 9000, 8500, of);
        end_changes(&f, 9001, "3:40,2:8500"); /* after what was before it in the log */
        begin_changes(&f, 9000, 9100, of);
        feed(&f, progress_row(&f, RW_UPDATE, 2, 9500, NULL)); /* a large one */
        feed(&f, change_of(&f, of));
        end_changes(&f, 9501, "3:40,2:9500");
        g_assert_cmpuint(own(&f, 9000), ==, 9502);
        dropped(&f, 9000, 2, 9600);
        expect(&f, 9600, "3:40,2:9600");
        stop(&f);
    }
}

static void test_change_is_undone(void)
{
    for (unsigned i = 0; i < 4; i++) {
        fixture f;
        start_as(&f, (rw_router_start){.watch = i / 2, .history = {.stamp_us = 100, .seen = {1, {{2, 90}}}}});
        begin_changes(&f, 5000, 7000, i % 2 ? f.secret : f.shop);
        rw_route none = feed(&f, server_start);
        g_assert_true(none.action == RW_ROUTE_VOID && !none.ends);
        g_assert_cmpuint(rw_router_history(f.router)->stamp_us, ==, 100);
        g_assert_cmpuint(rw_seen_of(&rw_router_history(f.router)->seen, 2), ==, 90);
        begin_changes(&f, 5000, 7000, i % 2 ? f.secret : f.shop);
        g_assert_true(feed(&f, rollback).ends);
        g_assert_true(rw_router_txn(f.router)->dropped);
        expect(&f, 100, "2:90");
        dropped(&f, 5000, 2, 95); /* the next makes none */
        expect(&f, 100, "2:95");
        begin_changes(&f, 50, 96, f.shop);
        end_changes(&f, 101, "2:96");
        stop(&f);
    }
}

static void test_rollback(void)
{
    fixture f;
    start_as(&f, (rw_router_start){.history = {.stamp_us = 100, .seen = {1, {{2, 90}}}}});
    feed(&f, gtid_at("1-1-2", 5000, true));
    feed(&f, progress_row(&f, RW_INSERT, 2, 7000, NULL));
    feed(&f, row(f.shop));
    g_assert_true(feed(&f, rollback).ends);
    expect(&f, 100, "2:90");
    g_assert_cmpuint(own(&f, 50), ==, 101);
    stop(&f);
}

/* --- version columns --- */

#define AT_S UINT64_C(1700000000) /* 2023-11-14 22:13:20 */

static rw_conf *conf_of(const char *column)
{
    g_autofree char *text = g_strdup_printf("[site a]\nid = 1\nhosts = /a\n[site b]\nid = 2\nhosts = /b\n[table a.b]\nversion_column = %s\n", column);
    GError *error = NULL;
    rw_conf *conf = rw_conf_parse("r.cnf", text, strlen(text), &error);
    g_assert_no_error(error);
    return conf;
}

/* a.b: id, changed */
static rw_table *versioned(rw_type type, uint16_t digits)
{
    rw_table *t = table_of("a", "b", (const rw_type[]){RW_T_TINY, type}, 2);
    t->columns[1].meta = digits;
    rw_column_set_name(&t->columns[0], rw_slice_str("id"));
    rw_column_set_name(&t->columns[1], rw_slice_str("Changed"));
    t->has_names = true;
    return t;
}

static void put_be(fixture *f, uint64_t v, unsigned bytes)
{
    for (unsigned i = bytes; i-- > 0;) put_number(f, v >> 8 * i, 1);
}

/* second 0: NULL */
static rw_event version_row(fixture *f, rw_table *t, rw_op op, uint64_t second, unsigned us)
{
    put_no_nulls(f, t);
    put_number(f, 7, 1);
    if (second) {
        put_be(f, second, 4);
        put_be(f, us, 3);
    } else {
        put_null(f, 1);
    }
    return image_rows(f, t, op);
}

typedef struct {
    uint64_t second;
    unsigned us;
} version;

/* The stamp of a transaction with these rows, in the log of that time. */
static uint64_t stamp_of(fixture *f, rw_table *t, uint64_t commit_us, const version *versions, unsigned n)
{
    feed(f, gtid_at("1-1-1", commit_us, true));
    for (unsigned i = 0; i < n; i++) feed(f, version_row(f, t, i % 2 ? RW_UPDATE : RW_INSERT, versions[i].second, versions[i].us));
    uint64_t stamp_us = rw_router_txn(f->router)->author->stamp_us; /* known with the rows */
    g_assert_cmpuint(rw_router_txn(f->router)->top_us, ==, stamp_us);
    g_assert_true(feed(f, commit).ends);
    g_assert_cmpuint(rw_router_txn(f->router)->author->stamp_us, ==, stamp_us);
    g_assert_cmpuint(rw_router_txn(f->router)->top_us, ==, stamp_us);
    g_assert_cmpuint(rw_router_history(f->router)->stamp_us, ==, stamp_us);
    return stamp_us;
}

#define STAMP(at_us, ...) stamp_of(&f, t, at_us, (const version[]){__VA_ARGS__}, G_N_ELEMENTS(((const version[]){__VA_ARGS__})))
#define US(second) ((second) * G_USEC_PER_SEC)

static void test_version(void)
{
    g_autoptr(rw_conf) conf = conf_of("changed");
    rw_table *t = versioned(RW_T_TIMESTAMP2, 6);
    fixture f;
    start_as(&f, (rw_router_start){.conf = conf});
    g_assert_cmpuint(STAMP(US(AT_S), {AT_S, 250000}), ==, US(AT_S) + 250000);
    g_assert_cmpuint(STAMP(US(AT_S), {AT_S, 100000}), ==, US(AT_S) + 250001);                     /* stamps rise */
    g_assert_cmpuint(STAMP(US(AT_S), {AT_S, 300000}, {AT_S, 500000}, {AT_S, 400000}), ==, US(AT_S) + 500000);
    g_assert_cmpuint(STAMP(US(AT_S + 1), {AT_S, 999999}), ==, US(AT_S + 1));                      /* written before, committed after */
    g_assert_cmpuint(STAMP(US(AT_S + 2), {AT_S + 3, 1}, {0, 0}), ==, US(AT_S + 2));
    g_assert_cmpuint(STAMP(US(AT_S + 3) + 5, {AT_S + 3, 900000}), ==, US(AT_S + 3) + 5);          /* the log knows better */
    feed(&f, gtid_at("1-1-1", US(AT_S + 4), true));
    feed(&f, version_row(&f, t, RW_DELETE, AT_S + 4, 700000)); /* that row was written before */
    feed(&f, commit);
    g_assert_cmpuint(rw_router_txn(f.router)->author->stamp_us, ==, US(AT_S + 4));
    rw_table_unref(t);
    stop(&f);
}

/* Only rows at a transaction's beginning are asked: as long as those before them had at most 1024 bytes, of whichever tables. */
static void test_version_comes_late(void)
{
    static const struct { unsigned first, second; bool counts; } sizes[] = {{100, 100, true}, {1024, 0, true}, {1024, 1, false}, {1025, 0, false},
                                                                            {512, 512, true}, {512, 513, false}, {100000, 0, false}};
    g_autoptr(rw_conf) conf = conf_of("changed");
    for (unsigned i = 0; i < 2 * G_N_ELEMENTS(sizes); i++) {
        rw_table *t = versioned(RW_T_TIMESTAMP2, 6);
        fixture f;
        start_as(&f, (rw_router_start){.conf = conf, .watch = i % 2});
        for (unsigned k = 0; k < 2; k++) { /* every transaction begins anew */
            uint64_t second = AT_S + k;
            rw_event first = row(f.secret), next = row(f.shop);
            first.size_bytes = sizes[i / 2].first;
            next.size_bytes = sizes[i / 2].second;
            feed(&f, gtid_at("1-1-1", US(second), true));
            feed(&f, first);
            if (next.size_bytes) feed(&f, next);
            rw_event last = version_row(&f, t, RW_INSERT, second, 250000);
            last.size_bytes = 5000;
            feed(&f, last);
            feed(&f, version_row(&f, t, RW_INSERT, second, 500000)); /* too late */
            g_assert_cmpuint(rw_router_txn(f.router)->author->stamp_us, ==, US(second) + (sizes[i / 2].counts ? 250000 : 0));
            g_assert_true(feed(&f, commit).ends);
            g_assert_cmpuint(rw_router_txn(f.router)->author->stamp_us, ==, US(second) + (sizes[i / 2].counts ? 250000 : 0));
        }
        rw_table_unref(t);
        stop(&f);
    }
}

/* In the zone of its session, which may be any quarter of an hour away; in a Ringway's transaction it says nothing. */
static void test_version_elsewhere(void)
{
    g_autoptr(rw_conf) conf = conf_of("changed");
    rw_table *t = versioned(RW_T_DATETIME2, 2);
    fixture f;
    start_as(&f, (rw_router_start){.conf = conf});
    const uint64_t half_past = ((uint64_t)(2023 * 13 + 11) << 5 | 15) << 17 | 3 << 12 | 43 << 6 | 20; /* 2023-11-15 03:43:20 */
    for (unsigned i = 0; i < 2; i++) {
        feed(&f, gtid_at("1-1-1", US(AT_S), true));
        if (i == 1) feed(&f, progress_row(&f, RW_INSERT, 2, 77, NULL));
        put_no_nulls(&f, t);
        put_number(&f, 7, 1);
        put_be(&f, half_past | UINT64_C(1) << 39, 5);
        put_be(&f, i == 0 ? 25 : 99, 1);
        feed(&f, image_rows(&f, t, RW_INSERT));
        feed(&f, commit);
        g_assert_cmpuint(rw_router_history(f.router)->stamp_us, ==, US(AT_S) + 250000);
    }
    rw_table_unref(t);
    stop(&f);
}

static void refuse_version(const char *column, rw_table *t, const char *word)
{
    g_autoptr(rw_conf) conf = conf_of(column);
    fixture f;
    start_as(&f, (rw_router_start){.conf = conf});
    feed(&f, gtid("1-1-1", true));
    g_autofree char *message = refused(&f, version_row(&f, t, RW_INSERT, AT_S, 1));
    if (!strstr(message, word)) g_error("\"%s\" is not in \"%s\"", word, message);
    stop(&f);
    rw_table_unref(t);
}

static void test_version_is_refused(void)
{
    rw_table *nameless = versioned(RW_T_TIMESTAMP2, 6);
    nameless->has_names = false;
    refuse_version("changed", nameless, "binlog_row_metadata");
    refuse_version("other", versioned(RW_T_TIMESTAMP2, 6), "version_column = other");
    refuse_version("id", versioned(RW_T_TIMESTAMP2, 6), "version_column = id");
    refuse_version("changed", versioned(RW_T_TIME2, 6), "TIMESTAMP or DATETIME");
}

/* --- all together --- */

static void expect_same(const fixture *a, const fixture *b)
{
    const rw_history *x = rw_router_history(a->router), *y = rw_router_history(b->router);
    g_autofree char *seen = rw_seen_format(&x->seen);
    g_autofree char *also = rw_seen_format(&y->seen);
    g_assert_cmpuint(x->stamp_us, ==, y->stamp_us);
    g_assert_cmpstr(seen, ==, also);
}

/* Whoever reads a log gets the same stamps: the link from that site, and who watches its log for another link. */
static void test_watch_gives_the_same(void)
{
    static const char alter[] = "ALTER TABLE t ADD x INT";
    g_autoptr(rw_conf) conf = conf_of("changed");
    g_autoptr(GRand) rand = g_rand_new_with_seed(5);
    rw_table *t = versioned(RW_T_TIMESTAMP2, 6);
    fixture link, watch;
    start_as(&link, (rw_router_start){.conf = conf});
    start_as(&watch, (rw_router_start){.conf = conf, .watch = true});
    for (unsigned i = 0; i < 3000; i++) {
        uint64_t second = AT_S + i / 3;
        unsigned us = (unsigned)g_rand_int_range(rand, 0, G_USEC_PER_SEC), kind = (unsigned)g_rand_int_range(rand, 0, 6);
        fixture *both[] = {&link, &watch};
        for (unsigned k = 0; k < 2; k++) {
            fixture *f = both[k];
            feed(f, gtid_at("1-1-1", US(second) + (i % 5 ? 0 : us), kind != 5));
            if (kind == 0) feed(f, progress_row(f, RW_INSERT, 2 + us % 2, US(second) + us / 2, NULL));
            if (kind < 4 && us % 5 < 2) feed(f, change_of(f, us % 2 ? f->shop : f->secret));
            if (kind == 1) feed(f, intent(f, 9, us % 2, alter));
            if (kind < 4) feed(f, version_row(f, t, RW_UPDATE, second, us));
            if (kind == 0 && us % 3 == 0) feed(f, progress_row(f, RW_UPDATE, 2 + us % 2, US(second) + us, NULL));
            feed(f, kind == 5 ? query(alter, 9) : kind == 4 ? server_start : commit);
        }
        expect_same(&link, &watch);
    }
    rw_table_unref(t);
    stop(&link);
    stop(&watch);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stamps/own", test_own);
    g_test_add_func("/stamps/cluster", test_cluster);
    g_test_add_func("/stamps/dropped", test_dropped);
    g_test_add_func("/stamps/dropped-and-large", test_dropped_and_large);
    g_test_add_func("/stamps/not-dropped", test_not_dropped);
    g_test_add_func("/stamps/too-many-sites", test_too_many_sites);
    g_test_add_func("/stamps/void", test_void);
    g_test_add_func("/stamps/change", test_change);
    g_test_add_func("/stamps/change/undone", test_change_is_undone);
    g_test_add_func("/stamps/rollback", test_rollback);
    g_test_add_func("/stamps/version", test_version);
    g_test_add_func("/stamps/version-comes-late", test_version_comes_late);
    g_test_add_func("/stamps/version-elsewhere", test_version_elsewhere);
    g_test_add_func("/stamps/version-is-refused", test_version_is_refused);
    g_test_add_func("/stamps/watch-gives-the-same", test_watch_gives_the_same);
    return g_test_run();
}
