#include "conflict/slots.h"

#include <glib.h>

static rw_slot slot(uint64_t low, uint64_t high, uint32_t handle) { return (rw_slot){{low, high}, handle, RW_SLOT_HELD, false}; }

static void put(rw_slots *s, uint64_t low, uint64_t high, uint32_t handle) { rw_slots_put(s, &(rw_slot[]){slot(low, high, handle)}[0]); }

static uint32_t handle_of(rw_slots *s, uint64_t low, uint64_t high)
{
    const rw_slot *found = rw_slots_find(s, (rw_item){low, high});
    return found ? found->handle : 0;
}

/* Items with the same first bits lie behind each other, round the end of the table; each is found when others before it go. */
static void test_crowd_round_the_end(void)
{
    for (unsigned gone = 0; gone < 20; gone++) {
        rw_slots s;
        rw_slots_init(&s);
        for (unsigned i = 0; i < 10; i++) put(&s, UINT64_MAX, i, 1 + i);
        for (unsigned i = 10; i < 20; i++) put(&s, 0, i, 1 + i);
        rw_slots_remove(&s, rw_slots_find(&s, (rw_item){gone < 10 ? UINT64_MAX : 0, gone}));
        for (unsigned i = 0; i < 20; i++) g_assert_cmpuint(handle_of(&s, i < 10 ? UINT64_MAX : 0, i), ==, i == gone ? 0 : 1 + i);
        g_assert_cmpuint(s.used, ==, 19);
        rw_slots_clear(&s);
    }
}

static void test_put_replaces(void)
{
    rw_slots s;
    rw_slots_init(&s);
    put(&s, 1, 2, 3);
    put(&s, 1, 2, 4);
    put(&s, 1, 3, 5);
    g_assert_cmpuint(s.used, ==, 2);
    g_assert_cmpuint(handle_of(&s, 1, 2), ==, 4);
    g_assert_cmpuint(handle_of(&s, 1, 3), ==, 5);
    g_assert_null(rw_slots_find(&s, (rw_item){2, 2}));
    rw_slots_reset(&s);
    g_assert_null(rw_slots_find(&s, (rw_item){1, 2}));
    g_assert_cmpuint(s.used, ==, 0);
    rw_slots_clear(&s);
}

static bool is_even(void *user, const rw_slot *at)
{
    *(unsigned *)user += 1;
    return at->handle % 2 == 0;
}

static void test_grow_and_keep(void)
{
    rw_slots s;
    unsigned asked = 0;
    g_autoptr(GRand) rand = g_rand_new_with_seed(3);
    g_autofree uint64_t *lows = g_new(uint64_t, 10000);
    rw_slots_init(&s);
    size_t empty = rw_slots_bytes(&s, 0);
    for (unsigned i = 0; i < 10000; i++) {
        lows[i] = (uint64_t)g_rand_int(rand) << 32 | i;
        size_t foretold = rw_slots_bytes(&s, 1);
        put(&s, lows[i], i, 2 + i);
        g_assert_cmpuint(rw_slots_bytes(&s, 0), ==, foretold);
    }
    for (unsigned i = 0; i < 10000; i++) g_assert_cmpuint(handle_of(&s, lows[i], i), ==, 2 + i);
    size_t full = rw_slots_bytes(&s, 0);
    rw_slots_keep(&s, is_even, &asked);
    g_assert_cmpuint(asked, ==, 10000);
    g_assert_cmpuint(s.used, ==, 5000);
    g_assert_cmpuint(rw_slots_bytes(&s, 0), <=, full);
    for (unsigned i = 0; i < 10000; i++) g_assert_cmpuint(handle_of(&s, lows[i], i), ==, i % 2 ? 0 : 2 + i);
    rw_slots_reset(&s);
    g_assert_cmpuint(rw_slots_bytes(&s, 0), ==, empty);
    rw_slots_clear(&s);
}

static bool is_any(void *user, const rw_slot *at)
{
    (void)user;
    (void)at;
    return true;
}

static void test_keep_never_grows(void)
{
    rw_slots s;
    rw_slots_init(&s);
    for (unsigned i = 0; i < 10000; i++) {
        put(&s, (uint64_t)i * 0x9e3779b97f4a7c15u, i, 1);
        size_t before = rw_slots_bytes(&s, 0);
        if (i % 100 && rw_slots_bytes(&s, 1) == before) continue;
        rw_slots_keep(&s, is_any, NULL);
        g_assert_cmpuint(rw_slots_bytes(&s, 0), <=, before);
    }
    for (unsigned i = 0; i < 10000; i++) g_assert_cmpuint(handle_of(&s, (uint64_t)i * 0x9e3779b97f4a7c15u, i), ==, 1);
    rw_slots_clear(&s);
}

/* The spill file counts on it. */
static void test_walk_is_nearly_in_order(void)
{
    rw_slots s;
    uint64_t last = 0, backwards = 0;
    g_autoptr(GRand) rand = g_rand_new_with_seed(4);
    rw_slots_init(&s);
    for (unsigned i = 0; i < 5000; i++) put(&s, (uint64_t)g_rand_int(rand) << 32 | g_rand_int(rand), i, 1);
    for (uint64_t i = 0; i < s.n; i++) {
        if (s.at[i].state == RW_SLOT_FREE) continue;
        if (s.at[i].item.low < last && last - s.at[i].item.low > UINT64_MAX / 100) backwards++;
        last = s.at[i].item.low;
    }
    g_assert_cmpuint(backwards, <=, 1); /* at the end's turn */
    rw_slots_clear(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/slots/crowd-round-the-end", test_crowd_round_the_end);
    g_test_add_func("/slots/put-replaces", test_put_replaces);
    g_test_add_func("/slots/grow-and-keep", test_grow_and_keep);
    g_test_add_func("/slots/keep-never-grows", test_keep_never_grows);
    g_test_add_func("/slots/walk-is-nearly-in-order", test_walk_is_nearly_in_order);
    return g_test_run();
}
