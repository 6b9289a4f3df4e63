#include "conflict/ends.h"

/* Sums do not depend on the order in which their parts arrive; the other columns go by their last write, each by itself. */
static rw_verdict settle(const rw_conflict *conflict) { return rw_ends_settle(conflict, RW_VERDICT_ADD); }

const rw_policy rw_policy_delta = {.name = "delta", .remembers = RW_REMEMBERS_ENDS | RW_REMEMBERS_COLUMNS, .causal = true, .adds = true, .settle = settle};
