/* schema: Ringway's own tables, the same on every site.
 *
 * One list of tables with a comment on every column, and the ordinals of those columns that a reader of the log needs: rows of these
 * tables are recognised in the log by place, so columns are only ever added at the end. `ringway init` runs or prints the SQL.
 */
#pragma once
#include <glib.h>

#define RW_SCHEMA "ringway"

/* ringway.progress: one row per window; the first row change of every transaction that Ringway writes. */
enum { RW_PROGRESS_SOURCE, RW_PROGRESS_LANE, RW_PROGRESS_SEQ, RW_PROGRESS_ORIGIN, RW_PROGRESS_STAMP = 9, RW_PROGRESS_SEEN = 21, RW_PROGRESS_WRITERS, RW_PROGRESS_CARRIES = 27,
       RW_PROGRESS_COLUMNS_READ };
/* As many windows of a link, at most, stay in it, the latest ones; and the first. */
#define RW_PROGRESS_ROWS 128
/* ringway.session: one row per apply session. */
enum { RW_SESSION_SOURCE, RW_SESSION_LANE, RW_SESSION_CONNECTION, RW_SESSION_NONCE, RW_SESSION_INTENT, RW_SESSION_ORIGIN, RW_SESSION_STATEMENT = 11,
       RW_SESSION_STAMP = 13, RW_SESSION_COLUMNS };
/* ringway.origin: whose rows come next in a window. */
enum { RW_ORIGIN_ORIGIN = 2, RW_ORIGIN_COLUMNS_READ };
/* ringway.change: a change that no row event shows. */
enum { RW_CHANGE_SCHEMA = 2, RW_CHANGE_TABLE, RW_CHANGE_DEFINITION, RW_CHANGE_IMAGE, RW_CHANGE_OWN = 7, RW_CHANGE_AFTER, RW_CHANGE_COLUMNS_READ };

/* ringway.rest: what a site's former server had written and its present one lacks. */
enum { RW_REST_SOURCE, RW_REST_AFTER, RW_REST_UNTIL, RW_REST_COLUMNS_READ };

extern const char *const rw_schema_sql[]; /* CREATE SCHEMA, CREATE TABLE ..., all IF NOT EXISTS; NULL-terminated */
