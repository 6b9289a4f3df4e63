#include "flow/window/queue.h"

#include "base/error.h"
#include "base/lock.h"

enum { SPARE_BATCHES = 2 };

struct rw_queue {
    rw_lock lock;
    GQueue batches; /* rw_batch, oldest first */
    GQueue spare;
    size_t batch_bytes, queue_bytes, queued_bytes;
    unsigned batch_txns;
    bool closed;
    GError *error; /* of the reader */
};

rw_queue *rw_queue_new(size_t batch_bytes, size_t queue_bytes, unsigned batch_txns)
{
    rw_queue *q = g_new0(rw_queue, 1);
    rw_lock_init(&q->lock);
    g_queue_init(&q->batches);
    g_queue_init(&q->spare);
    q->batch_bytes = batch_bytes;
    q->queue_bytes = queue_bytes;
    q->batch_txns = batch_txns;
    return q;
}

void rw_queue_free(rw_queue *q)
{
    if (!q) return;
    g_queue_clear_full(&q->batches, (GDestroyNotify)rw_batch_free);
    g_queue_clear_full(&q->spare, (GDestroyNotify)rw_batch_free);
    g_clear_error(&q->error);
    rw_lock_clear(&q->lock);
    g_free(q);
}

bool rw_queue_full(const rw_queue *q, const rw_batch *batch)
{
    return rw_batch_bytes(batch) >= q->batch_bytes || batch->txns->len >= q->batch_txns;
}

/* A batch that is spread over a large transaction is never appended to: its last entry waits for its end in the next batch. */
static bool can_grow(const rw_queue *q, const rw_batch *last)
{
    if (!last || rw_queue_full(q, last)) return false;
    return last->txns->len == 0 || !rw_batch_txn(last, last->txns->len - 1)->continues;
}

rw_batch *rw_queue_open(rw_queue *q)
{
    rw_batch *batch = NULL;
    rw_lock_take(&q->lock);
    if (!q->closed) {
        if (can_grow(q, g_queue_peek_tail(&q->batches))) {
            batch = g_queue_pop_tail(&q->batches);
            q->queued_bytes -= rw_batch_bytes(batch);
        } else {
            batch = g_queue_pop_head(&q->spare);
            if (!batch) batch = rw_batch_new();
        }
    }
    rw_lock_give(&q->lock);
    return batch;
}

bool rw_queue_give(rw_queue *q, rw_batch *batch)
{
    rw_lock_take(&q->lock);
    size_t bytes = rw_batch_bytes(batch);
    while (!q->closed && !g_queue_is_empty(&q->batches) && q->queued_bytes + bytes > q->queue_bytes) rw_lock_wait(&q->lock);
    bool open = !q->closed;
    if (open) {
        q->queued_bytes += bytes;
        g_queue_push_tail(&q->batches, batch);
        rw_lock_changed(&q->lock);
    } else {
        rw_batch_free(batch);
    }
    rw_lock_give(&q->lock);
    return open;
}

void rw_queue_fail(rw_queue *q, GError *error)
{
    rw_lock_take(&q->lock);
    if (q->error) g_error_free(error);
    else q->error = error;
    rw_lock_changed(&q->lock);
    rw_lock_give(&q->lock);
}

rw_batch *rw_queue_take(rw_queue *q, gint64 deadline_us, GError **error)
{
    rw_batch *batch = NULL;
    rw_lock_take(&q->lock);
    while (!q->closed && !q->error && g_queue_is_empty(&q->batches))
        if (!rw_lock_wait_until(&q->lock, deadline_us)) break;
    if (!q->closed) batch = g_queue_pop_head(&q->batches);
    if (batch) {
        q->queued_bytes -= rw_batch_bytes(batch);
        rw_lock_changed(&q->lock);
    } else if (q->closed) {
        rw_fail(error, RW_ERR_INTERRUPTED, "asked to end");
    } else if (q->error) {
        g_propagate_error(error, g_steal_pointer(&q->error));
    }
    rw_lock_give(&q->lock);
    return batch;
}

void rw_queue_recycle(rw_queue *q, rw_batch *batch)
{
    rw_batch_reset(batch);
    rw_lock_take(&q->lock);
    bool keep = q->spare.length < SPARE_BATCHES;
    if (keep) g_queue_push_tail(&q->spare, batch);
    rw_lock_give(&q->lock);
    if (!keep) rw_batch_free(batch);
}

bool rw_queue_is_empty(rw_queue *q)
{
    rw_lock_take(&q->lock);
    bool empty = g_queue_is_empty(&q->batches);
    rw_lock_give(&q->lock);
    return empty;
}

void rw_queue_close(rw_queue *q)
{
    rw_lock_take(&q->lock);
    q->closed = true;
    rw_lock_changed(&q->lock);
    rw_lock_give(&q->lock);
}
