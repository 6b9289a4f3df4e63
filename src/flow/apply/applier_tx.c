#include "flow/apply/applier_private.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/point.h"
#include "flow/apply/change.h"
#include "flow/apply/record.h"
#include "flow/apply/skip.h"

enum { CLEANING_WINDOWS = 1024 };

/* --- progress of the window under way --- */

void rw_applier_copy_progress(rw_progress *to, const rw_progress *from)
{
    rw_progress_clear(to);
    *to = *from;
    to->pos = (rw_source_pos){g_strdup(from->pos.file), from->pos.offset_bytes, g_strdup(from->pos.gtid)};
    to->intents = g_strdup(from->intents);
    to->memory.pos.file = g_strdup(from->memory.pos.file);
    rw_gtid_state_copy(&to->gtid, &from->gtid);
}

bool rw_applier_is_skipped(const rw_applier *a, const rw_txn *txn)
{
    if (!a->skip || txn->dropped) return false;
    g_autofree char *identity = rw_txn_identity(txn);
    return strcmp(identity, a->skip) == 0;
}

/* Swapped, so that the old one's memory serves the next window. */
void rw_applier_adopt_next(rw_applier *a, const rw_txn *first)
{
    rw_progress old = *a->o.progress;
    *a->o.progress = a->next;
    a->next = old;
    if (first && rw_applier_is_skipped(a, first)) g_clear_pointer(&a->skip, g_free);
}

/* What was read; what becomes of it is counted by who does it. */
bool rw_applier_advance_next(rw_applier *a, const rw_txn *txn, GError **error)
{
    rw_link_counts *n = &a->next.counts;
    n->captured += txn->counts.captured + txn->counts.filtered;
    n->filtered += txn->counts.filtered;
    n->transactions += !txn->dropped && !rw_applier_is_skipped(a, txn) && (txn->n_rows || txn->statement || txn->continued);
    n->ddl += txn->statement && !rw_applier_is_skipped(a, txn);
    return rw_progress_advance(&a->next, txn, error);
}

void rw_applier_count_settled(rw_applier *a)
{
    const rw_settle_counts *settled = rw_settle_counted(a->settle);
    a->next.counts.applied += settled->applied;
    a->next.counts.discarded += settled->discarded;
    a->next.counts.conflicts += settled->conflicts;
    a->next.counts.drift += settled->drift;
}

/* The ledger: nothing may get lost between the log and the target. */
static bool adds_up(const rw_applier *a, GError **error)
{
    const rw_link_counts *n = &a->next.counts;
    if (n->captured == n->applied + n->filtered + n->discarded) return true;
    return rw_fail(error, RW_ERR_BUG, "the ledger does not add up: captured %" G_GUINT64_FORMAT ", but applied %" G_GUINT64_FORMAT " + filtered %" G_GUINT64_FORMAT
                   " + discarded %" G_GUINT64_FORMAT "; nothing was committed; please report this", n->captured, n->applied, n->filtered, n->discarded);
}

/* What the source had seen before this window need not be remembered any more. Not what it saw within it: a window may be taken apart. */
static bool note_memory(rw_applier *a, GError **error)
{
    if (!rw_last_writers_forget(a->o.memory, &a->o.progress->history.seen, error)) return false;
    rw_target_pos_clear(&a->next.memory.pos);
    rw_last_writers_place(a->o.memory, &a->next.memory);
    return true;
}

/* --- one transaction of the target --- */

/* Only with more than two sites does another link read who wrote what; the link itself reads what was settled. */
static rw_slice encoded(rw_applier *a, const rw_writers *writers)
{
    g_byte_array_set_size(a->writers, 0);
    if (!writers || !(a->trouble.many_sites || writers->kind == RW_WRITERS_SETTLED)) return (rw_slice){NULL, 0};
    rw_writers_encode(writers, a->writers);
    return rw_slice_of(a->writers->data, a->writers->len);
}

