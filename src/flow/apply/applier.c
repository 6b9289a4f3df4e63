#include "flow/apply/applier.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/point.h"
#include "flow/apply/absence.h"
#include "flow/apply/record.h"
#include "flow/apply/session.h"
#include "flow/apply/skip.h"

#include <mysqld_error.h>

/* How much of the source's log may pass without effect before the position is written all the same. An idle pair must not answer each
 * other's progress rows, so this is by bytes, and by a time so long that the answers do not count. */
enum { UNWRITTEN_BYTES_MAX = 16 * 1024 * 1024, UNWRITTEN_S_MAX = 600, CLEANING_WINDOWS = 1024 };

struct rw_applier {
    rw_applier_options o;
    rw_tables *tables;
    rw_trouble trouble;
    rw_rows_apply *rows;
    rw_settle *settle;
    unsigned limit;       /* transactions a window may hold now */
    unsigned single_left; /* so many transactions go one by one: one of them met something */
    bool settling;        /* the next transaction is settled row by row */
    bool streaming;
    char *settle_large, *wants_settled;  /* identities of large transactions */
    rw_progress next;     /* of the window under way */
    GByteArray *writers;
    char *failed;
    unsigned window;
    gint64 written_us;    /* monotonic: when a progress row was written last */
    char *accept, *skip;  /* identities; skip until it is done; owned: what the options point to is the control row's */
};

