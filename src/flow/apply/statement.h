/* statement: a DDL statement on the target, executed once.
 *
 * DDL commits implicitly, so it cannot share a transaction with its progress row. The protocol, on the session that holds the lock:
 *
 *     announce   ringway.session: intent = 1, what and for which source transaction, where this log stood   (committed)
 *     execute    with the source's default database, sql_mode, character sets, foreign key checks and time
 *     close      ringway.session: intent = 0, in the transaction of the next progress row
 *
 * A reader of this log takes a DDL event of a session with an open intent for Ringway's (flow/route/intents.h). A crash between announce
 * and close is resolved from the log (flow/scan.h): there or not there, never a blind rerun.
 * Errors: RW_ERR_RETRY (locks, lost session), RW_ERR_CONFLICT for what the target refuses, with the statement. Owner: one thread.
 */
#pragma once
#include "change/batch.h"
#include "change/pos.h"
#include "server/connection.h"

/* The values of ringway.session.intent. */
typedef enum {
    RW_INTENT_NONE,
    RW_INTENT_OPEN,     /* announced; executed or not */
    RW_INTENT_EXECUTED, /* found executed after a crash; its transaction is not complete yet */
} rw_intent_state;

typedef struct {
    rw_intent_state state;
    uint64_t connection_id;
    char *file, *gtid, *text; /* of the source transaction, and the statement */
    uint64_t start_bytes;
    rw_target_pos place;      /* of the target's log before the intent */
    char host[RW_IDENTITY_BYTES]; /* server whose log that is */
} rw_intent;

void rw_intent_clear(rw_intent *intent);
bool rw_intent_load(rw_intent *intent, unsigned source, rw_connection *target, GError **error);
bool rw_intent_is_for(const rw_intent *intent, const rw_txn *txn);
/* Makes the session row this session's, with the given state; the rest of the intent stays. */
bool rw_intent_adopt(unsigned source, rw_intent_state state, uint64_t nonce, rw_connection *target, GError **error);

bool rw_statement_announce(const rw_txn *txn, unsigned source, const rw_target_pos *place, rw_connection *target, GError **error);
bool rw_statement_execute(const rw_statement *statement, const rw_dialect *source, rw_connection *target, GError **error);
void rw_statement_close_sql(unsigned source, GString *sql);
