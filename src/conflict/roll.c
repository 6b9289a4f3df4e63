#include "conflict/roll.h"

#include "base/arena.h"

enum { TEXT_BLOCK_BYTES = 16 * 1024 };

static const uint32_t NONE = UINT32_MAX;

typedef struct {
    uint64_t stamp_us, seen_us;
    const char *gtid; /* in the arena; NULL until it is used */
    uint32_t origin;
    uint32_t next;  /* open: its place in `open`; free: the next free one */
    unsigned flags; /* rw_roll_flag; 0 = free */
} record;

/* Until it is used, so that what is never used leaves no text behind. */
typedef struct {
    uint32_t handle;
    char gtid[sizeof((rw_writer){0}.gtid)];
} open_writer;

struct rw_roll {
    GArray *records; /* record; a handle is a place in it */
    GArray *open;    /* open_writer */
    rw_arena *texts;
    const char *last_text;
    uint32_t free;
    uint64_t writers; /* records that are not free */
    unsigned writing; /* open ones that were used */
};

rw_roll *rw_roll_new(void)
{
    rw_roll *roll = g_new0(rw_roll, 1);
    roll->records = g_array_new(FALSE, FALSE, sizeof(record));
    roll->open = g_array_new(FALSE, FALSE, sizeof(open_writer));
    roll->texts = rw_arena_new(TEXT_BLOCK_BYTES);
    roll->free = NONE;
    return roll;
}

void rw_roll_free(rw_roll *roll)
{
    if (!roll) return;
    g_array_free(roll->records, TRUE);
    g_array_free(roll->open, TRUE);
    rw_arena_free(roll->texts);
    g_free(roll);
}

static record *at(const rw_roll *roll, uint32_t handle) { return &g_array_index(roll->records, record, handle); }

static uint32_t take_free(rw_roll *roll)
{
    static const record nothing;
    uint32_t handle = roll->free;
    if (handle == NONE) {
        g_array_append_val(roll->records, nothing);
        return roll->records->len - 1;
    }
    roll->free = at(roll, handle)->next;
    return handle;
}

static void give_free(rw_roll *roll, uint32_t handle)
{
    *at(roll, handle) = (record){.next = roll->free};
    roll->free = handle;
}

uint32_t rw_roll_add(rw_roll *roll, const rw_writer *writer)
{
    open_writer open = {.handle = take_free(roll)};
    g_strlcpy(open.gtid, writer->gtid, sizeof open.gtid);
    *at(roll, open.handle) = (record){.stamp_us = writer->stamp_us, .seen_us = writer->seen_us, .origin = writer->origin,
                                      .next = roll->open->len, .flags = RW_ROLL_LIVE | RW_ROLL_OPEN};
    g_array_append_val(roll->open, open);
    roll->writers++;
    return open.handle;
}

unsigned rw_roll_flags(const rw_roll *roll, uint32_t handle)
{
    return handle < roll->records->len ? at(roll, handle)->flags : 0;
}

void rw_roll_stamp(rw_roll *roll, uint32_t handle, uint64_t stamp_us) { at(roll, handle)->stamp_us = stamp_us; }

static const char *keep_text(rw_roll *roll, const char *text)
{
    if (!roll->last_text || strcmp(roll->last_text, text) != 0) roll->last_text = rw_arena_strdup(roll->texts, rw_slice_str(text));
    return roll->last_text;
}

void rw_roll_use(rw_roll *roll, uint32_t handle)
{
    record *r = at(roll, handle);
    r->flags |= RW_ROLL_USED;
    r->gtid = keep_text(roll, g_array_index(roll->open, open_writer, r->next).gtid);
    roll->writing++;
}

void rw_roll_end(rw_roll *roll)
{
    for (guint i = 0; i < roll->open->len; i++) {
        uint32_t handle = g_array_index(roll->open, open_writer, i).handle;
        record *r = at(roll, handle);
        r->flags &= ~(unsigned)RW_ROLL_OPEN;
        if (r->flags & RW_ROLL_USED) continue;
        give_free(roll, handle);
        roll->writers--;
    }
    g_array_set_size(roll->open, 0);
    roll->writing = 0;
}

bool rw_roll_is_writing(const rw_roll *roll) { return roll->writing > 0; }

void rw_roll_get(const rw_roll *roll, uint32_t handle, rw_writer *writer)
{
    const record *r = at(roll, handle);
    writer->origin = r->origin;
    writer->stamp_us = r->stamp_us;
    writer->seen_us = r->seen_us;
    g_strlcpy(writer->gtid, r->gtid, sizeof writer->gtid);
}

bool rw_roll_is_seen(const rw_roll *roll, uint32_t handle, const rw_seen *seen)
{
    const record *r = at(roll, handle);
    return !(r->flags & RW_ROLL_OPEN) && rw_seen_of(seen, r->origin) >= r->stamp_us;
}

/* --- sweep --- */

void rw_roll_mark(rw_roll *roll, uint32_t handle) { at(roll, handle)->flags |= RW_ROLL_MARKED; }

