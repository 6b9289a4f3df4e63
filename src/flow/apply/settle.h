/* settle: the row changes of one transaction at the target, one by one, in order, each by what the memory of last writers says of its row.
 *
 *     lock     SELECT ... FOR UPDATE of all keys, also of rows that are not there (the transaction is at REPEATABLE READ)
 *     wait     until the memory has passed the end of the target's log
 *     settle   per change: clean -> written; conflict -> the table's policy; late -> passed over; early -> waits; drift -> as configured
 *
 * The caller has begun the transaction on the target and sent its progress row. Verdicts are recorded in ringway.conflict in the same
 * transaction (record.h). A row that breaks a constraint together with another one goes by a new change of the target site (unique.c,
 * foreign.c, change.h).
 * Errors: RW_ERR_CONFLICT: nobody may decide but a person: the link stops, rw_settle_clash tells where. RW_ERR_RETRY with rw_settle_again: the
 * transaction was rolled back, something was done or waited for, the caller begins anew. Otherwise the session's.
 * Owner: one thread.
 */
#pragma once
#include "change/batch.h"
#include "conflict/writers.h"
#include "flow/apply/tables.h"
#include "flow/apply/trouble.h"

typedef struct rw_settle rw_settle;

/* Where it stopped, for the message and for whoever looks for the row's last writer; owned strings, NULL where not known. */
typedef struct {
    char *table, *key;
} rw_clash;

typedef struct {
    uint64_t applied, discarded, conflicts, drift;
} rw_settle_counts;

typedef struct {
    const rw_conf *conf;  /* borrowed */
    const char *link;
    unsigned source, target_site; /* site numbers */
    bool hands_on;        /* links out of the target hand on what is written there */
    rw_tables *tables;    /* borrowed */
    rw_trouble *trouble;  /* borrowed */
    rw_connection *target;
    const char *accept;   /* identity of a transaction that a person has resumed: its rows go in where they are as it expects. NULL = none */
    const gint *stop;
} rw_settle_options;

rw_settle *rw_settle_new(const rw_settle_options *options);
void rw_settle_free(rw_settle *settle);
void rw_settle_begin(rw_settle *settle, const rw_txn *txn);
/* After begin, for the beginning of the window: whose rows will be in it, as writers; then begin anew. */
bool rw_settle_head(rw_settle *settle, const rw_batch *batch, const rw_txn *txn, GError **error);
/* Conflicts that transactions of this site's own have settled and recorded since the last call; they stand in ringway.progress already. */
uint64_t rw_settle_take_removed(rw_settle *settle);
bool rw_settle_rows(rw_settle *settle, const rw_batch *batch, const rw_txn *txn, GError **error);
bool rw_settle_again(const rw_settle *settle);       /* the last error means: begin anew */
const rw_settle_counts *rw_settle_counted(const rw_settle *settle); /* since begin */
const rw_writers *rw_settle_writers(const rw_settle *settle);       /* of what was written since begin */
const rw_clash *rw_settle_clash(const rw_settle *settle);
