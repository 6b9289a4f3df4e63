/* mark: a place in the log of a cluster's node, told by what stands before it, so that it can be found in another node's log.
 *
 * The anchor is the last transaction before the place that has a number of the cluster, with a hash of its content: a number alone proves
 * nothing, as transactions that are local to a node have numbers, too. Statements that stand alone (DDL) have none: those since the anchor are
 * counted and hashed together, in order.
 *
 *     <cluster> <number>:<hash>[ +<n>:<hash>][ @<offset>]       as text, in ringway.progress; "": not known
 *
 * The offset is the one thing that is the node's own: where the anchor begins, so that the place is quickly seen to be still the same one there.
 */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum { RW_CLUSTER_BYTES = 40 }; /* the name of a cluster, a uuid, with its end */

typedef struct {
    uint64_t number, content; /* of the anchor; number 0: none */
    uint64_t since;           /* hash over the statements since then */
    uint32_t n_since;
    uint64_t from_bytes;      /* where the anchor begins, in the log file of the place; 0: in an earlier one, or not known */
} rw_mark;

bool rw_mark_equal(const rw_mark *a, const rw_mark *b); /* but for from_bytes */
char *rw_mark_format(const char *cluster, const rw_mark *mark); /* owned */
/* text NULL or "": none. false: it is not a mark. */
bool rw_mark_parse(const char *text, char cluster[RW_CLUSTER_BYTES], rw_mark *mark);
