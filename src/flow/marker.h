/* marker: the windows of a link as marks in its target's log, the same and in the same order in the log of every host of the target.
 *
 * The INSERT of a window into ringway.progress names link (source), lane and number, and a number comes once.
 * take: is this event such an INSERT? find: where in the log of a host does a window end? Reads whole files, the newest first, each once, up to
 * the one that holds it. Errors: those of the stream and the session.
 */
#pragma once
#include "change/event.h"
#include "flow/read/stream.h"

/* *seq becomes the number of the window of the link from `source` that the event begins; else it stays as it is. */
void rw_marker_take(const rw_event *event, unsigned source, uint64_t *seq);

typedef struct {
    const rw_endpoint *at;
    rw_stream_limits limits;
    rw_connection *session; /* with it; kept from falling silent */
} rw_log_reader;

GPtrArray *rw_log_files(rw_connection *session, GError **error); /* names, the oldest first; owned */

typedef enum { RW_MARKER_FOUND, RW_MARKER_LACKING /* the log ends before it */, RW_MARKER_GONE /* the log begins after it */ } rw_marker_answer;

/* *file (owned) and *offset_bytes: right behind the window. */
bool rw_marker_find(const rw_log_reader *log, unsigned source, uint64_t seq, rw_marker_answer *answer, char **file, uint64_t *offset_bytes, GError **error);
