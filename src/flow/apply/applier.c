#include "flow/apply/applier.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/point.h"
#include "flow/apply/rows.h"
#include "flow/apply/session.h"
#include "flow/apply/skip.h"

#include <mysqld_error.h>

/* How much of the source's log may pass without effect before the position is written all the same. An idle pair must not answer each
 * other's progress rows, so this is by bytes, and by a time so long that the answers do not count. */
enum { UNWRITTEN_BYTES_MAX = 16 * 1024 * 1024, UNWRITTEN_S_MAX = 600 };

struct rw_applier {
    rw_applier_options o;
    rw_tables *tables;
    rw_rows_apply *rows;
    unsigned limit;       /* transactions a window may hold now */
    unsigned single_left; /* so many transactions go one by one: one of them clashes */
    bool isolate, streaming, wants_isolation, retried_binding;
    rw_progress next;     /* of the window under way */
    char *failed;
    unsigned window;
    gint64 written_us;    /* monotonic: when a progress row was written last */
    char *skip;           /* identity of the transaction to skip, until it is; owned: what the options point to is the control row's */
};

rw_applier *rw_applier_new(const rw_applier_options *options)
{
    rw_applier *a = g_new0(rw_applier, 1);
    a->o = *options;
    a->skip = g_strdup(options->skip);
    a->written_us = rw_clock_us();
    a->tables = rw_tables_new(options->conf);
    a->rows = rw_rows_apply_new(a->tables);
    a->limit = options->conf->window_transactions;
    a->isolate = options->isolate_first;
    return a;
}

void rw_applier_free(rw_applier *a)
{
    if (!a) return;
    rw_rows_apply_free(a->rows);
    rw_tables_free(a->tables);
    rw_progress_clear(&a->next);
    g_free(a->failed);
    g_free(a->skip);
    g_free(a);
}

const char *rw_applier_failed_identity(const rw_applier *a) { return a->failed; }
const rw_clash *rw_applier_clash(const rw_applier *a) { return rw_rows_apply_clash(a->rows); }
bool rw_applier_wants_isolation(const rw_applier *a) { return a->wants_isolation; }
unsigned rw_applier_window(const rw_applier *a) { return a->window; }
const rw_tables *rw_applier_tables(const rw_applier *a) { return a->tables; }
bool rw_applier_in_transaction(const rw_applier *a) { return a->streaming; }

/* --- progress of the window under way --- */

static void copy_progress(rw_progress *to, const rw_progress *from)
{
    rw_progress_clear(to);
    *to = *from;
    to->pos = (rw_source_pos){g_strdup(from->pos.file), from->pos.offset_bytes, g_strdup(from->pos.gtid)};
    to->intents = g_strdup(from->intents);
    rw_gtid_state_copy(&to->gtid, &from->gtid);
}

/* Swapped, so that the old one's memory serves the next window. */
static void adopt_next(rw_applier *a)
{
    rw_progress old = *a->o.progress;
    *a->o.progress = a->next;
    a->next = old;
}

static bool is_skipped(const rw_applier *a, const rw_txn *txn)
{
    if (!a->skip || txn->dropped) return false;
    g_autofree char *identity = rw_txn_identity(txn);
    return strcmp(identity, a->skip) == 0;
}

static void count_rows(rw_applier *a, const rw_txn *txn)
{
    rw_link_counts *n = &a->next.counts;
    n->captured += txn->n_rows + txn->counts.filtered;
    n->filtered += txn->counts.filtered;
    if (is_skipped(a, txn)) n->discarded += txn->n_rows;
    else n->applied += txn->n_rows;
}

static bool advance_next(rw_applier *a, const rw_txn *txn, GError **error)
{
    count_rows(a, txn);
    a->next.counts.transactions += !txn->dropped && !is_skipped(a, txn) && (txn->n_rows || txn->statement || txn->continued);
    a->next.counts.ddl += txn->statement && !is_skipped(a, txn);
    return rw_progress_advance(&a->next, txn, error);
}

/* --- failures --- */

static bool fail_at(rw_applier *a, const rw_txn *txn, GError *cause, GError **error)
{
    g_free(a->failed);
    a->failed = rw_txn_identity(txn);
    g_prefix_error(&cause, "at %s:%" G_GUINT64_FORMAT " (GTID %s): ", txn->file, txn->start_bytes, *txn->gtid ? txn->gtid : "none");
    g_propagate_error(error, cause);
    return false;
}

