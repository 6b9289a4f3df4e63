/* skip: a transaction that is recorded in ringway.conflict instead of being applied.
 *
 * In: its rows and its statement. Out: records, in the open transaction that moves the position past it, so that nothing is lost and nothing
 * is recorded twice. Rows are kept as those of conflicts are; where their table cannot be bound (that may be why it is skipped), as hex.
 * Owner: one thread. Errors: the session's.
 */
#pragma once
#include "change/batch.h"
#include "flow/apply/tables.h"

typedef struct {
    const char *link;
    rw_tables *tables;
    rw_connection *target;
} rw_skip;

bool rw_skip_rows(const rw_skip *skip, const rw_batch *batch, const rw_txn *txn, GError **error);
