#include "flow/link.h"

#include "base/clock.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/point.h"
#include "flow/apply/applier.h"
#include "flow/apply/session.h"
#include "flow/control.h"
#include "flow/last_writer.h"
#include "flow/reader.h"
#include "flow/scan.h"
#include "server/preflight.h"

enum { POLL_US = G_USEC_PER_SEC, FIRST_WAIT_US = 100 * 1000, QUEUED_BATCHES = 3 };

struct rw_link {
    rw_conf *conf;
    const rw_site_conf *source, *target;
    rw_filter *filter;
    char *name;
    GThread *thread;
    gint stop, ended, retries; /* atomic */

    /* of the link's thread */
    rw_control control;
    bool isolate_first, may_refuse, advised;
    char *last_error; /* logged already */
    char *failed;     /* identity of the transaction that the last error is about */
    char *clash_table, *clash_key; /* the row that it clashed at; NULL: none */

    rw_lock lock;
    rw_link_status *status; /* under lock */
    char *refusal;          /* under lock */
    rw_connection *target_session; /* under lock: to cut it */
    rw_site_status *source_site, *target_site; /* under lock */
    gint64 current_us;      /* under lock; wall time up to which the target holds everything */
};

/* One life of the link's connections. */
typedef struct {
    rw_link *link;
    rw_connection *target;
    const rw_dialect *source_dialect;
    rw_progress progress;
    rw_intent intent;
    rw_queue *queue;
    rw_reader *reader;
    rw_applier *applier;
    gint64 polled_us;
} rw_run;

static bool stopping(const rw_link *l) { return g_atomic_int_get(&l->stop); }

/* --- status --- */

static void set_state(rw_link *l, rw_link_state state, const char *error)
{
    rw_lock_take(&l->lock);
    l->status->state = state;
    rw_link_status_set_error(l->status, error);
    rw_lock_give(&l->lock);
}

static void add_exact_table(void *user, const rw_binding *b)
{
    rw_link_status *status = user;
    if (b->path != RW_PATH_EXACT) return;
    g_autofree char *table = g_strdup_printf("%s.%s", b->source->schema, b->source->name);
    for (guint i = 0; i < status->tables->len; i++)
        if (strcmp(((rw_table_status *)g_ptr_array_index(status->tables, i))->table, table) == 0) return;
    rw_link_status_add_table(status, table, true, b->why);
}

static void publish(rw_run *run, bool idle)
{
    rw_link *l = run->link;
    const rw_progress *p = &run->progress;
    g_autofree char *gtid = rw_gtid_state_format(&p->gtid);
    gint64 now = rw_wall_us();
    rw_lock_take(&l->lock);
    rw_link_status *s = l->status;
    rw_source_pos_set(&s->position, p->pos.file, p->pos.offset_bytes, gtid);
    s->transactions = p->counts.transactions;
    s->captured = p->counts.captured;
    s->applied = p->counts.applied;
    s->filtered = p->counts.filtered;
    s->discarded = p->counts.discarded;
    s->ddl = p->counts.ddl;
    s->window = rw_applier_window(run->applier);
    rw_link_status_set_error(s, NULL);
    l->current_us = idle ? now : (gint64)p->commit_us;
    bool behind = !idle && now - l->current_us > 2 * G_USEC_PER_SEC;
    s->state = behind ? RW_LINK_CATCHING_UP : RW_LINK_RUNNING;
    rw_tables_foreach(rw_applier_tables(run->applier), add_exact_table, s);
    rw_lock_give(&l->lock);
}

rw_link_status *rw_link_status_now(rw_link *l)
{
    rw_lock_take(&l->lock);
    rw_link_status *copy = rw_link_status_copy(l->status);
    copy->retries = (uint64_t)g_atomic_int_get(&l->retries);
    if (l->current_us) copy->lag_s = copy->state == RW_LINK_RUNNING && rw_wall_us() - l->current_us < 3 * G_USEC_PER_SEC
                                         ? MAX(0.0, (double)(rw_wall_us() - l->current_us) / G_USEC_PER_SEC - 1.0)
                                         : MAX(0.0, (double)(rw_wall_us() - l->current_us) / G_USEC_PER_SEC);
    rw_lock_give(&l->lock);
    return copy;
}

char *rw_link_refusal(rw_link *l)
{
    rw_lock_take(&l->lock);
    char *copy = g_strdup(l->refusal);
    rw_lock_give(&l->lock);
    return copy;
}

/* c NULL: it could not be reached. */
static void note_site(rw_link *l, rw_site_status *site, const rw_connection *c)
{
    rw_lock_take(&l->lock);
    site->reachable = c != NULL;
    if (c) {
        g_free(site->flavour);
        g_free(site->version);
        site->flavour = g_strdup(c->dialect->name);
        site->version = g_strdup(c->version);
    }
    rw_lock_give(&l->lock);
}