static bool stays(const record *r) { return r->flags & (RW_ROLL_MARKED | RW_ROLL_OPEN | RW_ROLL_PINNED); }

/* Much room that is not needed goes back. */
static void cut_records(rw_roll *roll, guint n)
{
    guint before = roll->records->len;
    g_array_set_size(roll->records, n);
    if (n >= before / 4) return;
    GArray *fewer = g_array_sized_new(FALSE, FALSE, sizeof(record), n);
    if (n) g_array_append_vals(fewer, roll->records->data, n);
    g_array_free(roll->records, TRUE);
    roll->records = fewer;
}

/* Free ones behind the last that stays are cut off; of the others the first is given out first, so that the end becomes free in time. */
static void free_records(rw_roll *roll)
{
    guint n = roll->records->len;
    while (n && !stays(at(roll, n - 1))) n--;
    cut_records(roll, n);
    roll->free = NONE;
    roll->writers = 0;
    for (guint i = n; i-- > 0;) {
        if (stays(at(roll, i))) roll->writers++;
        else give_free(roll, i);
        at(roll, i)->flags &= ~(unsigned)RW_ROLL_MARKED;
    }
}

static void copy_texts(rw_roll *roll)
{
    rw_arena *old = roll->texts;
    roll->last_text = NULL;
    if (!roll->writers) {
        rw_arena_reset(old);
        return;
    }
    roll->texts = rw_arena_new(TEXT_BLOCK_BYTES);
    for (guint i = 0; i < roll->records->len; i++) {
        record *r = at(roll, i);
        if (r->gtid) r->gtid = keep_text(roll, r->gtid);
    }
    rw_arena_free(old);
}

void rw_roll_sweep(rw_roll *roll)
{
    free_records(roll);
    copy_texts(roll);
}

void rw_roll_unpin(rw_roll *roll, bool open_too)
{
    for (guint i = 0; i < roll->records->len; i++) {
        record *r = at(roll, i);
        if (open_too || !(r->flags & RW_ROLL_OPEN)) r->flags &= ~(unsigned)RW_ROLL_PINNED;
    }
}

/* --- bytes --- */

enum { BY_HANDLE = 1, DELETES = 2 };

/* The GTID follows, without its NUL; or nothing, where only the handle counts. */
typedef struct {
    uint64_t stamp_us, seen_us;
    uint32_t origin, handle;
    uint8_t bits;
} head;

_Static_assert(sizeof(head) + sizeof((rw_writer){0}.gtid) <= RW_ROLL_BYTES, "a writer fits");

rw_slice rw_roll_encode_writer(const rw_writer *writer, uint8_t bytes[RW_ROLL_BYTES])
{
    head h = {.stamp_us = writer->stamp_us, .seen_us = writer->seen_us, .origin = writer->origin, .bits = writer->deletes ? DELETES : 0};
    size_t len = strlen(writer->gtid);
    memcpy(bytes, &h, sizeof h);
    memcpy(bytes + sizeof h, writer->gtid, len);
    return rw_slice_of(bytes, sizeof h + len);
}

static rw_slice encode_handle(uint32_t handle, bool deletes, uint8_t bytes[RW_ROLL_BYTES])
{
    head h = {.handle = handle, .bits = BY_HANDLE | (deletes ? DELETES : 0)};
    memcpy(bytes, &h, sizeof h);
    return rw_slice_of(bytes, sizeof h);
}

rw_slice rw_roll_encode(rw_roll *roll, uint32_t handle, bool deletes, uint8_t bytes[RW_ROLL_BYTES])
{
    if (at(roll, handle)->flags & RW_ROLL_OPEN) {
        at(roll, handle)->flags |= RW_ROLL_PINNED;
        return encode_handle(handle, deletes, bytes);
    }
    rw_writer writer = {.deletes = deletes};
    rw_roll_get(roll, handle, &writer);
    return rw_roll_encode_writer(&writer, bytes);
}

bool rw_roll_decode(const rw_roll *roll, rw_slice bytes, rw_writer *writer)
{
    head h;
    memcpy(&h, bytes.data, sizeof h);
    writer->deletes = h.bits & DELETES;
    if (h.bits & BY_HANDLE) {
        rw_roll_get(roll, h.handle, writer);
        return !(rw_roll_flags(roll, h.handle) & RW_ROLL_OPEN);
    }
    writer->origin = h.origin;
    writer->stamp_us = h.stamp_us;
    writer->seen_us = h.seen_us;
    size_t len = MIN(bytes.len - sizeof h, sizeof writer->gtid - 1);
    memcpy(writer->gtid, bytes.data + sizeof h, len);
    writer->gtid[len] = '\0';
    return true;
}

uint64_t rw_roll_writers(const rw_roll *roll) { return roll->writers; }

/* Free records do not count: they are taken before the array grows. */
size_t rw_roll_bytes(const rw_roll *roll)
{
    return roll->writers * sizeof(record) + roll->open->len * sizeof(open_writer) + rw_arena_bytes(roll->texts);
}
