/* mariadb: a MariaDB GTID position: for each domain, the last transaction.
 *
 * In: text "domain-server-seq,..." as gtid_binlog_pos and gtid_slave_pos print it, white space allowed. Out: the same text, sorted by
 * domain, without white space: the value for @slave_connect_state.
 * A position is not a set: "contains" means "its domain has come at least as far", which is true to the log only while sequence
 * numbers rise within a domain (gtid_strict_mode=ON makes the server enforce it).
 * Owner: one thread at a time; free with rw_gtid_pos_free.
 * Errors: class RW_ERR_CONFIG, naming the place in the text.
 * Refuses: two entries of one domain (a gtid_binlog_state is not a position), numbers that do not fit u32-u32-u64.
 * Source of the format: MariaDB Knowledge Base, "Global Transaction ID"; sql/rpl_gtid.cc.
 */
#pragma once
#include "base/error.h"

#include <stdint.h>

typedef struct rw_gtid_pos rw_gtid_pos;

rw_gtid_pos *rw_gtid_pos_new(void);
rw_gtid_pos *rw_gtid_pos_copy(const rw_gtid_pos *pos);
void rw_gtid_pos_free(rw_gtid_pos *pos);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rw_gtid_pos, rw_gtid_pos_free)

/* NULL and *error on failure; "" is the position before everything. */
rw_gtid_pos *rw_gtid_pos_parse(const char *text, GError **error);
char *rw_gtid_pos_format(const rw_gtid_pos *pos);

/* Sets the domain of `gtid` to it, forwards or backwards: the log's order decides, not the number, because it is by the GTID
 * that came last that a server finds the place again. */
bool rw_gtid_pos_update(rw_gtid_pos *pos, const char *gtid, GError **error);
bool rw_gtid_pos_contains(const rw_gtid_pos *pos, const char *gtid); /* false for what is no GTID */
/* What of the position a server has not logged, by its gtid_binlog_state (the last of each domain and server); owned; NULL: nothing. */
char *rw_gtid_pos_missing(const rw_gtid_pos *pos, const char *binlog_state);
bool rw_gtid_pos_is_empty(const rw_gtid_pos *pos);
