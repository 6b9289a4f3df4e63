#include "conflict/roll.h"

static uint32_t add(rw_roll *roll, unsigned origin, uint64_t stamp_us, const char *gtid)
{
    rw_writer writer = {.origin = origin, .stamp_us = stamp_us, .seen_us = stamp_us / 2};
    g_strlcpy(writer.gtid, gtid, sizeof writer.gtid);
    return rw_roll_add(roll, &writer);
}

static uint32_t add_used(rw_roll *roll, unsigned origin, uint64_t stamp_us, const char *gtid)
{
    uint32_t handle = add(roll, origin, stamp_us, gtid);
    rw_roll_use(roll, handle);
    return handle;
}

static void expect(const rw_roll *roll, uint32_t handle, unsigned origin, uint64_t stamp_us, const char *gtid)
{
    rw_writer writer;
    g_assert_true(rw_roll_flags(roll, handle) & RW_ROLL_LIVE);
    rw_roll_get(roll, handle, &writer);
    g_assert_cmpuint(writer.origin, ==, origin);
    g_assert_cmpuint(writer.stamp_us, ==, stamp_us);
    g_assert_cmpuint(writer.seen_us, ==, stamp_us / 2);
    g_assert_cmpstr(writer.gtid, ==, gtid);
}

/* Handles stay what they are over sweeps; marks hold for one. */
static void test_sweep(void)
{
    rw_roll *roll = rw_roll_new();
    uint32_t a = add_used(roll, 1, 10, "a"), b = add_used(roll, 2, 20, "b"), c = add_used(roll, 3, 30, "c");
    g_assert_true(rw_roll_is_writing(roll));
    rw_roll_sweep(roll); /* open: they stay */
    expect(roll, b, 2, 20, "b");
    rw_roll_end(roll);
    g_assert_false(rw_roll_is_writing(roll));
    rw_roll_mark(roll, a);
    rw_roll_mark(roll, c);
    rw_roll_sweep(roll);
    expect(roll, a, 1, 10, "a");
    expect(roll, c, 3, 30, "c");
    g_assert_cmpuint(rw_roll_flags(roll, b), ==, 0);
    g_assert_cmpuint(rw_roll_writers(roll), ==, 2);
    g_assert_cmpuint(add_used(roll, 4, 40, "d"), ==, b);
    rw_roll_end(roll);
    rw_roll_sweep(roll);
    g_assert_cmpuint(rw_roll_writers(roll), ==, 0);
    g_assert_cmpuint(rw_roll_bytes(roll), ==, 0);
    g_assert_cmpuint(rw_roll_flags(roll, a), ==, 0);
    g_assert_cmpuint(rw_roll_flags(roll, 1234567), ==, 0);
    rw_roll_free(roll);
}

/* A log full of transactions without an item leaves nothing behind. */
static void test_unused(void)
{
    rw_roll *roll = rw_roll_new();
    uint32_t kept = add_used(roll, 1, 2, "kept");
    rw_roll_end(roll);
    size_t before = 0;
    for (unsigned i = 0; i < 1000; i++) {
        uint32_t one = add(roll, 1, 10, "one of many"), other = add(roll, 1, 10, "one of many");
        g_assert_cmpuint(one, !=, other);
        g_assert_false(rw_roll_is_writing(roll));
        rw_roll_end(roll);
        if (!i) before = rw_roll_bytes(roll);
        g_assert_cmpuint(rw_roll_bytes(roll), ==, before);
        g_assert_cmpuint(rw_roll_writers(roll), ==, 1);
    }
    expect(roll, kept, 1, 2, "kept");
    rw_roll_free(roll);
}

static void test_shared_text(void)
{
    rw_roll *roll = rw_roll_new();
    static const char gtid[] = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1234567890";
    for (unsigned i = 0; i < 100; i++) add_used(roll, 1, i, gtid);
    rw_roll_end(roll);
    size_t together = rw_roll_bytes(roll);
    for (unsigned i = 0; i < 100; i++) rw_roll_mark(roll, i);
    rw_roll_sweep(roll);
    g_assert_cmpuint(rw_roll_bytes(roll), ==, together);
    g_assert_cmpuint(together, <, 100 * 48);
    for (unsigned i = 0; i < 100; i++) expect(roll, i, 1, i, gtid);
    rw_roll_free(roll);
}

static void test_seen(void)
{
    rw_roll *roll = rw_roll_new();
    rw_seen seen;
    g_assert_true(rw_seen_parse(&seen, "1:50"));
    uint32_t a = add_used(roll, 1, 50, ""), b = add_used(roll, 2, 50, "");
    g_assert_false(rw_roll_is_seen(roll, a, &seen));
    rw_roll_end(roll);
    g_assert_true(rw_roll_is_seen(roll, a, &seen));
    g_assert_false(rw_roll_is_seen(roll, b, &seen));
    rw_roll_free(roll);
}

/* Open: by handle, with the stamp that it has in the end. Ended: whole, needing the roll no more. */
static void test_bytes(void)
{
    rw_roll *roll = rw_roll_new();
    rw_writer writer;
    uint8_t by_handle[RW_ROLL_BYTES], whole[RW_ROLL_BYTES];
    g_autofree char *longest = g_strnfill(sizeof writer.gtid - 1, 'g');
    uint32_t handle = add_used(roll, 5, 100, longest);
    rw_slice open = rw_roll_encode(roll, handle, true, by_handle);
    g_assert_false(rw_roll_decode(roll, open, &writer));
    rw_roll_stamp(roll, handle, 102);
    rw_roll_end(roll);
    rw_roll_sweep(roll); /* pinned: it stays */
    g_assert_true(rw_roll_decode(roll, open, &writer));
    g_assert_cmpuint(writer.stamp_us, ==, 102);
    g_assert_true(writer.deletes);
    rw_slice ended = rw_roll_encode(roll, handle, false, whole);
    rw_roll_unpin(roll, false);
    rw_roll_sweep(roll);
    g_assert_cmpuint(rw_roll_writers(roll), ==, 0);
    g_assert_true(rw_roll_decode(roll, ended, &writer));
    g_assert_cmpuint(writer.origin, ==, 5);
    g_assert_cmpuint(writer.stamp_us, ==, 102);
    g_assert_cmpuint(writer.seen_us, ==, 50);
    g_assert_false(writer.deletes);
    g_assert_cmpstr(writer.gtid, ==, longest);
    rw_roll_free(roll);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/roll/sweep", test_sweep);
    g_test_add_func("/roll/unused", test_unused);
    g_test_add_func("/roll/shared-text", test_shared_text);
    g_test_add_func("/roll/seen", test_seen);
    g_test_add_func("/roll/bytes", test_bytes);
    return g_test_run();
}
