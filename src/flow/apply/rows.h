/* rows: the row changes of a window (or of a piece of a large transaction) on the target, inside its open transaction.
 *
 *     gather   bind tables, fold by key; changes of tables on the exact path are kept in order
 *     guard    SELECT ... FOR UPDATE of all keys that must exist (or must not), compared byte for byte with the before-images
 *     write    per table: deletes, upserts, inserts of the net changes; then the exact path, one statement a change, full row in WHERE
 *
 * The caller has begun the transaction in the same script, and commits it. One round trip until the guard's verdict, one for the writes.
 * Out: RW_ERR_CONFLICT when a row is not what the change expects; the transaction must then be rolled back, nothing was committed.
 * With `isolate` each statement carries one row and inserts are guarded, too, so that the report names the row exactly.
 * Owner: one thread.
 */
#pragma once
#include "change/batch.h"
#include "flow/apply/rowsql.h"
#include "flow/apply/script.h"
#include "flow/apply/tables.h"

typedef struct rw_rows_apply rw_rows_apply;

/* What clashed, for the message and for ringway.conflict; owned strings, NULL where not known. */
typedef struct {
    const char *kind; /* static */
    char *table, *key, *before, *incoming, *current, *cause;
} rw_clash;

void rw_clash_clear(rw_clash *clash);

rw_rows_apply *rw_rows_apply_new(rw_tables *tables);
void rw_rows_apply_free(rw_rows_apply *a);
void rw_rows_apply_begin(rw_rows_apply *a, rw_connection *target, bool isolate);
GString *rw_rows_apply_sql(rw_rows_apply *a);                    /* for statements around the rows ... */
bool rw_rows_apply_end_statement(rw_rows_apply *a, GError **error); /* ... each ended by this */
bool rw_rows_apply_run(rw_rows_apply *a, const rw_batch *batch, unsigned first_row, unsigned n_rows, GError **error);
bool rw_rows_apply_flush(rw_rows_apply *a, GError **error);
const rw_clash *rw_rows_apply_clash(const rw_rows_apply *a);     /* of the last RW_ERR_CONFLICT */
