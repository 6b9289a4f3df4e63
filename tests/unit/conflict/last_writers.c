#include "conflict/last_writers.h"

/* Of the link from site 1 to site 2. */

enum { MIB = 1024 * 1024 };

static rw_seen seen_of(const char *text)
{
    rw_seen seen;
    g_assert_true(rw_seen_parse(&seen, text));
    return seen;
}

static rw_history history_of(uint64_t stamp_us, const char *seen) { return (rw_history){.stamp_us = stamp_us, .seen = seen_of(seen)}; }

static rw_last_writers *new_at(const char *file, uint64_t offset_bytes)
{
    const rw_memory_place from = {{(char *)file, offset_bytes}, history_of(100, ""), 1};
    return rw_last_writers_new(1, 2, &from, MIB);
}

static void passed(rw_last_writers *w, const char *file, uint64_t offset_bytes, uint64_t stamp_us, const char *seen)
{
    const rw_history history = history_of(stamp_us, seen);
    rw_last_writers_reached(w, file, offset_bytes, &history, 7);
}

static void write_row(rw_last_writers *w, unsigned origin, uint64_t row, uint64_t stamp_us)
{
    const rw_writer writer = {.origin = origin, .stamp_us = stamp_us};
    GError *error = NULL;
    g_assert_true(rw_last_writers_put(w, (rw_item){77, row}, rw_last_writers_begin(w, &writer), false, &error));
    g_assert_no_error(error);
}

/* With a transaction of the target's own on the way. */
static void reached(rw_last_writers *w, const char *file, uint64_t offset_bytes, uint64_t stamp_us, const char *seen)
{
    write_row(w, 2, stamp_us, stamp_us);
    passed(w, file, offset_bytes, stamp_us, seen);
}

static void forget(rw_last_writers *w, const char *seen_text)
{
    GError *error = NULL;
    rw_seen seen = seen_of(seen_text);
    g_assert_true(rw_last_writers_forget(w, &seen, &error));
    g_assert_no_error(error);
}

/* --- places --- */

static void expect_place(rw_last_writers *w, const char *file, uint64_t offset_bytes, uint64_t stamp_us, const char *seen)
{
    rw_memory_place place;
    rw_last_writers_place(w, &place);
    g_autofree char *text = rw_seen_format(&place.history.seen);
    g_assert_cmpstr(place.pos.file, ==, file);
    g_assert_cmpuint(place.pos.offset_bytes, ==, offset_bytes);
    g_assert_cmpuint(place.history.stamp_us, ==, stamp_us);
    g_assert_cmpstr(text, ==, seen);
    rw_target_pos_clear(&place.pos);
}

static void test_place_moves(void)
{
    rw_last_writers *w = new_at("bin.000001", 4);
    expect_place(w, "bin.000001", 4, 100, "");
    write_row(w, 3, 1, 150);
    reached(w, "bin.000001", 4 + 2 * MIB, 200, "3:150,1:99999");
    forget(w, "2:199,3:150");
    expect_place(w, "bin.000001", 4, 100, "");
    forget(w, "2:200,3:149");
    expect_place(w, "bin.000001", 4, 100, "");
    forget(w, "2:200,3:150"); /* what the source itself wrote it knows */
    expect_place(w, "bin.000001", 4 + 2 * MIB, 200, "3:150,1:99999");
    forget(w, "2:99999,3:99999");
    expect_place(w, "bin.000001", 4 + 2 * MIB, 200, "3:150,1:99999");
    rw_last_writers_free(w);
    rw_last_writers_free(NULL);
}

static void test_places_lie_apart(void)
{
    rw_last_writers *w = new_at("bin.000001", 4);
    reached(w, "bin.000001", 4 + MIB - 1, 200, "");
    rw_last_writers_reached(w, "bin.000001", 4 + 5 * MIB, NULL, 0); /* within a transaction */
    forget(w, "2:99999");
    expect_place(w, "bin.000001", 4, 100, "");
    reached(w, "bin.000002", 4, 300, ""); /* a file may be purged */
    forget(w, "2:299");
    expect_place(w, "bin.000001", 4, 100, "");
    forget(w, "2:300");
    expect_place(w, "bin.000002", 4, 300, "");
    rw_last_writers_free(w);
}

