/* survey: what a site's log says of stamps, and of what the site had seen, at a place where nobody has asked before: that of a backup.
 *
 * In: the site, a place in its log, and places that are known (flow/places.h). Out: the history there, by reading the log from the latest known place
 * before it; if none is of that host, or by GTID, from right behind a link's window (flow/marker.h). `copied` are those that came with the copy whose place it is: what a backup holds of the tables of schema ringway was
 * written before the place, however long ago that is. Places by file and offset count only if they are of the host that is read.
 * Reads only. One thread. Errors: RW_ERR_CONFIG if no known place stands before it, if the log ends before it, if it is no place between
 * transactions, or lies within a DDL statement of a link; the stream's.
 */
#pragma once
#include "change/pos.h"
#include "conf/conf.h"
#include "flow/places.h"
#include "server/endpoint.h"

typedef struct {
    const rw_conf *conf;
    const rw_site_conf *site;
    rw_connection *session; /* with the site: its host is read */
    const rw_places *places, *copied;
} rw_survey;

/* What the log holds of the site's own, from the known place on up to the position. */
typedef struct {
    const char *marked; /* in: what stands in the GTIDs of transactions to be counted; NULL: of none */
    unsigned n_marked;
    uint64_t last_us;   /* stamp of the last change */
    bool any;           /* since the known place */
} rw_survey_own;

/* By file and offset if it has them, else by GTID. */
bool rw_survey_history(const rw_survey *survey, const rw_source_pos *pos, rw_history *history, rw_survey_own *own, GError **error); /* own NULL: not asked */
