/* reader: the first half of a link, on its own thread: read, decode, route, gather into batches.
 *
 * In: an open stream (taken over) and the place where it begins. Out: batches in the queue, then one error: every way a reader can end is
 * an error to whoever takes from the queue. Owner: the link; stop and join before the queue is freed.
 * Errors carry the place in the source's log; rw_reader_failed_identity names the transaction.
 */
#pragma once
#include "flow/read/stream.h"
#include "flow/relay.h"
#include "flow/route/router.h"
#include "flow/window/queue.h"

typedef struct rw_reader rw_reader;

typedef struct {
    rw_router_start route;   /* strings copied; whose transactions go on is said by relay */
    rw_relay_options relay;
    const rw_mark *mark;     /* of the place where it begins; NULL: the source's log needs no marks */
    size_t txn_bytes;        /* a transaction larger than this is spread over batches */
} rw_reader_start;

rw_reader *rw_reader_new(rw_stream *stream, const rw_reader_start *start, rw_queue *queue, GError **error);
void rw_reader_stop(rw_reader *reader); /* ends the thread and frees all; the queue must be closed before */
char *rw_reader_failed_identity(rw_reader *reader); /* after its error came out of the queue; NULL = none; owned */
