/* walk: reads a site's log from a place to its end, for questions: what did it say of stamps, what is in it.
 *
 * In: a session with the host that is read, and where to begin. Out: each event as the router sees it while watching (flow/route/router.h), given to the visitor.
 * Reads only. One thread. Errors: the stream's, the decoder's, the router's, the visitor's.
 */
#pragma once
#include "conf/conf.h"
#include "flow/route/router.h"
#include "server/endpoint.h"

/* true: go on. false without *error: it is enough. */
typedef bool (*rw_walk_visit)(void *user, rw_router *router, const rw_event *event, const rw_route *route, GError **error);

typedef struct {
    const rw_conf *conf;
    const rw_site_conf *site;
    rw_connection *session;
    rw_dump_start start;
    rw_history history; /* of the log there */
    rw_walk_visit visit;
    void *user;
} rw_walk;

bool rw_walk_log(const rw_walk *walk, GError **error);
