/* stamp: the order that last-write-wins compares; a pure function of the origin's binary log.
 *
 * stamp(T) = max(commit time of T in µs, 1 + the highest stamp in its origin's log before T); ties by site number. The state (the
 * highest stamp so far) travels in the progress row, so every reader of a log computes the same stamps. See design, "Stamp".
 * Of the nodes of a cluster each logs another time for one commit: there it is the time of the transaction's first row event (route/router.c).
 */
#pragma once
#include <stdint.h>

static inline uint64_t rw_stamp_next(uint64_t highest_us, uint64_t commit_us)
{
    return commit_us > highest_us ? commit_us : highest_us + 1;
}
