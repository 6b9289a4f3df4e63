#include "flow/apply/applier_private.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/point.h"
#include "flow/apply/session.h"

#include <mysqld_error.h>

/* How much of the source's log may pass without effect before the position is written all the same. An idle pair must not answer each
 * other's progress rows, so this is by bytes, and by a time so long that the answers do not count. */
enum { UNWRITTEN_BYTES_MAX = 16 * 1024 * 1024, UNWRITTEN_S_MAX = 600 };

/* With more than two sites other links may wait to hear that the target has what the source had: of changes without effect, as a filter keeps back, they hear soon.
 * Progress rows are no changes, so that the answers end. */
enum { UNTOLD_US_MAX = 50 * 1000 };

rw_applier *rw_applier_new(const rw_applier_options *options)
{
    rw_applier *a = g_new0(rw_applier, 1);
    a->o = *options;
    a->skip = g_strdup(options->skip);
    a->written_us = rw_clock_us();
    a->told_us = options->progress->history.own_us;
    a->accept = g_strdup(options->accept);
    a->writers = g_byte_array_new();
    a->tables = rw_tables_new(options->conf, false);
    rw_trouble_init(&a->trouble, options->memory, options->conf, options->source, options->target_site, &options->carries);
    a->trouble.back_us = options->back_us;
    a->trouble.rest_us = options->rest_us;
    a->rows = rw_rows_apply_new(a->tables, &a->trouble, options->hands_on, options->stop);
    rw_settle_options settle = {options->conf, options->link, options->source, options->target_site, options->hands_on, a->tables, &a->trouble, options->target, a->accept,
                                options->stop};
    a->settle = rw_settle_new(&settle);
    a->limit = options->conf->window_transactions;
    rw_pace_init(&a->pace, options->conf->window_ms, options->conf->busy_percent, options->conf->window_transactions);
    a->settle_large = g_strdup(options->settle);
    return a;
}

void rw_applier_free(rw_applier *a)
{
    if (!a) return;
    rw_rows_apply_free(a->rows);
    rw_settle_free(a->settle);
    rw_trouble_clear(&a->trouble);
    rw_tables_free(a->tables);
    g_byte_array_unref(a->writers);
    g_free(a->accept);
    g_free(a->settle_large);
    g_free(a->wants_settled);
    rw_progress_clear(&a->next);
    g_free(a->failed);
    g_free(a->skip);
    g_free(a);
}

const char *rw_applier_failed_identity(const rw_applier *a) { return a->failed; }
const rw_clash *rw_applier_clash(const rw_applier *a) { return rw_settle_clash(a->settle); }
const char *rw_applier_wants_settled(const rw_applier *a) { return a->wants_settled; }
unsigned rw_applier_window(const rw_applier *a) { return a->window; }
const rw_tables *rw_applier_tables(const rw_applier *a) { return a->tables; }
bool rw_applier_in_transaction(const rw_applier *a) { return a->streaming; }

/* --- failures --- */

bool rw_applier_fail_at(rw_applier *a, const rw_txn *txn, GError *cause, GError **error)
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
    return g_error_matches(cause, RW_ERROR, RW_ERR_RETRY) && (number == ER_LOCK_WAIT_TIMEOUT || number == ER_LOCK_DEADLOCK || number == ER_CHECKREAD);
}

bool rw_applier_rollback(rw_applier *a, GError **error)
{
    a->streaming = false;
    return rw_session_rollback(a->o.target, error);
}

