#include "bytes.h"

static rw_decoder *stream(bool initial_checksum)
{
    return rw_decoder_new((rw_decoder_options){.from_stream = true, .checksum = true, .initial_checksum = initial_checksum});
}

static void test_format(void)
{
    rw_decoder *d = rw_decoder_new((rw_decoder_options){.checksum = true});
    rw_event out;
    GError *error = NULL;
    g_assert_true(give(d, make_format("10.11.19-MariaDB", 1700000000, 171, 1), &out, &error));
    g_assert_true(out.format.server_started);
    g_assert_cmpint(out.format.version, ==, 4);
    g_assert_true(rw_slice_is(out.format.server_version, "10.11.19-MariaDB"));
    g_assert_cmpuint(out.server_id, ==, EVENT_SERVER_ID);
    g_assert_true(give(d, make_format("10.11.19-MariaDB", 0, 171, 1), &out, &error));
    g_assert_false(out.format.server_started);
    rw_decoder_free(d);
}

/* The "in use" flag is no part of the checksum. */
static void test_format_in_use(void)
{
    rw_decoder *d = rw_decoder_new((rw_decoder_options){.checksum = true});
    GByteArray *format = make_format("8.0.36", 1, 40, 1);
    format->data[17] |= 1;
    rw_event out;
    g_assert_true(give(d, format, &out, NULL));
    rw_decoder_free(d);
}

static void test_checksum(void)
{
    rw_decoder *d = rw_decoder_new((rw_decoder_options){.checksum = true});
    rw_event out;
    g_autoptr(GError) error = NULL;
    g_assert_true(give(d, make_format("8.0.36", 1, 40, 1), &out, NULL));
    g_assert_cmpint(give_ok(d, (kind){.type = 16, .crc = true}, "\1\0\0\0\0\0\0\0", 8).kind, ==, RW_EVENT_COMMIT);
    GByteArray *damaged = make_event((kind){.type = 16, .crc = true}, "\1\0\0\0\0\0\0\0", 8);
    damaged->data[20] ^= 4;
    g_assert_false(give(d, damaged, &out, &error));
    g_assert_error(error, RW_ERROR, RW_ERR_STOP);
    g_assert_nonnull(strstr(error->message, "checksum of the XID event"));
    g_clear_error(&error);
    g_assert_false(give(d, make_event((kind){.type = 16, .crc = true}, "\1\0\0\0\0\0\0\0", 8), &out, &error));
    g_assert_error(error, RW_ERROR, RW_ERR_BUG);
    rw_decoder_free(d);
}

static void test_checksum_unknown(void)
{
    rw_decoder *d = rw_decoder_new((rw_decoder_options){.checksum = true});
    rw_event out;
    g_autoptr(GError) error = NULL;
    g_assert_false(give(d, make_format("8.0.36", 1, 40, 2), &out, &error));
    g_assert_nonnull(strstr(error->message, "checksum algorithm 2"));
    rw_decoder_free(d);
}

static void test_length(void)
{
    const size_t lengths[] = {0, 1, 18, 19, 26, 28};
    for (unsigned i = 0; i < G_N_ELEMENTS(lengths); i++) {
        rw_decoder *d = mysql_decoder();
        GByteArray *event = make_event((kind){.type = 16}, "\0\0\0\0\0\0\0\0\0", 8);
        g_byte_array_set_size(event, (guint)lengths[i]);
        rw_event out;
        g_autoptr(GError) error = NULL;
        g_assert_false(give(d, event, &out, &error));
        g_assert_error(error, RW_ERROR, RW_ERR_STOP);
        rw_decoder_free(d);
    }
}

