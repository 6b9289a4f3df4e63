/* sent: stamps of a site's own transactions that another site got from it, as that one's windows tell.
 *
 * In: a session with the site that got them, whose they are, and a stamp that is looked for. Out: stamps, rising, each once:
 * those of all windows since the one that has the stamp, or of all that can still be read. Recent windows are rows of ringway.progress; older ones stand in the
 * site's log, which is read backwards, twice as many files at each turn. Only of topologies with more than two sites: else windows do not list what they hold.
 * Reads only. One thread. Errors: the session's and the stream's; RW_ERR_STOP for lists that cannot be read.
 */
#pragma once
#include "conf/conf.h"
#include "server/connection.h"

/* stamps: uint64_t, microseconds since 1970. wanted_us 0: recent ones do. */
bool rw_sent_stamps(const rw_conf *conf, const rw_site_conf *target, rw_connection *session, unsigned origin, uint64_t wanted_us, GArray *stamps, GError **error);
