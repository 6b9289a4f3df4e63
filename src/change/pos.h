/* pos: places in binary logs.
 *
 * Two types that cannot be mixed: a place in the log of a link's source and a place in the log of its target mean nothing to each
 * other (once one integer stood for both in another system, and failover dropped transactions). Owned strings; free with the *_clear.
 * `gtid` is what a reader resumes with: a MySQL GTID set or a MariaDB GTID position, as text; empty where the server has none.
 */
#pragma once
#include <glib.h>
#include <stdint.h>

typedef struct {
    char *file;
    uint64_t offset_bytes;
    char *gtid;
} rw_source_pos;

typedef struct {
    char *file;
    uint64_t offset_bytes;
} rw_target_pos;

void rw_source_pos_set(rw_source_pos *pos, const char *file, uint64_t offset_bytes, const char *gtid);
void rw_source_pos_clear(rw_source_pos *pos);
void rw_target_pos_clear(rw_target_pos *pos);
int rw_log_file_compare(const char *a, const char *b); /* of one server's log: < 0, if a comes before b */
