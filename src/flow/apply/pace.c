#include "flow/apply/pace.h"

enum { PAUSE_US_MAX = G_USEC_PER_SEC };

static void adapt(rw_pace *pace, unsigned n_txns, gint64 took_us)
{
    gint64 wanted_us = (gint64)pace->window_ms * 1000;
    gint64 fits = took_us > 0 ? (gint64)n_txns * wanted_us / took_us : G_MAXINT32;
    if (took_us > wanted_us) pace->limit = (unsigned)CLAMP(fits, 1, (gint64)pace->limit);
    else if (n_txns >= pace->limit) pace->limit = (unsigned)MIN(MIN(fits, (gint64)pace->limit + pace->limit / 4 + 1), (gint64)pace->most);
}

gint64 rw_pace_done(rw_pace *pace, unsigned n_txns, gint64 took_us)
{
    if (pace->window_ms) adapt(pace, n_txns, took_us);
    if (pace->busy_percent >= 100) return 0;
    return MIN(took_us * (100 - pace->busy_percent) / pace->busy_percent, PAUSE_US_MAX);
}
