#include "base/clock.h"
#include "base/log.h"
#include "base/point.h"
#include "flow/apply/session.h"
#include "flow/last_writer.h"
#include "flow/link_private.h"

enum { POLL_US = G_USEC_PER_SEC, FIRST_WAIT_US = 100 * 1000 };

/* Sleeps; false when asked to stop. */
static bool pause_us(rw_link *l, gint64 us)
{
    gint64 until = rw_clock_us() + us;
    rw_lock_take(&l->lock);
    while (!rw_link_is_stopping(l) && rw_lock_wait_until(&l->lock, until)) continue;
    rw_lock_give(&l->lock);
    return !rw_link_is_stopping(l);
}

/* --- running --- */

/* Only once it has run for a while: until then what is recorded of an earlier stop holds, and may still be skipped. */
static bool record_running(rw_run *run, GError **error)
{
    rw_link *l = run->link;
    const rw_control *c = &l->control;
    if (c->skip || !c->state || strcmp(c->state, "running") == 0) return true;
    return rw_control_record(l->source->id, "running", NULL, NULL, run->target, error);
}

/* true: go on. false with *error unset: paused. */
static bool poll_control(rw_run *run, GError **error)
{
    rw_link *l = run->link;
    if (rw_clock_us() - run->polled_us < POLL_US || rw_applier_in_transaction(run->applier)) return true;
    run->polled_us = rw_clock_us();
    if (!rw_control_load(&l->control, l->source->id, l->name, run->target, error)) return false;
    if (l->control.paused) return false;
    return record_running(run, error);
}

static void note_failure(rw_run *run)
{
    rw_link *l = run->link;
    g_free(l->failed);
    l->failed = g_strdup(rw_applier_failed_identity(run->applier));
    if (!l->failed && run->reader) l->failed = rw_reader_failed_identity(run->reader);
    if (rw_applier_wants_settled(run->applier)) {
        g_free(l->settle);
        l->settle = g_strdup(rw_applier_wants_settled(run->applier));
    }
    l->clash_table = g_strdup(rw_applier_clash(run->applier)->table);
    l->clash_key = g_strdup(rw_applier_clash(run->applier)->key);
}

/* How far the target is: up to a transaction that waits for its time, up to the last one of a batch, or as far as the source's log was read. */
static gint64 current_us(const rw_run *run)
{
    if (run->batch) return (gint64)rw_batch_txn(run->batch, run->next_txn)->commit_us;
    return rw_queue_is_empty(run->queue) ? rw_wall_us() : run->done_us;
}

static void put_batch_back(rw_run *run)
{
    if (run->batch->txns->len) run->done_us = (gint64)rw_batch_txn(run->batch, run->batch->txns->len - 1)->commit_us;
    rw_queue_recycle(run->queue, run->batch);
    run->batch = NULL;
    run->next_txn = 0;
}

/* A batch, or as much of it as is due. */
static bool step(rw_run *run, GError **error)
{
    GError *failure = NULL;
    if (!run->batch) run->batch = rw_queue_take(run->queue, rw_clock_us() + MIN(POLL_US / 2, rw_applier_patience_us(run->applier)), &failure);
    if (failure) {
        g_propagate_error(error, failure);
        return false;
    }
    if (!run->batch) return rw_connection_keep(run->target, error) && rw_applier_idle(run->applier, error);
    if (!rw_applier_run(run->applier, run->batch, &run->next_txn, error)) return false;
    if (run->next_txn == run->batch->txns->len) {
        put_batch_back(run);
        return true;
    }
    pause_us(run->link, POLL_US / 10);
    return rw_connection_keep(run->target, error);
}

/* Until something ends it; true only for a pause. */
static bool run_batches(rw_run *run, GError **error)
{
    GError *failure = NULL;
    while (!rw_link_is_stopping(run->link)) {
        if (step(run, &failure)) {
            rw_link_publish(run, current_us(run));
            rw_link_watch_log(run->link);
            if (poll_control(run, &failure)) continue;
            if (!failure) return true;
        }
        note_failure(run);
        g_propagate_error(error, failure);
        return false;
    }
    return rw_fail(error, RW_ERR_INTERRUPTED, "asked to end");
}