rw_applier *rw_applier_new(const rw_applier_options *options)
{
    rw_applier *a = g_new0(rw_applier, 1);
    a->o = *options;
    a->skip = g_strdup(options->skip);
    a->written_us = rw_clock_us();
    a->accept = g_strdup(options->accept);
    a->writers = g_byte_array_new();
    a->tables = rw_tables_new(options->conf, false);
    rw_trouble_init(&a->trouble, options->memory, options->conf, options->source, options->target_site);
    a->rows = rw_rows_apply_new(a->tables, &a->trouble, options->stop);
    rw_settle_options settle = {options->conf, options->link, options->source, options->target_site, a->tables, &a->trouble, options->target, a->accept,
                                options->stop};
    a->settle = rw_settle_new(&settle);
    a->limit = options->conf->window_transactions;
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

/* --- progress of the window under way --- */

static void copy_progress(rw_progress *to, const rw_progress *from)
{
    rw_progress_clear(to);
    *to = *from;
    to->pos = (rw_source_pos){g_strdup(from->pos.file), from->pos.offset_bytes, g_strdup(from->pos.gtid)};
    to->intents = g_strdup(from->intents);
    to->memory.pos.file = g_strdup(from->memory.pos.file);
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

/* What was read; what becomes of it is counted by who does it. */
static bool advance_next(rw_applier *a, const rw_txn *txn, GError **error)
{
    rw_link_counts *n = &a->next.counts;
    n->captured += txn->counts.captured + txn->counts.filtered;
    n->filtered += txn->counts.filtered;
    n->transactions += !txn->dropped && !is_skipped(a, txn) && (txn->n_rows || txn->statement || txn->continued);
    n->ddl += txn->statement && !is_skipped(a, txn);
    return rw_progress_advance(&a->next, txn, error);
}

static void count_settled(rw_applier *a)
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
    return g_error_matches(cause, RW_ERROR, RW_ERR_RETRY) && (number == ER_LOCK_WAIT_TIMEOUT || number == ER_LOCK_DEADLOCK || number == ER_CHECKREAD);
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

/* Only with more than two sites does another link read who wrote what; the link itself reads what was settled. */
static rw_slice encoded(rw_applier *a, const rw_writers *writers)
{
    g_byte_array_set_size(a->writers, 0);
    if (!writers || !(a->trouble.many_sites || writers->kind == RW_WRITERS_SETTLED)) return (rw_slice){NULL, 0};
    rw_writers_encode(writers, a->writers);
    return rw_slice_of(a->writers->data, a->writers->len);
}

static bool begin(rw_applier *a, const rw_txn *first, const rw_txn *last, const rw_writers *writers, GError **error)
{
    const rw_progress_window window = {a->o.source, first->gtid, last->gtid, encoded(a, writers)};
    if (!note_memory(a, error)) return false;
    if (a->settling) { /* keys of rows that are not there are locked, too */
        g_string_append(rw_rows_apply_sql(a->rows), "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
        if (!rw_rows_apply_end_statement(a->rows, error)) return false;
    }
    g_string_append(rw_rows_apply_sql(a->rows), "BEGIN");
    if (!rw_rows_apply_end_statement(a->rows, error)) return false;
    rw_progress_insert_sql(&a->next, &window, rw_rows_apply_sql(a->rows));
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

/* Now and then what is too old goes, in the transaction of a window. */
static bool clean(rw_applier *a, GError **error)
{
    if (rw_progress_trim_sql(&a->next, rw_rows_apply_sql(a->rows)) && !rw_rows_apply_end_statement(a->rows, error)) return false;
    if (a->next.seq % CLEANING_WINDOWS != 0) return true;
    rw_record_trim_sql(a->o.conf->conflict_keep_days, rw_rows_apply_sql(a->rows));
    if (!rw_rows_apply_end_statement(a->rows, error)) return false;
    rw_record_trim_values_sql(rw_rows_apply_sql(a->rows));
    if (!rw_rows_apply_end_statement(a->rows, error)) return false;
    rw_absence_trim_sql(rw_rows_apply_sql(a->rows));
    return rw_rows_apply_end_statement(a->rows, error);
}

static bool commit(rw_applier *a, GError **error)
{
    if (!adds_up(a, error) || !clean(a, error)) return false;
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
    return rw_rows_apply_flush(a->rows, error) && rw_skip_rows(&skip, batch, txn, error);
}

static bool write_skipped(rw_applier *a, const rw_batch *batch, const rw_txn *txn, GError **error)
{
    a->next.counts.discarded += txn->n_rows;
    return begin(a, txn, txn, NULL, error) && record_skip(a, batch, txn, error) && close_skip(a, error) && commit(a, error);
}

static bool write_settled(rw_applier *a, const rw_batch *batch, const rw_txn *txn, GError **error)
{
    rw_settle_begin(a->settle, txn);
    if (!begin(a, txn, txn, NULL, error)) return false;
    if (txn->statement && !close_statement(a, error)) return false;
    rw_point(RW_POINT_BEGUN);
    if (!rw_rows_apply_flush(a->rows, error) || !rw_settle_rows(a->settle, batch, txn, error)) return false;
    count_settled(a);
    rw_progress_update_sql(&a->next, encoded(a, rw_settle_writers(a->settle)), rw_rows_apply_sql(a->rows));
    return rw_rows_apply_end_statement(a->rows, error) && commit(a, error);
}

static bool write_window(rw_applier *a, const rw_batch *batch, unsigned i, unsigned n, unsigned n_rows, GError **error)
{
    const rw_txn *first = rw_batch_txn(batch, i), *last = rw_batch_txn(batch, i + n - 1);
    if (is_skipped(a, first)) return write_skipped(a, batch, first, error);
    if (a->settling) return write_settled(a, batch, first, error);
    a->next.counts.applied += n_rows; /* the progress row goes first, and says so */
    if (!begin(a, first, last, rw_rows_apply_writers(a->rows), error)) return false;
    rw_point(RW_POINT_BEGUN);
    if (first->statement && !close_statement(a, error)) return false;
    return (!n_rows || rw_rows_apply_run(a->rows, error)) && commit(a, error);
}

/* *n becomes the number of transactions that go together: those before the first in trouble, which is settled by itself. */
static bool gather(rw_applier *a, const rw_batch *batch, unsigned i, unsigned *n, GError **error)
{
    unsigned clean_txns = 0;
    rw_rows_apply_begin(a->rows, a->o.target);
    if (a->settling || is_skipped(a, rw_batch_txn(batch, i))) return true;
    if (!rw_rows_apply_gather(a->rows, batch, i, *n, &clean_txns, error)) return false;
    a->settling = clean_txns == 0;
    *n = MAX(1, clean_txns);
    return true;
}

static bool try_window(rw_applier *a, const rw_batch *batch, unsigned i, unsigned *n, GError **error)
{
    unsigned n_rows = 0;
    bool effect = false;
    if (!gather(a, batch, i, n, error)) return false;
    copy_progress(&a->next, a->o.progress);
    for (unsigned k = i; k < i + *n; k++) {
        const rw_txn *txn = rw_batch_txn(batch, k);
        n_rows += txn->n_rows;
        effect |= txn->n_rows || txn->statement || is_skipped(a, txn);
        if (!advance_next(a, txn, error)) return false;
    }
    if ((effect || a->next.unwritten_bytes > UNWRITTEN_BYTES_MAX) && !write_window(a, batch, i, *n, n_rows, error)) return false;
    adopt_next(a);
    if (is_skipped(a, rw_batch_txn(batch, i))) g_clear_pointer(&a->skip, g_free);
    a->window = *n;
    return true;
}

bool rw_applier_idle(rw_applier *a, GError **error)
{
    if (a->streaming || !a->o.progress->unwritten_bytes || rw_clock_us() - a->written_us < UNWRITTEN_S_MAX * G_USEC_PER_SEC) return true;
    copy_progress(&a->next, a->o.progress);
    const rw_txn none = {.gtid = "", .origin = a->o.source};
    rw_rows_apply_begin(a->rows, a->o.target);
    if (!begin(a, &none, &none, NULL, error) || !commit(a, error)) return false;
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

static bool run_window(rw_applier *a, const rw_batch *batch, unsigned i, unsigned *n, GError **error)
{
    for (unsigned turn = 0;; turn++) {
        GError *cause = NULL;
        if (try_window(a, batch, i, n, &cause)) {
            passed(a, *n);
            return true;
        }
        bool again = a->settling && rw_settle_again(a->settle);
        a->o.progress->counts.conflicts += rw_settle_take_removed(a->settle);
        bool locks = !again && is_lock_trouble(a, cause), retry = g_error_matches(cause, RW_ERROR, RW_ERR_RETRY);
        if (g_error_matches(cause, RW_ERROR, RW_ERR_INTERRUPTED) || (retry && !locks && !again)) return fail_at(a, rw_batch_txn(batch, i), cause, error);
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

/* One transaction, whose rows the row events name: a list of them could be as large as itself. Its readers must know of it before its rows. */
static bool begin_named(rw_applier *a, const rw_txn *txn, GError **error)
{
    rw_writers writers;
    rw_writers_init(&writers);
    rw_writers_reset(&writers, RW_WRITERS_PLAIN);
    rw_writers_add_txn(&writers, txn->stamp_us, txn->seen);
    bool ok = begin(a, txn, txn, &writers, error);
    rw_writers_clear(&writers);
    return ok;
}

static bool begin_stream(rw_applier *a, const rw_txn *txn, GError **error)
{
    copy_progress(&a->next, a->o.progress);
    bool skipped = is_skipped(a, txn);
    g_autofree char *identity = rw_txn_identity(txn);
    a->settling = g_strcmp0(identity, a->settle_large) == 0;
    if (txn->statement && !skipped && !run_statement(a, txn, error)) return false;
    rw_settle_begin(a->settle, txn);
    rw_rows_apply_begin(a->rows, a->o.target);
    if (!begin_named(a, txn, error)) return false;
    a->streaming = true;
    if (txn->statement && !skipped && !close_statement(a, error)) return false;
    return rw_rows_apply_flush(a->rows, error);
}

static bool end_stream(rw_applier *a, const rw_txn *txn, GError **error)
{
    if (!advance_next(a, txn, error)) return false;
    if (a->settling) count_settled(a);
    rw_progress_update_sql(&a->next, (rw_slice){NULL, 0}, rw_rows_apply_sql(a->rows));
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

static bool apply_piece(rw_applier *a, const rw_batch *batch, unsigned i, GError **error)
{
    const rw_txn *txn = rw_batch_txn(batch, i);
    unsigned clean_txns = 0;
    if (is_skipped(a, txn)) {
        a->next.counts.discarded += txn->n_rows;
        return record_skip(a, batch, txn, error);
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
static bool run_piece(rw_applier *a, const rw_batch *batch, unsigned i, GError **error)
{
    GError *cause = NULL;
    const rw_txn *txn = rw_batch_txn(batch, i);
    if (txn->void_) return !a->streaming || rollback(a, error);
    if (stream_piece(a, batch, i, &cause)) return true;
    bool again = a->settling && rw_settle_again(a->settle);
    bool clash = !g_error_matches(cause, RW_ERROR, RW_ERR_RETRY) && !g_error_matches(cause, RW_ERROR, RW_ERR_INTERRUPTED);
    if (!again && (!clash || a->settling)) return fail_at(a, txn, cause, error);
    a->wants_settled = rw_txn_identity(txn);
    rw_fail(error, RW_ERR_RETRY, "a large transaction is read again, to settle it row by row: %s", cause->message);
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
            if (!run_piece(a, batch, i, error)) return false;
            continue;
        }
        if (txn->statement && !run_statement(a, txn, error)) return false;
        n = extent(a, batch, i);
        if (!run_window(a, batch, i, &n, error)) return false;
        if (txn->statement) rw_point(RW_POINT_CLOSED);
    }
    return true;
}
