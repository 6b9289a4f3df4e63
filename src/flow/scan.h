/* scan: what does a site's binary log hold after a place? For the two questions that only the log can answer.
 *
 * proof      does a row that we have just written into ringway.session come back? If not (log off, filters, statement format), nothing
 *            would stop our changes from being replicated back: such a site is refused.
 * executed   did the session that announced a DDL statement execute it before it died?
 *
 * In: a host, a place in its log. Reads to the log's end as of now and returns. Errors: those of the stream; RW_ERR_STOP if the log is gone.
 */
#pragma once
#include "change/pos.h"
#include "flow/apply/statement.h"
#include "flow/read/stream.h"

typedef struct {
    const rw_endpoint *at;
    rw_stream_limits limits;
    unsigned source; /* whose session row: site number of the link's source */
    rw_connection *keep; /* a session that must not fall silent meanwhile */
} rw_scan;

bool rw_scan_proof(const rw_scan *scan, const rw_target_pos *place, uint64_t nonce, bool *found, GError **error);
bool rw_scan_executed(const rw_scan *scan, const rw_intent *intent, bool *found, GError **error);