static bool is_lock_trouble(const rw_applier *a, const GError *cause)
{
    unsigned number = rw_connection_errno(a->o.target);
    return g_error_matches(cause, RW_ERROR, RW_ERR_RETRY) && (number == ER_LOCK_WAIT_TIMEOUT || number == ER_LOCK_DEADLOCK);
}

static bool rollback(rw_applier *a, GError **error)
{
    a->streaming = false;
    return rw_session_rollback(a->o.target, error);
}

/* Applications hold the rows: give them time, more each turn. */
static bool wait_turn(rw_applier *a, unsigned turn, GError **error)
{
    gint64 until = g_get_monotonic_time() + MIN(1000, 10 << MIN(turn, 7)) * (gint64)1000;
    g_atomic_int_inc(a->o.retries);
    while (g_get_monotonic_time() < until) {
        if (g_atomic_int_get(a->o.stop)) return rw_fail(error, RW_ERR_INTERRUPTED, "asked to end");
        g_usleep(5000);
    }
    return true;
}

/* --- one window --- */

static bool begin(rw_applier *a, const rw_txn *first, const rw_txn *last, GError **error)
{
    rw_rows_apply_begin(a->rows, a->o.target, a->isolate);
    g_string_append(rw_rows_apply_sql(a->rows), "BEGIN");
    if (!rw_rows_apply_end_statement(a->rows, error)) return false;
    rw_progress_insert_sql(&a->next, first->origin, first->gtid, last->gtid, rw_rows_apply_sql(a->rows));
    return rw_rows_apply_end_statement(a->rows, error);
}

static bool close_skip(rw_applier *a, GError **error)
{
    g_string_append_printf(rw_rows_apply_sql(a->rows), "UPDATE ringway.link SET skip=NULL,state='running',error=NULL,failed=NULL WHERE source=%u", a->o.source);
    return rw_rows_apply_end_statement(a->rows, error);
}

static bool close_statement(rw_applier *a, GError **error)
{
    rw_statement_close_sql(a->o.source, rw_rows_apply_sql(a->rows));
    return rw_rows_apply_end_statement(a->rows, error);
}

static bool commit(rw_applier *a, GError **error)
{
    if (rw_progress_trim_sql(&a->next, rw_rows_apply_sql(a->rows)) && !rw_rows_apply_end_statement(a->rows, error)) return false;
    g_string_append(rw_rows_apply_sql(a->rows), "COMMIT");
    if (!rw_rows_apply_end_statement(a->rows, error)) return false;
    rw_point(RW_POINT_WRITTEN);
    if (!rw_rows_apply_flush(a->rows, error)) return false;
    rw_point(RW_POINT_COMMITTED);
    a->written_us = rw_clock_us();
    return true;
}

static bool record_skip(rw_applier *a, const rw_batch *batch, const rw_txn *txn, GError **error)
{
    rw_skip skip = {a->o.link, a->tables, a->o.target};
    rw_log(RW_LOG_WARNING, a->o.link, "skipped as asked: the transaction at %s:%" G_GUINT64_FORMAT " (GTID %s), kept in ringway.conflict", txn->file,
           txn->start_bytes, *txn->gtid ? txn->gtid : "none");
    return rw_skip_rows(&skip, a->rows, batch, txn, error);
}

static bool write_window(rw_applier *a, const rw_batch *batch, unsigned i, unsigned n, unsigned n_rows, GError **error)
{
    const rw_txn *first = rw_batch_txn(batch, i), *last = rw_batch_txn(batch, i + n - 1);
    bool skipped = is_skipped(a, first);
    if (!begin(a, first, last, error)) return false;
    rw_point(RW_POINT_BEGUN);
    if (first->statement && !skipped && !close_statement(a, error)) return false;
    if (skipped) {
        if (!record_skip(a, batch, first, error) || !close_skip(a, error)) return false;
    } else if (n_rows && !rw_rows_apply_run(a->rows, batch, first->first_row, n_rows, error)) {
        return false;
    }
    return commit(a, error);
}

