#include "conflict/policy.h"

/* Two writes of which neither had seen the other are for a person to judge. */
static rw_verdict settle(const rw_conflict *conflict)
{
    (void)conflict;
    return RW_VERDICT_STOP;
}

const rw_policy rw_policy_error = {.name = "error", .stops = true, .settle = settle};
