#include "flow/recall.h"

#include "flow/apply/session.h"

static bool opposite_start(rw_memory_place *place, unsigned target_site, rw_connection *source, bool *found, GError **error)
{
    g_autoptr(rw_result) rows = rw_connection_queryf(source, error, "SELECT file, offset_bytes, stamp_us, seen FROM ringway.progress WHERE source = %u AND lane = 0 AND file <> '' "
                                                     "ORDER BY seq LIMIT 1", target_site);
    rw_slice c[4];
    *found = false;
    if (!rows) return false;
    if (!rw_result_next(rows, c, 4)) return true;
    g_autofree char *seen = rw_cell_text(c[3]);
    *found = true;
    place->pos = (rw_target_pos){rw_cell_text(c[0]), rw_cell_number(c[1])};
    place->history.stamp_us = rw_cell_number(c[2]);
    return rw_seen_parse(&place->history.seen, seen) || rw_fail(error, RW_ERR_STOP, "site %s: ringway.progress.seen holds '%s', which is not a list of site:stamp", source->site, seen);
}

bool rw_recall_place(rw_progress *progress, unsigned target_site, rw_connection *source, rw_connection *target, GError **error)
{
    bool found;
    if (progress->memory.pos.file && *progress->memory.pos.file) return true;
    rw_target_pos_clear(&progress->memory.pos);
    if (!opposite_start(&progress->memory, target_site, source, &found, error)) return false;
    return found || rw_session_log_place(target, &progress->memory.pos, error);
}

bool rw_recall_open(rw_recall *recall, const rw_watcher_options *options, const rw_progress *progress, GError **error)
{
    recall->memory = rw_last_writers_new(options->source, options->target->id, &progress->memory, options->conf->memory_bytes);
    /* What the source had seen when it wrote what comes next: the memory need not hold it. */
    if (!rw_last_writers_forget(recall->memory, &progress->history.seen, error)) return false;
    recall->watcher = rw_watcher_start(options, &progress->memory, recall->memory, error);
    if (!recall->watcher) g_prefix_error(error, "who wrote which row last cannot be read from the target's log: ");
    return recall->watcher != NULL;
}

void rw_recall_close(rw_recall *recall)
{
    rw_watcher_stop(recall->watcher);
    rw_last_writers_free(recall->memory);
    *recall = (rw_recall){0};
}