static bool wait_while_paused(rw_run *run, GError **error)
{
    rw_link *l = run->link;
    if (!l->control.paused) return true;
    rw_log(RW_LOG_INFO, l->name, "paused");
    rw_link_set_state(l, RW_LINK_PAUSED, NULL);
    if (!rw_run_lease(run, RW_SESSION_LEASE_S, error) || !rw_control_record(l->source->id, "paused", NULL, NULL, run->target, error)) return false;
    rw_link_learn_place(l, run->target);
    for (gint64 asked_us = rw_clock_us(); l->control.paused;) {
        rw_link_watch_log(l);
        if (!pause_us(l, POLL_US / 2)) return rw_fail(error, RW_ERR_INTERRUPTED, "asked to end");
        if (rw_clock_us() - asked_us > (gint64)l->conf->deadline_s * G_USEC_PER_SEC) {
            if (!rw_endpoint_still(&l->target_at, rw_link_question_limits(l->conf), error)) return false;
            asked_us = rw_clock_us();
        }
        if (!rw_control_load(&l->control, l->source->id, l->name, run->target, error)) return false;
    }
    rw_log(RW_LOG_INFO, l->name, "resumed");
    return rw_run_lease(run, RW_SESSION_OPENING_S, error);
}

/* One life: connect, run, end with an error, or with none after a pause. */
static bool live(rw_link *l, GError **error)
{
    rw_run run = {.link = l};
    bool ok = rw_run_open_target(&run, error) && wait_while_paused(&run, error) && rw_run_open(&run, error);
    if (ok) {
        rw_run_start_applier(&run);
        rw_point(RW_POINT_CONNECTED);
        const rw_source_pos *pos = &run.progress.pos;
        if (*pos->file) rw_log(RW_LOG_INFO, l->name, "running from %s:%" G_GUINT64_FORMAT, pos->file, pos->offset_bytes);
        else rw_log(RW_LOG_INFO, l->name, "running from GTID %s", pos->gtid ? pos->gtid : "none");
        g_clear_pointer(&l->last_error, g_free);
        l->may_refuse = false;
        run.polled_us = rw_clock_us();
        run.done_us = (gint64)run.progress.commit_us;
        rw_link_publish(&run, run.done_us);
        ok = run_batches(&run, error);
    }
    rw_run_close(&run);
    return ok;
}

/* --- stopping --- */

static char *last_writer(const rw_link *l, rw_connection *target)
{
    rw_endpoint at = {.site = l->target};
    rw_endpoint_take(&at, target);
    return rw_last_writer(l->conf, &at, rw_link_stream_limits(l->conf), l->clash_table, l->clash_key, target);
}

/* Both GTIDs stand in the message: that of the incoming transaction, and that of the target's last write to the row; and what to do. */
static char *with_target_place(const rw_link *l, rw_connection *target, const char *message)
{
    g_autofree char *writer = l->clash_key ? last_writer(l, target) : NULL;
    g_autofree char *written = !l->clash_key ? g_strdup("")
                               : writer ? g_strdup_printf("; written there last by GTID %s", writer)
                                        : g_strdup("; its recent log does not show who wrote it");
    rw_target_pos place = {0};
    g_autofree char *gtid = rw_connection_value(target, target->dialect->sql_gtid, NULL);
    if (!rw_session_log_place(target, &place, NULL)) return g_strdup(message);
    char *text = g_strdup_printf("%s%s; target log then at %s:%" G_GUINT64_FORMAT " (GTID %s); make the target as the change expects it and run "
                                 "ringway resume --link '%s', or leave the transaction out with ringway skip --link '%s'",
                                 message, written, place.file, place.offset_bytes, gtid ? gtid : "none", l->name, l->name);
    rw_target_pos_clear(&place);
    return text;
}

static bool connect_control(rw_link *l, rw_connection **target)
{
    if (*target) return true;
    *target = rw_connection_open(l->target, rw_link_question_limits(l->conf), NULL);
    return *target != NULL;
}

