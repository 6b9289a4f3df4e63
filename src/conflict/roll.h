/* roll: the transactions that wrote what the memory of last writers holds; each has a handle, which the items carry.
 *
 * Open from add to end: until then the handle serves whoever added it, and the stamp may change. After that a writer stays as long as a
 * sweep finds it marked, or the spill file names it (pinned). Handles never move; free ones are given out again.
 * A writer that was not used is gone as soon as it has ended. GTIDs lie in an arena, once for writers in a row that share one.
 * As bytes, for the spill file: whole; or, while it is open, only its handle, which pins it.
 * Owner: the memory. Out of memory aborts (as GLib does).
 */
#pragma once
#include "conflict/memory.h"

enum { RW_ROLL_BYTES = 192 }; /* room for a writer as bytes */

typedef enum {
    RW_ROLL_OPEN = 1,
    RW_ROLL_USED = 2, /* an item was put for it */
    RW_ROLL_PINNED = 4,
    RW_ROLL_MARKED = 8,
    RW_ROLL_LIVE = 16,
} rw_roll_flag;

typedef struct rw_roll rw_roll;

rw_roll *rw_roll_new(void);
void rw_roll_free(rw_roll *roll);

uint32_t rw_roll_add(rw_roll *roll, const rw_writer *writer);
unsigned rw_roll_flags(const rw_roll *roll, uint32_t handle);          /* rw_roll_flag; 0: there is no such writer */
void rw_roll_stamp(rw_roll *roll, uint32_t handle, uint64_t stamp_us); /* of an open one */
void rw_roll_use(rw_roll *roll, uint32_t handle);                      /* an open one, once, before its first item */
void rw_roll_end(rw_roll *roll);                                       /* none is open any more */
bool rw_roll_is_writing(const rw_roll *roll);                          /* an open one was used */

void rw_roll_get(const rw_roll *roll, uint32_t handle, rw_writer *writer); /* of a used one; all but deletes */
/* The source has seen it. Never so while it is open: its stamp is not settled. */
bool rw_roll_is_seen(const rw_roll *roll, uint32_t handle, const rw_seen *seen);

void rw_roll_mark(rw_roll *roll, uint32_t handle);
void rw_roll_sweep(rw_roll *roll); /* frees what is neither marked nor open nor pinned; takes the marks away */
void rw_roll_unpin(rw_roll *roll, bool open_too);

rw_slice rw_roll_encode(rw_roll *roll, uint32_t handle, bool deletes, uint8_t bytes[RW_ROLL_BYTES]);
rw_slice rw_roll_encode_writer(const rw_writer *writer, uint8_t bytes[RW_ROLL_BYTES]);
bool rw_roll_decode(const rw_roll *roll, rw_slice bytes, rw_writer *writer); /* false: it is still open */

uint64_t rw_roll_writers(const rw_roll *roll);
size_t rw_roll_bytes(const rw_roll *roll);
