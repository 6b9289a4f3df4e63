/* resolve: a conflict that a person decides again.
 *
 * In: a session with the site of the record, the record's number, and whose row is wanted: the source's (incoming_row) or the target's
 * (current_row); no row means that it is deleted. Out: the row and the record's new state, in one transaction. It is an ordinary one, with
 * neither a row in ringway.progress nor @ringway: Ringway carries it to all sites as a new change, and triggers fire as for an application.
 * The session's settings are changed for good. Owner: one thread.
 * Errors: RW_ERR_CONFLICT if what is there now is neither of the record's rows (unless force), or the row is locked for too long;
 * RW_ERR_CONFIG if there is no such record; RW_ERR_STOP if it cannot be decided this way, or the server refuses the row. Nothing is
 * changed then. Refuses: statements, rows that are not kept as JSON, tables without a key, columns that are gone.
 */
#pragma once
#include "server/connection.h"

typedef struct {
    uint64_t id;
    bool source; /* keep incoming_row, else current_row */
    bool force;  /* whatever is there now, and also if it is resolved already */
    unsigned lock_wait_s;
} rw_resolve_order;

/* told: one line for people, what was done. */
bool rw_resolve(rw_connection *site, const rw_resolve_order *order, GString *told, GError **error);
