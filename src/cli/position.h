/* position: what `init --from` was given, as a place in a source's log.
 *
 * In: a GTID set (MySQL) or position (MariaDB), FILE:OFFSET, or the path of a file that holds one: the info file of mariadb-backup or
 * xtrabackup (xtrabackup_binlog_info, mariadb_backup_binlog_info), or a dump whose header names the place (mysqldump --source-data or
 * --set-gtid-purged, mariadb-dump --master-data or --gtid). Out: rw_source_pos; gtid wins over file and offset where both are there.
 * Errors: RW_ERR_CONFIG saying what was expected. Reads at most the first 4 MiB of a file. Does not ask a server.
 */
#pragma once
#include "base/error.h"
#include "change/pos.h"
#include "gtid/state.h"

bool rw_position_parse(const char *text, rw_gtid_kind kind, rw_source_pos *out, GError **error);
