#include "bytes.h"

/* A QUERY event's body; variables and statement as given. */
static GByteArray *make_query(const char *variables, size_t n, const char *statement, size_t statement_bytes)
{
    GByteArray *b = g_byte_array_new();
    put_le(b, 99, 4);
    put_le(b, 0, 4);
    put_le(b, 4, 1);
    put_le(b, 3, 2);
    put_le(b, n, 2);
    put_bytes(b, variables, n);
    put_bytes(b, "test", 5);
    put_bytes(b, statement, statement_bytes);
    return b;
}

static rw_event query(rw_decoder *d, const char *variables, size_t n, const char *statement)
{
    g_autoptr(GByteArray) b = make_query(variables, n, statement, strlen(statement));
    return give_ok(d, (kind){.type = 2}, b->data, b->len);
}

static void test_kinds(void)
{
    static const struct { const char *statement; rw_event_kind kind; } cases[] = {
        {"BEGIN", RW_EVENT_BEGIN}, {"begin", RW_EVENT_BEGIN}, {"COMMIT", RW_EVENT_COMMIT}, {"ROLLBACK", RW_EVENT_ROLLBACK},
        {"SAVEPOINT `a`", RW_EVENT_SAVEPOINT}, {"ROLLBACK TO `a`", RW_EVENT_SAVEPOINT}, {"RELEASE SAVEPOINT a", RW_EVENT_SAVEPOINT},
        {"BEGIN NOT ATOMIC SELECT 1; END", RW_EVENT_QUERY}, {"XA START 'a'", RW_EVENT_QUERY}, {"XA END 'a'", RW_EVENT_QUERY},
        {"XA COMMIT 'a'", RW_EVENT_QUERY}, {"ALTER TABLE t ADD c INT", RW_EVENT_QUERY}, {"", RW_EVENT_QUERY}, {"COMMITS", RW_EVENT_QUERY},
    };
    rw_decoder *d = mysql_decoder();
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        rw_event out = query(d, "", 0, cases[i].statement);
        g_assert_cmpint(out.kind, ==, cases[i].kind);
        g_assert_true(rw_slice_is(out.query.statement, cases[i].statement));
        g_assert_true(rw_slice_is(out.query.schema, "test"));
        g_assert_cmpuint(out.query.thread_id, ==, 99);
        g_assert_cmpuint(out.query.error_code, ==, 3);
        g_assert_false(out.query.has_flags2 || out.query.has_sql_mode || out.query.has_charset || out.query.has_time_zone);
    }
    rw_decoder_free(d);
}

#define ALL_VARIABLES                                                                                                                     \
    "\0\0\0\0\x0c" "\1\x20\0\xa0\x45\0\0\0\0" "\2\3std\0" "\3\1\0\1\0" "\4\x2d\0\xff\0\x08\1" "\5\6SYSTEM" "\6\3std" "\7\1\0" "\x8\x8\0"  \
    "\x9\0\0\0\0\0\0\0\0" "\xa\0\0\0\0" "\xb\1u\1h" "\xc\2a\0bc\0" "\xd\1\2\3" "\x10\1" "\x11\1\0\0\0\0\0\0\0" "\x12\xff\0" "\x13\0" "\x14\0"

static void check_variables(const rw_query *q)
{
    g_assert_true(q->has_flags2 && q->has_sql_mode && q->has_charset && q->has_time_zone);
    g_assert_cmphex(q->flags2, ==, 0x0c000000);
    g_assert_cmphex(q->sql_mode, ==, 0x45a00020);
    g_assert_cmpuint(q->charset_client, ==, 45);
    g_assert_cmpuint(q->collation_connection, ==, 255);
    g_assert_cmpuint(q->collation_server, ==, 264);
    g_assert_true(rw_slice_is(q->time_zone, "SYSTEM"));
}

