/* MariaDB 10.5 and later. Facts: MariaDB knowledge base "SQL_MODE", "GTID"; sql/sql_class.h for the mode bits. */
#include "server/dump.h"

#include <string.h>

/* A server built without Galera does not know @@wsrep_on. */
#define WSREP_VARIABLE(name) "(SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_VARIABLES WHERE VARIABLE_NAME = '" name "')"
#define WSREP_STATUS(name) "(SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = '" name "')"
#define WSREP_IS_ON "COALESCE(" WSREP_VARIABLE("WSREP_ON") " = 'ON', 0)"

static const char *const mode_bits[64] = {
    [0] = "REAL_AS_FLOAT", [1] = "PIPES_AS_CONCAT", [2] = "ANSI_QUOTES", [3] = "IGNORE_SPACE", [4] = "IGNORE_BAD_TABLE_OPTIONS",
    [5] = "ONLY_FULL_GROUP_BY", [6] = "NO_UNSIGNED_SUBTRACTION", [7] = "NO_DIR_IN_CREATE", [8] = "POSTGRESQL", [9] = "ORACLE",
    [10] = "MSSQL", [11] = "DB2", [12] = "MAXDB", [13] = "NO_KEY_OPTIONS", [14] = "NO_TABLE_OPTIONS", [15] = "NO_FIELD_OPTIONS",
    [16] = "MYSQL323", [17] = "MYSQL40", [18] = "ANSI", [19] = "NO_AUTO_VALUE_ON_ZERO", [20] = "NO_BACKSLASH_ESCAPES",
    [21] = "STRICT_TRANS_TABLES", [22] = "STRICT_ALL_TABLES", [23] = "NO_ZERO_IN_DATE", [24] = "NO_ZERO_DATE",
    [25] = "ALLOW_INVALID_DATES", [26] = "ERROR_FOR_DIVISION_BY_ZERO", [27] = "TRADITIONAL", [28] = "NO_AUTO_CREATE_USER",
    [29] = "HIGH_NOT_PRECEDENCE", [30] = "NO_ENGINE_SUBSTITUTION", [31] = "PAD_CHAR_TO_FULL_LENGTH", [32] = "EMPTY_STRING_IS_NULL",
    [33] = "SIMULTANEOUS_ASSIGNMENT", [34] = "TIME_ROUND_FRACTIONAL"};

static bool knows_collation(uint16_t id) { return id <= 247 || id >= 576; }

static char *missing(rw_connection *c, const rw_gtid_state *state, GError **error)
{
    GError *failure = NULL;
    if (state->kind != RW_GTID_MARIADB) return NULL;
    g_autofree char *logged = rw_connection_value(c, "SELECT @@global.gtid_binlog_state", &failure);
    if (!failure) return rw_gtid_pos_missing(state->pos, logged ? logged : "");
    g_propagate_error(error, failure);
    return NULL;
}

/* Needs no privilege. Whether it has received some that is not applied, only those see who may see its replication. */
static bool replicates(rw_connection *c, bool *yes, GError **error)
{
    g_autofree char *running = rw_connection_value(c, "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'SLAVES_RUNNING'", error);
    *yes = running && strcmp(running, "0") != 0;
    return running != NULL;
}

static bool start_dump(rw_connection *c, const rw_dump_start *start, GError **error)
{
    if (!rw_connection_run(c, "SET @mariadb_slave_capability = 4", error)) return false;
    if (!start->gtid || start->gtid->kind == RW_GTID_NONE) return rw_dump_by_place(c, start, error);
    g_autofree char *pos = rw_gtid_state_format(start->gtid);
    if (!rw_connection_runf(c, error, "SET @slave_connect_state = '%s', @slave_gtid_strict_mode = 0", pos)) return false;
    rw_dump_start from_gtid = *start;
    from_gtid.file = "";
    from_gtid.offset_bytes = 4;
    return rw_dump_by_place(c, &from_gtid, error);
}

/* A Galera node that aborts a session's transaction between two statements of a packet executes the next one alone, commits it, and only then
 * reports the abort; with wsrep_retry_autocommit, which is on by default, it may even report success. Measured: 5 % of all aborts. Servers
 * built without Galera do not know the variables. */
