#include "conflict/last_writers.h"

#include "base/clock.h"
#include "base/lock.h"

enum { PLACES_MAX = 64, PLACE_BYTES = 1024 * 1024 };

/* A place from which the log may be read again, and the highest stamp that a transaction of the target's own has before it. */
typedef struct {
    rw_memory_place at;
    uint64_t own_us;
} place;

struct rw_last_writers {
    rw_lock lock;
    rw_memory *memory;
    unsigned source, target;
    char *file;
    uint64_t offset_bytes;
    rw_history history; /* of the target's log, at the end of a transaction */
    uint64_t own_us;    /* highest stamp of a transaction of the target's own, of those that were read */
    GArray *places;     /* place, oldest first; all before the first was seen by the source */
    bool waiting;
    GError *error;
};

static void place_clear(gpointer data) { rw_target_pos_clear(&((place *)data)->at.pos); }
static const place *place_at(const rw_last_writers *w, guint i) { return &g_array_index(w->places, place, i); }

rw_last_writers *rw_last_writers_new(unsigned source, unsigned target, const rw_memory_place *from, size_t limit_bytes)
{
    rw_last_writers *w = g_new0(rw_last_writers, 1);
    rw_lock_init(&w->lock);
    w->memory = rw_memory_new(limit_bytes);
    w->source = source;
    w->target = target;
    w->file = g_strdup(from->pos.file);
    w->offset_bytes = from->pos.offset_bytes;
    w->history = from->history;
    w->places = g_array_new(FALSE, FALSE, sizeof(place));
    g_array_set_clear_func(w->places, place_clear);
    place first = {*from, 0};
    first.at.pos.file = g_strdup(from->pos.file);
    g_array_append_val(w->places, first);
    return w;
}

void rw_last_writers_free(rw_last_writers *w)
{
    if (!w) return;
    rw_memory_free(w->memory);
    g_array_free(w->places, TRUE);
    g_clear_error(&w->error);
    rw_lock_clear(&w->lock);
    g_free(w->file);
    g_free(w);
}

/* --- watcher --- */

uint32_t rw_last_writers_begin(rw_last_writers *w, const rw_writer *writer)
{
    rw_lock_take(&w->lock);
    uint32_t handle = rw_memory_begin(w->memory, writer);
    if (writer->origin == w->target) w->own_us = MAX(w->own_us, writer->stamp_us);
    rw_lock_give(&w->lock);
    return handle;
}

void rw_last_writers_stamp(rw_last_writers *w, uint32_t handle, uint64_t stamp_us)
{
    rw_lock_take(&w->lock);
    rw_memory_stamp(w->memory, handle, stamp_us);
    w->own_us = MAX(w->own_us, stamp_us);
    rw_lock_give(&w->lock);
}

bool rw_last_writers_put(rw_last_writers *w, rw_item item, uint32_t handle, bool deletes, GError **error)
{
    rw_lock_take(&w->lock);
    bool ok = rw_memory_put(w->memory, item, handle, deletes, error);
    rw_lock_give(&w->lock);
    return ok;
}

bool rw_last_writers_remove(rw_last_writers *w, rw_item item, GError **error)
{
    rw_lock_take(&w->lock);
    bool ok = rw_memory_remove(w->memory, item, error);
    rw_lock_give(&w->lock);
    return ok;
}

static bool has_reached(const rw_last_writers *w, const rw_target_pos *pos)
{
    int order = rw_log_file_compare(w->file, pos->file);
    return order > 0 || (order == 0 && w->offset_bytes >= pos->offset_bytes);
}

/* Half of them go when there are too many: the rest is coarser, never wrong. */
static void thin_places(rw_last_writers *w)
{
    for (guint i = w->places->len - 1; i-- > 1;)
        if (i % 2) g_array_remove_index(w->places, i);
}

static void add_place(rw_last_writers *w, uint64_t seq)
{
    const rw_memory_place *last = &place_at(w, w->places->len - 1)->at;
    bool same = strcmp(last->pos.file, w->file) == 0;
    if (same && last->seq && w->offset_bytes < last->pos.offset_bytes + PLACE_BYTES) return;
    if (w->places->len >= PLACES_MAX) thin_places(w);
    place here = {{{g_strdup(w->file), w->offset_bytes}, w->history, seq}, w->own_us};
    g_array_append_val(w->places, here);
}

