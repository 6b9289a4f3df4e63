#include "conflict/policy.h"

static const rw_policy *const policies[] = {
    &rw_policy_last_write_wins, &rw_policy_site_priority, &rw_policy_merge, &rw_policy_delta, &rw_policy_error,
};

const rw_policy *rw_policy_find(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(policies); i++)
        if (strcmp(policies[i]->name, name) == 0) return policies[i];
    return NULL;
}

const char *rw_verdict_name(rw_verdict verdict)
{
    static const char *const names[] = {
        [RW_VERDICT_TARGET] = "target", [RW_VERDICT_SOURCE] = "source", [RW_VERDICT_ADD] = "add",
        [RW_VERDICT_MERGE] = "merge",   [RW_VERDICT_STOP] = "stop",
    };
    return names[verdict];
}
