/* queue: hands batches from a link's reader to its applier; what has queued up while a window committed becomes the next one.
 *
 * The reader fills a batch and gives it at the end of each transaction; as long as the applier has not taken it, the reader takes it
 * back and appends. So with an idle applier a batch is one transaction, with a backlog it grows to batch_bytes.
 * Bounded: give waits while more than queue_bytes are queued. Batches are recycled, no allocation in the steady state.
 * Threads: one reader (open, give), one applier (take, recycle), anyone (close). Errors: after close, every call gives NULL or false.
 */
#pragma once
#include "change/batch.h"

typedef struct rw_queue rw_queue;

rw_queue *rw_queue_new(size_t batch_bytes, size_t queue_bytes, unsigned batch_txns);
void rw_queue_free(rw_queue *queue);

rw_batch *rw_queue_open(rw_queue *queue);                /* reader: a batch to append to; never waits; NULL: closed */
bool rw_queue_give(rw_queue *queue, rw_batch *batch);    /* reader: waits for room; false: closed, the batch is freed */
bool rw_queue_full(const rw_queue *queue, const rw_batch *batch); /* reader: this batch should be given before more is added */
void rw_queue_fail(rw_queue *queue, GError *error);      /* reader: ends with this error, which take gives after the batches; owned */

/* applier: the next batch; NULL with *error unset: none came before the deadline. Waits until deadline_us (monotonic). */
rw_batch *rw_queue_take(rw_queue *queue, gint64 deadline_us, GError **error);
void rw_queue_recycle(rw_queue *queue, rw_batch *batch);
bool rw_queue_is_empty(rw_queue *queue);

void rw_queue_close(rw_queue *queue);