/* Behind a window of the link, which every host's log shows; the first one at once, as the beginning may be marked by nothing. */
static void test_places_are_marked(void)
{
    const rw_memory_place from = {{(char *)"bin.000001", 4}, history_of(100, ""), 0};
    const rw_history later = history_of(200, ""), last = history_of(300, "");
    rw_last_writers *w = rw_last_writers_new(1, 2, &from, MIB);
    rw_memory_place place;
    rw_last_writers_reached(w, "bin.000002", 4 + 5 * MIB, &later, 0);
    forget(w, "2:99999");
    expect_place(w, "bin.000001", 4, 100, "");
    rw_last_writers_reached(w, "bin.000002", 5 + 5 * MIB, &last, 9);
    forget(w, "2:99999");
    expect_place(w, "bin.000002", 5 + 5 * MIB, 300, "");
    rw_last_writers_place(w, &place);
    g_assert_cmpuint(place.seq, ==, 9);
    rw_target_pos_clear(&place.pos);
    rw_last_writers_free(w);
}

/* The source of a one-way link never sees anything of the target: what links wrote there must not keep its log for ever. */
static void test_a_target_that_only_receives(void)
{
    rw_last_writers *w = new_at("bin.000001", 4);
    passed(w, "bin.000002", 4, 300, "1:300");
    forget(w, "");
    expect_place(w, "bin.000002", 4, 300, "1:300");
    write_row(w, 3, 1, 350); /* by another link: the source has it from there */
    passed(w, "bin.000003", 4, 400, "1:400,3:350");
    write_row(w, 3, 2, 450);
    passed(w, "bin.000004", 4, 500, "1:500,3:450");
    forget(w, "3:350");
    expect_place(w, "bin.000003", 4, 400, "1:400,3:350");
    forget(w, "3:450");
    expect_place(w, "bin.000004", 4, 500, "1:500,3:450");
    write_row(w, 2, 3, 600); /* an application, all the same */
    passed(w, "bin.000005", 4, 600, "1:500,3:450");
    forget(w, "3:460");
    expect_place(w, "bin.000004", 4, 500, "1:500,3:450");
    g_assert_true(rw_last_writers_remove(w, (rw_item){77, 3}, NULL)); /* the source overwrote it */
    passed(w, "bin.000006", 4, 700, "1:700,3:450");
    forget(w, "3:470");
    expect_place(w, "bin.000006", 4, 700, "1:700,3:450");
    rw_last_writers_free(w);
}

/* Many places: those that are left are still such that the source has seen all before them. */
static void test_places_are_thinned(void)
{
    for (unsigned n = 1; n < 2000; n = n * 3 / 2 + 1) {
        rw_last_writers *w = new_at("bin.000001", 4);
        for (unsigned i = 1; i <= n; i++) reached(w, "bin.000001", 4 + (uint64_t)i * MIB, 100 + 2 * i, "");
        uint64_t last = 100, moves = 0;
        for (unsigned i = 0; i <= n; i++) {
            uint64_t seen_us = 100 + 2 * (uint64_t)i + 1;
            g_autofree char *seen = g_strdup_printf("2:%" G_GUINT64_FORMAT, seen_us);
            rw_memory_place place;
            forget(w, seen);
            rw_last_writers_place(w, &place);
            g_assert_cmpuint(place.history.stamp_us, <=, seen_us);
            g_assert_cmpuint(place.history.stamp_us, >=, last);
            g_assert_cmpuint(place.pos.offset_bytes, ==, 4 + (place.history.stamp_us - 100) / 2 * MIB);
            moves += place.history.stamp_us > last;
            last = place.history.stamp_us;
            rw_target_pos_clear(&place.pos);
        }
        g_assert_cmpuint(last, ==, 100 + 2 * n);
        g_assert_cmpuint(moves, >=, MIN(n, 64 / 2 - 1));
        g_assert_cmpuint(moves, <=, 64);
        rw_last_writers_free(w);
    }
}

/* --- memory --- */

static const rw_item item = {11, 22};

static void expect_writer(rw_last_writers *w, unsigned origin, uint64_t stamp_us)
{
    static const rw_seen nothing = {0};
    GError *error = NULL;
    rw_writer writer;
    bool found;
    g_assert_true(rw_last_writers_find(w, item, &nothing, &writer, &found, &error));
    g_assert_no_error(error);
    g_assert_true(found == (origin != 0));
    if (!origin) return;
    g_assert_cmpuint(writer.origin, ==, origin);
    g_assert_cmpuint(writer.stamp_us, ==, stamp_us);
}

