/* last_writer: which transaction of a site's own log wrote a row last; for the message of a link that stopped at that row.
 *
 * In: a session with the site, the table, and the row's key as rw_row_describe shows it. Out: a GTID (or file:offset), owned; NULL if the
 * last SEARCHED_BYTES of the log do not hold it, or anything goes wrong: it is advice, not a verdict. Reads only, to the log's end as of now.
 * Time: that of reading so much log; nothing else waits for it.
 */
#pragma once
#include "flow/read/stream.h"

char *rw_last_writer(const rw_conf *conf, const rw_endpoint *at, rw_stream_limits limits, const char *table, const char *key, rw_connection *connection);
