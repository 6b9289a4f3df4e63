#include "flow/decode/events.h"

#include <zlib.h>

static void test_as_zlib(void)
{
    enum { BYTES = 1200 };
    uint8_t bytes[BYTES];
    for (unsigned i = 0; i < BYTES; i++) bytes[i] = (uint8_t)(i * 131 + (i >> 3));
    for (unsigned n = 0; n < BYTES - 16; n++)
        for (unsigned at = 0; at < 3; at++) {
            g_assert_cmphex(rw_crc32(0, bytes + at, n), ==, crc32(0, bytes + at, n));
            g_assert_cmphex(rw_crc32(0xdeadbeef * n, bytes + at, n), ==, crc32(0xdeadbeef * n, bytes + at, n));
        }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/decode/crc32/as-zlib", test_as_zlib);
    return g_test_run();
}
