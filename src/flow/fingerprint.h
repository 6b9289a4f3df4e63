/* fingerprint: marks (change/mark.h) of the places in a log, as its events pass.
 *
 * What a transaction hashes to is what every node of a cluster logs of it: tables, kinds of row changes, rows, statements with their default database. Left
 * out is what is a node's own: table ids, flags, offsets, times, GTIDs, annotations, how rows are cut into events and whether these are compressed.
 * In: all events of a log, in order, from the place of a mark on. Out: the mark behind each transaction.
 * Owner: one thread. No allocation per event, no errors.
 */
#pragma once
#include "change/event.h"
#include "change/mark.h"

typedef struct rw_fingerprint rw_fingerprint;

typedef enum {
    RW_LOCAL_NOT,
    RW_LOCAL_UNNUMBERED, /* a transaction with rows has no number of the cluster: an engine that is not replicated */
    RW_LOCAL_DESCENDS,   /* numbers do not ascend: one of two transactions was not replicated (wsrep_on = 0) */
} rw_local;

rw_fingerprint *rw_fingerprint_new(const rw_mark *start); /* start: of the place where reading begins */
void rw_fingerprint_free(rw_fingerprint *fingerprint);
/* true: the mark has moved. *local: whether a transaction that this event ends is known to be this node's alone. */
bool rw_fingerprint_event(rw_fingerprint *fingerprint, const rw_event *event, rw_local *local);
const rw_mark *rw_fingerprint_mark(const rw_fingerprint *fingerprint);
