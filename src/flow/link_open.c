/* link_open: the connections of one life of a link, and what must be true before it may run. */
#include "base/clock.h"
#include "base/log.h"
#include "flow/apply/session.h"
#include "flow/link_private.h"
#include "flow/rest.h"
#include "flow/scan.h"
#include "server/preflight.h"

enum { QUEUED_BATCHES = 3, SLOW_TARGET_S = 3600 };

rw_stream_limits rw_link_stream_limits(const rw_conf *c)
{
    return (rw_stream_limits){c->connect_timeout_s, c->heartbeat_s, c->deadline_s, SLOW_TARGET_S};
}

rw_connection_limits rw_link_question_limits(const rw_conf *c)
{
    return (rw_connection_limits){c->connect_timeout_s, c->deadline_s, c->deadline_s};
}

rw_log_reader rw_run_target_log(const rw_run *run)
{
    return (rw_log_reader){&run->link->target_at, rw_link_stream_limits(run->link->conf), run->target};
}

static rw_scan scan_of_target(const rw_run *run)
{
    const rw_link *l = run->link;
    return (rw_scan){.at = &l->target_at, .limits = rw_link_stream_limits(l->conf), .source = l->source->id, .keep = run->target};
}

/* Looks in the target's log whether the statement that was announced there happened. */
static bool resolve_intent(rw_run *run, GError **error)
{
    rw_link *l = run->link;
    if (run->intent.state != RW_INTENT_OPEN) return true;
    rw_scan scan = scan_of_target(run);
    bool executed = false;
    if (!rw_run_find_intent(run, error) || !rw_scan_executed(&scan, &run->intent, &executed, error)) {
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
    rw_scan scan = scan_of_target(run);
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

/* The session with the source is for questions only, and closed after them. */
static bool ask_source(rw_run *run, GError **error)
{
    rw_link *l = run->link;
    g_autoptr(rw_connection) source = rw_run_choose_source(run, error);
    rw_link_note_site(l, l->source_site, source);
    if (!source || !rw_preflight(source, error)) return false;
    run->source_dialect = source->dialect;
    run->source_shares_gtids = source->shares_gtids;
    g_strlcpy(run->source_cluster, source->cluster, sizeof run->source_cluster);
    rw_log_reader log = rw_run_target_log(run);
    if (!rw_progress_load(&run->progress, l->source->id, source->dialect, run->target, error) || !rw_run_check_target(run, source, error) ||
        !rw_recall_place(&run->progress, l->target->id, &log, source, error)) return false;
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
    g_autofree char *there = rw_connection_value(run->target, "SELECT CONCAT((SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'ringway' AND table_name = 'link'), (SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'ringway' AND table_name = 'rest'), "
                                                 "(SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = 'ringway' AND table_name = 'progress' AND "
                                                 "column_name = 'source_mark'))", &failure);
    if (!failure && g_strcmp0(there, "111") == 0) return true;
    if (failure) g_propagate_error(error, failure);
    else if (there && *there == '1')
        rw_fail(error, RW_ERR_CONFIG, "site %s: its schema ringway is that of an older version; when all sites hold the same, DROP DATABASE ringway on every site and run "
                "'ringway init'", run->target->site);
    else rw_fail(error, RW_ERR_CONFIG, "site %s: there is no schema ringway, or its user may not see it; run 'ringway init'", run->target->site);
    return false;
}

/* The target's present server may lack what its former one had sent to the source. */
static bool find_rest(rw_run *run, GError **error)
{
    rw_link *l = run->link;
    g_auto(rw_rest) rest = {0};
    if (!rw_rest_load(&rest, l->target->id, run->target, error)) return false;
    run->back_us = rest.back_us;
    run->rest_us = rest.until_us > rest.back_us ? rest.until_us : 0;
    run->brings_us = rest.source == l->source->id ? rest.until_us : 0;
    if (run->brings_us) rw_origins_add(&l->carries, l->target->id);
    return true;
}

bool rw_run_open_target(rw_run *run, GError **error)
{
    rw_link *l = run->link;
    if (!rw_run_choose_target(run, error)) return false;
    rw_session_options options = {&l->target_at, l->conf->name, l->name, l->other_locks, l->source->id, l->conf->connect_timeout_s, l->conf->lock_wait_s, l->conf->deadline_s};
    run->target = rw_session_open(&options, error);
    rw_link_note_site(l, l->target_site, run->target);
    show_session(l, run->target);
    return run->target && rw_preflight(run->target, error) && is_initialised(run, error) && find_rest(run, error) && rw_session_await_cluster(run->target, error) &&
           rw_control_load(&l->control, l->source->id, l->name, run->target, error);
}

static bool start_watcher(rw_run *run, GError **error)
{
    rw_link *l = run->link;
    rw_watcher_options options = {l->conf, l->name, &l->target_at, *run->target->cluster, l->source->id, rw_link_stream_limits(l->conf), rw_link_target_lost, l, l->local};
    return rw_recall_open(&run->recall, &options, &run->progress, error);
}

/* Before the place where reading starts, all that the link is to bring from now on, and did not until now, must be at the target already. */
static bool check_start(rw_run *run, GError **error)
{
    rw_link *l = run->link;
    rw_seen reached;
    rw_origins added = rw_origins_minus(&l->carries, &run->progress.carries);
    run->progress.carries = l->carries;
    rw_last_writers_target_seen(run->recall.memory, &reached);
    for (unsigned i = 0; i < run->progress.history.seen.n; i++) {
        unsigned origin = run->progress.history.seen.at[i].origin;
        if (origin == l->source->id || origin == l->target->id || !rw_origins_has(&added, origin)) continue;
        if (rw_seen_of(&reached, origin) >= run->progress.history.seen.at[i].stamp_us) continue;
        const rw_site_conf *site = rw_conf_site_by_id(l->conf, origin);
        return rw_fail(error, RW_ERR_CONFIG, "site %s: changes of site %s came there another way until now, and some that this link was not to bring have not arrived; "
                       "let the other link catch up first, with the configuration as it was", l->target->name, site ? site->name : "?");
    }
    return true;
}

static bool start_reader(rw_run *run, GError **error)
{
    rw_link *l = run->link;
    rw_progress *p = &run->progress;
    rw_dump_start start = {p->pos.file, p->pos.offset_bytes, &p->gtid, false};
    if (!rw_run_find_start(run, &start, error)) return false;
    rw_stream_limits limits = rw_link_stream_limits(l->conf);
    limits.late_s += l->status->delay_s;
    rw_stream *stream = rw_stream_open(&l->source_at, limits, &start, error);
    if (!stream) return false;
    size_t batch_bytes = l->conf->window_bytes;
    run->queue = rw_queue_new(batch_bytes, batch_bytes * QUEUED_BATCHES, l->conf->window_transactions);
    rw_relay_options relay = {.conf = l->conf, .source = &l->source_at, .limits = limits, .wanted = {.carries = l->carries, .target = l->target->id, .until_us = run->brings_us}};
    rw_last_writers_target_seen(run->recall.memory, &relay.wanted.reached);
    (void)rw_seen_raise(&relay.wanted.reached, l->target->id, run->back_us); /* all sites fit */
    rw_reader_start reader = {.relay = relay, .route = {.scope = l->name, .source = l->source->id, .filter = l->filter, .renames = rw_conf_renames(l->conf, l->source->name, l->target->name), .conf = l->conf, .file = p->pos.file,
                                        .history = p->history, .intents = p->intents, .skip = l->control.skip,
                                        .cluster = *run->source_cluster},
                              .mark = *run->source_cluster ? &p->mark : NULL, .txn_bytes = batch_bytes};
    run->reader = rw_reader_new(stream, &reader, run->queue, error);
    return run->reader != NULL;
}

void rw_run_start_applier(rw_run *run)
{
    rw_link *l = run->link;
    rw_applier_options options = {.conf = l->conf,
                                  .link = l->name,
                                  .source = l->source->id,
                                  .target_site = l->target->id,
                                  .carries = l->carries,
                                  .back_us = run->back_us,
                                  .rest_us = run->rest_us,
                                  .hands_on = l->hands_on,
                                  .memory = run->recall.memory,
                                  .source_dialect = run->source_dialect,
                                  .target = run->target,
                                  .progress = &run->progress,
                                  .intent = &run->intent,
                                  .skip = l->control.skip,
                                  .retries = &l->retries,
                                  .stop = &l->stop,
                                  .accept = l->accept,
                                  .settle = l->settle,
                                  .delay_s = l->status->delay_s};
    run->applier = rw_applier_new(&options);
}

bool rw_run_lease(rw_run *run, unsigned lease_s, GError **error)
{
    return rw_session_restore(run->target, run->link->conf->lock_wait_s, lease_s, error);
}

/* A window waits for the memory while it holds its locks: what is far behind is read before. */
static bool catch_up_memory(rw_run *run, GError **error)
{
    rw_link *l = run->link;
    rw_target_pos place = {0};
    bool reached = false;
    bool ok = rw_session_log_place(run->target, &place, error) &&
              rw_last_writers_wait(run->recall.memory, &place, rw_clock_us() + G_USEC_PER_SEC, &l->stop, &reached, error);
    if (ok && !reached) {
        rw_log(RW_LOG_INFO, l->name, "site %s: reading its log up to %s:%" G_GUINT64_FORMAT ", to know who wrote which row last", l->target->name, place.file,
               place.offset_bytes);
        rw_link_set_state(l, RW_LINK_CATCHING_UP, NULL);
        ok = rw_session_await(run->target, run->recall.memory, &place, &l->stop, error);
    }
    rw_target_pos_clear(&place);
    return ok;
}

bool rw_run_open(rw_run *run, GError **error)
{
    if (!ask_source(run, error) || !prove_mark(run, error) || !start_watcher(run, error) || !catch_up_memory(run, error) || !check_start(run, error) ||
        !start_reader(run, error)) return false;
    rw_run_adopt_hosts(run);
    return rw_run_lease(run, RW_SESSION_LEASE_S, error);
}

void rw_run_close(rw_run *run)
{
    if (run->batch) rw_queue_recycle(run->queue, run->batch);
    if (run->queue) rw_queue_close(run->queue);
    rw_reader_stop(run->reader);
    rw_queue_free(run->queue);
    rw_applier_free(run->applier);
    rw_recall_close(&run->recall);
    rw_progress_clear(&run->progress);
    rw_intent_clear(&run->intent);
    show_session(run->link, NULL);
    rw_connection_close(run->target);
}
