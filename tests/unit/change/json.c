#include "change/text.h"

#include <math.h>

typedef struct {
    const char *bytes;
    size_t n;
    const char *text; /* NULL: not a document */
} json_case;

#define B(s) s, sizeof s - 1

static void check(const char *bytes, size_t n, const char *text)
{
    g_autofree uint8_t *exact = g_memdup2(n ? bytes : "x", MAX(n, 1));
    g_autoptr(GString) out = g_string_new(NULL);
    bool fits = rw_text_json(out, (rw_slice){exact, n});
    if (fits != (text != NULL)) g_error("'%s' of %zu bytes: fits is %d, text '%s'", text ? text : "nothing", n, fits, out->str);
    if (fits) g_assert_cmpstr(out->str, ==, text);
}

#define CHECK(...)                                                                                           \
    do {                                                                                                     \
        static const json_case cases[] = {__VA_ARGS__};                                                      \
        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) check(cases[i].bytes, cases[i].n, cases[i].text); \
    } while (0)

static void test_scalars(void)
{
    CHECK({B("\4\0"), "null"}, {B("\4\1"), "true"}, {B("\4\2"), "false"}, {B("\4\3"), NULL}, {B(""), "null"}, {B("\5\xff\xff"), "-1"}, {B("\6\xff\xff"), "65535"},
          {B("\7\0\0\0\x80"), "-2147483648"}, {B("\x8\xff\xff\xff\xff"), "4294967295"}, {B("\x9\0\0\0\0\0\0\0\x80"), "-9223372036854775808"},
          {B("\xa\xff\xff\xff\xff\xff\xff\xff\xff"), "18446744073709551615"}, {B("\7\0\0\0"), NULL}, {B("\x0d"), NULL}, {B("\4"), NULL});
}

static void test_strings(void)
{
    CHECK({B("\xc\0"), "\"\""}, {B("\xc\3a\"\\"), "\"a\\\"\\\\\""}, {B("\xc\7\b\f\n\r\t\1\x1f"), "\"\\b\\f\\n\\r\\t\\u0001\\u001f\""},
          {B("\xc\1\x7f"), "\"\x7f\""}, {B("\xc\2\xc3\xa4"), "\"\xc3\xa4\""}, {B("\xc\2/x"), "\"/x\""}, {B("\xc\2x"), NULL},
          {B("\xc\x83\0abc"), "\"abc\""}, {B("\xc\xff\xff\xff\xff\xff"), NULL});
}

/* A document that is one double. */
static void check_double(double d, const char *text)
{
    char bytes[9] = {11};
    memcpy(bytes + 1, &d, sizeof d);
    check(bytes, sizeof bytes, text);
}

