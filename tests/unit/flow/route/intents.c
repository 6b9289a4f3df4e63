#include "flow/route/intents.h"

static const rw_slice alter = {(const uint8_t *)"ALTER TABLE t", 13}, drop = {(const uint8_t *)"DROP TABLE t", 12};

static void test_open_and_closed(void)
{
    rw_announced whose;
    rw_intents *i = rw_intents_new();
    g_assert_false(rw_intents_own(i, 7, alter, &whose));
    rw_intents_note(i, 1, 0, 7, true, alter, (rw_announced){3, 77});
    g_assert_true(rw_intents_own(i, 7, alter, &whose));
    g_assert_cmpuint(whose.origin, ==, 3);
    g_assert_cmpuint(whose.stamp_us, ==, 77);
    g_assert_false(rw_intents_own(i, 8, alter, &whose));
    rw_intents_note(i, 1, 0, 7, false, alter, (rw_announced){3, 77});
    g_assert_false(rw_intents_own(i, 7, alter, &whose));
    rw_intents_free(i);
}

static void test_one_per_session_slot(void)
{
    rw_announced whose;
    rw_intents *i = rw_intents_new();
    rw_intents_note(i, 1, 0, 7, true, alter, (rw_announced){3, 77});
    rw_intents_note(i, 2, 0, 9, true, drop, (rw_announced){3, 77});
    rw_intents_note(i, 1, 0, 8, true, alter, (rw_announced){3, 77});
    g_assert_false(rw_intents_own(i, 7, alter, &whose));
    g_assert_true(rw_intents_own(i, 8, alter, &whose));
    g_assert_true(rw_intents_own(i, 9, drop, &whose));
    rw_intents_free(i);
}

/* Connection ids start again with the server: then only the text counts. */
static void test_server_start(void)
{
    rw_announced whose;
    rw_intents *i = rw_intents_new();
    rw_intents_note(i, 1, 0, 7, true, alter, (rw_announced){3, 77});
    rw_intents_server_started(i);
    g_assert_false(rw_intents_own(i, 7, drop, &whose));
    g_assert_true(rw_intents_own(i, 3, alter, &whose));
    rw_intents_free(i);
}

/* Nodes of a Galera cluster number their sessions each for itself. */
static void test_another_session_of_the_same_number(void)
{
    static const rw_slice other = {(const uint8_t *)"ALTER TABLE u", 13};
    rw_announced whose;
    rw_intents *i = rw_intents_new();
    rw_intents_note(i, 1, 0, 7, true, alter, (rw_announced){3, 77});
    g_assert_false(rw_intents_own(i, 7, other, &whose));
    g_assert_true(rw_intents_own(i, 7, alter, &whose));
    rw_intents_free(i);
}

static void test_travels_as_text(void)
{
    rw_announced whose;
    rw_intents *i = rw_intents_new(), *copy = rw_intents_new();
    g_assert_null(rw_intents_format(i));
    rw_intents_note(i, 1, 0, 7, true, alter, (rw_announced){3, 77});
    rw_intents_note(i, 2, 3, G_MAXUINT64, true, drop, (rw_announced){3, 77});
    g_autofree char *text = rw_intents_format(i);
    g_assert_true(rw_intents_parse(copy, text));
    g_assert_true(rw_intents_own(copy, 7, drop, &whose) && rw_intents_own(copy, G_MAXUINT64, alter, &whose));
    g_autofree char *again = rw_intents_format(copy);
    g_assert_cmpstr(again, ==, text);
    rw_intents_server_started(copy);
    g_assert_true(rw_intents_own(copy, 1, alter, &whose));
    g_assert_true(rw_intents_parse(copy, NULL));
    g_assert_null(rw_intents_format(copy));
    static const char *const bad[] = {"x", "1/0", "1/0:7", "1/0:7:zz!", "1/0:7:1", "1/0:7:1:3", "1/0:7:1:3:7 x", "1/0:7:1:3:7x"};
    for (size_t k = 0; k < G_N_ELEMENTS(bad); k++) g_assert_false(rw_intents_parse(copy, bad[k]));
    rw_intents_free(i);
    rw_intents_free(copy);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/intents/open-and-closed", test_open_and_closed);
    g_test_add_func("/intents/one-per-slot", test_one_per_session_slot);
    g_test_add_func("/intents/server-start", test_server_start);
    g_test_add_func("/intents/same-number", test_another_session_of_the_same_number);
    g_test_add_func("/intents/text", test_travels_as_text);
    return g_test_run();
}