static void write_item(rw_last_writers *w, unsigned origin, uint64_t stamp_us)
{
    const rw_writer writer = {.origin = origin, .stamp_us = stamp_us};
    uint32_t handle = rw_last_writers_begin(w, &writer);
    GError *error = NULL;
    g_assert_true(rw_last_writers_put(w, item, handle, false, &error));
    g_assert_no_error(error);
    rw_last_writers_stamp(w, handle, stamp_us + 5);
}

static void test_memory(void)
{
    rw_last_writers *w = new_at("bin.000001", 4);
    rw_seen seen;
    g_assert_true(rw_last_writers_is_empty(w));
    write_item(w, 3, 200);
    g_assert_false(rw_last_writers_is_empty(w));
    expect_writer(w, 3, 205);
    forget(w, "3:300"); /* its stamp may still rise */
    rw_last_writers_reached(w, "bin.000001", 50, NULL, 0);
    forget(w, "3:301");
    g_assert_false(rw_last_writers_is_empty(w));
    passed(w, "bin.000001", 100, 205, "3:205");
    rw_last_writers_target_seen(w, &seen);
    g_assert_cmpuint(rw_seen_of(&seen, 3), ==, 205);
    forget(w, "3:302");
    g_assert_true(rw_last_writers_is_empty(w));
    write_item(w, 2, 400);
    g_assert_true(rw_last_writers_remove(w, item, NULL));
    expect_writer(w, 0, 0);
    rw_last_writers_free(w);
}

/* --- wait --- */

typedef struct {
    rw_last_writers *w;
    const rw_target_pos *goal;
    gint passed, stop, ended; /* atomic; passed: the watcher is about to reach the goal */
    bool ok;
    GError *error;
} waiter;

static gpointer wait_for(gpointer data)
{
    waiter *x = data;
    bool reached;
    x->ok = rw_last_writers_wait(x->w, x->goal, G_MAXINT64, &x->stop, &reached, &x->error);
    if (x->ok) g_assert_true(g_atomic_int_get(&x->passed));
    g_atomic_int_set(&x->ended, 1);
    return NULL;
}

static void nap(void) { g_usleep(20 * 1000); }

/* To the goal step by step, as logs go; each step but the last leaves the other waiting. */
static void walk(const rw_target_pos *goal, const rw_target_pos *steps, unsigned n)
{
    waiter x = {.w = new_at("bin.000009", 4), .goal = goal};
    GThread *thread = g_thread_new("waiter", wait_for, &x);
    for (unsigned i = 0; i < n; i++) {
        nap();
        g_assert_false(g_atomic_int_get(&x.ended));
        g_atomic_int_set(&x.passed, i + 1 == n);
        if (i % 2) rw_last_writers_reached(x.w, steps[i].file, steps[i].offset_bytes, NULL, 0);
        else reached(x.w, steps[i].file, steps[i].offset_bytes, 200, "");
    }
    g_thread_join(thread);
    g_assert_no_error(x.error);
    g_assert_true(x.ok);
    rw_last_writers_free(x.w);
}

#define POS(file, offset_bytes) {(char *)(file), offset_bytes}
#define GOAL(file, offset_bytes) ((const rw_target_pos){(char *)(file), offset_bytes})

static void test_wait(void)
{
    const rw_target_pos here = GOAL("bin.000009", 500), next_file = GOAL("bin.000010", 500), longer = GOAL("bin.1000000", 4);
    walk(&here, (const rw_target_pos[]){POS("bin.000009", 499), POS("bin.000009", 500)}, 2);
    walk(&here, (const rw_target_pos[]){POS("bin.000009", 120), POS("bin.000010", 4)}, 2); /* it is behind */
    walk(&next_file, (const rw_target_pos[]){POS("bin.000009", 90000), POS("bin.000010", 4), POS("bin.000010", 501)}, 3);
    walk(&longer, (const rw_target_pos[]){POS("bin.000010", 90000), POS("bin.999999", 90000), POS("bin.1000000", 4)}, 3);
}

static void test_wait_no_longer(void)
{
    bool reached;
    rw_last_writers *w = new_at("bin.000009", 500);
    const gint stop = 1;
    for (uint64_t offset_bytes = 499; offset_bytes <= 500; offset_bytes++)
        g_assert_true(rw_last_writers_wait(w, &GOAL("bin.000009", offset_bytes), G_MAXINT64, &stop, &reached, NULL));
    g_assert_true(rw_last_writers_wait(w, &GOAL("bin.000008", 90000), G_MAXINT64, &stop, &reached, NULL));
    rw_last_writers_free(w);
}

