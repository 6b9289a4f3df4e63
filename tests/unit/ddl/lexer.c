#include "ddl/lexer.h"

#include <glib.h>

static const char kinds[] = {'E', 'w', 'q', 's', 'n', 'p', 'B'};

/* "w:create w:table q:`a` E" */
static char *tokens(rw_slice text, rw_lexer_mode mode)
{
    rw_lexer lexer = rw_lexer_of(text, mode);
    GString *out = g_string_new(NULL);
    for (;;) {
        rw_token token = rw_lexer_next(&lexer);
        if (token.kind == RW_TOKEN_END || token.kind == RW_TOKEN_BAD) {
            g_string_append_c(out, kinds[token.kind]);
            g_assert_cmpint(rw_lexer_next(&lexer).kind, ==, token.kind);
            return g_string_free(out, FALSE);
        }
        g_string_append_printf(out, "%c:%.*s ", kinds[token.kind], (int)token.text.len, (const char *)token.text.data);
    }
}

static void test_tokens(void)
{
    static const struct { const char *text; rw_lexer_mode mode; const char *want; } cases[] = {
        {"", {false, false}, "E"},
        {" \t\r\n\v\f", {false, false}, "E"},
        {"drop table a,b", {false, false}, "w:drop w:table w:a p:, w:b E"},
        {"a.b . 1", {false, false}, "w:a p:. w:b p:. n:1 E"},
        {"1a $x_9 \xc3\xa9t\xc3\xa9", {false, false}, "w:1a w:$x_9 w:\xc3\xa9t\xc3\xa9 E"},
        {"`a b`.`c``d`", {false, false}, "q:`a b` p:. q:`c``d` E"},
        {"`a\\`b", {false, false}, "q:`a\\` w:b E"},
        {"\"a\"", {false, false}, "s:\"a\" E"},
        {"\"a\"\"b\\\"c", {true, false}, "q:\"a\"\"b\\\" w:c E"},
        {"'a''b' 'c\\'d' 'e\\\\'f", {false, false}, "s:'a''b' s:'c\\'d' s:'e\\\\' w:f E"},
        {"'a\\' b", {false, true}, "s:'a\\' w:b E"},
        {"'a -- b' '/* c */' `#`", {false, false}, "s:'a -- b' s:'/* c */' q:`#` E"},
        {"a -- b\nc --\nd --", {false, false}, "w:a w:c w:d E"},
        {"1--1", {false, false}, "n:1 p:- p:- n:1 E"},
        {"a # b\nc #", {false, false}, "w:a w:c E"},
        {"a/* b ' */c", {false, false}, "w:a w:c E"},
        {"a/**/c/*+ hint */", {false, false}, "w:a w:c E"},
        {"a /*!b */ c", {false, false}, "w:a w:b w:c E"},
        {"a /*!40005 b */ c", {false, false}, "w:a w:b w:c E"},
        {"a /*!100100b*/ c", {false, false}, "w:a w:b w:c E"},
        {"a /*M!100100 b*/ c", {false, false}, "w:a w:b w:c E"},
        {"a /*M b*/ c", {false, false}, "w:a w:c E"},
        {"/*!123 b*/", {false, false}, "n:123 w:b E"},
        {"/*!50001 a /* b */ c */ d", {false, false}, "w:a w:c w:d E"},
        {"/*!50001 a -- b */\n c */ d", {false, false}, "w:a w:c w:d E"},
        {"a */ b", {false, false}, "w:a p:* p:/ w:b E"},
        {"'a", {false, false}, "B"},
        {"'a\\", {false, false}, "B"},
        {"'a\\'", {false, false}, "B"},
        {"a `b", {false, false}, "w:a B"},
        {"a `b``", {false, false}, "w:a B"},
        {"a /* b", {false, false}, "w:a B"},
        {"a /*", {false, false}, "w:a B"},
        {"a /*/", {false, false}, "w:a B"},
        {"a /*!", {false, false}, "w:a B"},
        {"a /*!50001 b", {false, false}, "w:a w:b B"},
        {"/*!a /*!b*/ c*/", {false, false}, "w:a B"},
        {"/", {false, false}, "p:/ E"},
        {"-", {false, false}, "p:- E"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        size_t len = strlen(cases[i].text);
        g_autofree char *exact = g_memdup2(cases[i].text, len); /* no NUL behind it: reading on is seen by the sanitizer */
        g_autofree char *got = tokens(rw_slice_of(exact, len), cases[i].mode);
        g_assert_cmpstr(got, ==, cases[i].want);
    }
    g_autofree char *nothing = tokens((rw_slice){NULL, 0}, (rw_lexer_mode){false, false});
    g_assert_cmpstr(nothing, ==, "E");
}

static void test_executable_flag(void)
{
    static const struct { const char *text; bool executable; } cases[] = {{"a /* b */", false}, {"a /*! b */", true}, {"a /*M!100000 b */", true}, {"'/*! */'", false}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        rw_lexer lexer = rw_lexer_of(rw_slice_str(cases[i].text), (rw_lexer_mode){false, false});
        while (rw_lexer_next(&lexer).kind != RW_TOKEN_END);
        g_assert_true(lexer.executable == cases[i].executable);
    }
}

static void test_words(void)
{
    rw_lexer lexer = rw_lexer_of(rw_slice_str("tAbLe `table` tables ("), (rw_lexer_mode){false, false});
    rw_token bare = rw_lexer_next(&lexer), quoted = rw_lexer_next(&lexer), longer = rw_lexer_next(&lexer), punct = rw_lexer_next(&lexer);
    g_assert_true(rw_token_is(bare, "TABLE"));
    g_assert_false(rw_token_is(quoted, "TABLE"));
    g_assert_false(rw_token_is(longer, "TABLE"));
    g_assert_false(rw_token_is(bare, "TABLES"));
    g_assert_true(rw_token_is_char(punct, '('));
    g_assert_false(rw_token_is_char(bare, 't'));
}

static void test_names(void)
{
    static const char *const cases[][2] = {{"a", "a"}, {"12", "12"}, {"`a``b`", "a`b"}, {"````", "`"}, {"`a\"\"b`", "a\"\"b"}, {"\"a\"\"b`\"", "a\"b`"},
                                           {"``", NULL}, {"'a'", NULL}, {".", NULL}, {"", NULL}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        rw_lexer lexer = rw_lexer_of(rw_slice_str(cases[i][0]), (rw_lexer_mode){true, false});
        g_autofree char *name = rw_token_name(rw_lexer_next(&lexer));
        g_assert_cmpstr(name, ==, cases[i][1]);
    }
    rw_lexer lexer = rw_lexer_of(rw_slice_of("`a\0b`", 5), (rw_lexer_mode){false, false});
    g_assert_null(rw_token_name(rw_lexer_next(&lexer)));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ddl/lexer/tokens", test_tokens);
    g_test_add_func("/ddl/lexer/executable-flag", test_executable_flag);
    g_test_add_func("/ddl/lexer/words", test_words);
    g_test_add_func("/ddl/lexer/names", test_names);
    return g_test_run();
}
