/* policy: from a conflict to a verdict; pure functions, one file each.
 *
 * A conflict: the incoming change and a write at the target of which neither had seen the other. In: rw_conflict, filled by the applier from
 * the memory of last writers. Out: what becomes of the row. Every policy converges: its verdicts depend on stamps, sites and what was
 * seen, never on the order of arrival, clocks of the target, or how windows were cut. tests/model/ runs these rules as a program.
 * To add a policy: one file with one descriptor, and its name in the lists of policy.c and conf/options.c.
 * Any thread.
 */
#pragma once
#include "change/event.h"
#include "conf/conf.h"
#include "conflict/memory.h"

typedef struct {
    rw_op op;                /* of the incoming change */
    bool here;               /* the target has a row under its key */
    unsigned origin;         /* of the incoming change */
    uint64_t stamp_us;       /* of the incoming change */
    const rw_writer *last;   /* wrote the row last at the target, and the incoming change had not seen it; NULL: it had */
    const rw_writer *ended;  /* deleted the row last, not seen either; NULL: none. Only with RW_REMEMBERS_ENDS */
    unsigned rank;           /* of the incoming change's site: 0 is the first. Only with RW_REMEMBERS_ORIGINS */
    unsigned unseen_rank;    /* the best of the sites whose writes to this row were not seen */
} rw_conflict;

typedef enum {
    RW_VERDICT_TARGET, /* the target's row stays */
    RW_VERDICT_SOURCE, /* the incoming row goes in whole, or deletes */
    RW_VERDICT_ADD,    /* numeric columns add up, the others by last write */
    RW_VERDICT_MERGE,  /* column by column */
    RW_VERDICT_STOP,   /* nobody may decide but a person */
} rw_verdict;

/* What the memory must tell apart for a policy, besides the row's last writer. Any of them: also the last write of each site to the row. */
typedef enum {
    RW_REMEMBERS_ENDS = 1,    /* deletes end a row for good */
    RW_REMEMBERS_COLUMNS = 2,
    RW_REMEMBERS_ORIGINS = 4, /* sites have ranks */
} rw_remembers;

typedef struct {
    const char *name;      /* as in the configuration */
    unsigned remembers;    /* rw_remembers */
    bool causal;           /* a change waits until all that it had seen has arrived */
    bool adds;             /* its arguments are columns that add up */
    bool stops;            /* a person decides, of every clash */
    rw_verdict (*settle)(const rw_conflict *conflict);
} rw_policy;

const rw_policy *rw_policy_find(const char *name); /* never NULL for a name that the configuration let through, else NULL */
const char *rw_verdict_name(rw_verdict verdict);   /* "target", "source", "add", "merge", "stop" */

/* The order of two writes: by stamp, then by site. */
static inline bool rw_is_later(uint64_t stamp_us, unsigned origin, uint64_t other_us, unsigned other)
{
    return stamp_us != other_us ? stamp_us > other_us : origin > other;
}

extern const rw_policy rw_policy_last_write_wins, rw_policy_site_priority, rw_policy_merge, rw_policy_delta, rw_policy_error;