void rw_link_note_sites(rw_link *l, GHashTable *sites)
{
    rw_site_status *const ours[] = {l->source_site, l->target_site};
    rw_lock_take(&l->lock);
    for (unsigned i = 0; i < G_N_ELEMENTS(ours); i++) {
        rw_site_status *shown = g_hash_table_lookup(sites, ours[i]->name);
        if (!shown || !ours[i]->flavour) continue;
        shown->reachable |= ours[i]->reachable;
        if (shown->flavour) continue;
        shown->flavour = g_strdup(ours[i]->flavour);
        shown->version = g_strdup(ours[i]->version);
    }
    rw_lock_give(&l->lock);
}

/* Sleeps; false when asked to stop. */
static bool pause_us(rw_link *l, gint64 us)
{
    gint64 until = rw_clock_us() + us;
    rw_lock_take(&l->lock);
    while (!stopping(l) && rw_lock_wait_until(&l->lock, until)) continue;
    rw_lock_give(&l->lock);
    return !stopping(l);
}

/* --- opening --- */

static rw_stream_limits stream_limits(const rw_conf *c) { return (rw_stream_limits){c->connect_timeout_s, c->heartbeat_s, c->deadline_s}; }

static rw_scan scan_of_target(const rw_link *l)
{
    return (rw_scan){.site = l->target, .limits = stream_limits(l->conf), .source = l->source->id};
}

/* Looks in the target's log whether the statement that was announced there happened. */
static bool resolve_intent(rw_run *run, GError **error)
{
    rw_link *l = run->link;
    if (run->intent.state != RW_INTENT_OPEN) return true;
    rw_scan scan = scan_of_target(l);
    bool executed = false;
    if (!rw_scan_executed(&scan, &run->intent, &executed, error)) {
        g_prefix_error(error, "a DDL statement was announced before the last stop and the target's log must tell whether it ran (%s): ", run->intent.text);
        return false;
    }
    run->intent.state = executed ? RW_INTENT_EXECUTED : RW_INTENT_NONE;
    rw_log(RW_LOG_INFO, l->name, "the last stop came within a DDL statement; the target's log says that it %s: %s",
           executed ? "was executed" : "was not executed", run->intent.text);
    return true;
}

/* Our row must come back in the target's log, or nothing would keep our changes from travelling back. */
static bool prove_mark(rw_run *run, GError **error)
{
    rw_link *l = run->link;
    rw_target_pos place = {0};
    rw_scan scan = scan_of_target(l);
    uint64_t nonce = (uint64_t)g_random_int() << 32 | g_random_int();
    bool found = false;
    bool ok = rw_session_log_place(run->target, &place, error) && rw_intent_load(&run->intent, l->source->id, run->target, error) &&
              resolve_intent(run, error) && rw_intent_adopt(l->source->id, run->intent.state, nonce, run->target, error) &&
              rw_scan_proof(&scan, &place, nonce, &found, error);
    rw_target_pos_clear(&place);
    if (!ok || found) return ok;
    g_autofree char *cause = rw_preflight_hidden_because(run->target);
    return rw_fail(error, RW_ERR_CONFIG, "site %s: a row written to ringway.session does not come back in its binary log, so changes would go round in "
                   "circles; %s", l->target->name, cause);
}

static bool check_source(rw_run *run, GError **error)
{
    rw_link *l = run->link;
    g_autoptr(rw_connection) source =
        rw_connection_open(l->source, (rw_connection_limits){l->conf->connect_timeout_s, l->conf->deadline_s, l->conf->deadline_s}, error);
    note_site(l, l->source_site, source);
    if (!source || !rw_preflight(source, error)) return false;
    run->source_dialect = source->dialect;
    if (l->advised) return true;
    l->advised = true;
    g_autofree char *advice = rw_preflight_advice(source);
    if (advice) rw_log(RW_LOG_WARNING, l->name, "%s", advice);
    return true;
}

static void show_session(rw_link *l, rw_connection *target)
{
    rw_lock_take(&l->lock);
    l->target_session = target;
    rw_lock_give(&l->lock);
}

static bool is_initialised(rw_run *run, GError **error)
{
    GError *failure = NULL;
    g_autofree char *there = rw_connection_value(run->target, "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'ringway' AND table_name = 'link'", &failure);
    if (!failure && g_strcmp0(there, "1") == 0) return true;
    if (!failure) return rw_fail(error, RW_ERR_CONFIG, "site %s: there is no schema ringway, or its user may not see it; run 'ringway init'", run->target->site);
    g_propagate_error(error, failure);
    return false;
}

