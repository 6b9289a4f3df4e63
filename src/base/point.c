#include "base/point.h"

#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const names[RW_POINT_N] = {
    [RW_POINT_READ] = "read",           [RW_POINT_QUEUED] = "queued",       [RW_POINT_BEGUN] = "begun",
    [RW_POINT_GUARDED] = "guarded",     [RW_POINT_WRITTEN] = "written",     [RW_POINT_COMMITTED] = "committed",
    [RW_POINT_PIECE] = "piece",         [RW_POINT_ANNOUNCED] = "announced", [RW_POINT_EXECUTED] = "executed",
    [RW_POINT_CLOSED] = "closed",       [RW_POINT_CONNECTED] = "connected"};

const char *rw_point_text(rw_point_name name) { return names[name]; }

#ifdef RW_CRASH_POINTS
void rw_point(rw_point_name name)
{
    static gint passed;
    const char *at = getenv("RINGWAY_CRASH_AT");
    size_t len = strlen(names[name]);
    if (!at || strncmp(at, names[name], len) != 0 || (at[len] && at[len] != ':')) return;
    int due = at[len] == ':' ? atoi(at + len + 1) : 1;
    if (g_atomic_int_add(&passed, 1) + 1 == due) kill(getpid(), SIGKILL);
}
#endif