static bool try_window(rw_applier *a, const rw_batch *batch, unsigned i, unsigned n, GError **error)
{
    unsigned n_rows = 0;
    bool effect = false;
    copy_progress(&a->next, a->o.progress);
    for (unsigned k = i; k < i + n; k++) {
        const rw_txn *txn = rw_batch_txn(batch, k);
        n_rows += txn->n_rows;
        effect |= txn->n_rows || txn->statement || is_skipped(a, txn);
        if (!advance_next(a, txn, error)) return false;
    }
    if ((effect || a->next.unwritten_bytes > UNWRITTEN_BYTES_MAX) && !write_window(a, batch, i, n, n_rows, error)) return false;
    adopt_next(a);
    if (is_skipped(a, rw_batch_txn(batch, i))) g_clear_pointer(&a->skip, g_free);
    a->window = n;
    return true;
}

bool rw_applier_idle(rw_applier *a, GError **error)
{
    if (a->streaming || !a->o.progress->unwritten_bytes || rw_clock_us() - a->written_us < UNWRITTEN_S_MAX * G_USEC_PER_SEC) return true;
    copy_progress(&a->next, a->o.progress);
    const rw_txn none = {.gtid = "", .origin = a->o.source};
    if (!begin(a, &none, &none, error) || !commit(a, error)) return false;
    adopt_next(a);
    return true;
}

/* How many transactions from i on may share a window. */
static unsigned extent(const rw_applier *a, const rw_batch *batch, unsigned i)
{
    unsigned most = a->single_left ? 1 : a->limit, n = 1;
    if (rw_batch_txn(batch, i)->statement || is_skipped(a, rw_batch_txn(batch, i))) return 1;
    for (; n < most && i + n < batch->txns->len; n++) {
        const rw_txn *txn = rw_batch_txn(batch, i + n);
        if (txn->statement || txn->continues || txn->void_ || is_skipped(a, txn)) break;
    }
    return n;
}

static void passed(rw_applier *a, unsigned n)
{
    a->single_left -= MIN(a->single_left, n);
    a->limit = MIN(a->o.conf->window_transactions, a->limit + a->limit / 2 + 1);
    a->isolate = false;
}

/* After a failure: narrows what is tried next, down to one row a statement. false: that was the last try. */
static bool narrow(rw_applier *a, unsigned *n)
{
    if (*n > 1) {
        a->single_left = *n;
        *n = 1;
        return true;
    }
    if (a->isolate) return false;
    a->isolate = true;
    rw_tables_forget(a->tables); /* the target's definition may have changed under us */
    return true;
}

static bool run_window(rw_applier *a, const rw_batch *batch, unsigned i, unsigned *n, GError **error)
{
    for (unsigned turn = 0;; turn++) {
        GError *cause = NULL;
        if (try_window(a, batch, i, *n, &cause)) {
            passed(a, *n);
            return true;
        }
        bool locks = is_lock_trouble(a, cause), retry = g_error_matches(cause, RW_ERROR, RW_ERR_RETRY);
        if (retry && !locks) return fail_at(a, rw_batch_txn(batch, i), cause, error);
        if (!rollback(a, error)) {
            g_error_free(cause);
            return false;
        }
        if (locks) {
            rw_log(RW_LOG_DEBUG, a->o.link, "window of %u transactions: %s", *n, cause->message);
            a->limit = *n = MAX(1, *n / 2);
        } else if (!narrow(a, n)) {
            return fail_at(a, rw_batch_txn(batch, i), cause, error);
        }
        g_error_free(cause);
        if (locks && !wait_turn(a, turn, error)) return false;
    }
}

/* --- statements --- */

static bool execute(rw_applier *a, const rw_txn *txn, GError **error)
{
    rw_target_pos place = {0};
    bool announced = rw_session_log_place(a->o.target, &place, error) && rw_statement_announce(txn, a->o.source, &place, a->o.target, error);
    rw_target_pos_clear(&place);
    if (!announced) return false;
    rw_point(RW_POINT_ANNOUNCED);
    GError *cause = NULL;
    bool executed = rw_statement_execute(txn->statement, a->o.source_dialect, a->o.target, &cause);
    if (executed) rw_point(RW_POINT_EXECUTED);
    bool restored = rw_session_restore(a->o.target, a->o.conf->lock_wait_s, executed ? error : NULL);
    if (executed) return restored;
    /* It did not happen: take the announcement back. If the session is gone, the log will tell. */
    if (restored)
        rw_connection_runf(a->o.target, NULL, "UPDATE ringway.session SET intent=0,statement='' WHERE source=%u AND lane=0", a->o.source);
    g_propagate_error(error, cause);
    return false;
}