bool rw_applier_begin(rw_applier *a, const rw_txn *first, const rw_txn *last, const rw_writers *writers, GError **error)
{
    const rw_progress_window window = {last->author->origin, first->gtid, last->gtid, encoded(a, writers)};
    if (!note_memory(a, error)) return false;
    if (a->settling) { /* keys of rows that are not there are locked, too */
        g_string_append(rw_rows_apply_sql(a->rows), "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
        if (!rw_rows_apply_end_statement(a->rows, error)) return false;
    }
    g_string_append(rw_rows_apply_sql(a->rows), "BEGIN");
    if (!rw_rows_apply_end_statement(a->rows, error)) return false;
    rw_progress_insert_sql(&a->next, &window, rw_rows_apply_sql(a->rows));
    return rw_rows_apply_end_progress(a->rows, error);
}

bool rw_applier_close_skip(rw_applier *a, GError **error)
{
    g_string_append_printf(rw_rows_apply_sql(a->rows), "UPDATE ringway.link SET skip=NULL,state='running',error=NULL,failed=NULL WHERE source=%u", a->o.source);
    return rw_rows_apply_end_statement(a->rows, error);
}

bool rw_applier_close_statement(rw_applier *a, GError **error)
{
    rw_statement_close_sql(a->o.source, rw_rows_apply_sql(a->rows));
    return rw_rows_apply_end_statement(a->rows, error);
}

/* Now and then what is too old goes, in the transaction of a window. */
static bool clean(rw_applier *a, GError **error)
{
    if (rw_progress_trim_sql(&a->next, rw_rows_apply_sql(a->rows)) && !rw_rows_apply_end_statement(a->rows, error)) return false;
    if (a->next.seq % CLEANING_WINDOWS != 0) return true;
    rw_record_trim_sql(a->o.conf->conflict_keep_days, rw_rows_apply_sql(a->rows));
    if (!rw_rows_apply_end_statement(a->rows, error)) return false;
    rw_record_trim_values_sql(rw_rows_apply_sql(a->rows));
    if (!rw_rows_apply_end_statement(a->rows, error)) return false;
    rw_change_trim_sql(rw_rows_apply_sql(a->rows));
    return rw_rows_apply_end_statement(a->rows, error);
}

bool rw_applier_commit(rw_applier *a, GError **error)
{
    if (!adds_up(a, error) || !clean(a, error)) return false;
    g_string_append(rw_rows_apply_sql(a->rows), "COMMIT");
    if (!rw_rows_apply_end_statement(a->rows, error)) return false;
    rw_point(RW_POINT_WRITTEN);
    if (!rw_rows_apply_flush(a->rows, error)) return false;
    rw_point(RW_POINT_COMMITTED);
    a->written_us = rw_clock_us();
    a->told_us = a->next.history.own_us;
    return true;
}

bool rw_applier_record_skip(rw_applier *a, const rw_batch *batch, const rw_txn *txn, GError **error)
{
    rw_skip skip = {a->o.link, a->tables, a->o.target};
    rw_log(RW_LOG_WARNING, a->o.link, "skipped as asked: the transaction at %s:%" G_GUINT64_FORMAT " (GTID %s), kept in ringway.conflict", txn->file,
           txn->start_bytes, *txn->gtid ? txn->gtid : "none");
    return rw_rows_apply_flush(a->rows, error) && rw_skip_rows(&skip, batch, txn, error);
}

static bool write_skipped(rw_applier *a, const rw_batch *batch, const rw_txn *txn, GError **error)
{
    a->next.counts.discarded += txn->n_rows;
    return rw_applier_begin(a, txn, txn, NULL, error) && rw_applier_record_skip(a, batch, txn, error) && rw_applier_close_skip(a, error) && rw_applier_commit(a, error);
}

static bool write_settled(rw_applier *a, const rw_batch *batch, const rw_txn *txn, GError **error)
{
    rw_settle_begin(a->settle, txn);
    if (a->trouble.many_sites && !rw_settle_head(a->settle, batch, txn, error)) return false;
    if (!rw_applier_begin(a, txn, txn, a->trouble.many_sites ? rw_settle_writers(a->settle) : NULL, error)) return false;
    rw_settle_begin(a->settle, txn);
    if (txn->statement && !rw_applier_close_statement(a, error)) return false;
    rw_point(RW_POINT_BEGUN);
    if (!rw_rows_apply_flush(a->rows, error) || !rw_settle_rows(a->settle, batch, txn, error)) return false;
    rw_applier_count_settled(a);
    rw_progress_update_sql(&a->next, encoded(a, rw_settle_writers(a->settle)), rw_rows_apply_sql(a->rows));
    return rw_rows_apply_end_statement(a->rows, error) && rw_applier_commit(a, error);
}

bool rw_applier_write_window(rw_applier *a, const rw_batch *batch, unsigned i, unsigned n, unsigned n_rows, GError **error)
{
    const rw_txn *first = rw_batch_txn(batch, i), *last = rw_batch_txn(batch, i + n - 1);
    if (rw_applier_is_skipped(a, first)) return write_skipped(a, batch, first, error);
    if (a->settling) return write_settled(a, batch, first, error);
    a->next.counts.applied += n_rows; /* the progress row goes first, and says so */
    if (!rw_applier_begin(a, first, last, rw_rows_apply_writers(a->rows), error)) return false;
    rw_point(RW_POINT_BEGUN);
    if (first->statement && !rw_applier_close_statement(a, error)) return false;
    return (!n_rows || rw_rows_apply_run(a->rows, error)) && rw_applier_commit(a, error);
}