static void test_offset_counted(void)
{
    rw_decoder *d = rw_decoder_new((rw_decoder_options){0});
    rw_event out;
    GByteArray *format = make_format("11.8.6-MariaDB", 1, 171, 0);
    uint64_t at = 4 + format->len;
    g_assert_true(give(d, format, &out, NULL));
    g_assert_cmpuint(out.end_offset_bytes, ==, at);
    g_assert_cmpuint(give_ok(d, (kind){.type = 16}, "\0\0\0\0\0\0\0\0", 8).end_offset_bytes, ==, at + 27);
    g_assert_cmpuint(give_ok(d, (kind){.type = 16, .log_pos = 5000}, "\0\0\0\0\0\0\0\0", 8).end_offset_bytes, ==, 5000);
    g_assert_cmpuint(give_ok(d, (kind){.type = 16}, "\0\0\0\0\0\0\0\0", 8).end_offset_bytes, ==, 5027);
    rw_decoder_free(d);
}

/* LogPos has 32 bits; a log may be larger. */
static void test_offset_large(void)
{
    rw_decoder *d = stream(false);
    rw_event out = give_ok(d, (kind){.type = 4, .flags = 0x20}, "\xf0\xff\xff\xff\0\0\0\0bin.000007", 18);
    g_assert_cmpuint(out.place.offset_bytes, ==, 0xfffffff0);
    g_assert_true(rw_slice_is(out.place.file, "bin.000007"));
    g_assert_true(give(d, make_format("8.0.36", 0, 40, 0), &out, NULL));
    g_assert_cmpuint(out.end_offset_bytes, ==, 0xfffffff0);
    g_assert_cmpuint(give_ok(d, (kind){.type = 16, .log_pos = 11}, "\0\0\0\0\0\0\0\0", 8).end_offset_bytes, ==, 0x10000000b);
    g_assert_cmpuint(give_ok(d, (kind){.type = 16, .log_pos = 100}, "\0\0\0\0\0\0\0\0", 8).end_offset_bytes, ==, 0x100000064);
    rw_decoder_free(d);
}

static void test_stream_start(void)
{
    rw_decoder *d = stream(true);
    rw_event out = give_ok(d, (kind){.type = 4, .flags = 0x20, .crc = true}, "\x04\0\0\0\0\0\0\0bin.1", 13);
    g_assert_cmpint(out.kind, ==, RW_EVENT_ROTATE);
    g_assert_true(rw_slice_is(out.place.file, "bin.1"));
    g_assert_true(give(d, make_format("8.0.36", 0, 40, 0), &out, NULL));
    g_assert_cmpint(give_ok(d, (kind){.type = 16, .log_pos = 31}, "\0\0\0\0\0\0\0\0", 8).kind, ==, RW_EVENT_COMMIT); /* no CRC from here on */
    g_assert_cmpuint(give_ok(d, (kind){.type = 16, .flags = 0x20}, "\0\0\0\0\0\0\0\0", 8).end_offset_bytes, ==, 31);
    rw_decoder_free(d);
}

static void test_rotate(void)
{
    rw_decoder *d = mysql_decoder();
    rw_event out = give_ok(d, (kind){.type = 4, .log_pos = 900}, "\4\0\0\0\0\0\0\0b.2", 11);
    g_assert_cmpuint(out.end_offset_bytes, ==, 900);
    g_assert_cmpuint(out.place.offset_bytes, ==, 4);
    give_refused(d, (kind){.type = 4}, "\4\0\0\0\0\0\0\0", 8, "ROTATE");
    rw_decoder_free(d);
}

