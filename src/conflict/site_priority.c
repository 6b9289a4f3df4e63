#include "conflict/policy.h"

/* Against the best of all unseen sites, not against the last writer: the order in which those two wrote must not matter. */
static rw_verdict settle(const rw_conflict *conflict)
{
    return conflict->rank < conflict->unseen_rank ? RW_VERDICT_SOURCE : RW_VERDICT_TARGET;
}

const rw_policy rw_policy_site_priority = {
    .name = "site_priority", .remembers = RW_REMEMBERS_ORIGINS, .causal = true, .settle = settle,
};
