/* rows: the row changes of a window (or of a piece of a large transaction) on the target, as long as nothing is wrong with them.
 *
 *     gather   bind tables, fold by key; changes of tables on the exact path are kept in order; stops before the first transaction in trouble
 *     guard    SELECT ... FOR UPDATE of all keys that must exist, compared byte for byte with the before-images
 *     write    per table: deletes, upserts, inserts of the net changes; then the exact path, one statement a change, full row in WHERE
 *     check    with all rows locked, the memory of last writers is asked once more
 *
 * The caller has begun the transaction in the same script, and commits it. One round trip until the guard's verdict, one for the writes, and
 * one more if there are inserts, whose rows are locked by writing only.
 * Out: RW_ERR_CONFLICT when something is not as the changes expect: nothing is settled here (settle.h does), the transaction must be
 * rolled back. Owner: one thread.
 */
#pragma once
#include "change/batch.h"
#include "conflict/writers.h"
#include "flow/apply/script.h"
#include "flow/apply/tables.h"
#include "flow/apply/trouble.h"

typedef struct rw_rows_apply rw_rows_apply;

rw_rows_apply *rw_rows_apply_new(rw_tables *tables, rw_trouble *trouble, bool hands_on, const gint *stop); /* borrowed */
void rw_rows_apply_free(rw_rows_apply *a);
void rw_rows_apply_begin(rw_rows_apply *a, rw_connection *target);
/* Of the transactions first_txn ... in the batch, as many as are not in trouble, and may be folded: *clean. */
bool rw_rows_apply_gather(rw_rows_apply *a, const rw_batch *batch, unsigned first_txn, unsigned n_txns, unsigned *clean, GError **error);
/* Says in the log whose rows come next in the window. */
void rw_origin_sql(unsigned source, unsigned origin, GString *sql);
const rw_writers *rw_rows_apply_writers(const rw_rows_apply *a); /* of what was gathered */
GString *rw_rows_apply_sql(rw_rows_apply *a);                    /* for statements around the rows ... */
bool rw_rows_apply_end_progress(rw_rows_apply *apply, GError **error); /* the same for the INSERT of the progress row */
bool rw_rows_apply_progress_refused(const rw_rows_apply *apply); /* after a failure: its number is taken, by another process */
bool rw_rows_apply_end_statement(rw_rows_apply *a, GError **error); /* ... each ended by this */
bool rw_rows_apply_run(rw_rows_apply *a, GError **error); /* what was gathered */
bool rw_rows_apply_flush(rw_rows_apply *a, GError **error);
