#include "conflict/last_writers.h"

#include "base/clock.h"
#include "base/lock.h"

enum { PLACES_MAX = 64, PLACE_BYTES = 1024 * 1024 };

struct rw_last_writers {
    rw_lock lock;
    rw_memory *memory;
    unsigned source, target;
    char *file;
    uint64_t offset_bytes;
    rw_history history; /* of the target's log, at the end of a transaction */
    GArray *places;     /* rw_memory_place, oldest first; all before the first was seen by the source */
    bool waiting;
    GError *error;
};

static void place_clear(gpointer data) { rw_target_pos_clear(&((rw_memory_place *)data)->pos); }

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
    w->places = g_array_new(FALSE, FALSE, sizeof(rw_memory_place));
    g_array_set_clear_func(w->places, place_clear);
    rw_memory_place first = *from;
    first.pos.file = g_strdup(from->pos.file);
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
    rw_lock_give(&w->lock);
    return handle;
}

void rw_last_writers_stamp(rw_last_writers *w, uint32_t handle, uint64_t stamp_us)
{
    rw_lock_take(&w->lock);
    rw_memory_stamp(w->memory, handle, stamp_us);
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

/* Log files are numbered: a longer name is a later one. */
static int compare_files(const char *a, const char *b)
{
    size_t x = strlen(a), y = strlen(b);
    return x != y ? (x > y) - (x < y) : strcmp(a, b);
}

static bool has_reached(const rw_last_writers *w, const rw_target_pos *pos)
{
    int order = compare_files(w->file, pos->file);
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
    const rw_memory_place *last = &g_array_index(w->places, rw_memory_place, w->places->len - 1);
    bool same = strcmp(last->pos.file, w->file) == 0;
    if (same && last->seq && w->offset_bytes < last->pos.offset_bytes + PLACE_BYTES) return;
    if (w->places->len >= PLACES_MAX) thin_places(w);
    rw_memory_place place = {{g_strdup(w->file), w->offset_bytes}, w->history, seq};
    g_array_append_val(w->places, place);
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

/* The source has seen all that stands before it in the target's log. The source's own transactions are not in question. */
static bool is_seen(const rw_last_writers *w, const rw_memory_place *place, const rw_seen *seen)
{
    return rw_seen_of(seen, w->target) >= place->history.stamp_us && rw_seen_covers(seen, &place->history.seen, w->source);
}

bool rw_last_writers_forget(rw_last_writers *w, const rw_seen *seen, GError **error)
{
    rw_lock_take(&w->lock);
    guint n = 0;
    while (n + 1 < w->places->len && is_seen(w, &g_array_index(w->places, rw_memory_place, n + 1), seen)) n++;
    if (n) g_array_remove_range(w->places, 0, n);
    bool ok = rw_memory_forget(w->memory, seen, error);
    rw_lock_give(&w->lock);
    return ok;
}

void rw_last_writers_target_seen(rw_last_writers *w, rw_seen *seen)
{
    rw_lock_take(&w->lock);
    *seen = w->history.seen;
    rw_lock_give(&w->lock);
}

void rw_last_writers_place(rw_last_writers *w, rw_memory_place *place)
{
    rw_lock_take(&w->lock);
    *place = g_array_index(w->places, rw_memory_place, 0);
    place->pos.file = g_strdup(place->pos.file);
    rw_lock_give(&w->lock);
}
