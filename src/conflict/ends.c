#include "conflict/ends.h"

rw_verdict rw_ends_settle(const rw_conflict *conflict, rw_verdict combine)
{
    const rw_writer *ended = conflict->ended;
    bool deletes = conflict->op == RW_DELETE;
    if (!ended) return deletes ? RW_VERDICT_SOURCE : combine;
    bool later = rw_is_later(conflict->stamp_us, conflict->origin, ended->stamp_us, ended->origin);
    return deletes && later ? RW_VERDICT_SOURCE : RW_VERDICT_TARGET;
}
