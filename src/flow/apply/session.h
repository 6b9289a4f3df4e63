/* session: the session of one link on its target: settings, the link's lock, its row in ringway.session.
 *
 * open: connects, sets what exact writing needs, takes the link's locks: 'ringway:<topology>:<origin>-><target>' for each site whose transactions it
 * brings (whoever holds it is the only one that brings them; it dies with the connection, so once it is ours nothing of an earlier session can
 * still commit). So two links that carry the same, while a ring is being closed around a dead site, do not do so at the same time.
 * The lock is a lease: the server ends a session that is silent for lease_s (wait_timeout), undoes what it had not committed, and gives its locks
 * free. So a process that is frozen, or cut off, neither keeps a standby from taking over nor applications from their rows; when it
 * wakes up, its session is gone. Whoever waits for something else meanwhile keeps the session alive (rw_connection_keep).
 * Errors: those of the session; RW_ERR_STANDBY while another holds the lock.
 * Owner: one thread. Does not know: windows, rows.
 */
#pragma once
#include "change/pos.h"
#include "conflict/last_writers.h"
#include "server/endpoint.h"

typedef struct {
    const rw_endpoint *at;       /* the host that was chosen */
    const char *topology;
    const char *link;            /* name of the lock of the source's own transactions */
    char *const *others;         /* names of the locks of others' transactions that the link brings; NULL-terminated */
    unsigned source; /* site number */
    unsigned connect_timeout_s, lock_wait_s, dead_peer_s;
} rw_session_options;

char *rw_session_lock_name(const char *topology, const char *link); /* owned */
/* Of the options, only topology and links matter. */
bool rw_session_take_lock(rw_connection *target, const rw_session_options *options, GError **error);
/* A window that was committed at another node of the target may not have arrived at this one yet: without it, it would be applied again. */
bool rw_session_await_cluster(rw_connection *target, GError **error);
/* How the server is to execute what is written, and what it takes in one packet. */
bool rw_session_prepare(rw_connection *target, GError **error);
rw_connection *rw_session_open(const rw_session_options *options, GError **error);
/* The settings again, after a DDL statement changed them, or for another lease. */
bool rw_session_restore(rw_connection *target, unsigned lock_wait_s, unsigned lease_s, GError **error);
bool rw_session_rollback(rw_connection *target, GError **error); /* with the settings that a window may have changed half way */
/* The end of the target's log now. The second one reads it from the answer to the dialect's sql_log_place. */
bool rw_session_log_place(rw_connection *target, rw_target_pos *place, GError **error);
bool rw_session_take_place(const rw_connection *target, rw_result *rows, rw_target_pos *place, GError **error);
/* Until the memory of last writers holds all that stands in the target's log before place. */
bool rw_session_await(rw_connection *target, rw_last_writers *memory, const rw_target_pos *place, const gint *stop, GError **error);

/* Silence after which the server ends the session: while a link runs, and while it opens, which asks other servers and reads logs. */
enum { RW_SESSION_LEASE_S = 6, RW_SESSION_OPENING_S = 60 };

#define RW_PERMISSIVE_SQL_MODE "NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES" /* for the error value of an ENUM */
#define RW_EXACT_SQL_MODE "STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION"
