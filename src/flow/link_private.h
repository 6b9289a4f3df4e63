/* link_private: what the files of link.h share: link.c (its life), link_host.c (the hosts it uses), link_log.c (the source's log), link_open.c (its connections),
 * link_status.c (what it shows). */
#pragma once
#include "base/lock.h"
#include "flow/apply/applier.h"
#include "flow/control.h"
#include "flow/link.h"
#include "flow/log_watch.h"
#include "flow/reader.h"
#include "flow/recall.h"

struct rw_link {
    rw_conf *conf;
    const rw_site_conf *source, *target;
    rw_origins carries;
    bool hands_on; /* links out of the target hand on what is written there, in this topology, or in one that follows when a site is gone */
    char **other_locks; /* session.h */
    rw_filter *filter;
    rw_local_writes *local; /* NULL: applications may write at the target */
    char *name;
    GThread *thread;
    gint stop, ended, retries; /* atomic */

    /* of the link's thread; readers and watchers read the endpoints while a life lasts */
    rw_endpoint source_at, target_at;
    rw_control control;
    bool may_refuse, advised;
    unsigned unproved; /* hosts of the source in turn whose log does not tell where to go on */
    bool ran; /* since the process started */
    char *settle;     /* identity of a large transaction that must be settled row by row */
    char *last_error; /* logged already */
    char *failed;     /* identity of the transaction that the last error is about */
    char *accept;     /* of the one that was resumed by a person */
    rw_log_watch *log_watch;
    rw_retention_verdict log_verdict; /* as said last */
    gint64 log_judged_us;
    gint64 recorded_us; /* commit time of the last transaction, as recorded at the target; 0: not known, or the link has run */
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
    bool source_shares_gtids;
    char source_cluster[RW_CLUSTER_BYTES]; /* "": the source is none */
    rw_progress progress;
    rw_intent intent;
    rw_recall recall;
    rw_queue *queue;
    rw_batch *batch;   /* in hand: taken, and not yet applied to its end; NULL = none */
    unsigned next_txn; /* in it */
    rw_reader *reader;
    rw_applier *applier;
    gint64 done_us;    /* commit time of the last transaction of the batch before */
    gint64 polled_us;
    uint64_t back_us, rest_us; /* of what the target's former server had written, what has come back, and what is still to come (rest.h): up to these stamps; rest_us 0: nothing */
    uint64_t brings_us; /* up to this stamp, the link brings it; 0: it does not */
} rw_run;

static inline bool rw_link_is_stopping(const rw_link *l) { return g_atomic_int_get(&l->stop) != 0; }

/* link_status.c */
void rw_link_set_state(rw_link *l, rw_link_state state, const char *error);
void rw_link_publish(rw_run *run, gint64 current_us); /* the target holds everything up to this (wall time) */
void rw_link_note_site(rw_link *l, rw_site_status *site, const rw_connection *c); /* c NULL: it could not be reached */

/* link_host.c */
bool rw_run_choose_target(rw_run *run, GError **error);
rw_connection *rw_run_choose_source(rw_run *run, GError **error); /* a session for questions */
bool rw_run_check_target(rw_run *run, rw_connection *source, GError **error); /* holds what the source has applied from there? */
bool rw_run_find_start(rw_run *run, rw_dump_start *start, GError **error); /* where the source's log goes on, on the host that was chosen */
bool rw_run_find_intent(rw_run *run, GError **error); /* where the open intent was announced, on the host that was chosen */
void rw_run_adopt_hosts(rw_run *run); /* from now on, places in the progress are those of the hosts that were chosen */
void rw_link_target_lost(void *link); /* from any thread: ends what waits for the target's answer */
/* link_log.c */
void rw_link_watch_log(rw_link *l);                          /* cheap: call it often */
void rw_link_learn_place(rw_link *l, rw_connection *target); /* of a link that does not run */

/* link_open.c */
rw_log_reader rw_run_target_log(const rw_run *run);
rw_stream_limits rw_link_stream_limits(const rw_conf *c);
rw_connection_limits rw_link_question_limits(const rw_conf *c); /* of sessions that are only asked something */
bool rw_run_open_target(rw_run *run, GError **error); /* the session with the lock, and what was asked of the link */
bool rw_run_lease(rw_run *run, unsigned lease_s, GError **error); /* session.h */
bool rw_run_open(rw_run *run, GError **error);        /* progress, memory, reader; the applier is rw_run_start_applier */
void rw_run_start_applier(rw_run *run);
void rw_run_close(rw_run *run);
