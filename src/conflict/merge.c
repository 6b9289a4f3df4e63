#include "conflict/ends.h"

/* Each column by its own last writer. */
static rw_verdict settle(const rw_conflict *conflict) { return rw_ends_settle(conflict, RW_VERDICT_MERGE); }

const rw_policy rw_policy_merge = {
    .name = "merge", .remembers = RW_REMEMBERS_ENDS | RW_REMEMBERS_COLUMNS, .causal = true, .settle = settle,
};
