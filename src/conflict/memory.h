/* memory: who wrote which row last at a link's target, as far as the link's source has not seen it yet.
 *
 * In: items (item.h) and writers, in the order of the target's log. Out: the writer of an item, or that there is none: then its last
 * writer is the source itself, or the source has seen it. Nothing is in it that the source has seen (forget drops it), so with no
 * application at the target it is empty.
 * Bounded: above limit_bytes the items go to a file (spill.h) in a temporary directory, unlinked at once, gone with the process; lookups
 * then cost a page read. No allocation per item: open addressing, and one record per writing transaction.
 * Owner: one thread at a time (the watcher's lock). Errors: of the spill file (RW_ERR_RETRY: the caller builds the memory again, or tries
 * again: an error loses nothing), RW_ERR_STOP for writes of more than RW_SEEN_MAX sites, RW_ERR_BUG for a handle that is not open.
 */
#pragma once
#include "base/error.h"
#include "change/seen.h"
#include "conflict/item.h"

/* Behind a GTID: not what an application wrote in that transaction, but a delete that the site made itself (flow/apply/change.h). */
#define RW_OWN_MARK "#own"

typedef struct {
    unsigned origin;
    uint64_t stamp_us;
    uint64_t seen_us; /* how far it had seen the log of the link's source */
    bool deletes;     /* it left no row */
    char gtid[160];   /* "" where there is none */
} rw_writer;

typedef struct rw_memory rw_memory;

rw_memory *rw_memory_new(size_t limit_bytes);
void rw_memory_free(rw_memory *memory);

/* A transaction begins to write: the handle serves rw_memory_put until rw_memory_end; several may be open at once (those of a window). Its
 * stamp may be settled later (rw_memory_stamp), before it is looked up: nothing of it is forgotten as long as it is open. */
uint32_t rw_memory_begin(rw_memory *memory, const rw_writer *writer);
void rw_memory_stamp(rw_memory *memory, uint32_t handle, uint64_t stamp_us); /* an open one */
void rw_memory_end(rw_memory *memory); /* the target's transaction is complete: all handles so far are used no more */
bool rw_memory_put(rw_memory *memory, rw_item item, uint32_t handle, bool deletes, GError **error);
bool rw_memory_remove(rw_memory *memory, rw_item item, GError **error); /* the source wrote it last; nothing to do if it is not there */

/* *found: an entry that `seen` (of the source) does not cover; copied to *writer, which may be NULL. seen: not less than forget had. */
bool rw_memory_find(rw_memory *memory, rw_item item, const rw_seen *seen, rw_writer *writer, bool *found, GError **error);
/* Drops what the source has seen. Cheap to call often: at once if that is everything, else it sweeps only after the memory has doubled;
 * the spill file when that is all seen, or when the calls that brought news are enough for its size. */
bool rw_memory_forget(rw_memory *memory, const rw_seen *seen, GError **error);
/* Remembered, what the last sweep left included. With a spill file more than that: an item that stands there and was put or removed since
 * counts twice. 0 always means that nothing is there. */
uint64_t rw_memory_items(const rw_memory *memory);
size_t rw_memory_bytes(const rw_memory *memory); /* of main memory; a little over the limit while large windows are open */
bool rw_memory_is_spilled(const rw_memory *memory);