static void test_variables(void)
{
    static const char all[] = ALL_VARIABLES, mariadb[] = ALL_VARIABLES "\x80\1\2\3" "\x81\1\0\0\0\0\0\0\0", unknown[] = ALL_VARIABLES "\x77\1";
    rw_decoder *d = mysql_decoder();
    rw_event out = query(d, all, sizeof all - 1, "x");
    check_variables(&out.query);
    out = query(d, mariadb, sizeof mariadb - 1, "x");
    check_variables(&out.query);
    out = query(d, unknown, sizeof unknown - 1, "x");
    check_variables(&out.query);
    out = query(d, "\x0c\xfe\5\0", 4, "x"); /* more databases than are written */
    g_assert_false(out.query.has_time_zone);
    rw_decoder_free(d);
}

static void test_hostile(void)
{
    static const struct { const char *bytes; size_t n; } cases[] = {
        {"\0\1\2\3", 4}, {"\1\1", 2}, {"\2\3st", 4}, {"\4\1\0\1\0\1", 6}, {"\5\x09UTC", 5}, {"\x0b\1u\5h", 5}, {"\x0c\2a\0b", 5}, {"\x0c\1", 2},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        rw_decoder *d = mysql_decoder();
        g_autoptr(GByteArray) b = make_query(cases[i].bytes, cases[i].n, "x", 1);
        give_refused(d, (kind){.type = 2}, b->data, b->len, "QUERY");
        rw_decoder_free(d);
    }
    g_autoptr(GByteArray) b = make_query("", 0, "", 0);
    for (guint n = 0; n < b->len; n++) {
        rw_decoder *d = mysql_decoder();
        give_refused(d, (kind){.type = 2}, b->data, n, "QUERY");
        rw_decoder_free(d);
    }
}

static void test_dummy(void)
{
    rw_decoder *d = mariadb_decoder();
    g_autoptr(GByteArray) b = make_query("", 0, "# Dummy event replacing event type 160", 20);
    give_nothing(d, (kind){.type = 2}, b->data, b->len);
    rw_decoder_free(d);
}

static GByteArray *pack(const char *text, size_t says, uint8_t head)
{
    GByteArray *b = g_byte_array_new();
    uint8_t packed[256];
    uLongf n = sizeof packed;
    g_assert_cmpint(compress(packed, &n, (const Bytef *)text, strlen(text)), ==, Z_OK);
    put_le(b, head, 1);
    for (unsigned i = head & 7; i-- > 0;) put_le(b, says >> 8 * i, 1);
    put_bytes(b, packed, n);
    return b;
}

static void test_compressed(void)
{
    const char *text = "CREATE TABLE t (a INT, b INT, c INT, d INT)";
    rw_decoder *d = mariadb_decoder();
    g_autoptr(GByteArray) tail = pack(text, strlen(text), 0x82);
    g_autoptr(GByteArray) b = make_query("", 0, (char *)tail->data, tail->len);
    rw_event out = give_ok(d, (kind){.type = 165}, b->data, b->len);
    g_assert_cmpint(out.kind, ==, RW_EVENT_QUERY);
    g_assert_true(rw_slice_is(out.query.statement, text));
    rw_decoder_free(d);
}

static void test_compressed_hostile(void)
{
    const char *text = "CREATE TABLE t (a INT, b INT, c INT, d INT)";
    const struct { size_t says; uint8_t head; } cases[] = {
        {strlen(text) - 1, 0x81}, {strlen(text) + 1, 0x81}, {0xffffffff, 0x84}, {strlen(text), 0x80}, {strlen(text), 0x87}, {strlen(text), 0x91}, {60000, 0x82},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        rw_decoder *d = mariadb_decoder();
        g_autoptr(GByteArray) tail = pack(text, cases[i].says, cases[i].head);
        g_autoptr(GByteArray) b = make_query("", 0, (char *)tail->data, tail->len);
        give_refused(d, (kind){.type = 165}, b->data, b->len, "QUERY_COMPRESSED");
        rw_decoder_free(d);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/decode/statement/kinds", test_kinds);
    g_test_add_func("/decode/statement/variables", test_variables);
    g_test_add_func("/decode/statement/hostile", test_hostile);
    g_test_add_func("/decode/statement/dummy", test_dummy);
    g_test_add_func("/decode/statement/compressed", test_compressed);
    g_test_add_func("/decode/statement/compressed-hostile", test_compressed_hostile);
    return run_tests();
}
