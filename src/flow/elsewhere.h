/* elsewhere: where does a place in a site's log stand in the log of another host of that site?
 *
 * File and offset mean nothing there, so a place must be found again by what stands in every host's log in the same order:
 *
 *     windows   what a link of ours applied at the site: its INSERTs into ringway.progress (marker.h)
 *     GTIDs     where a transaction has the same one on all hosts (not on a Galera node with wsrep_gtid_mode = OFF)
 *
 * This is the one place that is asked. It answers with a place, or with RW_ERR_STOP, why it cannot be proved, and what to do; it never guesses. What
 * else proves a place (to match the last transactions against the log of a node with GTIDs of its own) belongs in rw_elsewhere_find, as one
 * more row of its table.
 * Errors besides: those of the stream and the session. Time: that of reading the log files back to the place.
 */
#pragma once
#include "flow/marker.h"
#include "gtid/state.h"

/* What is known of a place. */
typedef struct {
    const char *what;          /* for messages: what cannot go on without it */
    const char *before;        /* identity of the server whose log it was in */
    unsigned source;           /* with seq: site number */
    uint64_t seq;              /* it is right behind this window of the link from there; 0: behind none */
    const rw_gtid_state *gtid; /* it is right behind these transactions; NULL or of kind none: not known */
} rw_log_mark;

bool rw_elsewhere_find(const rw_log_reader *log, const rw_log_mark *mark, char **file, uint64_t *offset_bytes, GError **error);
