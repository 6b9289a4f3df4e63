/* elsewhere: where does a place in a site's log stand in the log of another host of that site?
 *
 * File and offset mean nothing there, so a place must be found again by what stands in every host's log in the same order:
 *
 *     windows   what a link of ours applied at the site: its INSERTs into ringway.progress (marker.h)
 *     content   on nodes of one cluster: the last transaction before it, by its number and content (content.h)
 *     GTIDs     where a transaction has the same one on all hosts (not on Galera nodes)
 *
 * This is the one place that is asked. It answers with a place, or with RW_ERR_STOP, why it cannot be proved, and what to do; it never guesses.
 * RW_ERR_RETRY: this host will have it, but has not yet. What else proves a place belongs in rw_elsewhere_find, as one more row of its table.
 * Errors besides: those of the stream and the session. Time: that of reading the log files back to the place.
 */
#pragma once
#include "change/mark.h"
#include "flow/marker.h"
#include "gtid/state.h"

/* What is known of a place. */
typedef struct {
    const char *what;          /* for messages: what cannot go on without it */
    const char *before;        /* identity of the server whose log it was in */
    unsigned source;           /* with seq: site number */
    uint64_t seq;              /* it is right behind this window of the link from there; 0: behind none */
    const char *cluster;       /* with mark: whose transactions it counts; NULL or "": not known */
    const rw_mark *mark;
    const rw_gtid_state *gtid; /* it is right behind these transactions; NULL or of kind none: not known */
} rw_log_mark;

bool rw_elsewhere_find(const rw_log_reader *log, const rw_log_mark *mark, char **file, uint64_t *offset_bytes, GError **error);
