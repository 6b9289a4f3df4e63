#include "gtid/state.h"

#define A "3e11fa47-71ca-11e1-9e33-c80aa9429562"

static void assert_text(const rw_gtid_state *state, const char *want)
{
    g_autofree char *text = rw_gtid_state_format(state);
    g_assert_cmpstr(text, ==, want);
}

static void test_kinds(void)
{
    static const struct { rw_gtid_kind kind; const char *start, *next, *end, *foreign; } cases[] = {
        {RW_GTID_NONE, "", "0-1-2", "", NULL},
        {RW_GTID_MYSQL, A ":1-3", A ":4", A ":1-4", "0-1-2"},
        {RW_GTID_MARIADB, "0-1-3", "0-1-4", "0-1-4", A ":4"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(rw_gtid_state) state;
        GError *error = NULL;
        g_assert_true(rw_gtid_state_parse(&state, cases[i].kind, cases[i].start, &error));
        g_assert_no_error(error);
        g_assert_true(rw_gtid_state_is_empty(&state) == !*cases[i].start);
        g_assert_false(rw_gtid_state_contains(&state, cases[i].next));
        g_assert_true(rw_gtid_state_advance(&state, cases[i].next, &error));
        g_assert_true(rw_gtid_state_advance(&state, "", &error));
        g_assert_true(rw_gtid_state_advance(&state, NULL, &error));
        g_assert_no_error(error);
        assert_text(&state, cases[i].end);
        g_assert_true(rw_gtid_state_contains(&state, cases[i].next) == (cases[i].kind != RW_GTID_NONE));
        g_assert_false(rw_gtid_state_contains(&state, NULL));
        g_auto(rw_gtid_state) copy;
        rw_gtid_state_copy(&copy, &state);
        g_autoptr(GError) refused = NULL;
        g_assert_true(rw_gtid_state_advance(&state, cases[i].foreign, &refused) == !cases[i].foreign);
        if (cases[i].foreign) g_assert_error(refused, RW_ERROR, RW_ERR_CONFIG);
        rw_gtid_state_clear(&state);
        g_assert_true(rw_gtid_state_is_empty(&state));
        assert_text(&copy, cases[i].end);
    }
}

static void test_parse_refused(void)
{
    static const struct { rw_gtid_kind kind; const char *text; } cases[] = {{RW_GTID_NONE, "0-1-2"}, {RW_GTID_MYSQL, "0-1-2"}, {RW_GTID_MARIADB, A ":1"}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(rw_gtid_state) state;
        g_autoptr(GError) error = NULL;
        g_assert_false(rw_gtid_state_parse(&state, cases[i].kind, cases[i].text, &error));
        g_assert_error(error, RW_ERROR, RW_ERR_CONFIG);
        g_assert_cmpint(state.kind, ==, RW_GTID_NONE);
    }
}

static void test_covers(void)
{
    static const struct { rw_gtid_kind kind; const char *whole, *part; bool covers; } cases[] = {
        {RW_GTID_MYSQL, A ":1-5", A ":2-4", true}, {RW_GTID_MYSQL, A ":1-5", A ":5-6", false}, {RW_GTID_MYSQL, A ":1-5", "", true},
        {RW_GTID_MARIADB, "0-1-7,1-2-9", "0-3-7", true}, {RW_GTID_MARIADB, "0-1-7,1-2-9", "0-1-7,1-2-10", false}, {RW_GTID_MARIADB, "0-1-7", "2-1-1", false},
        {RW_GTID_MARIADB, "0-1-7", "", true}, {RW_GTID_NONE, "", "", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(rw_gtid_state) whole;
        g_auto(rw_gtid_state) part;
        g_assert_true(rw_gtid_state_parse(&whole, cases[i].kind, cases[i].whole, NULL));
        g_assert_true(rw_gtid_state_parse(&part, cases[i].kind, cases[i].part, NULL));
        g_assert_true(rw_gtid_state_covers(&whole, &part) == cases[i].covers);
    }
}

static void test_encode(void)
{
    static const struct { rw_gtid_kind kind; const char *text; guint bytes; } cases[] = {
        {RW_GTID_NONE, NULL, 0}, {RW_GTID_MYSQL, NULL, 8}, {RW_GTID_MYSQL, A ":1", 48}, {RW_GTID_MARIADB, "", 0}, {RW_GTID_MARIADB, "0-1-2", 5}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(rw_gtid_state) state;
        g_autoptr(GByteArray) out = g_byte_array_new();
        g_byte_array_append(out, (const uint8_t *)"head", 4);
        g_assert_true(rw_gtid_state_parse(&state, cases[i].kind, cases[i].text, NULL));
        rw_gtid_state_encode(&state, out);
        g_assert_cmpuint(out->len, ==, 4 + cases[i].bytes);
        g_assert_cmpmem(out->data, 4, "head", 4);
        if (cases[i].kind == RW_GTID_MARIADB && cases[i].bytes) g_assert_cmpmem(out->data + 4, 5, "0-1-2", 5);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gtid/state/kinds", test_kinds);
    g_test_add_func("/gtid/state/parse-refused", test_parse_refused);
    g_test_add_func("/gtid/state/covers", test_covers);
    g_test_add_func("/gtid/state/encode", test_encode);
    return g_test_run();
}
