/* log_watch: asks a link's source, now and then, which binary logs it has and how long it keeps them (server/retention.h).
 *
 * Each time on a short session and thread of its own: whoever polls never waits for a server, nor does the end. Not more than once a minute, unless
 * the log is kept for less than ten.
 * Owner: one thread. An answer that does not come leaves the one before; that a site does not answer others say.
 */
#pragma once
#include "server/endpoint.h"
#include "server/retention.h"

typedef struct rw_log_watch rw_log_watch;

rw_log_watch *rw_log_watch_new(rw_conf *conf, const rw_endpoint *source); /* borrowed; of conf. The server in use there is asked: only its files mean anything */
void rw_log_watch_free(rw_log_watch *w);
/* What is known; NULL: nothing yet. Borrowed until the next call. */
const rw_retention *rw_log_watch_poll(rw_log_watch *w);
