/* cursor: reads little-endian wire formats from a slice, with a sticky error.
 *
 * In: borrowed bytes. Every read is checked against the end; the first read that does not fit sets `bad`, and from then on every
 * read gives zero or an empty slice and moves nothing. Check `bad` once per event, not per field. Knows nothing of event formats.
 */
#pragma once
#include "base/slice.h"

typedef struct {
    const uint8_t *p, *end;
    bool bad;
} rw_cursor;

static inline rw_cursor rw_cursor_of(rw_slice s) { return (rw_cursor){s.data, s.data ? s.data + s.len : NULL, false}; }
static inline size_t rw_cursor_left(const rw_cursor *c) { return c->bad ? 0 : (size_t)(c->end - c->p); }

static inline rw_slice rw_cursor_take(rw_cursor *c, uint64_t n)
{
    if (c->bad || (uint64_t)(c->end - c->p) < n) {
        c->bad = true;
        return (rw_slice){NULL, 0};
    }
    rw_slice s = {c->p, (size_t)n};
    c->p += n;
    return s;
}

static inline uint64_t rw_load_le(const uint8_t *p, unsigned bytes)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < bytes; i++) v |= (uint64_t)p[i] << (8 * i);
    return v;
}

static inline uint64_t rw_load_be(const uint8_t *p, unsigned bytes)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < bytes; i++) v = v << 8 | p[i];
    return v;
}

static inline uint64_t rw_cursor_le(rw_cursor *c, unsigned bytes)
{
    rw_slice s = rw_cursor_take(c, bytes);
    return s.data ? rw_load_le(s.data, bytes) : 0;
}

static inline uint8_t rw_cursor_u8(rw_cursor *c) { return (uint8_t)rw_cursor_le(c, 1); }
static inline uint16_t rw_cursor_u16(rw_cursor *c) { return (uint16_t)rw_cursor_le(c, 2); }
static inline uint32_t rw_cursor_u32(rw_cursor *c) { return (uint32_t)rw_cursor_le(c, 4); }
static inline uint64_t rw_cursor_u48(rw_cursor *c) { return rw_cursor_le(c, 6); }
static inline uint64_t rw_cursor_u64(rw_cursor *c) { return rw_cursor_le(c, 8); }

/* A length-encoded integer of the client protocol; 0xfb (NULL) and 0xff are errors here. */
static inline uint64_t rw_cursor_lenenc(rw_cursor *c)
{
    uint8_t first = rw_cursor_u8(c);
    if (first < 0xfb) return first;
    if (first == 0xfc) return rw_cursor_le(c, 2);
    if (first == 0xfd) return rw_cursor_le(c, 3);
    if (first == 0xfe) return rw_cursor_le(c, 8);
    c->bad = true;
    return 0;
}
