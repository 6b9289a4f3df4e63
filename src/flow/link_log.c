/* link_log: is the source's log kept for long enough? Said before it is too late, whatever the link is doing. */
#include "base/clock.h"
#include "base/log.h"
#include "flow/link_private.h"

enum { TURN_US = G_USEC_PER_SEC };

/* A link that has not run since the process started: what its target has recorded. The first row of a link has no time of commit. */
void rw_link_learn_place(rw_link *l, rw_connection *target)
{
    if (l->status->position.file || l->recorded_us) return; /* the link's own thread alone writes them */
    g_autoptr(rw_result) rows = rw_connection_queryf(target, NULL, "SELECT file, offset_bytes, gtid, IF(commit_us > 0, commit_us, UNIX_TIMESTAMP(written_at) * 1000000) FROM "
                                                     "ringway.progress WHERE source = %u AND lane = 0 ORDER BY seq DESC LIMIT 1", l->source->id);
    rw_slice c[4];
    if (!rows || !rw_result_next(rows, c, 4)) return;
    g_autofree char *file = rw_cell_text(c[0]), *gtid = rw_cell_text(c[2]);
    l->recorded_us = (gint64)rw_cell_number(c[3]);
    rw_lock_take(&l->lock);
    rw_source_pos_set(&l->status->position, file, rw_cell_number(c[1]), gtid);
    rw_lock_give(&l->lock);
}

/* A standby does not know how far the other process is. */
static rw_retention_verdict judge(rw_link *l, const rw_retention *known, char **text)
{
    gint64 held_us = l->current_us ? l->current_us : l->recorded_us;
    const char *file = l->status->position.file;
    *text = NULL;
    if (l->status->state == RW_LINK_STANDBY || !held_us || !file || !*file) return RW_RETENTION_SAFE;
    return rw_retention_judge(known, file, (rw_wall_us() - held_us) / G_USEC_PER_SEC, text);
}

void rw_link_watch_log(rw_link *l)
{
    gint64 now = rw_clock_us();
    if (now - l->log_judged_us < TURN_US) return;
    l->log_judged_us = now;
    const rw_retention *known = rw_log_watch_poll(l->log_watch);
    if (!known) return;
    char *text;
    rw_lock_take(&l->lock);
    rw_retention_verdict verdict = judge(l, known, &text);
    g_free(l->status->warning);
    l->status->warning = g_strdup(text);
    rw_lock_give(&l->lock);
    if (text && verdict != l->log_verdict) rw_log(RW_LOG_WARNING, l->name, "%s", text);
    if (!text && l->log_verdict != RW_RETENTION_SAFE) rw_log(RW_LOG_INFO, l->name, "site %s: its binary log is kept for long enough again", l->source->name);
    l->log_verdict = verdict;
    g_free(text);
}