static void test_wait_for_one_who_failed(void)
{
    bool reached;
    const rw_target_pos goal = GOAL("bin.000010", 4);
    static const rw_seen nothing = {0};
    bool found;
    waiter x = {.w = new_at("bin.000009", 4), .goal = &goal};
    GThread *thread = g_thread_new("waiter", wait_for, &x);
    nap();
    rw_last_writers_fail(x.w, g_error_new(RW_ERROR, RW_ERR_RETRY, "the first"));
    rw_last_writers_fail(x.w, g_error_new(RW_ERROR, RW_ERR_STOP, "the second"));
    g_thread_join(thread);
    g_assert_false(x.ok);
    for (unsigned i = 0; i < 3; i++) { /* and from then on */
        g_assert_error(x.error, RW_ERROR, RW_ERR_RETRY);
        g_assert_cmpstr(x.error->message, ==, "the first");
        g_clear_error(&x.error);
        if (i == 0) g_assert_false(rw_last_writers_find(x.w, item, &nothing, NULL, &found, &x.error));
        if (i == 1) g_assert_false(rw_last_writers_wait(x.w, &GOAL("bin.000009", 4), G_MAXINT64, &x.stop, &reached, &x.error));
    }
    rw_last_writers_free(x.w);
}

static void test_wait_is_interrupted(void)
{
    const rw_target_pos goal = GOAL("bin.000010", 4);
    waiter x = {.w = new_at("bin.000009", 4), .goal = &goal};
    GThread *thread = g_thread_new("waiter", wait_for, &x);
    nap();
    g_assert_false(g_atomic_int_get(&x.ended));
    g_atomic_int_set(&x.stop, 1);
    g_thread_join(thread);
    g_assert_false(x.ok);
    g_assert_error(x.error, RW_ERROR, RW_ERR_INTERRUPTED);
    g_error_free(x.error);
    rw_last_writers_free(x.w);
}

/* Whatever was written before the goal is known when the wait is over. */
static gpointer watch(gpointer data)
{
    rw_last_writers *w = data;
    for (unsigned i = 1; i <= 2000; i++) {
        g_autofree char *file = g_strdup_printf("bin.%06u", 1 + i / 100);
        write_item(w, 2 + i % 3, 1000 * i);
        reached(w, file, 4 + i, 1000 * i + 5, "");
    }
    return NULL;
}

static void test_together(void)
{
    bool reached;
    rw_last_writers *w = new_at("bin.000001", 4);
    const gint stop = 0;
    GThread *thread = g_thread_new("watcher", watch, w);
    for (unsigned i = 1; i <= 2000; i += 7) {
        g_autofree char *file = g_strdup_printf("bin.%06u", 1 + i / 100);
        static const rw_seen nothing = {0};
        rw_writer writer;
        bool found;
        g_assert_true(rw_last_writers_wait(w, &GOAL(file, 4 + i), G_MAXINT64, &stop, &reached, NULL));
        g_assert_true(rw_last_writers_find(w, item, &nothing, &writer, &found, NULL));
        g_assert_true(found);
        g_assert_cmpuint(writer.stamp_us, >=, 1000 * i);
    }
    g_thread_join(thread);
    expect_writer(w, 2 + 2000 % 3, 1000 * 2000 + 5);
    rw_last_writers_free(w);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/last_writers/place-moves", test_place_moves);
    g_test_add_func("/last_writers/places-lie-apart", test_places_lie_apart);
    g_test_add_func("/last_writers/places-are-marked", test_places_are_marked);
    g_test_add_func("/last_writers/places-are-thinned", test_places_are_thinned);
    g_test_add_func("/last_writers/a-target-that-only-receives", test_a_target_that_only_receives);
    g_test_add_func("/last_writers/memory", test_memory);
    g_test_add_func("/last_writers/wait", test_wait);
    g_test_add_func("/last_writers/wait/no-longer", test_wait_no_longer);
    g_test_add_func("/last_writers/wait/failed", test_wait_for_one_who_failed);
    g_test_add_func("/last_writers/wait/interrupted", test_wait_is_interrupted);
    g_test_add_func("/last_writers/together", test_together);
    return g_test_run();
}
