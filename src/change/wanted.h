/* wanted: which transactions a link is to bring, by site and stamp.
 *
 * Those of the sites that it carries, later than what its target had of them when the link began. The target's own do not come back to it, but for those that a
 * former server of it had written, its present one lacks, and another site has (flow/rest.h).
 * Plain data, copied by value.
 */
#pragma once
#include "change/origins.h"
#include "change/seen.h"

typedef struct {
    rw_origins carries; /* site numbers */
    rw_seen reached;    /* what the target held when the link began: nobody else brings it the same */
    unsigned target;    /* site number */
    uint64_t until_us;  /* of the target's own, if the link carries them: up to this stamp */
} rw_wanted;

static inline bool rw_wanted_takes(const rw_wanted *wanted, unsigned origin, uint64_t stamp_us)
{
    if (!rw_origins_has(&wanted->carries, origin) || stamp_us <= rw_seen_of(&wanted->reached, origin)) return false;
    return origin != wanted->target || stamp_us <= wanted->until_us;
}
