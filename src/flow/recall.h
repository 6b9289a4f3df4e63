/* recall: the memory of last writers of one life of a link, and the watcher that fills it, from the place that ringway.progress says.
 *
 * A link that never ran has no such place yet. Then it is where the opposite link starts: what stands before it in the target's log the source
 * holds already; without an opposite link, the end of the target's log now.
 * A host of the target that takes over has a log of its own: there the place is found by the window that stands before it (elsewhere.h), or, before
 * there was one, by what the source held of the target when it wrote what comes next.
 * Owner: the link's thread. Errors: those of the sessions.
 */
#pragma once
#include "flow/apply/progress.h"
#include "flow/elsewhere.h"
#include "flow/watcher.h"

typedef struct {
    rw_last_writers *memory;
    rw_watcher *watcher;
} rw_recall;

/* Fills in progress->memory if it is empty, and finds its place in the log of the target's host that is used now if it was in another's. */
bool rw_recall_place(rw_progress *progress, unsigned target_site, const rw_log_reader *log, rw_connection *source, GError **error);
bool rw_recall_open(rw_recall *recall, const rw_watcher_options *options, const rw_progress *progress, GError **error);
void rw_recall_close(rw_recall *recall);