#define SQL_IS_NODE "SELECT 1 FROM information_schema.system_variables WHERE variable_name = 'WSREP_ON' AND global_value = 'ON'"
#define SQL_NEVER_RETRY                                                                                                              \
    "SELECT IF(COUNT(*), 'SET SESSION wsrep_retry_autocommit = 0', 'DO 0') INTO @ringway_sql FROM information_schema.system_variables "  \
    "WHERE variable_name = 'WSREP_RETRY_AUTOCOMMIT'; EXECUTE IMMEDIATE @ringway_sql"

const rw_dialect rw_dialect_mariadb = {
    .name = "mariadb",
    .gtid_kind = RW_GTID_MARIADB,
    .sql_log_place = "SHOW MASTER STATUS",
    .sql_gtid = "SELECT @@global.gtid_binlog_pos",
    .own_gtids = "CONCAT('-', @@server_id, '-')",
    .identity = "LEFT(CONCAT_WS(':', @@hostname, @@port, @@server_id, LEFT(SHA1(@@datadir), 12)), 127)",
    /* read_only is a word in later versions. A Galera node that is not synced is behind, or refuses to write. */
    .unfit = "CASE WHEN @@global.read_only NOT IN ('0', 'OFF') THEN 'read_only is ON' WHEN @@global.innodb_read_only THEN 'innodb_read_only is ON' "
             "WHEN " WSREP_IS_ON " AND " WSREP_STATUS("WSREP_READY") " <> 'ON' THEN 'wsrep_ready is OFF' "
             "WHEN " WSREP_IS_ON " AND " WSREP_STATUS("WSREP_LOCAL_STATE") " <> '4' "
             "THEN CONCAT('its wsrep state is ', " WSREP_STATUS("WSREP_LOCAL_STATE_COMMENT") ") END",
    /* Not even with wsrep_gtid_mode = ON: a node's local transactions, and its domain and server ids, remain its own; after all nodes were down
     * the domain may be another one. */
    .shares_gtids = "IF(" WSREP_IS_ON ", 0, 1)",
    /* All zeros: it has not met its cluster since it started. */
    .cluster = "IF(" WSREP_IS_ON ", NULLIF(" WSREP_STATUS("WSREP_CLUSTER_STATE_UUID") ", '00000000-0000-0000-0000-000000000000'), NULL)",
    .sql_cluster_number = "SELECT " WSREP_STATUS("WSREP_LAST_COMMITTED"),
    .sql_await_cluster = "SET SESSION wsrep_sync_wait = 1; SELECT COUNT(*) FROM ringway.progress; SET SESSION wsrep_sync_wait = DEFAULT",
    .one_writer = "IF(" WSREP_IS_ON ", 0, 1)",
    /* The seconds are there from 10.6 on, the limit of size from 11.4 on. */
    .sql_log_retention = "SELECT COALESCE((SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_VARIABLES WHERE VARIABLE_NAME = 'BINLOG_EXPIRE_LOGS_SECONDS'), "
                         "@@GLOBAL.expire_logs_days * 86400), IF((SELECT COUNT(*) FROM information_schema.GLOBAL_VARIABLES WHERE VARIABLE_NAME = 'BINLOG_EXPIRE_LOGS_SECONDS'), "
                         "'binlog_expire_logs_seconds', 'expire_logs_days'), "
                         "(SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_VARIABLES WHERE VARIABLE_NAME = 'MAX_BINLOG_TOTAL_SIZE')",
    .sql_apply_session = "SET SESSION in_predicate_conversion_threshold = 0, eq_range_index_dive_limit = 1, "
                         "optimizer_max_sel_arg_weight = 0; " SQL_NEVER_RETRY,
    .sql_apply_privileged = "SET SESSION binlog_annotate_row_events = 0",
    .sql_annotates = "SELECT @@SESSION.binlog_annotate_row_events",
    .apply_privilege = "BINLOG ADMIN",
    .sql_splits_packets = SQL_IS_NODE,
    .sql_dump_session = "SET @source_binlog_checksum = 'CRC32', @master_binlog_checksum = 'CRC32', @source_heartbeat_period = %"
                        G_GUINT64_FORMAT ", @master_heartbeat_period = %" G_GUINT64_FORMAT,
    .upsert_head = " ON DUPLICATE KEY UPDATE ",
    .upsert_value = "VALUES(%s)",
    .json_equals = "JSON_EQUALS(%s, %s) <=> 1",
    .sql_mode_bits = mode_bits,
    .foreign_collation = 246, /* utf8mb4_unicode_520_ci */
    .knows_collation = knows_collation,
    .missing = missing,
    .replicates = replicates,
    .start_dump = start_dump,
};
