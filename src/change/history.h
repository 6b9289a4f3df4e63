/* history: what a site's log says, at a place, of stamps and of what that site had seen.
 *
 * A pure function of the log: whoever reads it from the same state gets the same stamps. An own transaction gets the next stamp; a window
 * that a link applied there (a row in ringway.progress) raises the highest stamp and what the site has seen of the sites that it is of.
 * Plain data, copied by value.
 */
#pragma once
#include "change/seen.h"
#include "change/stamp.h"

typedef struct {
    uint64_t stamp_us; /* highest in the log */
    rw_seen seen;      /* of the other sites */
} rw_history;

static inline bool rw_history_applied(rw_history *history, unsigned source, uint64_t stamp_us)
{
    if (stamp_us > history->stamp_us) history->stamp_us = stamp_us;
    return rw_seen_raise(&history->seen, source, stamp_us);
}