/* Records the stop and waits for resume or skip, over server restarts, too. */
static void wait_for_user(rw_link *l, const GError *cause)
{
    rw_connection *target = NULL;
    bool recorded = false;
    uint64_t resumed = l->control.resumed;
    bool clash = g_error_matches(cause, RW_ERROR, RW_ERR_CONFLICT) && connect_control(l, &target);
    g_autofree char *text = clash ? with_target_place(l, target, cause->message) : g_strdup(cause->message);
    rw_link_set_state(l, RW_LINK_STOPPED, text);
    rw_log(RW_LOG_ERROR, l->name, "stopped: %s", text);
    gint64 connected_us = rw_clock_us();
    do {
        rw_link_watch_log(l);
        /* What the user says is written where applications write: that may be another host by now. */
        if (rw_clock_us() - connected_us > (gint64)l->conf->deadline_s * G_USEC_PER_SEC) g_clear_pointer(&target, rw_connection_close);
        if (!target) connected_us = rw_clock_us();
        if (!connect_control(l, &target)) continue;
        rw_link_learn_place(l, target);
        if (!recorded) recorded = rw_control_record(l->source->id, "stopped", text, l->failed, target, NULL);
        bool ok = recorded && rw_control_load(&l->control, l->source->id, l->name, target, NULL);
        if (!ok) g_clear_pointer(&target, rw_connection_close);
        else if (l->control.resumed != resumed || l->control.skip) break;
    } while (pause_us(l, POLL_US / 2));
    g_free(l->accept);
    l->accept = l->control.resumed != resumed ? g_strdup(l->failed) : NULL;
    rw_connection_close(target);
}

static void say_retry(rw_link *l, const GError *cause)
{
    rw_link_set_state(l, cause->code == RW_ERR_STANDBY ? RW_LINK_STANDBY : RW_LINK_RETRYING, cause->message);
    g_atomic_int_inc(&l->retries);
    if (g_strcmp0(l->last_error, cause->message) == 0) return;
    rw_log(RW_LOG_WARNING, l->name, "will try again: %s", cause->message);
    g_free(l->last_error);
    l->last_error = g_strdup(cause->message);
}

static bool refused(rw_link *l, const GError *cause)
{
    if (!l->may_refuse || !g_error_matches(cause, RW_ERROR, RW_ERR_CONFIG)) return false;
    rw_link_set_state(l, RW_LINK_STOPPED, cause->message);
    rw_lock_take(&l->lock);
    l->refusal = g_strdup(cause->message);
    rw_lock_give(&l->lock);
    return true;
}

/* A copy that is not made yet has nothing where a stop could be recorded. */
static bool may_try_again(const rw_link *l, const GError *cause)
{
    return g_error_matches(cause, RW_ERROR, RW_ERR_RETRY) || (l->target->copy_of && g_error_matches(cause, RW_ERROR, RW_ERR_CONFIG));
}

static gpointer run_link(gpointer data)
{
    rw_link *l = data;
    gint64 wait_us = FIRST_WAIT_US;
    while (!rw_link_is_stopping(l)) {
        g_autoptr(GError) error = NULL;
        gint64 began_us = rw_clock_us();
        g_clear_pointer(&l->failed, g_free);
        g_clear_pointer(&l->clash_table, g_free);
        g_clear_pointer(&l->clash_key, g_free);
        if (live(l, &error) || g_error_matches(error, RW_ERROR, RW_ERR_INTERRUPTED)) continue;
        if (refused(l, error)) break;
        bool standby = g_error_matches(error, RW_ERROR, RW_ERR_STANDBY);
        if (!standby && !may_try_again(l, error)) {
            wait_for_user(l, error);
            continue;
        }
        say_retry(l, error);
        rw_link_watch_log(l);
        if (standby) continue; /* the lock was waited for already */
        if (rw_clock_us() - began_us > 10 * G_USEC_PER_SEC) wait_us = FIRST_WAIT_US;
        pause_us(l, wait_us);
        wait_us = MIN(wait_us * 2, (gint64)l->conf->retry_max_s * G_USEC_PER_SEC);
    }
    g_atomic_int_set(&l->ended, 1);
    return NULL;
}

