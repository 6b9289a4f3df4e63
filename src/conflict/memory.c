#include "conflict/memory.h"

#include "conflict/roll.h"
#include "conflict/slots.h"
#include "conflict/spill.h"

enum {
    SWEEP_MIN = 256,    /* items and writers below which sweeping is not worth it */
    SPILL_CREDIT = 128, /* items of the spill file that one call of forget pays for */
};

static const unsigned NOBODY = UINT_MAX; /* an origin that is none: whose writes are left out */

struct rw_memory {
    rw_slots slots;      /* what was put last; before that, what the spill file says */
    rw_roll *roll;
    rw_spill *spill;     /* NULL: all is in slots */
    bool spill_open;     /* a transaction that is still open has items there */
    rw_seen seen;        /* of the source, as forget was told last */
    rw_seen top;         /* highest stamps since it was empty */
    rw_seen spill_top;   /* the same of what is in the spill file */
    size_t limit_bytes, room_bytes; /* room: when to make room the next time */
    uint64_t swept;      /* items and writers that the last sweep left */
    uint64_t credit;     /* towards a sweep of the spill file */
};

rw_memory *rw_memory_new(size_t limit_bytes)
{
    rw_memory *m = g_new0(rw_memory, 1);
    rw_slots_init(&m->slots);
    m->roll = rw_roll_new();
    m->limit_bytes = m->room_bytes = limit_bytes;
    return m;
}

void rw_memory_free(rw_memory *m)
{
    if (!m) return;
    rw_slots_clear(&m->slots);
    rw_roll_free(m->roll);
    rw_spill_free(m->spill);
    g_free(m);
}

uint64_t rw_memory_items(const rw_memory *m) { return m->slots.used + (m->spill ? rw_spill_items(m->spill) : 0); }
size_t rw_memory_bytes(const rw_memory *m) { return rw_slots_bytes(&m->slots, 0) + rw_roll_bytes(m->roll); }
bool rw_memory_is_spilled(const rw_memory *m) { return m->spill != NULL; }

/* --- sweep --- */

static bool sees_all(const rw_seen *seen, const rw_seen *top) { return rw_seen_covers(seen, top, NOBODY); }

static bool is_wanted(void *user, const rw_slot *slot)
{
    rw_memory *m = user;
    if (slot->state == RW_SLOT_GONE || rw_roll_is_seen(m->roll, slot->handle, &m->seen)) return false;
    rw_roll_mark(m->roll, slot->handle);
    return true;
}

static uint64_t load(const rw_memory *m) { return m->slots.used + rw_roll_writers(m->roll); }

/* Only while nothing is spilled: what is dropped here would show what the spill file says of it. */
static void sweep(rw_memory *m)
{
    rw_slots_keep(&m->slots, is_wanted, m);
    rw_roll_sweep(m->roll);
    m->swept = load(m);
}

static void clear(rw_memory *m)
{
    rw_slots_reset(&m->slots);
    rw_roll_sweep(m->roll);
    m->swept = 0;
    m->top = (rw_seen){0};
    m->room_bytes = m->limit_bytes;
}

/* --- spill --- */

static void drop_spill(rw_memory *m)
{
    rw_spill_free(m->spill);
    m->spill = NULL;
    m->spill_open = false;
    m->credit = 0;
    rw_roll_unpin(m->roll, true);
    sweep(m);
}

static bool write_slot(rw_memory *m, const rw_slot *slot, GError **error)
{
    uint8_t bytes[RW_ROLL_BYTES];
    if (slot->state == RW_SLOT_GONE || rw_roll_is_seen(m->roll, slot->handle, &m->seen))
        return rw_spill_remove(m->spill, slot->item, error);
    return rw_spill_put(m->spill, slot->item, rw_roll_encode(m->roll, slot->handle, slot->deletes, bytes), error);
}

/* The slots are emptied once all of them stand in the file: an error leaves a memory that is still right. */
static bool write_out(rw_memory *m, GError **error)
{
    if (!m->spill) m->spill = rw_spill_new(error);
    if (!m->spill) return false;
    m->spill_top = m->top;
    m->spill_open = rw_roll_is_writing(m->roll);
    for (uint64_t i = 0; i < m->slots.n; i++)
        if (m->slots.at[i].state != RW_SLOT_FREE && !write_slot(m, &m->slots.at[i], error)) return false;
    if (!rw_spill_flush(m->spill, error)) return false;
    rw_slots_reset(&m->slots);
    rw_roll_sweep(m->roll);
    return true;
}

typedef struct {
    rw_memory *memory;
    rw_spill *kept;
} renewal;

/* What the slots know better is left out, too: afterwards no slot hides anything. */
static bool keep_spilled(void *user, rw_item item, rw_slice bytes, GError **error)
{
    renewal *r = user;
    rw_memory *m = r->memory;
    rw_writer writer;
    uint8_t whole[RW_ROLL_BYTES];
    if (rw_slots_find(&m->slots, item)) return true;
    if (rw_roll_decode(m->roll, bytes, &writer)) {
        if (rw_seen_of(&m->seen, writer.origin) >= writer.stamp_us) return true;
        bytes = rw_roll_encode_writer(&writer, whole);
    }
    return rw_spill_append(r->kept, item, bytes, error);
}

/* Into a new file: that is written from its beginning to its end, and the old one's room is given back. */
static bool renew_spill(rw_memory *m, GError **error)
{
    renewal r = {m, rw_spill_new(error)};
    if (!r.kept) return false;
    if (!rw_spill_each(m->spill, keep_spilled, &r, error) || !rw_spill_flush(r.kept, error)) {
        rw_spill_free(r.kept);
        return false;
    }
    rw_spill_free(m->spill);
    m->spill = r.kept;
    m->credit = 0;
    rw_roll_unpin(m->roll, false);
    sweep(m);
    if (rw_spill_items(m->spill) == 0) drop_spill(m);
    return true;
}