/* As MySQL 9.7 prints them. */
static void test_doubles(void)
{
    static const struct { double d; const char *text; } cases[] = {
        {0, "0.0"}, {-0.0, "-0.0"}, {1, "1.0"}, {0.1, "0.1"}, {0.1 + 0.2, "0.30000000000000004"}, {1e14, "100000000000000.0"}, {1e15, "1e15"}, {1e20, "1e20"},
        {1.5e300, "1.5e300"}, {123456789012345.6, "123456789012345.6"}, {1284119026030952.5, "1284119026030952.5"}, {12345678901234567890.0, "1.2345678901234567e19"},
        {1e-5, "0.00001"}, {1e-15, "0.000000000000001"}, {1e-16, "1e-16"}, {5e-324, "5e-324"}, {1.7976931348623157e308, "1.7976931348623157e308"},
        {0x1p-44, "0.00000000000005684341886080802"}, {-2.5, "-2.5"}, {9007199254740993.0, "9.007199254740992e15"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) check_double(cases[i].d, cases[i].text);
    check_double((double)INFINITY, NULL);
    check_double((double)NAN, NULL);
}

static void test_containers(void)
{
    CHECK({B("\0\0\0\4\0"), "{}"}, {B("\2\0\0\4\0"), "[]"}, {B("\1\0\0\0\0\x8\0\0\0"), "{}"}, {B("\3\0\0\0\0\x8\0\0\0"), "[]"},
          {B("\2\3\0\xd\0\5\1\0\4\0\0\4\2\0"), "[1, null, false]"},
          {B("\0\1\0\x0c\0\x0b\0\1\0\5\xfe\xff" "a"), "{\"a\": -2}"},
          {B("\0\2\0\x1e\0\x12\0\1\0\x13\0\1\0\xc\x14\0\2\x17\0" "ab" "\2hi" "\1\0\7\0\5\7\0"), "{\"a\": \"hi\", \"b\": [7]}"},
          {B("\3\1\0\0\0\x0d\0\0\0\7\x70\x11\1\0"), "[70000]"}, {B("\2\1\0\7\0\7\x70\x11"), NULL});
}

static void test_opaque(void)
{
    CHECK({B("\xf\xf6\4\3\2\x83\x0e"), "3.14"}, {B("\xf\xc\x8\0\0\0\xfb\x7e\xbb\xb2\x19"), "\"2024-02-29 23:59:59.000000\""},
          {B("\xf\xa\x8\0\0\0\0\0\xba\xb2\x19"), "\"2024-02-29\""}, {B("\xf\xb\x8\1\0\0\0\0\0\0\0"), "\"00:00:00.000001\""},
          {B("\xf\xb\x8\xff\xff\xff\xff\xff\xff\xff\xff"), "\"-00:00:00.000001\""}, {B("\xf\xb\7\0\0\0\0\0\0\0"), NULL},
          {B("\xf\xfc\4\0\1\2\3"), "\"base64:type252:AAECAw==\""}, {B("\xf\x10\1\5"), "\"base64:type16:BQ==\""}, {B("\xf\xf\0"), "\"base64:type15:\""},
          {B("\xf\xf\2a"), NULL}, {B("\xf"), NULL}, {B("\xf\xf6\1\3"), NULL});
}

/* Lines of 76 letters, the break as JSON writes it. */
static void test_base64_lines(void)
{
    char bytes[2 + 1 + 114] = {15, 15, 114};
    g_autoptr(GString) want = g_string_new("\"base64:type15:");
    for (unsigned line = 0; line < 2; line++) {
        if (line) g_string_append(want, "\\n");
        for (unsigned i = 0; i < 76; i++) g_string_append_c(want, 'A');
    }
    g_string_append_c(want, '"');
    check(bytes, sizeof bytes, want->str);
}

static void test_depth(void)
{
    for (unsigned depth = 99; depth <= 102; depth++) {
        g_autoptr(GByteArray) b = g_byte_array_new();
        g_autoptr(GString) want = g_string_new(NULL);
        for (unsigned left = depth; left > 0; left--) {
            unsigned bytes = left > 1 ? 7 + 7 * (left - 2) + 4 : 4;
            uint8_t head[8] = {2, left > 1, 0, (uint8_t)bytes, (uint8_t)(bytes >> 8), 2, 7, 0};
            if (b->len > 0) g_byte_array_append(b, head + 1, left > 1 ? 7 : 4);
            else g_byte_array_append(b, head, left > 1 ? 8 : 5);
            g_string_append_c(want, '[');
        }
        for (unsigned i = 0; i < depth; i++) g_string_append_c(want, ']');
        check((char *)b->data, b->len, depth <= 100 ? want->str : NULL);
    }
}

static void test_hostile(void)
{
    CHECK({B("\2\xff\xff\4\0"), NULL}, {B("\2\0\0\3\0"), NULL}, {B("\2\0\0\5\0"), NULL}, {B("\2\1\0\7\0\xc\7\0"), NULL}, {B("\2\1\0\7\0\xc\xff\xff"), NULL},
          {B("\0\1\0\x0b\0\xff\xff\1\0\4\0\0"), NULL}, {B("\0\1\0\x0b\0\x0b\0\1\0\4\0\0"), NULL}, {B("\2\1\0"), NULL},
          {B("\2\1\0\7\0\2\0\0"), NULL}); /* an array in itself */
}

/* Each level twice the one below: thirty levels would print a billion values. */
static void test_hostile_shared(void)
{
    enum { LEVELS = 30, NODE_BYTES = 10 };
    uint8_t bytes[1 + LEVELS * NODE_BYTES] = {2};
    for (unsigned i = 0; i < LEVELS; i++) {
        uint16_t left = (uint16_t)((LEVELS - i) * NODE_BYTES);
        uint8_t node[NODE_BYTES] = {2, 0, (uint8_t)left, (uint8_t)(left >> 8), 2, NODE_BYTES, 0, 2, NODE_BYTES, 0};
        if (i == LEVELS - 1) memcpy(node + 4, "\4\0\0\4\0\0", 6);
        memcpy(bytes + 1 + i * NODE_BYTES, node, NODE_BYTES);
    }
    check((char *)bytes, sizeof bytes, NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/decode/json/scalars", test_scalars);
    g_test_add_func("/decode/json/strings", test_strings);
    g_test_add_func("/decode/json/doubles", test_doubles);
    g_test_add_func("/decode/json/containers", test_containers);
    g_test_add_func("/decode/json/opaque", test_opaque);
    g_test_add_func("/decode/json/base64-lines", test_base64_lines);
    g_test_add_func("/decode/json/depth", test_depth);
    g_test_add_func("/decode/json/hostile", test_hostile);
    g_test_add_func("/decode/json/hostile-shared", test_hostile_shared);
    return g_test_run();
}