/* --- outside --- */

bool rw_link_ended(rw_link *l) { return g_atomic_int_get(&l->ended) != 0; }

void rw_link_cut(rw_link *l)
{
    rw_lock_take(&l->lock);
    if (l->target_session) rw_connection_cancel(l->target_session);
    rw_lock_give(&l->lock);
}

/* "origin->target" of each site whose transactions the link brings besides its source's. */
static char **other_locks(const rw_conf *conf, const rw_link_duty *duty)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    for (unsigned i = 0; i < conf->n_sites; i++) {
        const rw_site_conf *origin = &conf->sites[i];
        if (origin == duty->source || !rw_origins_has(&duty->carries, origin->id)) continue;
        g_autofree char *name = g_strdup_printf("%s->%s", origin->name, duty->target->name);
        g_strv_builder_add(names, name);
    }
    return g_strv_builder_end(names);
}

rw_link *rw_link_start(rw_conf *conf, const rw_link_duty *duty, bool may_refuse, GError **error)
{
    const rw_site_conf *source = duty->source, *target = duty->target;
    const rw_filter_conf *filter = rw_conf_filter(conf, source->name, target->name);
    rw_filter_lists lists = {(const char *const *)filter->schemas, (const char *const *)filter->ignore_schemas,
                             (const char *const *)filter->tables, (const char *const *)filter->ignore_tables};
    rw_filter *made = rw_filter_new(&lists, error);
    if (!made) return NULL;
    rw_link *l = g_new0(rw_link, 1);
    l->conf = rw_conf_ref(conf);
    l->source = source;
    l->target = target;
    l->carries = duty->carries;
    l->hands_on = conf->n_sites > 2 && !target->read_only;
    l->other_locks = other_locks(conf, duty);
    l->source_at.site = source;
    l->target_at.site = target;
    l->filter = made;
    l->may_refuse = may_refuse && !target->copy_of; /* the others need not wait for a copy */
    l->name = g_strdup_printf("%s->%s", source->name, target->name);
    l->status = rw_link_status_new(l->name, source->name, target->name);
    l->status->state = RW_LINK_RETRYING;
    l->status->delay_s = rw_conf_delay_s(conf, source->name, target->name);
    l->source_site = rw_site_status_new(source->name, source->id);
    l->target_site = rw_site_status_new(target->name, target->id);
    const char *silent = target->read_only ? "is read_only" : target->copy_of ? "is a copy that is not in yet" : NULL;
    if (silent) l->local = rw_local_writes_new(l->name, target->name, silent, l->filter, rw_conf_renames(conf, source->name, target->name));
    rw_lock_init(&l->lock);
    l->log_watch = rw_log_watch_new(conf, &l->source_at);
    l->thread = g_thread_new("link", run_link, l);
    return l;
}

void rw_link_stop(rw_link *l)
{
    g_atomic_int_set(&l->stop, 1);
    rw_lock_take(&l->lock);
    rw_lock_changed(&l->lock);
    rw_lock_give(&l->lock);
}

void rw_link_free(rw_link *l)
{
    if (!l) return;
    rw_link_stop(l);
    g_thread_join(l->thread);
    rw_control_clear(&l->control);
    rw_link_status_free(l->status);
    rw_site_status_free(l->source_site);
    rw_site_status_free(l->target_site);
    rw_local_writes_free(l->local);
    rw_log_watch_free(l->log_watch);
    rw_filter_free(l->filter);
    g_free(l->name);
    g_free(l->last_error);
    g_free(l->failed);
    g_free(l->accept);
    g_free(l->settle);
    g_free(l->clash_table);
    g_free(l->clash_key);
    g_free(l->refusal);
    g_strfreev(l->other_locks);
    rw_lock_clear(&l->lock);
    rw_conf_unref(l->conf);
    g_free(l);
}