/* Asked before an item is put: the table must not double beyond the limit. */
static bool has_room(const rw_memory *m) { return rw_slots_bytes(&m->slots, 1) + rw_roll_bytes(m->roll) <= m->room_bytes; }

/* Half of the limit must become free, or the next time would come too soon. Writers of an open transaction cannot go: they come on top. */
static bool make_room(rw_memory *m, GError **error)
{
    if (!m->spill) sweep(m);
    if (rw_memory_bytes(m) > m->limit_bytes / 2 && !write_out(m, error)) return false;
    m->room_bytes = MAX(m->limit_bytes, rw_memory_bytes(m) + m->limit_bytes / 4);
    return true;
}

/* --- write --- */

uint32_t rw_memory_begin(rw_memory *m, const rw_writer *writer) { return rw_roll_add(m->roll, writer); }

void rw_memory_end(rw_memory *m)
{
    rw_roll_end(m->roll);
    m->spill_open = false;
}

void rw_memory_stamp(rw_memory *m, uint32_t handle, uint64_t stamp_us)
{
    unsigned flags = rw_roll_flags(m->roll, handle);
    g_return_if_fail(flags & RW_ROLL_OPEN);
    rw_roll_stamp(m->roll, handle, stamp_us);
    if (!(flags & RW_ROLL_USED)) return;
    rw_writer writer;
    rw_roll_get(m->roll, handle, &writer);
    rw_seen_raise(&m->top, writer.origin, stamp_us);
    if (flags & RW_ROLL_PINNED) rw_seen_raise(&m->spill_top, writer.origin, stamp_us);
}

/* A writer counts from its first item on. */
static bool use(rw_memory *m, uint32_t handle, GError **error)
{
    rw_writer writer;
    unsigned flags = rw_roll_flags(m->roll, handle);
    if (!(flags & RW_ROLL_OPEN)) return rw_fail(error, RW_ERR_BUG, "an item was put for a writer whose transaction has ended");
    if (flags & RW_ROLL_USED) return true;
    rw_roll_use(m->roll, handle);
    rw_roll_get(m->roll, handle, &writer);
    return rw_seen_raise(&m->top, writer.origin, writer.stamp_us) ||
           rw_fail(error, RW_ERR_STOP, "rows of the target were written by more than %d sites; not supported", RW_SEEN_MAX);
}

bool rw_memory_put(rw_memory *m, rw_item item, uint32_t handle, bool deletes, GError **error)
{
    if (!has_room(m) && !make_room(m, error)) return false;
    if (!use(m, handle, error)) return false;
    rw_slots_put(&m->slots, &(rw_slot){item, handle, RW_SLOT_HELD, deletes});
    return true;
}

static bool hide_spilled(rw_memory *m, rw_item item, GError **error)
{
    rw_slice bytes;
    if (!rw_spill_find(m->spill, item, &bytes, error)) return false;
    if (!bytes.data) return true;
    if (!has_room(m) && !make_room(m, error)) return false;
    rw_slots_put(&m->slots, &(rw_slot){item, 0, RW_SLOT_GONE, false});
    return true;
}

bool rw_memory_remove(rw_memory *m, rw_item item, GError **error)
{
    rw_slot *slot = rw_slots_find(&m->slots, item);
    if (slot && m->spill) slot->state = RW_SLOT_GONE;
    else if (slot) rw_slots_remove(&m->slots, slot);
    else if (m->spill) return hide_spilled(m, item, error);
    return true;
}

/* --- read --- */

static bool find_spilled(rw_memory *m, rw_item item, rw_writer *writer, bool *found, GError **error)
{
    rw_slice bytes;
    if (!rw_spill_find(m->spill, item, &bytes, error)) return false;
    *found = bytes.data != NULL;
    if (*found) rw_roll_decode(m->roll, bytes, writer);
    return true;
}

bool rw_memory_find(rw_memory *m, rw_item item, const rw_seen *seen, rw_writer *writer, bool *found, GError **error)
{
    rw_writer here;
    const rw_slot *slot = rw_slots_find(&m->slots, item);
    *found = slot && slot->state == RW_SLOT_HELD;
    if (*found) {
        rw_roll_get(m->roll, slot->handle, &here);
        here.deletes = slot->deletes;
    } else if (!slot && m->spill && !find_spilled(m, item, &here, found, error)) {
        return false;
    }
    *found = *found && rw_seen_of(seen, here.origin) < here.stamp_us;
    if (*found && writer) *writer = here;
    return true;
}

/* --- forget --- */

/* Swept at last when calls that brought news have paid for it. */
static bool forget_spilled(rw_memory *m, bool news, GError **error)
{
    if (sees_all(&m->seen, &m->spill_top) && !m->spill_open) {
        drop_spill(m);
        return true;
    }
    if (news) m->credit += SPILL_CREDIT;
    return m->credit < rw_memory_items(m) || renew_spill(m, error);
}

bool rw_memory_forget(rw_memory *m, const rw_seen *seen, GError **error)
{
    bool news = !rw_seen_covers(&m->seen, seen, NOBODY);
    m->seen = *seen;
    if (m->spill && !forget_spilled(m, news, error)) return false;
    if (m->spill || load(m) == 0) return true;
    if (sees_all(seen, &m->top) && !rw_roll_is_writing(m->roll)) clear(m);
    else if (load(m) >= SWEEP_MIN && load(m) >= 2 * m->swept) sweep(m);
    return true;
}
