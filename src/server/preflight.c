#include "server/preflight.h"

typedef struct {
    const char *variable, *right, *why, *cure;
} check;

static const check checks[] = {
    {"log_bin", "ON", "the server writes no binary log, so its changes cannot be read and ours cannot be recognised",
     "start the server with log_bin"},
    {"binlog_format", "ROW", "changes must be logged as rows", "SET GLOBAL binlog_format = ROW, in the configuration file too, and reconnect all sessions"},
    {"binlog_row_image", "FULL", "row events must hold all columns", "SET GLOBAL binlog_row_image = FULL, in the configuration file too, and reconnect all sessions"},
    {"binlog_row_value_options", "", "JSON changes must not be logged in part", "SET GLOBAL binlog_row_value_options = ''"},
};

bool rw_preflight(rw_connection *connection, GError **error)
{
    g_autoptr(GString) sql = g_string_new("SHOW GLOBAL VARIABLES WHERE Variable_name IN (");
    for (size_t i = 0; i < G_N_ELEMENTS(checks); i++) g_string_append_printf(sql, "%s'%s'", i ? "," : "", checks[i].variable);
    g_string_append_c(sql, ')');
    g_autoptr(rw_result) rows = rw_connection_query(connection, sql->str, error);
    rw_slice c[2];
    if (!rows) return false;
    while (rw_result_next(rows, c, 2))
        for (size_t i = 0; i < G_N_ELEMENTS(checks); i++)
            if (rw_slice_is(c[0], checks[i].variable) && !rw_slice_is(c[1], checks[i].right))
                return rw_fail(error, RW_ERR_CONFIG, "site %s: %s is %.*s: %s; %s", connection->site, checks[i].variable, (int)c[1].len,
                               (const char *)c[1].data, checks[i].why, checks[i].cure);
    return true;
}

char *rw_preflight_advice(rw_connection *connection)
{
    g_autofree char *metadata = rw_connection_value(connection, "SELECT @@GLOBAL.binlog_row_metadata", NULL);
    if (!metadata || g_ascii_strcasecmp(metadata, "FULL") == 0) return NULL;
    return g_strdup_printf("site %s: binlog_row_metadata is %s, so columns are matched by place, not by name: do not reorder columns while both "
                           "sites write, or SET GLOBAL binlog_row_metadata = FULL", connection->site, metadata);
}

/* Which databases a server leaves out of its log is only shown with the log's place, in columns of both dialects. */
char *rw_preflight_hidden_because(rw_connection *connection)
{
    g_autoptr(rw_result) rows = rw_connection_query(connection, connection->dialect->sql_log_place, NULL);
    rw_slice c[4];
    if (rows && rw_result_next(rows, c, 4)) {
        if (c[2].len) return g_strdup_printf("the server logs only some databases (binlog_do_db = %.*s); remove binlog_do_db, or add ringway and all replicated databases",
                                             (int)c[2].len, (const char *)c[2].data);
        if (c[3].len) return g_strdup_printf("the server leaves databases out of its log (binlog_ignore_db = %.*s); remove what names ringway or a replicated database",
                                             (int)c[3].len, (const char *)c[3].data);
    }
    return g_strdup("look at sql_log_bin, binlog_format and binlog filters of the server");
}
