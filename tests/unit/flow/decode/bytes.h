/* bytes: makes log events by hand, and feeds them. Aborts the test where a helper's own expectation does not hold. */
#pragma once
#include "flow/decode/decoder.h"
#include "change/rows.h"

#include <zlib.h>

static inline void put_le(GByteArray *to, uint64_t v, unsigned n)
{
    for (unsigned i = 0; i < n; i++, v >>= 8) g_byte_array_append(to, &(uint8_t){(uint8_t)v}, 1);
}
static inline void put_bytes(GByteArray *to, const void *p, size_t n) { g_byte_array_append(to, p, (guint)n); }
static inline void put_text(GByteArray *to, const char *s) { put_bytes(to, s, strlen(s)); }
static inline rw_slice slice_of(const GByteArray *b) { return rw_slice_of(b->data, b->len); }

typedef struct {
    uint8_t type;
    uint16_t flags;
    uint32_t log_pos;
    bool crc;
} kind;

#define EVENT_TIME_S 1700000000u
#define EVENT_SERVER_ID 7u

static inline GByteArray *make_event(kind k, const void *body, size_t n)
{
    GByteArray *e = g_byte_array_new();
    put_le(e, EVENT_TIME_S, 4);
    put_le(e, k.type, 1);
    put_le(e, EVENT_SERVER_ID, 4);
    put_le(e, 19 + n + (k.crc ? 4 : 0), 4);
    put_le(e, k.log_pos, 4);
    put_le(e, k.flags, 2);
    put_bytes(e, n ? body : "", n);
    if (k.crc) put_le(e, crc32(0, e->data, e->len), 4);
    return e;
}

/* algorithm: 0 or 1; types: 40 for MySQL, 171 for MariaDB. */
static inline GByteArray *make_format(const char *version, uint32_t created_s, unsigned types, uint8_t algorithm)
{
    g_autoptr(GByteArray) b = g_byte_array_new();
    uint8_t text[50] = {0};
    memcpy(text, version, strlen(version));
    put_le(b, 4, 2);
    put_bytes(b, text, sizeof text);
    put_le(b, created_s, 4);
    put_le(b, 19, 1);
    for (unsigned i = 0; i < types; i++) put_le(b, 8, 1);
    put_le(b, algorithm, 1);
    return make_event((kind){.type = 15, .crc = true}, b->data, b->len);
}

static inline bool feed_event(rw_decoder *d, GByteArray *event, GError **error)
{
    bool fed = rw_decoder_feed(d, slice_of(event), error);
    return fed;
}

/* Feeds, and takes what comes first. The event's bytes live on until the test ends (leaks are few and freed by kept). */
static GPtrArray *kept;

static inline bool give(rw_decoder *d, GByteArray *event, rw_event *out, GError **error)
{
    if (!kept) kept = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
    g_ptr_array_add(kept, event);
    return feed_event(d, event, error) && rw_decoder_next(d, out, error);
}

static inline rw_event give_ok(rw_decoder *d, kind k, const void *body, size_t n)
{
    rw_event out;
    GError *error = NULL;
    bool got = give(d, make_event(k, body, n), &out, &error);
    g_assert_no_error(error);
    g_assert_true(got);
    return out;
}

static inline void give_nothing(rw_decoder *d, kind k, const void *body, size_t n)
{
    rw_event out;
    GError *error = NULL;
    g_assert_false(give(d, make_event(k, body, n), &out, &error));
    g_assert_no_error(error);
}

static inline void give_refused(rw_decoder *d, kind k, const void *body, size_t n, const char *why)
{
    rw_event out;
    g_autoptr(GError) error = NULL;
    g_assert_false(give(d, make_event(k, body, n), &out, &error));
    g_assert_error(error, RW_ERROR, RW_ERR_STOP);
    if (!strstr(error->message, why)) g_error("'%s' does not say '%s'", error->message, why);
}

static inline rw_decoder *decoder_of(const char *version, unsigned types)
{
    rw_decoder *d = rw_decoder_new((rw_decoder_options){.checksum = true});
    rw_event out;
    GError *error = NULL;
    g_assert_true(give(d, make_format(version, 1, types, 0), &out, &error));
    g_assert_cmpint(out.kind, ==, RW_EVENT_FORMAT);
    return d;
}

static inline rw_decoder *mysql_decoder(void) { return decoder_of("9.7.4", 41); }
static inline rw_decoder *mariadb_decoder(void) { return decoder_of("10.11.19-MariaDB-log", 171); }

static inline int run_tests(void)
{
    int status = g_test_run();
    g_clear_pointer(&kept, g_ptr_array_unref);
    return status;
}

/* A TABLE_MAP's body for `test`.`t`. */
static inline GByteArray *make_map(uint64_t id, const void *types, size_t n, const void *meta, size_t meta_bytes, const void *extras, size_t extra_bytes)
{
    GByteArray *b = g_byte_array_new();
    put_le(b, id, 6);
    put_le(b, 1, 2);
    put_le(b, 4, 1);
    put_bytes(b, "test", 5);
    put_le(b, 1, 1);
    put_bytes(b, "t", 2);
    put_le(b, n, 1);
    put_bytes(b, types, n);
    put_le(b, meta_bytes, 1);
    put_bytes(b, meta, meta_bytes);
    for (size_t i = 0; i < (n + 7) / 8; i++) put_le(b, 0xff, 1);
    put_bytes(b, extras, extra_bytes);
    return b;
}
