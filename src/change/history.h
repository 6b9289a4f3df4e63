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
    uint64_t own_us;   /* of the site's last change of its own: who has that has seen all that is to be seen, whatever windows came after it. 0: not known */
    uint64_t back_us;  /* of what the site's former server had written and its present one lacked (flow/rest.h): what came back since reading began, up to this stamp */
} rw_history;

/* What has been seen of the site itself by who has its log up to there; read from a row, `seen` names it. */
static inline uint64_t rw_history_own(const rw_history *history, unsigned site)
{
    if (history->own_us) return history->own_us;
    return rw_seen_names(&history->seen, site) ? rw_seen_of(&history->seen, site) : history->stamp_us;
}

static inline void rw_history_raise(rw_history *history, uint64_t stamp_us)
{
    if (stamp_us > history->stamp_us) history->stamp_us = stamp_us;
}

static inline bool rw_history_applied(rw_history *history, unsigned source, uint64_t stamp_us)
{
    rw_history_raise(history, stamp_us);
    return rw_seen_raise(&history->seen, source, stamp_us);
}
