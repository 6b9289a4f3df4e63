#include "base/cursor.h"

#include <glib.h>

static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

static rw_cursor all(void)
{
    return rw_cursor_of(rw_slice_of(bytes, sizeof bytes));
}

static void test_integers(void)
{
    rw_cursor c = all();
    g_assert_cmphex(rw_cursor_u8(&c), ==, 0x01);
    g_assert_cmphex(rw_cursor_u16(&c), ==, 0x0302);
    g_assert_cmphex(rw_cursor_u32(&c), ==, 0x07060504);
    g_assert_cmpuint(rw_cursor_left(&c), ==, 3);
    c = all();
    g_assert_cmphex(rw_cursor_u48(&c), ==, 0x060504030201);
    c = all();
    g_assert_cmphex(rw_cursor_u64(&c), ==, 0x0807060504030201);
    g_assert_cmphex(rw_load_be(bytes, 3), ==, 0x010203);
    g_assert_false(c.bad);
}

/* The first read that does not fit spoils the rest, even what would have fitted. */
static void test_sticky(void)
{
    rw_cursor c = all();
    rw_cursor_u64(&c);
    g_assert_cmpuint(rw_cursor_u32(&c), ==, 0);
    g_assert_true(c.bad);
    g_assert_cmpuint(rw_cursor_u8(&c), ==, 0);
    g_assert_cmpuint(rw_cursor_left(&c), ==, 0);
    g_assert_null(rw_cursor_take(&c, 0).data);
}

static void test_huge(void)
{
    rw_cursor c = all();
    g_assert_null(rw_cursor_take(&c, UINT64_MAX).data);
    g_assert_true(c.bad);
}

static void test_end(void)
{
    rw_cursor c = all();
    g_assert_cmpuint(rw_cursor_take(&c, sizeof bytes).len, ==, sizeof bytes);
    rw_slice none = rw_cursor_take(&c, 0);
    g_assert_nonnull(none.data);
    g_assert_false(c.bad);
    rw_cursor empty = rw_cursor_of((rw_slice){NULL, 0});
    g_assert_cmpuint(rw_cursor_u8(&empty), ==, 0);
    g_assert_true(empty.bad);
}

static void check_lenenc(const char *data, size_t len, uint64_t expected, bool bad)
{
    rw_cursor c = rw_cursor_of(rw_slice_of(data, len));
    g_assert_cmpuint(rw_cursor_lenenc(&c), ==, expected);
    g_assert_true(c.bad == bad);
}

static void test_lenenc(void)
{
    check_lenenc("\xfa", 1, 250, false);
    check_lenenc("\xfc\x01\x02", 3, 0x201, false);
    check_lenenc("\xfd\x01\x02\x03", 4, 0x30201, false);
    check_lenenc("\xfe\x01\0\0\0\0\0\0\x80", 9, 0x8000000000000001, false);
    check_lenenc("\xfc\x01", 2, 0, true);
    check_lenenc("\xfb", 1, 0, true);
    check_lenenc("\xff", 1, 0, true);
    check_lenenc("", 0, 0, true);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/cursor/integers", test_integers);
    g_test_add_func("/base/cursor/sticky", test_sticky);
    g_test_add_func("/base/cursor/huge", test_huge);
    g_test_add_func("/base/cursor/end", test_end);
    g_test_add_func("/base/cursor/lenenc", test_lenenc);
    return g_test_run();
}
