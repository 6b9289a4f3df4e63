#include "conflict/slots.h"

#include <glib.h>

enum { FIRST_BITS = 6 };

static void take(rw_slots *slots, unsigned bits)
{
    slots->bits = bits;
    slots->n = (uint64_t)1 << bits;
    slots->at = g_new0(rw_slot, slots->n);
}

void rw_slots_init(rw_slots *slots)
{
    slots->used = 0;
    take(slots, FIRST_BITS);
}

void rw_slots_clear(rw_slots *slots) { g_free(slots->at); }

void rw_slots_reset(rw_slots *slots)
{
    g_free(slots->at);
    rw_slots_init(slots);
}

static bool is_full(const rw_slots *slots) { return (slots->used + 1) * 4 > slots->n * 3; }

/* The slot of the item, or the free one where it belongs. */
static rw_slot *place_of(const rw_slots *slots, rw_item item)
{
    uint64_t mask = slots->n - 1;
    for (uint64_t i = item.low >> (64 - slots->bits);; i = (i + 1) & mask) {
        rw_slot *slot = &slots->at[i];
        if (slot->state == RW_SLOT_FREE || rw_item_equal(slot->item, item)) return slot;
    }
}

static void rehash(rw_slots *slots, unsigned bits)
{
    rw_slots old = *slots;
    take(slots, bits);
    for (uint64_t i = 0; i < old.n; i++)
        if (old.at[i].state != RW_SLOT_FREE) *place_of(slots, old.at[i].item) = old.at[i];
    g_free(old.at);
}

rw_slot *rw_slots_find(const rw_slots *slots, rw_item item)
{
    rw_slot *slot = place_of(slots, item);
    return slot->state == RW_SLOT_FREE ? NULL : slot;
}

void rw_slots_put(rw_slots *slots, const rw_slot *slot)
{
    rw_slot *place = place_of(slots, slot->item);
    if (place->state == RW_SLOT_FREE) {
        if (is_full(slots)) {
            rehash(slots, slots->bits + 1);
            place = place_of(slots, slot->item);
        }
        slots->used++;
    }
    *place = *slot;
}

/* Those behind the hole that would no longer be found move up. */
void rw_slots_remove(rw_slots *slots, rw_slot *slot)
{
    uint64_t mask = slots->n - 1, hole = (uint64_t)(slot - slots->at);
    for (uint64_t i = (hole + 1) & mask; slots->at[i].state != RW_SLOT_FREE; i = (i + 1) & mask) {
        uint64_t home = slots->at[i].item.low >> (64 - slots->bits);
        if (((i - home) & mask) < ((i - hole) & mask)) continue;
        slots->at[hole] = slots->at[i];
        hole = i;
    }
    slots->at[hole].state = RW_SLOT_FREE;
    slots->used--;
}

/* Half full at most, so that what is kept may grow a little without another rehash; but never larger than before. */
void rw_slots_keep(rw_slots *slots, bool (*wanted)(void *user, const rw_slot *slot), void *user)
{
    unsigned bits = FIRST_BITS;
    for (uint64_t i = 0; i < slots->n; i++) {
        rw_slot *slot = &slots->at[i];
        if (slot->state == RW_SLOT_FREE || wanted(user, slot)) continue;
        slot->state = RW_SLOT_FREE;
        slots->used--;
    }
    while (bits < slots->bits && slots->used * 2 > (uint64_t)1 << bits) bits++;
    rehash(slots, bits);
}

size_t rw_slots_bytes(const rw_slots *slots, unsigned more) { return slots->n * sizeof(rw_slot) * (more && is_full(slots) ? 2 : 1); }
