#include "flow/window/queue.h"

#include "base/error.h"

static void add_txn(rw_batch *batch, bool continues)
{
    rw_txn txn = {.gtid = "", .file = "", .continues = continues};
    g_array_append_val(batch->txns, txn);
}

static gint64 now_and_a_bit(void) { return g_get_monotonic_time() + 1000; }

/* As long as nobody takes it, the batch that was given grows. */
static void test_backlog_grows_the_batch(void)
{
    rw_queue *q = rw_queue_new(1 << 20, 1 << 22, 3);
    for (int i = 0; i < 5; i++) {
        rw_batch *batch = rw_queue_open(q);
        add_txn(batch, false);
        g_assert_true(rw_queue_give(q, batch));
    }
    rw_batch *first = rw_queue_take(q, now_and_a_bit(), NULL), *second = rw_queue_take(q, now_and_a_bit(), NULL);
    g_assert_cmpuint(first->txns->len, ==, 3);
    g_assert_cmpuint(second->txns->len, ==, 2);
    g_assert_null(rw_queue_take(q, now_and_a_bit(), NULL));
    rw_queue_recycle(q, first);
    rw_queue_recycle(q, second);
    rw_batch *again = rw_queue_open(q);
    g_assert_cmpuint(again->txns->len, ==, 0);
    rw_batch_free(again);
    rw_queue_free(q);
}

static void test_spread_transaction_is_not_appended_to(void)
{
    rw_queue *q = rw_queue_new(1 << 20, 1 << 22, 100);
    rw_batch *batch = rw_queue_open(q);
    add_txn(batch, true);
    rw_queue_give(q, batch);
    rw_batch *next = rw_queue_open(q);
    g_assert_true(next != batch);
    rw_batch_free(next);
    rw_queue_free(q);
}

/* The reader's error comes after the batches that it had given. */
static void test_error_comes_last(void)
{
    rw_queue *q = rw_queue_new(1 << 20, 1 << 22, 100);
    rw_batch *batch = rw_queue_open(q);
    add_txn(batch, false);
    rw_queue_give(q, batch);
    GError *error = NULL;
    rw_fail(&error, RW_ERR_RETRY, "lost");
    rw_queue_fail(q, error);
    error = NULL;
    batch = rw_queue_take(q, now_and_a_bit(), &error);
    g_assert_nonnull(batch);
    g_assert_no_error(error);
    rw_queue_recycle(q, batch);
    g_assert_null(rw_queue_take(q, now_and_a_bit(), &error));
    g_assert_error(error, RW_ERROR, RW_ERR_RETRY);
    g_error_free(error);
    rw_queue_free(q);
}

static gpointer give_large(gpointer data)
{
    rw_queue *q = data;
    for (int i = 0; i < 50; i++) {
        rw_batch *batch = rw_queue_open(q);
        if (!batch) return GINT_TO_POINTER(i);
        add_txn(batch, false);
        rw_arena_alloc(batch->arena, 64 * 1024);
        if (!rw_queue_give(q, batch)) return GINT_TO_POINTER(i);
    }
    return GINT_TO_POINTER(50);
}

/* give waits for room, and close wakes it. */
static void test_bounded_and_closed(void)
{
    rw_queue *q = rw_queue_new(64 * 1024, 200 * 1024, 100);
    GThread *reader = g_thread_new("reader", give_large, q);
    for (int i = 0; i < 10; i++) {
        rw_batch *batch = rw_queue_take(q, g_get_monotonic_time() + 10 * G_USEC_PER_SEC, NULL);
        g_assert_nonnull(batch);
        rw_queue_recycle(q, batch);
    }
    rw_queue_close(q);
    int given = GPOINTER_TO_INT(g_thread_join(reader));
    g_assert_cmpint(given, >=, 10);
    g_assert_cmpint(given, <, 20);
    GError *error = NULL;
    g_assert_null(rw_queue_take(q, now_and_a_bit(), &error));
    g_assert_error(error, RW_ERROR, RW_ERR_INTERRUPTED);
    g_error_free(error);
    rw_queue_free(q);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/queue/grows", test_backlog_grows_the_batch);
    g_test_add_func("/queue/spread", test_spread_transaction_is_not_appended_to);
    g_test_add_func("/queue/error", test_error_comes_last);
    g_test_add_func("/queue/bounded", test_bounded_and_closed);
    return g_test_run();
}
