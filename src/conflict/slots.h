/* slots: the hash table of the memory of last writers: item -> handle of its writer (roll.h).
 *
 * Open addressing, at most three quarters full. An item is held, or gone: gone hides what the spill file still says of it.
 * A slot's place comes from the first bits of its item, so a walk meets the items nearly in their order: the spill file, a tree in that
 * order, is then written page by page.
 * Owner: the memory. A slot is valid until the next put, remove, keep or reset. Out of memory aborts (as GLib does).
 */
#pragma once
#include "conflict/item.h"

typedef enum { RW_SLOT_FREE, RW_SLOT_HELD, RW_SLOT_GONE } rw_slot_state;

typedef struct {
    rw_item item;
    uint32_t handle;
    uint8_t state; /* rw_slot_state */
    bool deletes;
} rw_slot;

typedef struct {
    rw_slot *at; /* walk it: n of them */
    uint64_t n, used;
    unsigned bits; /* n = 1 << bits */
} rw_slots;

void rw_slots_init(rw_slots *slots);
void rw_slots_clear(rw_slots *slots); /* frees */
void rw_slots_reset(rw_slots *slots); /* empty, and small again */
rw_slot *rw_slots_find(const rw_slots *slots, rw_item item); /* NULL: not there */
void rw_slots_put(rw_slots *slots, const rw_slot *slot);     /* in place of what was there for its item */
void rw_slots_remove(rw_slots *slots, rw_slot *slot);
/* Keeps the slots of which `wanted` is true, in as little room as is good for them. */
void rw_slots_keep(rw_slots *slots, bool (*wanted)(void *user, const rw_slot *slot), void *user);
size_t rw_slots_bytes(const rw_slots *slots, unsigned more); /* with 0 or 1 more items */
