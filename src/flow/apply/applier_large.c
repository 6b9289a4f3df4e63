#include "flow/apply/applier_private.h"

#include "base/point.h"

/* One transaction, whose rows the row events name: a list of them could be as large as itself. Its readers must know of it before its rows. */
static bool begin_named(rw_applier *a, const rw_txn *txn, GError **error)
{
    rw_writers writers;
    rw_writers_init(&writers);
    if (!txn->writers.data || !rw_writers_decode(&writers, txn->writers)) {
        rw_writers_reset(&writers, RW_WRITERS_PLAIN);
        rw_writers_add_txn(&writers, txn->author);
    }
    writers.kind = RW_WRITERS_PLAIN;
    bool ok = rw_applier_begin(a, txn, txn, &writers, error);
    rw_writers_clear(&writers);
    return ok;
}

static bool begin_stream(rw_applier *a, const rw_txn *txn, GError **error)
{
    rw_applier_copy_progress(&a->next, a->o.progress);
    bool skipped = rw_applier_is_skipped(a, txn);
    g_autofree char *identity = rw_txn_identity(txn);
    a->settling = g_strcmp0(identity, a->settle_large) == 0;
    if (txn->statement && !skipped && !rw_applier_run_statement(a, txn, error)) return false;
    rw_settle_begin(a->settle, txn);
    rw_rows_apply_begin(a->rows, a->o.target);
    if (!begin_named(a, txn, error)) return false;
    a->streaming = true;
    if (txn->statement && !skipped && !rw_applier_close_statement(a, error)) return false;
    return rw_rows_apply_flush(a->rows, error);
}

static bool end_stream(rw_applier *a, const rw_txn *txn, GError **error)
{
    if (!rw_applier_advance_next(a, txn, error)) return false;
    if (a->settling) rw_applier_count_settled(a);
    rw_progress_update_sql(&a->next, (rw_slice){NULL, 0}, rw_rows_apply_sql(a->rows));
    if (!rw_rows_apply_end_statement(a->rows, error)) return false;
    if (rw_applier_is_skipped(a, txn) && !rw_applier_close_skip(a, error)) return false;
    if (!rw_applier_commit(a, error)) return false;
    a->streaming = false;
    rw_applier_adopt_next(a, txn);
    a->window = 1;
    rw_applier_passed(a, 1);
    return true;
}

static bool apply_piece(rw_applier *a, const rw_batch *batch, unsigned i, GError **error)
{
    const rw_txn *txn = rw_batch_txn(batch, i);
    unsigned clean_txns = 0;
    if (rw_applier_is_skipped(a, txn)) {
        a->next.counts.discarded += txn->n_rows;
        return rw_applier_record_skip(a, batch, txn, error);
    }
    if (a->settling) return rw_settle_rows(a->settle, batch, txn, error);
    if (!rw_rows_apply_gather(a->rows, batch, i, 1, &clean_txns, error)) return false;
    if (clean_txns == 0) return rw_fail(error, RW_ERR_CONFLICT, "a row of it was written at the target, too");
    a->next.counts.applied += txn->n_rows;
    return rw_rows_apply_run(a->rows, error);
}

static bool stream_piece(rw_applier *a, const rw_batch *batch, unsigned i, GError **error)
{
    const rw_txn *txn = rw_batch_txn(batch, i);
    if (!a->streaming && !begin_stream(a, txn, error)) return false;
    if (!apply_piece(a, batch, i, error)) return false;
    rw_point(RW_POINT_PIECE);
    return txn->continues ? rw_rows_apply_flush(a->rows, error) : end_stream(a, txn, error);
}

/* Its earlier pieces are gone: whatever goes wrong, it is read from the source again. */
bool rw_applier_run_piece(rw_applier *a, const rw_batch *batch, unsigned i, GError **error)
{
    GError *cause = NULL;
    const rw_txn *txn = rw_batch_txn(batch, i);
    if (txn->void_) return !a->streaming || rw_applier_rollback(a, error);
    if (stream_piece(a, batch, i, &cause)) return true;
    bool again = a->settling && rw_settle_again(a->settle);
    bool clash = !g_error_matches(cause, RW_ERROR, RW_ERR_RETRY) && !g_error_matches(cause, RW_ERROR, RW_ERR_INTERRUPTED);
    if (!again && (!clash || a->settling)) return rw_applier_fail_at(a, txn, cause, error);
    a->wants_settled = rw_txn_identity(txn);
    rw_fail(error, RW_ERR_RETRY, "a large transaction is read again, to settle it row by row: %s", cause->message);
    g_error_free(cause);
    return false;
}
