/* set_private: the inside of rw_gtid_set, for the files of this folder only.
 *
 * Groups are sorted by (uuid, tag), one for each pair, never empty. Intervals of a group are sorted, apart by at least one number
 * (adjacent ones are merged), with `to` exclusive as in the binary form.
 */
#pragma once
#include "gtid/set.h"

#define RW_GTID_TAG_MAX 32
#define RW_GTID_NUMBER_MAX UINT64_C(0x7ffffffffffffffe) /* one below the server's end mark */

typedef struct {
    uint64_t from, to;
} rw_gtid_interval;

typedef struct {
    uint8_t uuid[16];
    char tag[RW_GTID_TAG_MAX + 1]; /* "" = none */
} rw_gtid_source;

typedef struct {
    rw_gtid_source source;
    GArray *intervals; /* of rw_gtid_interval */
} rw_gtid_group;

struct rw_gtid_set {
    GPtrArray *groups; /* of rw_gtid_group * */
    unsigned last;     /* the group that was added to last: the next transaction is most often its next */
};

static inline rw_gtid_group *rw_gtid_set_group(const rw_gtid_set *set, unsigned i) { return g_ptr_array_index(set->groups, i); }
static inline rw_gtid_interval *rw_gtid_group_interval(const rw_gtid_group *group, unsigned i)
{
    return &g_array_index(group->intervals, rw_gtid_interval, i);
}

void rw_gtid_set_add_interval(rw_gtid_set *set, const rw_gtid_source *source, rw_gtid_interval interval);
bool rw_gtid_set_covers(const rw_gtid_set *set, const rw_gtid_source *source, rw_gtid_interval interval);