static void test_heartbeat(void)
{
    rw_decoder *d = stream(false);
    rw_event out;
    g_assert_true(give(d, make_format("8.0.36", 0, 40, 0), &out, NULL));
    out = give_ok(d, (kind){.type = 27, .log_pos = 777}, "b.3", 3);
    g_assert_cmpint(out.kind, ==, RW_EVENT_HEARTBEAT);
    g_assert_true(rw_slice_is(out.place.file, "b.3"));
    g_assert_cmpuint(out.place.offset_bytes, ==, 777);
    out = give_ok(d, (kind){.type = 27}, "b.3", 3);
    g_assert_null(out.place.file.data);
    g_assert_cmpuint(out.end_offset_bytes, ==, 777);
    out = give_ok(d, (kind){.type = 41}, "\1\3b.4\2\11\xfe\0\0\0\0\1\0\0\0\0", 16);
    g_assert_true(rw_slice_is(out.place.file, "b.4"));
    g_assert_cmpuint(out.place.offset_bytes, ==, (uint64_t)1 << 32);
    give_refused(d, (kind){.type = 41}, "\1\17b.4", 5, "HEARTBEAT_V2");
    rw_decoder_free(d);
}

static void test_refused(void)
{
    static const struct { uint8_t type; const char *why; } refused[] = {
        {1, "START_V3"}, {6, "LOAD DATA"}, {8, "LOAD DATA"}, {9, "LOAD DATA"}, {11, "LOAD DATA"}, {17, "LOAD DATA"}, {18, "LOAD DATA"},
        {20, "5.1.18"}, {21, "5.1.18"}, {22, "5.1.18"}, {26, "INCIDENT"}, {38, "XA"}, {39, "PARTIAL_UPDATE_ROWS"}, {164, "encrypted"},
        {172, "PARTIAL_ROW_DATA"}, {43, "not known"}, {159, "not known"}, {173, "not known"}, {255, "not known"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(refused); i++) {
        rw_decoder *d = mysql_decoder();
        give_refused(d, (kind){.type = refused[i].type}, "abcdefgh", 8, refused[i].why);
        rw_decoder_free(d);
    }
}

static void test_dropped(void)
{
    static const uint8_t dropped[] = {3, 5, 13, 14, 28, 29, 35, 36, 37, 160, 161, 163};
    rw_decoder *d = mysql_decoder();
    for (unsigned i = 0; i < G_N_ELEMENTS(dropped); i++) give_nothing(d, (kind){.type = dropped[i]}, "abcdefgh", 8);
    give_nothing(d, (kind){.type = 100, .flags = 0x80}, "abcdefgh", 8);
    give_nothing(d, (kind){.type = 200, .flags = 0x80}, "", 0);
    rw_decoder_free(d);
    d = stream(false);
    rw_event out;
    g_assert_true(give(d, make_format("10.11.1-MariaDB", 0, 171, 0), &out, NULL));
    give_nothing(d, (kind){.type = 164}, "abcdefgh", 8);
    rw_decoder_free(d);
}

static void test_before_format(void)
{
    rw_decoder *d = rw_decoder_new((rw_decoder_options){0});
    give_refused(d, (kind){.type = 16}, "abcdefgh", 8, "before the FORMAT_DESCRIPTION");
    rw_decoder_free(d);
    d = rw_decoder_new((rw_decoder_options){0});
    give_refused(d, (kind){.type = 1}, "abcdefgh", 8, "4.1");
    rw_decoder_free(d);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/decode/decoder/format", test_format);
    g_test_add_func("/decode/decoder/format-in-use", test_format_in_use);
    g_test_add_func("/decode/decoder/checksum", test_checksum);
    g_test_add_func("/decode/decoder/checksum-unknown", test_checksum_unknown);
    g_test_add_func("/decode/decoder/length", test_length);
    g_test_add_func("/decode/decoder/offset-counted", test_offset_counted);
    g_test_add_func("/decode/decoder/offset-large", test_offset_large);
    g_test_add_func("/decode/decoder/stream-start", test_stream_start);
    g_test_add_func("/decode/decoder/rotate", test_rotate);
    g_test_add_func("/decode/decoder/heartbeat", test_heartbeat);
    g_test_add_func("/decode/decoder/refused", test_refused);
    g_test_add_func("/decode/decoder/dropped", test_dropped);
    g_test_add_func("/decode/decoder/before-format", test_before_format);
    return run_tests();
}
