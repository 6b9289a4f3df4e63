#include "flow/fingerprint.h"

#include "route/log.h"

static const uint8_t bytes[] = "some rows, as they stand in the log";

typedef struct {
    rw_fingerprint *prints;
    rw_table *shop, *side;
    rw_local local; /* of the last event */
} log;

static void begin_log(log *l)
{
    static const rw_mark none = {0};
    l->prints = rw_fingerprint_new(&none);
    l->shop = rw_table_new("shop", "t", 1);
    l->side = rw_table_new("shop", "side", 1);
    l->shop->hash = 1;
    l->side->hash = 2;
}

static void end_log(log *l)
{
    rw_fingerprint_free(l->prints);
    rw_table_unref(l->shop);
    rw_table_unref(l->side);
}

static bool see(log *l, rw_event e) { return rw_fingerprint_event(l->prints, &e, &l->local); }

static void rows_of(log *l, rw_table *table, rw_op op, size_t from, size_t to)
{
    rw_event e = {.kind = RW_EVENT_ROWS};
    e.rows = (rw_rows){.table = table, .op = op, .rest = rw_cursor_of(rw_slice_of(bytes + from, to - from))};
    g_assert_false(see(l, e));
}

static bool ends(log *l, uint64_t number) { return see(l, (rw_event){.kind = RW_EVENT_COMMIT, .xid = number}); }

/* The content of a transaction under another GTID, at another place, whatever came before. */
static uint64_t content_of(log *l, rw_table *table, rw_op op, size_t to)
{
    static uint64_t number;
    see(l, gtid("0-1-1", true));
    rows_of(l, table, op, 0, to);
    g_assert_true(ends(l, ++number));
    g_assert_cmpuint(rw_fingerprint_mark(l->prints)->number, ==, number);
    return rw_fingerprint_mark(l->prints)->content;
}

static void test_content(void)
{
    log l;
    begin_log(&l);
    uint64_t content = content_of(&l, l.shop, RW_INSERT, 9);
    g_assert_cmpuint(content_of(&l, l.shop, RW_INSERT, 9), ==, content);
    g_assert_cmpuint(content_of(&l, l.shop, RW_INSERT, 10), !=, content);
    g_assert_cmpuint(content_of(&l, l.shop, RW_DELETE, 9), !=, content);
    g_assert_cmpuint(content_of(&l, l.side, RW_INSERT, 9), !=, content);
    see(&l, gtid("0-2-7", true)); /* cut into two events */
    rows_of(&l, l.shop, RW_INSERT, 0, 4);
    rows_of(&l, l.shop, RW_INSERT, 4, 9);
    g_assert_true(ends(&l, 100));
    g_assert_cmpuint(rw_fingerprint_mark(l.prints)->content, ==, content);
    end_log(&l);
}

/* Half of it stood in the log when the server died. */
static void test_voided(void)
{
    log l;
    begin_log(&l);
    uint64_t content = content_of(&l, l.shop, RW_INSERT, 9);
    rows_of(&l, l.side, RW_INSERT, 0, 3);
    see(&l, (rw_event){.kind = RW_EVENT_FORMAT, .format.server_started = true});
    g_assert_cmpuint(content_of(&l, l.shop, RW_INSERT, 9), ==, content);
    rows_of(&l, l.side, RW_INSERT, 0, 3);
    g_assert_false(see(&l, (rw_event){.kind = RW_EVENT_ROLLBACK}));
    g_assert_cmpuint(content_of(&l, l.shop, RW_INSERT, 9), ==, content);
    end_log(&l);
}

static bool statement(log *l, const char *text)
{
    see(l, gtid("0-1-1", false));
    return see(l, query(text, 7));
}

static void test_statements(void)
{
    log l;
    begin_log(&l);
    g_assert_false(statement(&l, "CREATE TABLE a (id INT)")); /* nothing to count from */
    content_of(&l, l.shop, RW_INSERT, 9);
    rw_mark before = *rw_fingerprint_mark(l.prints);
    g_assert_true(statement(&l, "CREATE TABLE b (id INT)"));
    g_assert_true(statement(&l, "DROP TABLE a"));
    rw_mark behind = *rw_fingerprint_mark(l.prints);
    g_assert_cmpuint(behind.number, ==, before.number);
    g_assert_cmpuint(behind.n_since, ==, 2);

    rw_fingerprint *other = rw_fingerprint_new(&before); /* read on from there, in another order */
    rw_fingerprint *first = l.prints;
    l.prints = other;
    statement(&l, "DROP TABLE a");
    statement(&l, "CREATE TABLE b (id INT)");
    g_assert_false(rw_mark_equal(rw_fingerprint_mark(other), &behind));
    rw_fingerprint_free(other);
    l.prints = first;
    content_of(&l, l.shop, RW_INSERT, 9);
    g_assert_cmpuint(rw_fingerprint_mark(l.prints)->n_since, ==, 0);
    end_log(&l);
}

static void test_local(void)
{
    log l;
    begin_log(&l);
    rows_of(&l, l.shop, RW_INSERT, 0, 9);
    g_assert_true(ends(&l, 1000));
    g_assert_cmpint(l.local, ==, RW_LOCAL_NOT);
    rw_mark mark = *rw_fingerprint_mark(l.prints);
    rows_of(&l, l.shop, RW_INSERT, 0, 9);
    g_assert_false(ends(&l, 0)); /* MyISAM */
    g_assert_cmpint(l.local, ==, RW_LOCAL_UNNUMBERED);
    g_assert_true(rw_mark_equal(&mark, rw_fingerprint_mark(l.prints)));
    g_assert_false(ends(&l, 0)); /* nothing in it */
    g_assert_cmpint(l.local, ==, RW_LOCAL_NOT);
    g_assert_true(ends(&l, 12));
    g_assert_cmpint(l.local, ==, RW_LOCAL_DESCENDS);
    end_log(&l);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/flow/fingerprint/content", test_content);
    g_test_add_func("/flow/fingerprint/voided", test_voided);
    g_test_add_func("/flow/fingerprint/statements", test_statements);
    g_test_add_func("/flow/fingerprint/local", test_local);
    return g_test_run();
}
