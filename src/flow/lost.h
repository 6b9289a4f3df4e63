/* lost: what a site's former server had committed and nobody else has: read from its log, once it runs again, apart.
 *
 * In: a session with that server, and up to where its log was sent to anybody (ringway.rest.sent). Out: its own transactions behind that, one by one; not the windows
 * of links, which come again from where they came, nor what the present server made, if the former one has replicated from it. Each is handed to `regain`, which may write it at the present server; the former one is read only.
 * One thread. Errors: those of the walk and of regain; RW_ERR_CONFIG if the server has not got that log, or replicates.
 */
#pragma once
#include "flow/regain.h"

typedef struct {
    const char *gtid;
    uint64_t commit_us; /* since 1970 */
    const char *what;   /* "shop.orders: 2 inserted, 1 changed; ..." or the statement */
    const char *outcome; /* "" it was found, no more; else what became of it */
} rw_lost_txn;

typedef void (*rw_lost_found)(void *user, const rw_lost_txn *txn);

typedef struct {
    const rw_conf *conf;
    const rw_site_conf *site; /* at the former server */
    rw_connection *former, *present;
    const char *sent;
    rw_regain *regain;        /* of present */
    rw_lost_found found;
    void *user;
} rw_lost;

bool rw_lost_list(const rw_lost *lost, GError **error);
