/* regain: transactions that only a site's former server has, written at its present one as new changes.
 *
 * In: a session with the present server, and which are wanted; then the rows of one transaction after the other, as they stand in the former server's log. Out: what
 * became of each. A transaction is written whole or not at all: every row must be as it had found it; under policies that settle columns (delta, merge), the columns
 * that it changed, and what adds up is added. It is an ordinary transaction there, without a row in ringway.progress: links carry it to all sites as a change made now. Its
 * rows hold what triggers did, so the session says @ringway = 1, as a link's. Its GTID is written into ringway.regained with it: it is written once, however often one asks.
 * Owner: one thread. Errors: what passes by itself, and lost sessions; the transaction under way is undone then, those before it are in. That a row is not as
 * found, is refused by the server, or cannot be read is no error, but told. Refuses so: tables that are gone or not transactional, images that are not whole.
 */
#pragma once
#include "change/batch.h"
#include "conf/conf.h"
#include "server/connection.h"

typedef struct rw_regain rw_regain;

/* wanted: GTIDs, NULL-terminated; NULL: all of them; one without an entry: none, what was written before is told. conf, present: borrowed; the session's settings are changed for good. */
rw_regain *rw_regain_new(const rw_conf *conf, rw_connection *present, char *const *wanted, GError **error);
void rw_regain_free(rw_regain *regain);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rw_regain, rw_regain_free)

bool rw_regain_rows(rw_regain *regain, const rw_txn *txn, rw_rows rows, GError **error);
/* It cannot be written, whatever its rows say. why: static. */
bool rw_regain_refuse(rw_regain *regain, const rw_txn *txn, const char *why, GError **error);
bool rw_regain_undo(rw_regain *regain, GError **error);
bool rw_regain_end(rw_regain *regain, const rw_txn *txn, GError **error);
/* Of the transaction that ended last: "" nothing was to be done, else what was, or why not, in one line. */
const char *rw_regain_outcome(const rw_regain *regain);
/* NULL, or the first wanted GTID that did not come by. */
const char *rw_regain_missed(const rw_regain *regain);
