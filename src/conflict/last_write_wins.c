#include "conflict/policy.h"

/* `last` is never NULL here: without an unseen last writer there is no conflict. */
static rw_verdict settle(const rw_conflict *conflict)
{
    const rw_writer *last = conflict->last;
    bool later = rw_is_later(conflict->stamp_us, conflict->origin, last->stamp_us, last->origin);
    return later ? RW_VERDICT_SOURCE : RW_VERDICT_TARGET;
}

const rw_policy rw_policy_last_write_wins = {.name = "last_write_wins", .settle = settle};
