/* pace: how much of a target a link takes for itself while it catches up: how long a window holds its row locks, and what part of the time it works.
 *
 * In: how many transactions a window had, and how long it took. Out: how many the next one may have, and how long to leave the target alone first. A window's
 * time goes roughly with its transactions, so their number follows the wanted time by proportion; it grows slowly, as one long window hurts more than a few short ones.
 * Pure arithmetic; no clock. Owner: the applier.
 */
#pragma once
#include <glib.h>

typedef struct {
    unsigned window_ms;    /* a window should take no longer; 0: any time */
    unsigned busy_percent; /* of the time in which there is something to apply; 1..100 */
    unsigned most;         /* transactions of a window, whatever the time */
    unsigned limit;        /* transactions of the next window */
} rw_pace;

static inline void rw_pace_init(rw_pace *pace, unsigned window_ms, unsigned busy_percent, unsigned most)
{
    *pace = (rw_pace){window_ms, busy_percent, most, window_ms ? MIN(most, 10) : most};
}

/* A window is done: microseconds to pause. */
gint64 rw_pace_done(rw_pace *pace, unsigned n_txns, gint64 took_us);