static bool run_statement(rw_applier *a, const rw_txn *txn, GError **error)
{
    if (is_skipped(a, txn)) return true;
    rw_tables_forget(a->tables);
    if (a->o.intent->state == RW_INTENT_EXECUTED && rw_intent_is_for(a->o.intent, txn)) {
        rw_log(RW_LOG_INFO, a->o.link, "%s was executed before the last stop, as the target's log shows; not run again", txn->statement->what);
        return true;
    }
    for (unsigned turn = 0;; turn++) {
        GError *cause = NULL;
        if (execute(a, txn, &cause)) break;
        bool lost = !rw_connection_run(a->o.target, "DO 0", NULL);
        if (lost || !g_error_matches(cause, RW_ERROR, RW_ERR_RETRY)) return fail_at(a, txn, cause, error);
        rw_log(RW_LOG_INFO, a->o.link, "will try again: %s", cause->message);
        g_error_free(cause);
        if (!wait_turn(a, turn, error)) return false;
    }
    rw_log(RW_LOG_INFO, a->o.link, "executed: %.*s", (int)MIN(txn->statement->text.len, 200), (const char *)txn->statement->text.data);
    return true;
}

/* --- large transactions --- */

static bool begin_stream(rw_applier *a, const rw_txn *txn, GError **error)
{
    copy_progress(&a->next, a->o.progress);
    bool skipped = is_skipped(a, txn);
    if (txn->statement && !skipped && !run_statement(a, txn, error)) return false;
    if (!begin(a, txn, txn, error)) return false;
    a->streaming = true;
    return !txn->statement || skipped || close_statement(a, error);
}

static bool end_stream(rw_applier *a, const rw_txn *txn, GError **error)
{
    a->next.counts.transactions += !is_skipped(a, txn);
    if (!rw_progress_advance(&a->next, txn, error)) return false;
    rw_progress_update_sql(&a->next, rw_rows_apply_sql(a->rows));
    if (!rw_rows_apply_end_statement(a->rows, error)) return false;
    if (is_skipped(a, txn) && !close_skip(a, error)) return false;
    if (!commit(a, error)) return false;
    a->streaming = false;
    adopt_next(a);
    if (is_skipped(a, txn)) g_clear_pointer(&a->skip, g_free);
    a->window = 1;
    passed(a, 1);
    return true;
}

static bool stream_piece(rw_applier *a, const rw_batch *batch, const rw_txn *txn, GError **error)
{
    if (!a->streaming && !begin_stream(a, txn, error)) return false;
    count_rows(a, txn);
    if (is_skipped(a, txn) ? !record_skip(a, batch, txn, error) : !rw_rows_apply_run(a->rows, batch, txn->first_row, txn->n_rows, error)) return false;
    rw_point(RW_POINT_PIECE);
    return txn->continues ? rw_rows_apply_flush(a->rows, error) : end_stream(a, txn, error);
}

/* Its earlier pieces are gone: whatever goes wrong, it is read from the source again. */
static bool run_piece(rw_applier *a, const rw_batch *batch, const rw_txn *txn, GError **error)
{
    GError *cause = NULL;
    if (txn->void_) return !a->streaming || rollback(a, error);
    if (stream_piece(a, batch, txn, &cause)) return true;
    bool clash = !g_error_matches(cause, RW_ERROR, RW_ERR_RETRY) && !g_error_matches(cause, RW_ERROR, RW_ERR_INTERRUPTED);
    if (!clash || a->isolate) return fail_at(a, txn, cause, error);
    a->wants_isolation = true;
    rw_fail(error, RW_ERR_RETRY, "a large transaction clashes and is read again to find the row: %s", cause->message);
    g_error_free(cause);
    return false;
}

bool rw_applier_run(rw_applier *a, const rw_batch *batch, GError **error)
{
    for (unsigned i = 0, n; i < batch->txns->len; i += n) {
        const rw_txn *txn = rw_batch_txn(batch, i);
        n = 1;
        if (g_atomic_int_get(a->o.stop) && !a->streaming) return rw_fail(error, RW_ERR_INTERRUPTED, "asked to end");
        if (txn->continued || txn->continues || txn->void_) {
            if (!run_piece(a, batch, txn, error)) return false;
            continue;
        }
        if (txn->statement && !run_statement(a, txn, error)) return false;
        n = extent(a, batch, i);
        if (!run_window(a, batch, i, &n, error)) return false;
        if (txn->statement) rw_point(RW_POINT_CLOSED);
    }
    return true;
}
