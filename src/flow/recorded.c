#include "flow/recorded.h"

#include "flow/apply/session.h"
#include "flow/control.h"

static bool read_progress(rw_link_status *s, unsigned source, rw_connection *target, GError **error)
{
    g_autoptr(rw_result) rows = rw_connection_queryf(target, error,
                                                     "SELECT file, offset_bytes, gtid, transactions, captured, applied, filtered, discarded, ddl "
                                                     "FROM ringway.progress WHERE source = %u AND lane = 0 ORDER BY seq DESC LIMIT 1", source);
    rw_slice c[9];
    if (!rows) return false;
    if (!rw_result_next(rows, c, 9)) {
        rw_link_status_set_error(s, "not initialised; run 'ringway init'");
        return true;
    }
    g_autofree char *file = g_strndup((const char *)c[0].data, c[0].len), *gtid = g_strndup((const char *)c[2].data, c[2].len);
    rw_source_pos_set(&s->position, file, rw_cell_number(c[1]), gtid);
    s->transactions = rw_cell_number(c[3]);
    s->captured = rw_cell_number(c[4]);
    s->applied = rw_cell_number(c[5]);
    s->filtered = rw_cell_number(c[6]);
    s->discarded = rw_cell_number(c[7]);
    s->ddl = rw_cell_number(c[8]);
    return true;
}

static bool read_control(rw_link_status *s, unsigned source, rw_connection *target, GError **error)
{
    g_autoptr(rw_result) rows = rw_connection_queryf(target, error, "SELECT paused, state, error FROM ringway.link WHERE source = %u", source);
    rw_slice c[3];
    if (!rows) return false;
    if (!rw_result_next(rows, c, 3)) return true;
    if (rw_slice_is(c[1], "stopped")) {
        g_autofree char *message = c[2].data ? g_strndup((const char *)c[2].data, c[2].len) : NULL;
        s->state = RW_LINK_STOPPED;
        rw_link_status_set_error(s, message);
    } else if (rw_cell_number(c[0]) && (rw_slice_is(c[1], "paused") || s->state == RW_LINK_DOWN)) {
        s->state = RW_LINK_PAUSED;
    }
    return true;
}

bool rw_recorded_status(rw_link_status *s, const char *topology, unsigned source, rw_connection *target, GError **error)
{
    g_autofree char *name = rw_session_lock_name(topology, s->name);
    g_autofree char *sql = g_strdup_printf("SELECT IS_USED_LOCK('%s') IS NOT NULL", name);
    g_autofree char *held = rw_connection_value(target, sql, error);
    if (!held) return false;
    s->state = *held == '1' ? RW_LINK_RUNNING : RW_LINK_DOWN;
    return read_progress(s, source, target, error) && read_control(s, source, target, error);
}
