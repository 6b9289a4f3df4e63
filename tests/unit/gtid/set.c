#include "gtid/set.h"

#define A "3e11fa47-71ca-11e1-9e33-c80aa9429562"
#define B "4e11fa47-71ca-11e1-9e33-c80aa9429562"
#define C "fffffa47-71ca-11e1-9e33-c80aa9429562"
#define T32 "abcdefghijklmnopqrstuvwxyz_12345"

static rw_gtid_set *parsed(const char *text)
{
    GError *error = NULL;
    rw_gtid_set *set = rw_gtid_set_parse(text, &error);
    g_assert_no_error(error);
    g_assert_nonnull(set);
    return set;
}

static void assert_text(const rw_gtid_set *set, const char *want)
{
    g_autofree char *text = rw_gtid_set_format(set);
    g_assert_cmpstr(text, ==, want);
}

static void test_canonical(void)
{
    static const char *const cases[][2] = {
        {"", ""},
        {" \n\t,, ", ""},
        {A ":1", A ":1"},
        {A ":1-1", A ":1"},
        {A ":1-5", A ":1-5"},
        {A ":007", A ":7"},
        {A ":5:1:3", A ":1:3:5"},
        {A ":5:1-4", A ":1-5"},
        {A ":1-3:4-6", A ":1-6"},
        {A ":1-3:5-6:4", A ":1-6"},
        {A ":1-10:3-4", A ":1-10"},
        {A ":3-4:8:12-13:1-20", A ":1-20"},
        {A ":3-4:8:12-13:4-12", A ":3-13"},
        {A ":3-4:8:12-13:5-7", A ":3-8:12-13"},
        {A ":9223372036854775806", A ":9223372036854775806"},
        {"3E11FA47-71CA-11E1-9E33-C80AA9429562:1", A ":1"},
        {B ":1," A ":2", A ":2," B ":1"},
        {A ":1-2,\n" B ":7,\n", A ":1-2," B ":7"},
        {" " A " : 1 - 5 : 7 , " B ":1", A ":1-5:7," B ":1"},
        {A ":1," A ":2", A ":1-2"},
        {A ":tag:1", A ":tag:1"},
        {A ":TAG:1", A ":tag:1"},
        {A ":1-3:tag:1-2:5", A ":1-3:tag:1-2:5"},
        {A ":b:1:a:2:3", A ":a:2-3:b:1"},
        {A ":b:1:a:2:b:2", A ":a:2:b:1-2"},
        {A ":b:1," A ":9", A ":9:b:1"},
        {A ":_x9:4", A ":_x9:4"},
        {A ":" T32 ":1," C ":1", A ":" T32 ":1," C ":1"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(rw_gtid_set) set = parsed(cases[i][0]);
        assert_text(set, cases[i][1]);
        g_autoptr(rw_gtid_set) again = parsed(cases[i][1]);
        assert_text(again, cases[i][1]);
    }
}

static void test_refused(void)
{
    static const char *const cases[][2] = {
        {"x", "uuid"},
        {A, "number"},
        {A ":", "number"},
        {A ":0", "begin with 1"},
        {A ":1-", "number"},
        {A ":5-3", "backwards"},
        {A ":9223372036854775807", "too large"},
        {A ":99999999999999999999999", "too large"},
        {A ":1:", "number"},
        {A ":tag", "number"},
        {A ":a:b:1", "number"},
        {A ":a:1:b", "number"},
        {A ":" T32 "6:1", "longer than 32"},
        {A ":1;" B ":1", "comma"},
        {A ":1 2", "comma"},
        {A ":1," B, "number"},
        {"3e11fa47-71ca-11e1-9e33-c80aa942956:1", "uuid"},
        {"3e11fa47_71ca-11e1-9e33-c80aa9429562:1", "uuid"},
        {"3e11fa4771ca11e19e33c80aa9429562:1", "uuid"},
        {"0-1-2", "uuid"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(rw_gtid_set_parse(cases[i][0], &error));
        g_assert_error(error, RW_ERROR, RW_ERR_CONFIG);
        g_assert_nonnull(strstr(error->message, cases[i][1]));
    }
    g_autoptr(GError) error = NULL;
    g_assert_null(rw_gtid_set_parse(A ":1-4:9-7", &error));
    g_assert_nonnull(strstr(error->message, "character 44"));
}

static void test_add(void)
{
    g_autoptr(rw_gtid_set) set = rw_gtid_set_new();
    GError *error = NULL;
    g_assert_true(rw_gtid_set_is_empty(set));
    static const char *const in_order[] = {A ":1", A ":2", A ":3", B ":7", A ":4", A ":tag:1", A ":tag:2", A ":6", A ":3", A ":9"};
    for (size_t i = 0; i < G_N_ELEMENTS(in_order); i++) {
        g_assert_false(i != 8 && rw_gtid_set_contains(set, in_order[i]));
        g_assert_true(rw_gtid_set_add(set, in_order[i], &error));
        g_assert_no_error(error);
        g_assert_true(rw_gtid_set_contains(set, in_order[i]));
    }
    assert_text(set, A ":1-4:6:9:tag:1-2," B ":7");
    g_assert_true(rw_gtid_set_add(set, A ":5", NULL));
    assert_text(set, A ":1-6:9:tag:1-2," B ":7");
    g_assert_true(rw_gtid_set_add(set, A ":8", NULL));
    assert_text(set, A ":1-6:8-9:tag:1-2," B ":7");
    static const char *const bad[] = {"", A, A ":", A ":1-2", A ":1:2", A ":0", A ":tag", A ":tag:", A " :1", A ":1 ", A ":a:1:2", "0-1-2"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) refused = NULL;
        g_assert_false(rw_gtid_set_add(set, bad[i], &refused));
        g_assert_error(refused, RW_ERROR, RW_ERR_CONFIG);
        g_assert_false(rw_gtid_set_contains(set, bad[i]));
    }
    assert_text(set, A ":1-6:8-9:tag:1-2," B ":7");
}

static void test_contains(void)
{
    g_autoptr(rw_gtid_set) set = parsed(A ":2-4:7:tag:9," B ":1");
    static const char *const in[] = {A ":2", A ":3", A ":4", A ":7", A ":tag:9", A ":TAG:9", B ":1"};
    static const char *const out[] = {A ":1", A ":5", A ":6", A ":8", A ":9", A ":tag:2", A ":tagg:9", B ":2", B ":tag:9", C ":1"};
    for (size_t i = 0; i < G_N_ELEMENTS(in); i++) g_assert_true(rw_gtid_set_contains(set, in[i]));
    for (size_t i = 0; i < G_N_ELEMENTS(out); i++) g_assert_false(rw_gtid_set_contains(set, out[i]));
}

static void test_algebra(void)
{
    static const struct { const char *a, *b, *sum; bool a_in_b, b_in_a; } cases[] = {
        {"", "", "", true, true},
        {"", A ":1", A ":1", true, false},
        {A ":1-5", A ":2-3", A ":1-5", false, true},
        {A ":1-5", A ":1-5", A ":1-5", true, true},
        {A ":1-5", A ":5-6", A ":1-6", false, false},
        {A ":1-5", A ":6", A ":1-6", false, false},
        {A ":1:3:5", A ":1-5", A ":1-5", true, false},
        {A ":1-2:4-5", A ":2-4", A ":1-5", false, false},
        {A ":1", B ":1", A ":1," B ":1", false, false},
        {A ":1", A ":tag:1", A ":1:tag:1", false, false},
        {A ":1-2:tag:1", A ":1-3:tag:1-2," B ":1", A ":1-3:tag:1-2," B ":1", true, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(rw_gtid_set) a = parsed(cases[i].a), b = parsed(cases[i].b), copy = rw_gtid_set_copy(a);
        g_assert_true(rw_gtid_set_is_subset(a, b) == cases[i].a_in_b);
        g_assert_true(rw_gtid_set_is_subset(b, a) == cases[i].b_in_a);
        rw_gtid_set_union(copy, b);
        assert_text(copy, cases[i].sum);
        rw_gtid_set_union(copy, copy);
        assert_text(copy, cases[i].sum);
        g_assert_true(rw_gtid_set_is_subset(a, copy) && rw_gtid_set_is_subset(b, copy));
        rw_gtid_set_union(b, a);
        assert_text(b, cases[i].sum);
    }
}

/* Against the plainest of models: an array of booleans. */
static void test_model(void)
{
    for (unsigned round = 0; round < 200; round++) {
        g_autoptr(rw_gtid_set) set = rw_gtid_set_new();
        bool model[2][64] = {{false}};
        for (unsigned step = 0; step < 80; step++) {
            unsigned u = (unsigned)g_test_rand_int_range(0, 2), from = (unsigned)g_test_rand_int_range(1, 60);
            unsigned to = from + (unsigned)g_test_rand_int_range(0, step % 4 ? 1 : 4);
            g_autofree char *text = g_strdup_printf("%s:%u-%u", u ? B : A, from, to);
            g_autoptr(rw_gtid_set) one = parsed(text);
            rw_gtid_set_union(set, one);
            for (unsigned n = from; n <= to; n++) model[u][n] = true;
        }
        g_autoptr(GString) want = g_string_new(NULL);
        for (unsigned u = 0; u < 2; u++) {
            g_string_append_printf(want, "%s%s", u ? "," : "", u ? B : A);
            for (unsigned n = 1, end; n < 64; n = end + 1) {
                for (end = n; end < 64 && model[u][end]; end++);
                if (end == n) continue;
                g_string_append_printf(want, end == n + 1 ? ":%u" : ":%u-%u", n, end - 1);
            }
            for (unsigned n = 1; n < 64; n++) {
                g_autofree char *gtid = g_strdup_printf("%s:%u", u ? B : A, n);
                g_assert_true(rw_gtid_set_contains(set, gtid) == model[u][n]);
            }
        }
        assert_text(set, want->str);
    }
}

static const uint8_t uuid_a[] = {0x3e, 0x11, 0xfa, 0x47, 0x71, 0xca, 0x11, 0xe1, 0x9e, 0x33, 0xc8, 0x0a, 0xa9, 0x42, 0x95, 0x62};

static void append(GByteArray *bytes, const uint8_t *data, guint len) { g_byte_array_append(bytes, data, len); }

static void append_u64(GByteArray *bytes, uint64_t v)
{
    for (unsigned i = 0; i < 8; i++) append(bytes, &(uint8_t){(uint8_t)(v >> 8 * i)}, 1);
}

static void assert_wire(const char *text, const GByteArray *want)
{
    g_autoptr(rw_gtid_set) set = parsed(text);
    g_autoptr(GByteArray) got = g_byte_array_new();
    rw_gtid_set_encode(set, got);
    g_assert_cmpmem(got->data, got->len, want->data, want->len);
    GError *error = NULL;
    g_autoptr(rw_gtid_set) back = rw_gtid_set_decode(rw_slice_of(want->data, want->len), &error);
    g_assert_no_error(error);
    assert_text(back, text);
}

static void test_wire(void)
{
    g_autoptr(GByteArray) empty = g_byte_array_new(), plain = g_byte_array_new(), tagged = g_byte_array_new();
    append_u64(empty, 0);
    assert_wire("", empty);

    append_u64(plain, 1);
    append(plain, uuid_a, 16);
    append_u64(plain, 2);
    append_u64(plain, 1), append_u64(plain, 6);
    append_u64(plain, 8), append_u64(plain, 9);
    assert_wire(A ":1-5:8", plain);

    append_u64(tagged, UINT64_C(0x0100000000000201));
    append(tagged, uuid_a, 16);
    append(tagged, (const uint8_t *)"\0", 1);
    append_u64(tagged, 1);
    append_u64(tagged, 1), append_u64(tagged, 6);
    append(tagged, uuid_a, 16);
    append(tagged, (const uint8_t *)"\6tag", 4);
    append_u64(tagged, 1);
    append_u64(tagged, 7), append_u64(tagged, UINT64_C(0x7fffffffffffffff));
    assert_wire(A ":1-5:tag:7-9223372036854775806", tagged);

    for (guint cut = 0; cut < tagged->len; cut++) {
        g_autoptr(GError) error = NULL;
        g_autofree uint8_t *exact = g_memdup2(tagged->data, cut);
        g_assert_null(rw_gtid_set_decode(rw_slice_of(exact, cut), &error));
        g_assert_error(error, RW_ERROR, RW_ERR_STOP);
    }
    append(tagged, (const uint8_t *)"x", 1);
    g_assert_null(rw_gtid_set_decode(rw_slice_of(tagged->data, tagged->len), NULL));
}

static void test_wire_refused(void)
{
    static const uint64_t bad[][2] = {{0, 5}, {5, 5}, {6, 5}, {1, UINT64_C(0x8000000000000000)}, {1, UINT64_MAX}};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        g_autoptr(GError) error = NULL;
        append_u64(bytes, 1);
        append(bytes, uuid_a, 16);
        append_u64(bytes, 1);
        append_u64(bytes, bad[i][0]), append_u64(bytes, bad[i][1]);
        g_assert_null(rw_gtid_set_decode(rw_slice_of(bytes->data, bytes->len), &error));
        g_assert_error(error, RW_ERROR, RW_ERR_STOP);
    }
    g_autoptr(GByteArray) lie = g_byte_array_new();
    append_u64(lie, UINT64_C(0x00ffffffffffffff));
    g_assert_null(rw_gtid_set_decode(rw_slice_of(lie->data, lie->len), NULL));
    g_assert_null(rw_gtid_set_decode(rw_slice_of(NULL, 0), NULL));
}

static void test_many_in_order(void)
{
    g_autoptr(rw_gtid_set) set = rw_gtid_set_new();
    for (unsigned n = 1; n <= 1000000; n++) {
        char gtid[80];
        g_snprintf(gtid, sizeof gtid, A ":%u", n);
        g_assert_true(rw_gtid_set_add(set, gtid, NULL));
    }
    assert_text(set, A ":1-1000000");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gtid/set/canonical", test_canonical);
    g_test_add_func("/gtid/set/refused", test_refused);
    g_test_add_func("/gtid/set/add", test_add);
    g_test_add_func("/gtid/set/contains", test_contains);
    g_test_add_func("/gtid/set/algebra", test_algebra);
    g_test_add_func("/gtid/set/model", test_model);
    g_test_add_func("/gtid/set/wire", test_wire);
    g_test_add_func("/gtid/set/wire-refused", test_wire_refused);
    g_test_add_func("/gtid/set/many-in-order", test_many_in_order);
    return g_test_run();
}
