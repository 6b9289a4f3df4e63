/* MySQL 8.2 (SHOW BINARY LOG STATUS) to 9.x. Facts: MySQL manual "Server SQL Modes", "GTIDs"; sql/system_variables.h for the mode bits. */
#include "server/dump.h"

enum { COM_DUMP_GTID = 0x1e, DUMP_ONCE = 1, DUMP_THROUGH_GTID = 4 };

static const char *const mode_bits[64] = {
    [0] = "REAL_AS_FLOAT", [1] = "PIPES_AS_CONCAT", [2] = "ANSI_QUOTES", [3] = "IGNORE_SPACE", [5] = "ONLY_FULL_GROUP_BY",
    [6] = "NO_UNSIGNED_SUBTRACTION", [7] = "NO_DIR_IN_CREATE", [18] = "ANSI", [19] = "NO_AUTO_VALUE_ON_ZERO",
    [20] = "NO_BACKSLASH_ESCAPES", [21] = "STRICT_TRANS_TABLES", [22] = "STRICT_ALL_TABLES", [23] = "NO_ZERO_IN_DATE",
    [24] = "NO_ZERO_DATE", [25] = "ALLOW_INVALID_DATES", [26] = "ERROR_FOR_DIVISION_BY_ZERO", [27] = "TRADITIONAL",
    [29] = "HIGH_NOT_PRECEDENCE", [30] = "NO_ENGINE_SUBSTITUTION", [31] = "PAD_CHAR_TO_FULL_LENGTH",
    [32] = "TIME_TRUNCATE_FRACTIONAL"};

static bool knows_collation(uint16_t id) { return id <= 323; }

static char *missing(rw_connection *c, const rw_gtid_state *state, GError **error)
{
    if (state->kind != RW_GTID_MYSQL) return NULL;
    g_autofree char *text = rw_gtid_state_format(state);
    g_autofree char *sql = g_strdup_printf("SELECT NULLIF(GTID_SUBTRACT('%s', @@global.gtid_executed), '')", text);
    return rw_connection_value(c, sql, error);
}

/* Columns have had two sets of names, and one order. */
static bool replicates(rw_connection *c, bool *yes, GError **error)
{
    enum { RECEIVED_FILE = 5, RECEIVED_BYTES = 6, APPLIED_FILE = 9, RUNNING = 11, APPLIED_BYTES = 21, COLUMNS };
    rw_slice cells[COLUMNS];
    *yes = false;
    g_autoptr(rw_result) rows = rw_connection_query(c, "SHOW REPLICA STATUS", error);
    while (rows && !*yes && rw_result_next(rows, cells, COLUMNS))
        *yes = !rw_slice_is(cells[RUNNING], "No") || !rw_slice_equal(cells[RECEIVED_FILE], cells[APPLIED_FILE]) ||
               rw_cell_number(cells[RECEIVED_BYTES]) != rw_cell_number(cells[APPLIED_BYTES]);
    return rows != NULL;
}

static bool start_dump(rw_connection *c, const rw_dump_start *start, GError **error)
{
    if (!start->gtid || start->gtid->kind == RW_GTID_NONE) return rw_dump_by_place(c, start, error);
    g_autoptr(GByteArray) set = g_byte_array_new();
    rw_gtid_state_encode(start->gtid, set);
    g_autoptr(GByteArray) body = g_byte_array_new();
    rw_put_le(body, (start->once ? DUMP_ONCE : 0) | DUMP_THROUGH_GTID, 2);
    rw_put_le(body, rw_dump_reader(), 4);
    rw_put_le(body, 0, 4); /* no file name: the set says it all */
    rw_put_le(body, 4, 8);
    rw_put_le(body, set->len, 4);
    g_byte_array_append(body, set->data, set->len);
    return rw_dump_command(c, COM_DUMP_GTID, body, error);
}

const rw_dialect rw_dialect_mysql = {
    .name = "mysql",
    .gtid_kind = RW_GTID_MYSQL,
    .sql_log_place = "SHOW BINARY LOG STATUS",
    .sql_gtid = "SELECT IF(@@global.gtid_mode = 'ON', @@global.gtid_executed, NULL)",
    .identity = "@@server_uuid",
    .own_gtids = "CONCAT(@@server_uuid, ':')",
    /* Aurora's readers have innodb_read_only. */
    .unfit = "CASE WHEN @@global.offline_mode THEN 'offline_mode is ON' WHEN @@global.innodb_read_only THEN 'innodb_read_only is ON' "
             "WHEN @@global.super_read_only THEN 'super_read_only is ON' WHEN @@global.read_only THEN 'read_only is ON' END",
    .shares_gtids = "IF(@@global.gtid_mode = 'ON', 1, 0)",
    .cluster = "NULL",
    .one_writer = "1",
    .sql_log_retention = "SELECT IF(@@GLOBAL.binlog_expire_logs_auto_purge, @@GLOBAL.binlog_expire_logs_seconds, 0), 'binlog_expire_logs_seconds', "
                         "(SELECT VARIABLE_VALUE FROM performance_schema.global_variables WHERE VARIABLE_NAME = 'binlog_space_limit')", /* Percona's */
    .sql_apply_session = "SET SESSION range_optimizer_max_mem_size = 0, eq_range_index_dive_limit = 1",
    .sql_dump_session = "SET @source_binlog_checksum = 'CRC32', @master_binlog_checksum = 'CRC32', @source_heartbeat_period = %"
                        G_GUINT64_FORMAT ", @master_heartbeat_period = %" G_GUINT64_FORMAT,
    .upsert_head = " AS rw_new ON DUPLICATE KEY UPDATE ",
    .upsert_value = "rw_new.%s",
    .json_equals = "%s <=> CAST(%s AS JSON)",
    .sql_mode_bits = mode_bits,
    .foreign_collation = 255, /* utf8mb4_0900_ai_ci */
    .knows_collation = knows_collation,
    .missing = missing,
    .replicates = replicates,
    .start_dump = start_dump,
};
