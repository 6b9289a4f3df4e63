#include "base/arena.h"

#include <glib.h>

static void test_alignment(void)
{
    rw_arena *arena = rw_arena_new(64);
    for (size_t n = 0; n < 40; n++) {
        uint8_t *p = rw_arena_alloc(arena, n);
        g_assert_cmpuint((uintptr_t)p % 8, ==, 0);
        if (n) memset(p, 0xff, n);
    }
    rw_arena_free(arena);
}

static void test_large(void)
{
    rw_arena *arena = rw_arena_new(64);
    uint8_t *big = rw_arena_alloc(arena, 1 << 20);
    memset(big, 1, 1 << 20);
    uint8_t *small = rw_arena_alloc(arena, 8);
    memset(small, 2, 8);
    g_assert_cmpuint(big[(1 << 20) - 1], ==, 1);
    g_assert_cmpuint(rw_arena_bytes(arena), ==, (1 << 20) + 8);
    rw_arena_free(arena);
}

static void test_reset(void)
{
    rw_arena *arena = rw_arena_new(128);
    void *first = rw_arena_alloc(arena, 16);
    for (int i = 0; i < 100; i++) rw_arena_alloc(arena, 100);
    rw_arena_reset(arena);
    g_assert_cmpuint(rw_arena_bytes(arena), ==, 0);
    g_assert_true(rw_arena_alloc(arena, 16) == first);
    rw_arena_free(arena);
    rw_arena_free(NULL);
}

static void test_copy(void)
{
    rw_arena *arena = rw_arena_new(32);
    rw_slice copy = rw_arena_copy(arena, rw_slice_of("a\0b", 3));
    g_assert_cmpmem(copy.data, copy.len, "a\0b", 3);
    rw_slice empty = rw_arena_copy(arena, rw_slice_of("", 0));
    g_assert_nonnull(empty.data);
    g_assert_cmpuint(empty.len, ==, 0);
    g_assert_null(rw_arena_copy(arena, (rw_slice){NULL, 0}).data);
    g_assert_cmpstr(rw_arena_strdup(arena, rw_slice_str("text")), ==, "text");
    g_assert_cmpstr(rw_arena_strdup(arena, (rw_slice){NULL, 0}), ==, "");
    rw_arena_free(arena);
}

static void test_slice(void)
{
    g_assert_true(rw_slice_equal(rw_slice_str("ab"), rw_slice_of("abc", 2)));
    g_assert_false(rw_slice_equal(rw_slice_str("ab"), rw_slice_str("abc")));
    g_assert_false(rw_slice_equal((rw_slice){NULL, 0}, rw_slice_str("")));
    g_assert_true(rw_slice_equal((rw_slice){NULL, 0}, (rw_slice){NULL, 0}));
    g_assert_true(rw_slice_is(rw_slice_str("x"), "x"));
    g_assert_false(rw_slice_is((rw_slice){NULL, 0}, ""));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/arena/alignment", test_alignment);
    g_test_add_func("/base/arena/large", test_large);
    g_test_add_func("/base/arena/reset", test_reset);
    g_test_add_func("/base/arena/copy", test_copy);
    g_test_add_func("/base/arena/slice", test_slice);
    return g_test_run();
}
