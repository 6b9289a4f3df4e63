/* applier: batches in, committed windows out; the place where exactly-once is kept.
 *
 *     next window --> gather --> BEGIN, progress row, guard --> verdict --> writes --> check --> COMMIT --> advance
 *                        |            |                            |                    |
 *                        |   deadlock, lock wait:       something is not as expected: ROLLBACK, then one transaction at a time,
 *                        |   ROLLBACK, half the window  then that transaction is settled row by row (settle.h)
 *                        +-- a transaction in trouble ends the window before it, and is settled by itself
 *
 * A window is whatever transactions a batch holds, up to a limit that halves when the target's applications get in the way and grows
 * back. A transaction with a statement goes alone; one that is spread over batches streams: BEGIN with its first piece, COMMIT with its last.
 * Every captured row change is counted again as applied, filtered or discarded when its window is written: RW_ERR_BUG if that does not add up.
 * Owner: one thread. Errors leave the target at the last committed window; the caller opens a new applier from ringway.progress:
 * RW_ERR_RETRY (lost session, read-only), RW_ERR_CONFLICT, RW_ERR_STOP, RW_ERR_INTERRUPTED.
 */
#pragma once
#include "conf/conf.h"
#include "flow/apply/progress.h"
#include "flow/apply/rows.h"
#include "flow/apply/settle.h"
#include "flow/apply/statement.h"
#include "flow/apply/tables.h"

typedef struct rw_applier rw_applier;

typedef struct {
    const rw_conf *conf;              /* borrowed */
    const char *link;                 /* name, for the log and ringway.conflict */
    unsigned source, target_site;     /* site numbers */
    rw_origins carries;               /* whose transactions the link brings */
    uint64_t back_us, rest_us;        /* trouble.h */
    bool hands_on;                    /* links out of the target hand on what is written there */
    rw_last_writers *memory;          /* borrowed: a watcher of the target's log fills it */
    const rw_dialect *source_dialect;
    rw_connection *target;            /* borrowed: a session with the lock (session.h) */
    rw_progress *progress;            /* borrowed: loaded; advanced here */
    const rw_intent *intent;          /* borrowed: what the session row said; EXECUTED: that statement is not run again */
    const char *skip;                 /* copied: identity of the one transaction to record instead of apply; NULL = none */
    gint *retries;                    /* counts lock waits and deadlocks; atomic, read by others */
    const gint *stop;                 /* set by another thread: end at the next chance */
    const char *accept;               /* copied: identity of a transaction that a person has resumed (settle.h); NULL = none */
    unsigned delay_s;                 /* a transaction is applied this long after its commit time */
    const char *settle;               /* copied: identity of a large transaction that met something: it is settled row by row; NULL = none */
} rw_applier_options;

rw_applier *rw_applier_new(const rw_applier_options *options);
void rw_applier_free(rw_applier *applier);
/* From *next on. *next becomes the number of transactions in the batch, or that of the first one whose time has not come. */
bool rw_applier_run(rw_applier *applier, const rw_batch *batch, unsigned *next, GError **error);
/* Nothing has come for a while: a position that moved without effect long ago is written, so that the source may purge its log; and one that other links may wait
 * to hear of, soon. */
bool rw_applier_idle(rw_applier *applier, GError **error);
gint64 rw_applier_patience_us(const rw_applier *applier); /* for so long idle need not be called */
const char *rw_applier_failed_identity(const rw_applier *applier); /* after an error: the transaction it stopped at, NULL = none */
const rw_clash *rw_applier_clash(const rw_applier *applier); /* of the last RW_ERR_CONFLICT of a row; members NULL if there was none */
const char *rw_applier_wants_settled(const rw_applier *applier); /* identity for `settle` of the next life; NULL = none */
unsigned rw_applier_window(const rw_applier *applier); /* transactions in the last one */
const rw_tables *rw_applier_tables(const rw_applier *applier);
bool rw_applier_in_transaction(const rw_applier *applier); /* a large transaction is half applied */
