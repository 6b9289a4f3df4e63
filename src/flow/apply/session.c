#include "flow/apply/session.h"

#include "base/clock.h"
#include "base/log.h"

/* Strict, so that a value that does not fit is an error and never a truncation; without the modes that refuse valid old values. */
static void append_settings(GString *sql, unsigned lock_wait_s, unsigned lease_s)
{
    g_string_append_printf(sql,
                           "SET NAMES binary; SET SESSION sql_mode = '" RW_EXACT_SQL_MODE "', time_zone = '+00:00', foreign_key_checks = 1, "
                           "unique_checks = 1, autocommit = 1, innodb_lock_wait_timeout = %u, lock_wait_timeout = %u, net_read_timeout = %u, "
                           "net_write_timeout = %u, wait_timeout = %u, sql_auto_is_null = 0, timestamp = DEFAULT, @ringway = 1; "
                           "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", lock_wait_s, lock_wait_s, lease_s, lease_s, lease_s);
}

bool rw_session_restore(rw_connection *target, unsigned lock_wait_s, unsigned lease_s, GError **error)
{
    g_autoptr(GString) sql = g_string_new(NULL);
    append_settings(sql, lock_wait_s, lease_s);
    return rw_connection_run(target, sql->str, error);
}

bool rw_session_rollback(rw_connection *target, GError **error)
{
    return rw_connection_run(target, "ROLLBACK; SET SESSION sql_mode = '" RW_EXACT_SQL_MODE "', foreign_key_checks = 1", error);
}

/* Lock names end at 64 characters on MySQL. */
char *rw_session_lock_name(const char *topology, const char *link)
{
    g_autofree char *full = g_strdup_printf("%s:%s", topology, link);
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, full, -1);
    return g_strdup_printf("ringway:%.40s", sum);
}

static bool take_lock(rw_connection *target, const char *topology, const char *link, GError **error)
{
    g_autofree char *name = rw_session_lock_name(topology, link);
    g_autofree char *sql = g_strdup_printf("SELECT GET_LOCK('%s', 1)", name);
    GError *failure = NULL;
    g_autofree char *got = rw_connection_value(target, sql, &failure);
    if (failure) {
        g_propagate_error(error, failure);
        return false;
    }
    if (got && strcmp(got, "1") == 0) return true;
    return rw_fail(error, RW_ERR_STANDBY, "site %s: another ringway (or its session that has not ended yet) applies %s; waiting for it", target->site, link);
}

bool rw_session_take_lock(rw_connection *target, const rw_session_options *o, GError **error)
{
    bool ok = take_lock(target, o->topology, o->link, error);
    for (char *const *other = o->others; ok && other && *other; other++) ok = take_lock(target, o->topology, *other, error);
    return ok;
}

/* MariaDB logs the text of the whole packet with every statement of it, unless the session may switch that off: 30 times the log. */
static bool stop_annotating(rw_connection *target, const char *link, GError **error)
{
    GError *denied = NULL;
    const char *sql = target->dialect->sql_apply_privileged;
    if (!sql || rw_connection_run(target, sql, &denied)) return true;
    if (!g_error_matches(denied, RW_ERROR, RW_ERR_CONFIG)) {
        g_propagate_error(error, denied);
        return false;
    }
    g_error_free(denied);
    g_autofree char *on = rw_connection_value(target, target->dialect->sql_annotates, NULL);
    target->annotates = g_strcmp0(on, "0") != 0;
    if (!target->annotates) return true;
    rw_log(RW_LOG_INFO, link, "site %s: statements go one by one, because the session may not switch off binlog_annotate_row_events; GRANT %s, or "
           "SET GLOBAL binlog_annotate_row_events = OFF there, makes large windows faster", target->site, target->dialect->apply_privilege);
    return true;
}

static bool ask_packets(rw_connection *target, GError **error)
{
    GError *failure = NULL;
    if (!target->dialect->sql_splits_packets) return true;
    g_autofree char *splits = rw_connection_value(target, target->dialect->sql_splits_packets, &failure);
    target->splits_packets = splits != NULL;
    if (!failure) return true;
    g_propagate_error(error, failure);
    return false;
}

bool rw_session_prepare(rw_connection *target, GError **error)
{
    return rw_connection_run(target, target->dialect->sql_apply_session, error) && ask_packets(target, error);
}

rw_connection *rw_session_open(const rw_session_options *o, GError **error)
{
    GError *failure = NULL;
    g_autoptr(rw_connection) target = rw_endpoint_open(o->at, (rw_connection_limits){o->connect_timeout_s, 0, o->dead_peer_s}, error);
    if (!target) return NULL;
    bool ready = rw_session_restore(target, o->lock_wait_s, RW_SESSION_OPENING_S, &failure) && rw_session_take_lock(target, o, &failure) &&
                 rw_session_prepare(target, &failure) && stop_annotating(target, o->link, &failure);
    if (ready) return g_steal_pointer(&target);
    g_propagate_error(error, failure);
    return NULL;
}

bool rw_session_await_cluster(rw_connection *target, GError **error)
{
    return !*target->cluster || rw_connection_run(target, target->dialect->sql_await_cluster, error);
}

bool rw_session_take_place(const rw_connection *target, rw_result *rows, rw_target_pos *place, GError **error)
{
    rw_slice c[2];
    if (!rw_result_next(rows, c, 2))
        return rw_fail(error, RW_ERR_CONFIG, "site %s: the server writes no binary log; start it with log_bin", target->site);
    rw_target_pos_clear(place);
    *place = (rw_target_pos){rw_cell_text(c[0]), rw_cell_number(c[1])};
    return true;
}

bool rw_session_log_place(rw_connection *target, rw_target_pos *place, GError **error)
{
    g_autoptr(rw_result) rows = rw_connection_query(target, target->dialect->sql_log_place, error);
    return rows && rw_session_take_place(target, rows, place, error);
}

bool rw_session_await(rw_connection *target, rw_last_writers *memory, const rw_target_pos *place, const gint *stop, GError **error)
{
    for (bool reached = false;;) {
        if (!rw_last_writers_wait(memory, place, rw_clock_us() + G_USEC_PER_SEC, stop, &reached, error)) return false;
        if (reached) return true;
        if (!rw_connection_keep(target, error)) return false;
    }
}