/* Another process applies the link, at another node of the cluster, where the link's lock excludes nobody. Not a conflict: begin anew behind its window. */
static void note_other(const rw_applier *a, GError **cause)
{
    if (!g_error_matches(*cause, RW_ERROR, RW_ERR_STOP) || !rw_rows_apply_progress_refused(a->rows)) return;
    g_clear_error(cause);
    rw_fail(cause, RW_ERR_RETRY, "another ringway has applied this window of %s already, at another node; give all processes the same hosts in the same order, so that one waits "
            "for the other", a->o.link);
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

/* --- windows --- */

/* *n becomes the number of transactions that go together: those before the first in trouble, which is settled by itself. */
static bool gather(rw_applier *a, const rw_batch *batch, unsigned i, unsigned *n, GError **error)
{
    unsigned clean_txns = 0;
    rw_rows_apply_begin(a->rows, a->o.target);
    if (a->settling || rw_applier_is_skipped(a, rw_batch_txn(batch, i))) return true;
    if (!rw_rows_apply_gather(a->rows, batch, i, *n, &clean_txns, error)) return false;
    a->settling = clean_txns == 0;
    *n = MAX(1, clean_txns);
    return true;
}

static bool is_untold(const rw_applier *a, const rw_progress *p) { return a->trouble.causal && p->history.own_us > a->told_us; }
static bool is_awaited(const rw_applier *a, const rw_progress *p) { return is_untold(a, p) && rw_clock_us() - a->written_us >= UNTOLD_US_MAX; }

/* A progress row and nothing else. */
static bool tell(rw_applier *a, GError **error)
{
    rw_applier_copy_progress(&a->next, a->o.progress);
    const rw_author nobody = {.origin = a->o.source};
    const rw_txn none = {.gtid = "", .author = &nobody};
    rw_rows_apply_begin(a->rows, a->o.target);
    if (!rw_applier_begin(a, &none, &none, NULL, error) || !rw_applier_commit(a, error)) return false;
    rw_applier_adopt_next(a, NULL);
    return true;
}

/* Who waits for another link must not be what that one waits for. */
static bool tell_before_waiting(rw_applier *a, const rw_txn *txn, GError **error)
{
    if (!is_untold(a, a->o.progress)) return true;
    rw_trouble_look(&a->trouble);
    return !rw_trouble_is_early(&a->trouble, txn->seen) || tell(a, error);
}

static bool try_window(rw_applier *a, const rw_batch *batch, unsigned i, unsigned *n, GError **error)
{
    unsigned n_rows = 0;
    bool effect = false;
    if (!gather(a, batch, i, n, error) || (a->settling && !tell_before_waiting(a, rw_batch_txn(batch, i), error))) return false;
    rw_applier_copy_progress(&a->next, a->o.progress);
    for (unsigned k = i; k < i + *n; k++) {
        const rw_txn *txn = rw_batch_txn(batch, k);
        n_rows += txn->n_rows;
        effect |= txn->n_rows || txn->statement || rw_applier_is_skipped(a, txn) || rw_progress_tells(&a->next, txn);
        if (!rw_applier_advance_next(a, txn, error)) return false;
    }
    effect |= is_awaited(a, &a->next);
    if ((effect || a->next.unwritten_bytes > UNWRITTEN_BYTES_MAX) && !rw_applier_write_window(a, batch, i, *n, n_rows, error)) return false;
    rw_applier_adopt_next(a, rw_batch_txn(batch, i));
    a->window = *n;
    return true;
}

bool rw_applier_idle(rw_applier *a, GError **error)
{
    const rw_progress *p = a->o.progress;
    bool old = rw_clock_us() - a->written_us >= UNWRITTEN_S_MAX * G_USEC_PER_SEC;
    if (a->streaming || !p->unwritten_bytes || (!old && !is_awaited(a, p))) return true;
    return tell(a, error);
}

gint64 rw_applier_patience_us(const rw_applier *a) { return is_untold(a, a->o.progress) ? UNTOLD_US_MAX : G_MAXINT64; }

/* Later pieces of a transaction follow the first one; what has no effect need not wait. */
static bool is_due(const rw_applier *a, const rw_txn *txn)
{
    bool effect = txn->n_rows || txn->statement || txn->continues;
    if (!a->o.delay_s || a->streaming || !effect) return true;
    return (gint64)txn->commit_us + (gint64)a->o.delay_s * G_USEC_PER_SEC <= rw_wall_us();
}

/* The first one of a batch. A time in the future, as a session may set it, must not hold up the link until then. */
static bool has_waited(rw_applier *a, const rw_txn *txn)
{
    if (!is_due(a, txn)) {
        if (!a->waiting_since_us) a->waiting_since_us = rw_clock_us();
        if (rw_clock_us() - a->waiting_since_us < (gint64)a->o.delay_s * G_USEC_PER_SEC) return false;
    }
    a->waiting_since_us = 0;
    return true;
}

/* How many transactions from i on may share a window. */
static unsigned extent(const rw_applier *a, const rw_batch *batch, unsigned i)
{
    unsigned most = a->single_left ? 1 : MIN(a->limit, a->pace.limit), n = 1;
    if (rw_batch_txn(batch, i)->statement || rw_applier_is_skipped(a, rw_batch_txn(batch, i))) return 1;
    for (; n < most && i + n < batch->txns->len; n++) {
        const rw_txn *txn = rw_batch_txn(batch, i + n);
        if (txn->statement || txn->continues || txn->void_ || rw_applier_is_skipped(a, txn) || !is_due(a, txn)) break;
    }
    return n;
}

void rw_applier_passed(rw_applier *a, unsigned n)
{
    a->single_left -= MIN(a->single_left, n);
    a->limit = MIN(a->o.conf->window_transactions, a->limit + a->limit / 2 + 1);
    a->settling = false;
}

/* After a failure: narrows what is tried next, down to one transaction, settled row by row. false: that was the last try. */
static bool narrow(rw_applier *a, unsigned *n)
{
    if (*n > 1) {
        a->single_left = *n;
        *n = 1;
        return true;
    }
    if (a->settling) return rw_settle_again(a->settle);
    a->settling = true;
    rw_tables_forget(a->tables); /* the target's definition may have changed under us */
    return true;
}

/* The target is the applications' for a while. */
static void keep_pace(rw_applier *a, unsigned n, gint64 took_us)
{
    gint64 until = rw_clock_us() + rw_pace_done(&a->pace, n, took_us);
    while (rw_clock_us() < until && !g_atomic_int_get(a->o.stop)) g_usleep((gulong)CLAMP(until - rw_clock_us(), 100, 20000));
}

static bool run_window(rw_applier *a, const rw_batch *batch, unsigned i, unsigned *n, GError **error)
{
    for (unsigned turn = 0;; turn++) {
        GError *cause = NULL;
        gint64 began_us = rw_clock_us(), written_us = a->written_us;
        if (try_window(a, batch, i, n, &cause)) {
            rw_applier_passed(a, *n);
            if (a->written_us != written_us) keep_pace(a, *n, rw_clock_us() - began_us);
            return true;
        }
        note_other(a, &cause);
        bool again = a->settling && rw_settle_again(a->settle);
        a->o.progress->counts.conflicts += rw_settle_take_removed(a->settle);
        bool locks = !again && is_lock_trouble(a, cause), retry = g_error_matches(cause, RW_ERROR, RW_ERR_RETRY);
        if (g_error_matches(cause, RW_ERROR, RW_ERR_INTERRUPTED) || (retry && !locks && !again)) return rw_applier_fail_at(a, rw_batch_txn(batch, i), cause, error);
        if (!rw_applier_rollback(a, error)) {
            g_error_free(cause);
            return false;
        }
        if (locks) {
            rw_log(RW_LOG_DEBUG, a->o.link, "window of %u transactions: %s", *n, cause->message);
            a->limit = *n = MAX(1, *n / 2);
        } else if (!narrow(a, n)) {
            return rw_applier_fail_at(a, rw_batch_txn(batch, i), cause, error);
        }
        if (!again) rw_log(RW_LOG_DEBUG, a->o.link, "tried anew, more closely: %s", cause->message);
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
    bool restored = rw_session_restore(a->o.target, a->o.conf->lock_wait_s, RW_SESSION_LEASE_S, executed ? error : NULL);
    if (executed) return restored;
    /* It did not happen: take the announcement back. If the session is gone, the log will tell. */
    if (restored)
        rw_connection_runf(a->o.target, NULL, "UPDATE ringway.session SET intent=0,statement='' WHERE source=%u AND lane=0", a->o.source);
    g_propagate_error(error, cause);
    return false;
}

/* On a cluster the transaction may come from another node now, with another GTID: then what was announced last is the first statement that comes. */
static bool was_executed(rw_applier *a, const rw_txn *txn, bool first)
{
    const rw_intent *intent = a->o.intent;
    if (intent->state != RW_INTENT_EXECUTED) return false;
    return rw_intent_is_for(intent, txn) || (first && txn->mark && rw_slice_is(txn->statement->text, intent->text));
}

bool rw_applier_run_statement(rw_applier *a, const rw_txn *txn, GError **error)
{
    bool first = !a->past_statement;
    a->past_statement = true;
    if (rw_applier_is_skipped(a, txn)) return true;
    rw_tables_forget(a->tables);
    if (was_executed(a, txn, first)) {
        rw_log(RW_LOG_INFO, a->o.link, "%s was executed before the last stop, as the target's log shows; not run again", txn->statement->what);
        return true;
    }
    for (unsigned turn = 0;; turn++) {
        GError *cause = NULL;
        if (execute(a, txn, &cause)) break;
        bool lost = !rw_connection_run(a->o.target, "DO 0", NULL);
        if (lost || !g_error_matches(cause, RW_ERROR, RW_ERR_RETRY)) return rw_applier_fail_at(a, txn, cause, error);
        rw_log(RW_LOG_INFO, a->o.link, "will try again: %s", cause->message);
        g_error_free(cause);
        if (!wait_turn(a, turn, error)) return false;
    }
    rw_log(RW_LOG_INFO, a->o.link, "executed: %.*s", (int)MIN(txn->statement->text.len, 200), (const char *)txn->statement->text.data);
    return true;
}

bool rw_applier_run(rw_applier *a, const rw_batch *batch, unsigned *next, GError **error)
{
    for (unsigned n; *next < batch->txns->len; *next += n) {
        const rw_txn *txn = rw_batch_txn(batch, *next);
        n = 1;
        if (g_atomic_int_get(a->o.stop) && !a->streaming) return rw_fail(error, RW_ERR_INTERRUPTED, "asked to end");
        if (!has_waited(a, txn)) return true;
        if (txn->continued || txn->continues || txn->void_) {
            if ((!txn->continued && !tell_before_waiting(a, txn, error)) || !rw_applier_run_piece(a, batch, *next, error)) return false;
            continue;
        }
        if (txn->statement && !rw_applier_run_statement(a, txn, error)) return false;
        n = extent(a, batch, *next);
        if (!run_window(a, batch, *next, &n, error)) return false;
        if (txn->statement) rw_point(RW_POINT_CLOSED);
    }
    return true;
}
