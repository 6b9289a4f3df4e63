/* clock: monotonic time for deadlines and wall time for lag. Units stand in the names. */
#pragma once
#include <glib.h>

static inline gint64 rw_clock_us(void) { return g_get_monotonic_time(); }
static inline gint64 rw_wall_us(void) { return g_get_real_time(); }
