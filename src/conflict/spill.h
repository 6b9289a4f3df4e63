/* spill: items and their writers as bytes, in a file: what the memory of last writers cannot hold.
 *
 * The file is an LMDB environment in the temporary directory (TMPDIR, else /tmp), its name is taken away as soon as it is open: it is gone
 * with the process, however that ends. Nothing is ever synced, and the file is written, not mapped for writing: on a full disk a write
 * to such a map would kill the process. LMDB's map is only address space; it doubles before it could become full.
 * Writes are gathered and seen by find, each and items after flush. After an error what was not flushed is lost; the rest is as it was.
 * Owner: the memory. Errors: RW_ERR_RETRY, with the directory.
 */
#pragma once
#include "base/error.h"
#include "conflict/item.h"

typedef struct rw_spill rw_spill;
typedef bool (*rw_spill_fn)(void *user, rw_item item, rw_slice bytes, GError **error);

rw_spill *rw_spill_new(GError **error);
void rw_spill_free(rw_spill *spill);

bool rw_spill_put(rw_spill *spill, rw_item item, rw_slice bytes, GError **error);    /* in place of what was there */
bool rw_spill_append(rw_spill *spill, rw_item item, rw_slice bytes, GError **error); /* behind all others, as each gives them */
bool rw_spill_remove(rw_spill *spill, rw_item item, GError **error);                 /* nothing to do if it is not there */
bool rw_spill_flush(rw_spill *spill, GError **error);

bool rw_spill_find(rw_spill *spill, rw_item item, rw_slice *bytes, GError **error); /* data NULL: not there; valid until the next call */
bool rw_spill_each(rw_spill *spill, rw_spill_fn fn, void *user, GError **error);    /* until fn gives false; fn must not write to it */
uint64_t rw_spill_items(const rw_spill *spill);