static bool open_target(rw_run *run, GError **error)
{
    rw_link *l = run->link;
    rw_session_options options = {l->target, l->conf->name, l->name, l->source->id, l->conf->connect_timeout_s, l->conf->lock_wait_s, l->conf->deadline_s};
    run->target = rw_session_open(&options, error);
    note_site(l, l->target_site, run->target);
    show_session(l, run->target);
    return run->target && rw_preflight(run->target, error) && is_initialised(run, error) &&
           rw_control_load(&l->control, l->source->id, l->name, run->target, error);
}

static uint32_t reader_number(const rw_link *l)
{
    g_autofree char *text = g_strdup_printf("%s %s", l->conf->name, l->name);
    return 0x40000000u | (g_str_hash(text) & 0x3fffffffu);
}

static bool start_reader(rw_run *run, GError **error)
{
    rw_link *l = run->link;
    rw_progress *p = &run->progress;
    rw_dump_start start = {p->pos.file, p->pos.offset_bytes, &p->gtid, reader_number(l), false};
    rw_stream *stream = rw_stream_open(l->source, stream_limits(l->conf), &start, error);
    if (!stream) return false;
    size_t batch_bytes = l->conf->window_bytes;
    run->queue = rw_queue_new(batch_bytes, batch_bytes * QUEUED_BATCHES, l->conf->window_transactions);
    rw_reader_start reader = {{l->name, l->source->id, l->filter, p->pos.file, p->stamp_us, p->intents, l->control.skip}, batch_bytes};
    run->reader = rw_reader_new(stream, &reader, run->queue, error);
    return run->reader != NULL;
}

static void start_applier(rw_run *run)
{
    rw_link *l = run->link;
    rw_applier_options options = {.conf = l->conf,
                                  .link = l->name,
                                  .source = l->source->id,
                                  .source_dialect = run->source_dialect,
                                  .target = run->target,
                                  .progress = &run->progress,
                                  .intent = &run->intent,
                                  .skip = l->control.skip,
                                  .retries = &l->retries,
                                  .stop = &l->stop,
                                  .isolate_first = l->isolate_first};
    run->applier = rw_applier_new(&options);
    l->isolate_first = false;
}

static bool open_run(rw_run *run, GError **error)
{
    rw_link *l = run->link;
    return check_source(run, error) && prove_mark(run, error) &&
           rw_progress_load(&run->progress, l->source->id, run->source_dialect, run->target, error) && start_reader(run, error);
}

static void close_run(rw_run *run)
{
    if (run->queue) rw_queue_close(run->queue);
    rw_reader_stop(run->reader);
    rw_queue_free(run->queue);
    rw_applier_free(run->applier);
    rw_progress_clear(&run->progress);
    rw_intent_clear(&run->intent);
    show_session(run->link, NULL);
    rw_connection_close(run->target);
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
    l->isolate_first = rw_applier_wants_isolation(run->applier);
    l->clash_table = g_strdup(rw_applier_clash(run->applier)->table);
    l->clash_key = g_strdup(rw_applier_clash(run->applier)->key);
}

