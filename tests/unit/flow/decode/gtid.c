#include "bytes.h"

static const char plain[] = "\1" "\x07\x4a\x67\x72\xe5\x69\x11\xf1\x82\xbd\x02\xfc\x00\x00\x00\x01" "\x2a\0\0\0\0\0\0\0";
enum { PLAIN_BYTES = sizeof plain - 1 };

static void test_mysql(void)
{
    rw_decoder *d = mysql_decoder();
    rw_event out = give_ok(d, (kind){.type = 33}, plain, PLAIN_BYTES);
    g_assert_cmpint(out.kind, ==, RW_EVENT_GTID);
    g_assert_cmpstr(out.gtid.gtid, ==, "074a6772-e569-11f1-82bd-02fc00000001:42");
    g_assert_cmpuint(out.gtid.commit_us, ==, EVENT_TIME_S * (uint64_t)1000000);
    g_assert_false(out.gtid.standalone);
    out = give_ok(d, (kind){.type = 34}, plain, PLAIN_BYTES);
    g_assert_cmpstr(out.gtid.gtid, ==, "");
    give_refused(d, (kind){.type = 33}, plain, PLAIN_BYTES - 1, "GTID");
    rw_decoder_free(d);
}

/* The bit 55 of the commit time says that the original one follows. */
static void test_mysql_commit_time(void)
{
    rw_decoder *d = mysql_decoder();
    g_autoptr(GByteArray) b = g_byte_array_new();
    put_bytes(b, plain, PLAIN_BYTES);
    put_le(b, 2, 1);
    put_le(b, 0, 16);
    g_assert_cmpuint(give_ok(d, (kind){.type = 33}, b->data, b->len).gtid.commit_us, ==, EVENT_TIME_S * (uint64_t)1000000);
    put_le(b, 1770368687862556 | (uint64_t)1 << 55, 7);
    g_assert_cmpuint(give_ok(d, (kind){.type = 33}, b->data, b->len).gtid.commit_us, ==, 1770368687862556);
    put_le(b, 1770368687000001, 7); /* on a replica: when its primary committed it */
    g_assert_cmpuint(give_ok(d, (kind){.type = 33}, b->data, b->len).gtid.commit_us, ==, 1770368687000001);
    memset(b->data + b->len - 7, 0, 7);
    g_assert_cmpuint(give_ok(d, (kind){.type = 33}, b->data, b->len).gtid.commit_us, ==, 1770368687862556);
    rw_decoder_free(d);
}

static const char tagged[] =
    "\x02\x78\x00\x00\x00\x02\xaa\xee\x25\x02\x08\x04\x65\x02\x22\xc5\x03\xc5\x02\xe1\x02\x9c\xc1\x03\x11\x03\x55\x02\xde\xad\x03\x04\x0c"
    "\x06\x0amytag\x08\x00\x0a\x04\x0c\x7f\x1c\xf3\xb8\x14\x24\x4a\x06\x10\xa1\x04\x12\x43\x0f\x0b";
enum { TAGGED_BYTES = sizeof tagged - 1 };

static void test_tagged(void)
{
    rw_decoder *d = mysql_decoder();
    rw_event out = give_ok(d, (kind){.type = 42}, tagged, TAGGED_BYTES);
    g_assert_cmpstr(out.gtid.gtid, ==, "55778904-0299-11f1-b1b8-4ef0c4956feb:mytag:3");
    g_assert_cmpuint(out.gtid.commit_us, ==, 0x064a2414b8f31c);
    rw_decoder_free(d);
    for (unsigned n = 0; n < TAGGED_BYTES; n++) {
        d = mysql_decoder();
        give_refused(d, (kind){.type = 42}, tagged, n, "GTID_TAGGED");
        rw_decoder_free(d);
    }
}

static void test_tagged_long_tag(void)
{
    char hostile[TAGGED_BYTES];
    memcpy(hostile, tagged, TAGGED_BYTES);
    hostile[34] = 33 << 1;
    rw_decoder *d = mysql_decoder();
    give_refused(d, (kind){.type = 42}, hostile, TAGGED_BYTES, "GTID_TAGGED");
    rw_decoder_free(d);
}

static rw_event mariadb(rw_decoder *d, uint64_t number, uint32_t domain, uint8_t flags, const char *rest, size_t n)
{
    g_autoptr(GByteArray) b = g_byte_array_new();
    put_le(b, number, 8);
    put_le(b, domain, 4);
    put_le(b, flags, 1);
    put_bytes(b, rest, n);
    return give_ok(d, (kind){.type = 162}, b->data, b->len);
}

static void test_mariadb(void)
{
    rw_decoder *d = mariadb_decoder();
    rw_event out = mariadb(d, UINT64_MAX, UINT32_MAX, 4, "\0\0\0\0\0\0", 6);
    g_assert_cmpstr(out.gtid.gtid, ==, "4294967295-7-18446744073709551615");
    g_assert_cmpuint(out.gtid.commit_us, ==, EVENT_TIME_S * (uint64_t)1000000);
    g_assert_false(out.gtid.standalone || out.gtid.ddl);
    g_assert_true(out.gtid.group);
    out = mariadb(d, 1, 0, 1 | 32, "\0\0\0\0\0\0", 6);
    g_assert_cmpstr(out.gtid.gtid, ==, "0-7-1");
    g_assert_true(out.gtid.standalone && out.gtid.ddl);
    mariadb(d, 1, 0, 2, "\1\0\0\0\0\0\0\0", 8);
    mariadb(d, 1, 0, 2, "\1\0\0\0\0\0\0\0\x11\1\x2a\0\0\0", 14); /* another engine, and a thread id, as 11.5 writes it */
    mariadb(d, 1, 0, 128, "\1\0\0\0\1\1gb\0", 9);                 /* XA COMMIT: its statement follows */
    rw_decoder_free(d);
}

static void test_mariadb_refused(void)
{
    rw_decoder *d = mariadb_decoder();
    give_refused(d, (kind){.type = 162}, "\1\0\0\0\0\0\0\0\0\0\0\0\x40\1\0\0\0\1\1gb\0", 22, "XA");
    rw_decoder_free(d);
    for (int flag = 2; flag <= 8; flag *= 2) {
        char b[] = "\1\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0";
        b[13] = (char)flag;
        d = mariadb_decoder();
        give_refused(d, (kind){.type = 162}, b, sizeof b - 1, "binlog_alter_two_phase");
        rw_decoder_free(d);
    }
    d = mariadb_decoder();
    give_refused(d, (kind){.type = 162}, "\1\0\0\0\0\0\0\0\0\0\0\0\2\1", 14, "MARIADB_GTID");
    rw_decoder_free(d);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/decode/gtid/mysql", test_mysql);
    g_test_add_func("/decode/gtid/mysql-commit-time", test_mysql_commit_time);
    g_test_add_func("/decode/gtid/tagged", test_tagged);
    g_test_add_func("/decode/gtid/tagged-long-tag", test_tagged_long_tag);
    g_test_add_func("/decode/gtid/mariadb", test_mariadb);
    g_test_add_func("/decode/gtid/mariadb-refused", test_mariadb_refused);
    return run_tests();
}
