/* start: where a link begins, before it ever ran: the schema on each site and the first progress row.
 *
 * In: sessions. Out: rows in ringway.progress and ringway.link of the target. Doing it again changes nothing, unless a position is given.
 * Errors: those of the session; RW_ERR_CONFIG while the link is being run, or when the source writes no log.
 */
#pragma once
#include "conflict/last_writers.h"
#include "server/connection.h"

typedef struct {
    const char *topology, *link;
    unsigned source; /* site number */
    const rw_source_pos *pos;
    const char *host; /* identity of the server whose log pos is of; "": not known */
    const rw_history *history;   /* of the source's log there; NULL: as it was for this link, or nothing yet */
    const rw_memory_place *memory; /* in the target's log: all before it has been seen by the source; NULL: not known */
    const char *memory_host;     /* identity of the server whose log memory is of */
} rw_start;

bool rw_start_create_schema(rw_connection *site, bool *created, GError **error);
/* Of a cluster, behind a transaction that it writes for that: so the place can be found in the logs of other nodes. */
bool rw_start_position_now(rw_connection *source, rw_source_pos *pos, GError **error);
/* replace: also if the link has a start. *recorded: whether it was written. */
bool rw_start_record(const rw_start *start, rw_connection *target, bool replace, bool *recorded, GError **error);
