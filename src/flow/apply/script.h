/* script: statements gathered into as few packets as the target takes, with a handler for each result.
 *
 * The server runs a packet's statements in order and stops at the first error, so a COMMIT at the end runs only if all before it did.
 * In: SQL appended to rw_script_sql, each statement ended with a tag that names it to the handler. Out: results, in order.
 * A packet goes out when it reaches packet_bytes (less than the target's max_allowed_packet), and at flush; the results of a packet are
 * read before the next is sent, so that both sides never write at once.
 * Owner: one thread. Errors: those of the session; rw_script_failed names the statement. After an error the rest is forgotten.
 */
#pragma once
#include "server/connection.h"

typedef struct rw_script rw_script;

/* rows: NULL for a statement without a result set. false stops reading (the results left are discarded). */
typedef bool (*rw_script_handler)(void *user, unsigned tag, rw_result *rows, uint64_t affected, GError **error);

rw_script *rw_script_new(rw_script_handler handler, void *user);
void rw_script_free(rw_script *script);
void rw_script_begin(rw_script *script, rw_connection *target); /* forgets what was gathered */
GString *rw_script_sql(rw_script *script);
bool rw_script_end_statement(rw_script *script, unsigned tag, GError **error);
bool rw_script_flush(rw_script *script, GError **error);
unsigned rw_script_failed(const rw_script *script); /* tag of the statement that failed last */
size_t rw_script_statement_bytes(const rw_script *script); /* of the statement being written */
