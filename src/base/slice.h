/* slice: a borrowed run of bytes.
 *
 * Never owns, never outlives the arena, packet or string that it points into. Not NUL-terminated.
 * data == NULL means "no value" (SQL NULL where a slice stands for a column); an empty value has data != NULL, len == 0.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    const uint8_t *data;
    size_t len;
} rw_slice;

static inline rw_slice rw_slice_of(const void *data, size_t len) { return (rw_slice){data, len}; }
static inline rw_slice rw_slice_str(const char *s) { return (rw_slice){(const uint8_t *)s, strlen(s)}; }

static inline bool rw_slice_equal(rw_slice a, rw_slice b)
{
    if (!a.data || !b.data) return a.data == b.data;
    return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

static inline bool rw_slice_is(rw_slice a, const char *s)
{
    return a.data && a.len == strlen(s) && memcmp(a.data, s, a.len) == 0;
}