/* Takes batches until something ends it; true only for a pause. */
static bool run_batches(rw_run *run, GError **error)
{
    rw_link *l = run->link;
    GError *failure = NULL;
    while (!stopping(l)) {
        rw_batch *batch = rw_queue_take(run->queue, rw_clock_us() + POLL_US / 2, &failure);
        bool ok = !failure && (batch ? rw_applier_run(run->applier, batch, &failure) : rw_applier_idle(run->applier, &failure));
        if (batch) rw_queue_recycle(run->queue, batch);
        if (ok) {
            publish(run, rw_queue_is_empty(run->queue));
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
    set_state(l, RW_LINK_PAUSED, NULL);
    if (!rw_control_record(l->source->id, "paused", NULL, NULL, run->target, error)) return false;
    while (l->control.paused) {
        if (!pause_us(l, POLL_US / 2)) return rw_fail(error, RW_ERR_INTERRUPTED, "asked to end");
        if (!rw_control_load(&l->control, l->source->id, l->name, run->target, error)) return false;
    }
    rw_log(RW_LOG_INFO, l->name, "resumed");
    return true;
}

/* One life: connect, run, end with an error, or with none after a pause. */
static bool live(rw_link *l, GError **error)
{
    rw_run run = {.link = l};
    bool ok = open_target(&run, error) && wait_while_paused(&run, error) && open_run(&run, error);
    if (ok) {
        start_applier(&run);
        rw_point(RW_POINT_CONNECTED);
        rw_log(RW_LOG_INFO, l->name, "running from %s:%" G_GUINT64_FORMAT, run.progress.pos.file, run.progress.pos.offset_bytes);
        g_clear_pointer(&l->last_error, g_free);
        l->may_refuse = false;
        run.polled_us = rw_clock_us();
        publish(&run, false);
        ok = run_batches(&run, error);
    }
    close_run(&run);
    return ok;
}

/* --- stopping --- */

/* Both GTIDs stand in the message: that of the incoming transaction, and that of the target's last write to the row; and what to do. */
static char *with_target_place(const rw_link *l, rw_connection *target, const char *message)
{
    g_autofree char *writer = l->clash_key ? rw_last_writer(l->target, stream_limits(l->conf), l->clash_table, l->clash_key, target) : NULL;
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
    *target = rw_connection_open(l->target, (rw_connection_limits){l->conf->connect_timeout_s, l->conf->deadline_s, l->conf->deadline_s}, NULL);
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
    set_state(l, RW_LINK_STOPPED, text);
    rw_log(RW_LOG_ERROR, l->name, "stopped: %s", text);
    do {
        if (!connect_control(l, &target)) continue;
        if (!recorded) recorded = rw_control_record(l->source->id, "stopped", text, l->failed, target, NULL);
        bool ok = recorded && rw_control_load(&l->control, l->source->id, l->name, target, NULL);
        if (!ok) g_clear_pointer(&target, rw_connection_close);
        else if (l->control.resumed != resumed || l->control.skip) break;
    } while (pause_us(l, POLL_US / 2));
    rw_connection_close(target);
}

static void say_retry(rw_link *l, const GError *cause)
{
    set_state(l, cause->code == RW_ERR_STANDBY ? RW_LINK_STANDBY : RW_LINK_RETRYING, cause->message);
    g_atomic_int_inc(&l->retries);
    if (g_strcmp0(l->last_error, cause->message) == 0) return;
    rw_log(RW_LOG_WARNING, l->name, "will try again: %s", cause->message);
    g_free(l->last_error);
    l->last_error = g_strdup(cause->message);
}

static bool refused(rw_link *l, const GError *cause)
{
    if (!l->may_refuse || !g_error_matches(cause, RW_ERROR, RW_ERR_CONFIG)) return false;
    set_state(l, RW_LINK_STOPPED, cause->message);
    rw_lock_take(&l->lock);
    l->refusal = g_strdup(cause->message);
    rw_lock_give(&l->lock);
    return true;
}

static gpointer run_link(gpointer data)
{
    rw_link *l = data;
    gint64 wait_us = FIRST_WAIT_US;
    while (!stopping(l)) {
        g_autoptr(GError) error = NULL;
        gint64 began_us = rw_clock_us();
        g_clear_pointer(&l->failed, g_free);
        g_clear_pointer(&l->clash_table, g_free);
        g_clear_pointer(&l->clash_key, g_free);
        if (live(l, &error) || g_error_matches(error, RW_ERROR, RW_ERR_INTERRUPTED)) continue;
        if (refused(l, error)) break;
        bool standby = g_error_matches(error, RW_ERROR, RW_ERR_STANDBY);
        if (!standby && !g_error_matches(error, RW_ERROR, RW_ERR_RETRY)) {
            wait_for_user(l, error);
            continue;
        }
        say_retry(l, error);
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

rw_link *rw_link_start(rw_conf *conf, const rw_site_conf *source, const rw_site_conf *target, const rw_filter_conf *filter,
                       bool may_refuse, GError **error)
{
    rw_filter_lists lists = {(const char *const *)filter->schemas, (const char *const *)filter->ignore_schemas,
                             (const char *const *)filter->tables, (const char *const *)filter->ignore_tables};
    rw_filter *made = rw_filter_new(&lists, error);
    if (!made) return NULL;
    rw_link *l = g_new0(rw_link, 1);
    l->conf = rw_conf_ref(conf);
    l->source = source;
    l->target = target;
    l->filter = made;
    l->may_refuse = may_refuse;
    l->name = g_strdup_printf("%s->%s", source->name, target->name);
    l->status = rw_link_status_new(l->name, source->name, target->name);
    l->status->state = RW_LINK_RETRYING;
    l->source_site = rw_site_status_new(source->name, source->id);
    l->target_site = rw_site_status_new(target->name, target->id);
    rw_lock_init(&l->lock);
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
    rw_filter_free(l->filter);
    g_free(l->name);
    g_free(l->last_error);
    g_free(l->failed);
    g_free(l->clash_table);
    g_free(l->clash_key);
    g_free(l->refusal);
    rw_lock_clear(&l->lock);
    rw_conf_unref(l->conf);
    g_free(l);
}
