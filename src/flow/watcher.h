/* watcher: reads the log of a link's target, on its own thread, for the memory of last writers (conflict/last_writers.h).
 *
 * In: the target's site and the place where the memory begins. Out: every row that applications or other links wrote there is put into
 * the memory with its writer; what this link wrote is taken out; how far the log was read is said after every event.
 * Where applications are not to write (read_only), it counts what they wrote all the same.
 * It judges nothing: statements and rows that it cannot read (no full images, a table that is gone) are passed over, because the
 * guard's comparison of images finds what they changed.
 * Errors go to the memory, whose waiter gets them: RW_ERR_RETRY for a lost session; RW_ERR_STOP if the log is no longer there.
 * Owner: the link; stop before the memory is freed.
 */
#pragma once
#include "conflict/last_writers.h"
#include "flow/local_writes.h"
#include "flow/read/stream.h"

typedef struct rw_watcher rw_watcher;

typedef struct {
    const rw_conf *conf;        /* borrowed */
    const char *link;           /* for the log */
    const rw_endpoint *target;  /* borrowed */
    bool cluster;               /* which is a node of one */
    unsigned source;            /* site number */
    rw_stream_limits limits;
    void (*lost)(void *user);   /* from the watcher's thread: the target does not answer any more, or is no longer the one to be used */
    void *user;
    rw_local_writes *local; /* borrowed; NULL: applications may write at the target */
} rw_watcher_options;

rw_watcher *rw_watcher_start(const rw_watcher_options *options, const rw_memory_place *from, rw_last_writers *memory, GError **error);
void rw_watcher_stop(rw_watcher *watcher);
