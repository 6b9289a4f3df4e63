/* point: named places where a test build can be made to die, to prove that dying there loses nothing.
 *
 * In a build with -Dcrash_points=true, RINGWAY_CRASH_AT="name" or "name:n" makes the process kill itself (SIGKILL) the n-th time it
 * comes by. In other builds a point is nothing. The names are in point.c: one list, which `ringway run --crash-points` prints.
 */
#pragma once

typedef enum {
    RW_POINT_READ, RW_POINT_QUEUED, RW_POINT_BEGUN, RW_POINT_GUARDED, RW_POINT_WRITTEN, RW_POINT_COMMITTED, RW_POINT_PIECE,
    RW_POINT_ANNOUNCED, RW_POINT_EXECUTED, RW_POINT_CLOSED, RW_POINT_CONNECTED, RW_POINT_N,
} rw_point_name;

#ifdef RW_CRASH_POINTS
void rw_point(rw_point_name name);
#else
static inline void rw_point(rw_point_name name) { (void)name; }
#endif

const char *rw_point_text(rw_point_name name);
