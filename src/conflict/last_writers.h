/* last_writers: the memory of last writers between the two who share it: the watcher of the target's log, which fills it, and the applier.
 *
 * The watcher reads the target's log in order: puts what was written, says how far it is. The applier locks rows, asks the server for the end of
 * its log, waits until the watcher has passed it (then the memory is exact for the locked rows: whoever wrote them before has committed,
 * so his write stands in the log), and looks up. It says what the source has seen, so that the memory forgets it.
 * place: from where the target's log must be read again to rebuild the memory: all before it has been seen, or overwritten, by the source. But for the
 * first, a place is the end of a window of this link, which stands in the log of every host of the target.
 * Threads: one watcher, one applier; each call takes the lock. Errors: the watcher's (rw_last_writers_fail), given by wait and find.
 */
#pragma once
#include "change/history.h"
#include "change/pos.h"
#include "conflict/memory.h"

typedef struct rw_last_writers rw_last_writers;

typedef struct {
    rw_target_pos pos;
    rw_history history; /* of the target's log there */
    uint64_t seq;       /* of this link's window that ends there; 0: none does */
} rw_memory_place;

rw_last_writers *rw_last_writers_new(unsigned source, unsigned target, const rw_memory_place *from, size_t limit_bytes);
void rw_last_writers_free(rw_last_writers *w);

/* watcher */
uint32_t rw_last_writers_begin(rw_last_writers *w, const rw_writer *writer);
void rw_last_writers_stamp(rw_last_writers *w, uint32_t handle, uint64_t stamp_us);
bool rw_last_writers_put(rw_last_writers *w, rw_item item, uint32_t handle, bool deletes, GError **error);
bool rw_last_writers_remove(rw_last_writers *w, rw_item item, GError **error);
/* history NULL: within a transaction. seq: of this link's window that ended with this event, else 0. */
void rw_last_writers_reached(rw_last_writers *w, const char *file, uint64_t offset_bytes, const rw_history *history, uint64_t seq);
void rw_last_writers_fail(rw_last_writers *w, GError *error); /* taken over */

/* applier */
/* Until the watcher has passed pos (*reached), or until then (monotonic). */
bool rw_last_writers_wait(rw_last_writers *w, const rw_target_pos *pos, gint64 until_us, const gint *stop, bool *reached, GError **error);
bool rw_last_writers_is_empty(rw_last_writers *w);
bool rw_last_writers_find(rw_last_writers *w, rw_item item, const rw_seen *seen, rw_writer *writer, bool *found, GError **error);
bool rw_last_writers_forget(rw_last_writers *w, const rw_seen *seen, GError **error); /* seen: of the source */
void rw_last_writers_target_seen(rw_last_writers *w, rw_seen *seen); /* of its own: what came back (change/history.h) */
void rw_last_writers_place(rw_last_writers *w, rw_memory_place *place); /* copied; clear with rw_target_pos_clear(&place->pos) */
