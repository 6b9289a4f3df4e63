#include "bytes.h"

#include <zstd.h>

/* TRANSACTION_PAYLOAD's body around inner events; codec 0 zstd, 255 none. */
static GByteArray *make_payload(const GByteArray *inner, uint8_t codec, uint64_t says_bytes)
{
    GByteArray *b = g_byte_array_new();
    size_t room = ZSTD_compressBound(inner->len);
    g_autofree uint8_t *packed = g_malloc(room);
    size_t n = ZSTD_compress(packed, room, inner->data, inner->len, 3);
    if (codec == 255) n = inner->len;
    put_bytes(b, "\2\1", 2);
    put_le(b, codec, 1);
    if (codec == 255) b->data[b->len - 2] = 3, b->data[b->len - 1] = 0xfc, put_le(b, codec, 2);
    put_bytes(b, "\3\x09\xfe", 3);
    put_le(b, says_bytes, 8);
    put_bytes(b, "\1\x09\xfe", 3);
    put_le(b, n, 8);
    put_le(b, 0, 1);
    put_bytes(b, codec == 255 ? inner->data : packed, n);
    return b;
}

static void add_event(GByteArray *to, kind k, const void *body, size_t n)
{
    g_autoptr(GByteArray) event = make_event(k, body, n);
    put_bytes(to, event->data, event->len);
}

/* A table map, n rows of one BLOB of `bytes` bytes each in an event of its own, XID. */
static GByteArray *make_inner(unsigned n, unsigned bytes)
{
    GByteArray *inner = g_byte_array_new();
    g_autoptr(GByteArray) map = make_map(5, "\xfb", 1, "\4", 1, "", 0);
    add_event(inner, (kind){.type = 19}, map->data, map->len);
    for (unsigned i = 0; i < n; i++) {
        g_autoptr(GByteArray) rows = g_byte_array_new();
        put_bytes(rows, "\5\0\0\0\0\0" "\0\0" "\2\0" "\1\xff\xfe", 13);
        put_le(rows, bytes, 4);
        for (unsigned j = 0; j < bytes; j++) put_le(rows, (uint64_t)(i * 7 + j) % 251, 1);
        add_event(inner, (kind){.type = 30}, rows->data, rows->len);
    }
    add_event(inner, (kind){.type = 16}, "abcdefgh", 8);
    return inner;
}

static void check_payload(uint8_t codec, unsigned n, unsigned bytes)
{
    rw_decoder *d = mysql_decoder();
    g_autoptr(GByteArray) inner = make_inner(n, bytes), b = make_payload(inner, codec, inner->len);
    rw_event out = {0};
    GError *error = NULL;
    unsigned rows = 0;
    bool commit = false;
    GByteArray *event = make_event((kind){.type = 40, .log_pos = 4000}, b->data, b->len);
    g_assert_true(rw_decoder_feed(d, slice_of(event), &error));
    while (rw_decoder_next(d, &out, &error)) {
        g_assert_cmpuint(out.end_offset_bytes, ==, 4000);
        commit = out.kind == RW_EVENT_COMMIT;
        if (out.kind != RW_EVENT_ROWS) continue;
        rw_slice before, after, column;
        bool bad;
        while (rw_rows_next(&out.rows, &before, &after, &bad)) {
            g_assert_true(rw_image_split(out.rows.table, after, &column));
            g_assert_cmpuint(column.len, ==, bytes);
            for (unsigned j = 0; j < bytes; j += 97) g_assert_cmpuint(column.data[j], ==, (rows * 7 + j) % 251);
            rows++;
        }
    }
    g_assert_no_error(error);
    g_assert_true(commit);
    g_assert_cmpuint(rows, ==, n);
    give_ok(d, (kind){.type = 16}, "abcdefgh", 8);
    g_byte_array_unref(event);
    rw_decoder_free(d);
}

static void test_events(void)
{
    check_payload(0, 0, 1);
    check_payload(0, 1, 10);
    check_payload(0, 2000, 300);
    check_payload(255, 20, 300);
}

/* An event larger than the window, between small ones. */
static void test_large(void)
{
    check_payload(0, 3, 3000000);
    check_payload(255, 2, 700000);
}

static void refuse(const GByteArray *body, const char *why)
{
    rw_decoder *d = mysql_decoder();
    rw_event out;
    g_autoptr(GError) error = NULL;
    GByteArray *event = make_event((kind){.type = 40}, body->data, body->len);
    g_assert_true(rw_decoder_feed(d, slice_of(event), &error));
    while (rw_decoder_next(d, &out, &error)) {}
    g_assert_error(error, RW_ERROR, RW_ERR_STOP);
    if (!strstr(error->message, why)) g_error("'%s' does not say '%s'", error->message, why);
    g_byte_array_unref(event);
    rw_decoder_free(d);
}

static void test_hostile(void)
{
    g_autoptr(GByteArray) inner = make_inner(3, 100);
    g_autoptr(GByteArray) less = make_payload(inner, 0, inner->len - 1), more = make_payload(inner, 0, inner->len + 1), codec = make_payload(inner, 7, inner->len);
    refuse(less, "ends too early");
    refuse(more, "inflated");
    refuse(codec, "algorithm 7");
    g_autoptr(GByteArray) whole = make_payload(inner, 0, inner->len);
    for (guint n = 0; n < whole->len; n++) {
        g_autoptr(GByteArray) cut = g_byte_array_new();
        put_bytes(cut, whole->data, n);
        refuse(cut, "TRANSACTION_PAYLOAD");
    }
    g_autoptr(GByteArray) damaged = make_payload(inner, 0, inner->len);
    memset(damaged->data + damaged->len - 20, 0xff, 20);
    refuse(damaged, "TRANSACTION_PAYLOAD");
}

static void test_hostile_inner(void)
{
    g_autoptr(GByteArray) nested = g_byte_array_new(), lying = make_inner(1, 10), unknown = g_byte_array_new();
    add_event(nested, (kind){.type = 40}, "\0", 1);
    g_autoptr(GByteArray) a = make_payload(nested, 0, nested->len);
    refuse(a, "cannot stand inside");
    lying->data[9 + 3] = 0x7f;
    g_autoptr(GByteArray) b = make_payload(lying, 0, lying->len);
    refuse(b, "ends too early");
    lying->data[9 + 3] = 0, lying->data[9] = 18;
    g_autoptr(GByteArray) c = make_payload(lying, 0, lying->len);
    refuse(c, "ends too early");
    add_event(unknown, (kind){.type = 99}, "", 0);
    g_autoptr(GByteArray) e = make_payload(unknown, 0, unknown->len);
    refuse(e, "not known");
}

static void test_not_drained(void)
{
    rw_decoder *d = mysql_decoder();
    rw_event out;
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) inner = make_inner(3, 100), b = make_payload(inner, 0, inner->len);
    g_assert_true(give(d, make_event((kind){.type = 40}, b->data, b->len), &out, &error));
    g_assert_false(give(d, make_event((kind){.type = 16}, "abcdefgh", 8), &out, &error));
    g_assert_error(error, RW_ERROR, RW_ERR_BUG);
    rw_decoder_free(d);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/decode/payload/events", test_events);
    g_test_add_func("/decode/payload/large", test_large);
    g_test_add_func("/decode/payload/hostile", test_hostile);
    g_test_add_func("/decode/payload/hostile-inner", test_hostile_inner);
    g_test_add_func("/decode/payload/not-drained", test_not_drained);
    return run_tests();
}
