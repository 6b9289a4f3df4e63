#include "flow/control.h"

void rw_control_clear(rw_control *c)
{
    g_free(c->skip);
    g_free(c->state);
    g_free(c->error);
    g_free(c->failed);
    *c = (rw_control){0};
}

bool rw_control_load(rw_control *c, unsigned source, const char *link, rw_connection *target, GError **error)
{
    rw_control_clear(c);
    g_autoptr(rw_result) rows = rw_connection_queryf(
        target, error, "SELECT paused, resumed, skip, state, error, failed FROM ringway.link WHERE source = %u", source);
    if (!rows) return false;
    rw_slice cell[6];
    if (!rw_result_next(rows, cell, 6))
        return rw_connection_runf(target, error, "INSERT IGNORE INTO ringway.link (source, name) VALUES (%u, '%s')", source, link);
    *c = (rw_control){rw_cell_number(cell[0]) != 0, rw_cell_number(cell[1]), rw_cell_text(cell[2]), rw_cell_text(cell[3]), rw_cell_text(cell[4]), rw_cell_text(cell[5])};
    return true;
}

static void append_text(GString *sql, const char *value)
{
    if (value) rw_sql_quote(sql, rw_slice_str(value));
    else g_string_append(sql, "NULL");
}

bool rw_control_record(unsigned source, const char *state, const char *message, const char *failed, rw_connection *target, GError **error)
{
    g_autoptr(GString) sql = g_string_new("UPDATE ringway.link SET state=");
    g_autofree char *valid = message ? g_utf8_make_valid(message, -1) : NULL;
    append_text(sql, state);
    g_string_append(sql, ",error=");
    append_text(sql, valid);
    g_string_append(sql, ",failed=");
    append_text(sql, failed);
    g_string_append_printf(sql, " WHERE source=%u", source);
    return rw_connection_run(target, sql->str, error);
}

bool rw_control_pause(unsigned source, bool paused, rw_connection *target, GError **error)
{
    return rw_connection_runf(target, error, "UPDATE ringway.link SET paused=%d,resumed=resumed+%d WHERE source=%u", paused, !paused, source);
}

bool rw_control_skip(unsigned source, const char *identity, rw_connection *target, GError **error)
{
    g_autoptr(GString) sql = g_string_new("UPDATE ringway.link SET skip=");
    append_text(sql, identity);
    g_string_append_printf(sql, " WHERE source=%u", source);
    return rw_connection_run(target, sql->str, error);
}
