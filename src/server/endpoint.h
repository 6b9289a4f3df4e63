/* endpoint: which host of a site is used, and which server answers there.
 *
 * Between two choices all sessions with a site go to one server: log places, the link's lock and what was asked of a session mean nothing on
 * another one. An address does not tell which server answers (a proxy, the endpoint of a cluster), so the server is asked for its identity.
 *
 * choose    hosts in order, beginning with the one that was used last; the first that answers in time, is fit, and passes the caller's check
 *           is taken. Fit: applications can write there (the dialect's `unfit`). When another server than before is about to be taken, the hosts
 *           behind it are asked, too: of two that both may be used, the one that holds all GTIDs of the other is right; if each lacks some, none is.
 * open      one more session with the server that was chosen.
 * still     is the server that was chosen still the one to be used? By a new connection, as an address may lead to another server while
 *           old connections stay open, and an old primary may go on answering.
 *
 * Promotes nothing, decides nothing by majority, does not notice that a host which it uses was replaced without being fenced off.
 * Owner: the choosing thread; others may read while no choice is made. Errors: RW_ERR_RETRY naming each host and why it was passed over, or if
 * another server answers now; RW_ERR_CONFIG if all refuse the login or TLS, else those of the session.
 */
#pragma once
#include "server/connection.h"

typedef struct {
    const rw_site_conf *site;         /* borrowed */
    unsigned host;                    /* in use */
    unsigned first;                   /* comes first at the next choice */
    char identity[RW_IDENTITY_BYTES]; /* of the server in use; "": none was chosen yet */
    bool fit;                         /* it could be written to when it was chosen */
} rw_endpoint;

/* Whether the host may be used; if not, *why (owned), or *error if that could not be found out. */
typedef bool (*rw_endpoint_check)(rw_connection *host, void *user, char **why, GError **error);

typedef struct {
    bool may_be_unfit; /* the only host of a site is taken as it is: its log can be read */
    rw_endpoint_check check; /* NULL: none */
    void *user;
} rw_endpoint_terms;

/* The session, of which `limits.read_timeout_s` should be short. passed, if not NULL: gets "host: why; host: why" of those passed over; owned, NULL: none. */
rw_connection *rw_endpoint_choose(rw_endpoint *endpoint, const rw_endpoint_terms *terms, rw_connection_limits limits, char **passed, GError **error);
rw_connection *rw_endpoint_open(const rw_endpoint *endpoint, rw_connection_limits limits, GError **error);
bool rw_endpoint_still(const rw_endpoint *endpoint, rw_connection_limits limits, GError **error); /* true, too, if nobody answers: that others will notice */
void rw_endpoint_take(rw_endpoint *endpoint, const rw_connection *session); /* the server of this session is in use */
void rw_endpoint_pass_over(rw_endpoint *endpoint); /* the next choice begins with the next host */
