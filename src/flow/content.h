/* content: a place in the log of a cluster's node, found by the content of the transactions before it (change/mark.h).
 *
 * find     where in this node's log is the place that a mark tells? Takes the newest file that begins before the anchor, and reads from there to the end of
 *          the log: a mark that fits two places fits none.
 * holds    is the mark that of this place in this node's log, still? Reads only from the anchor on.
 * mark_at  the mark of a place in this node's log, for a link that has read nothing yet.
 * Errors: those of the stream and the session. Time: that of reading the files.
 */
#pragma once
#include "change/mark.h"
#include "flow/marker.h"

typedef enum {
    RW_CONTENT_FOUND,
    RW_CONTENT_BEHIND, /* the log ends before the place; it will come */
    RW_CONTENT_GONE,   /* it begins after the anchor */
    RW_CONTENT_OTHER,  /* the anchor's number belongs to a transaction with another content there */
    RW_CONTENT_LACKS,  /* the anchor is not there, although the node has got that far */
    RW_CONTENT_LEAVES, /* after the anchor come other statements */
    RW_CONTENT_TWICE,
} rw_content_answer;

/* FOUND: *file (owned) and *offset_bytes. */
bool rw_content_find(const rw_log_reader *log, const rw_mark *mark, rw_content_answer *answer, char **file, uint64_t *offset_bytes, GError **error);
bool rw_content_holds(const rw_log_reader *log, const rw_mark *mark, const char *file, uint64_t offset_bytes, bool *holds, GError **error);
/* number 0: no transaction with a number stands before it. */
bool rw_content_mark_at(const rw_log_reader *log, const char *file, uint64_t offset_bytes, rw_mark *mark, GError **error);