void rw_last_writers_reached(rw_last_writers *w, const char *file, uint64_t offset_bytes, const rw_history *history, uint64_t seq)
{
    rw_lock_take(&w->lock);
    if (strcmp(w->file, file) != 0) {
        g_free(w->file);
        w->file = g_strdup(file);
    }
    w->offset_bytes = offset_bytes;
    if (history) {
        w->history = *history;
        rw_memory_end(w->memory);
        if (seq) add_place(w, seq);
    }
    if (w->waiting) rw_lock_changed(&w->lock);
    rw_lock_give(&w->lock);
}

void rw_last_writers_fail(rw_last_writers *w, GError *error)
{
    rw_lock_take(&w->lock);
    if (w->error) g_error_free(error);
    else w->error = error;
    rw_lock_changed(&w->lock);
    rw_lock_give(&w->lock);
}

/* --- applier --- */

static bool is_alive(const rw_last_writers *w, GError **error)
{
    if (w->error && error) *error = g_error_copy(w->error);
    return !w->error;
}

bool rw_last_writers_wait(rw_last_writers *w, const rw_target_pos *pos, gint64 until_us, const gint *stop, bool *reached, GError **error)
{
    enum { TURN_US = 200 * 1000 };
    bool stopped = false;
    rw_lock_take(&w->lock);
    w->waiting = true;
    while (!w->error && !has_reached(w, pos) && !stopped && rw_clock_us() < until_us) {
        rw_lock_wait_until(&w->lock, MIN(until_us, rw_clock_us() + TURN_US));
        stopped = g_atomic_int_get(stop) != 0;
    }
    w->waiting = false;
    *reached = has_reached(w, pos);
    bool ok = is_alive(w, error);
    if (ok && stopped && !*reached) ok = rw_fail(error, RW_ERR_INTERRUPTED, "asked to end");
    rw_lock_give(&w->lock);
    return ok;
}

bool rw_last_writers_is_empty(rw_last_writers *w)
{
    rw_lock_take(&w->lock);
    bool empty = rw_memory_items(w->memory) == 0;
    rw_lock_give(&w->lock);
    return empty;
}

bool rw_last_writers_find(rw_last_writers *w, rw_item item, const rw_seen *seen, rw_writer *writer, bool *found, GError **error)
{
    rw_lock_take(&w->lock);
    bool ok = is_alive(w, error) && rw_memory_find(w->memory, item, seen, writer, found, error);
    rw_lock_give(&w->lock);
    return ok;
}

/* The source has seen all that stands before it in the target's log. The source's own transactions are not in question, nor are windows, which raise
 * the log's highest stamp: of a target that only receives the source never sees anything. */
static bool is_seen(const rw_last_writers *w, const place *p, const rw_seen *seen)
{
    return rw_seen_of(seen, w->target) >= p->own_us && rw_seen_covers(seen, &p->at.history.seen, w->source);
}

/* If nothing is remembered here, reading again from any place before gives nothing, too: what the source has not seen, it has overwritten. */
static guint count_seen(const rw_last_writers *w, const rw_seen *seen)
{
    guint n = 0, all = w->places->len - 1;
    if (rw_memory_items(w->memory) == 0) return all;
    while (n < all && is_seen(w, place_at(w, n + 1), seen)) n++;
    return n;
}

bool rw_last_writers_forget(rw_last_writers *w, const rw_seen *seen, GError **error)
{
    rw_lock_take(&w->lock);
    bool ok = rw_memory_forget(w->memory, seen, error);
    guint n = count_seen(w, seen);
    if (n) g_array_remove_range(w->places, 0, n);
    rw_lock_give(&w->lock);
    return ok;
}

void rw_last_writers_target_seen(rw_last_writers *w, rw_seen *seen)
{
    rw_lock_take(&w->lock);
    *seen = w->history.seen;
    if (w->history.back_us) (void)rw_seen_raise(seen, w->target, w->history.back_us); /* all sites fit */
    rw_lock_give(&w->lock);
}

void rw_last_writers_place(rw_last_writers *w, rw_memory_place *first)
{
    rw_lock_take(&w->lock);
    *first = place_at(w, 0)->at;
    first->pos.file = g_strdup(first->pos.file);
    rw_lock_give(&w->lock);
}
