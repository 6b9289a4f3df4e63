#include "flow/route/filter.h"

#include <string.h>

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define FILTER(...) made(&(rw_filter_lists){__VA_ARGS__})

static rw_filter *made(const rw_filter_lists *lists)
{
    GError *error = NULL;
    rw_filter *filter = rw_filter_new(lists, &error);
    g_assert_no_error(error);
    g_assert_nonnull(filter);
    return filter;
}

static void test_everything(void)
{
    static const char *const system[] = {"mysql", "sys", "performance_schema", "information_schema", "ringway", "INFORMATION_SCHEMA", "Mysql"};
    g_autoptr(rw_filter) none = rw_filter_new(NULL, NULL), empty = FILTER(.schemas_allow = (const char *const[]){NULL});
    g_autoptr(rw_filter) all = FILTER(.schemas_allow = LIST("*"), .tables_allow = LIST("*.*", "mysql.user"));
    const rw_filter *filters[] = {none, empty, all};
    for (size_t f = 0; f < G_N_ELEMENTS(filters); f++) {
        g_assert_true(rw_filter_table(filters[f], "shop", "account"));
        g_assert_true(rw_filter_schema(filters[f], "shop"));
        g_assert_true(rw_filter_whole_schema(filters[f], "shop"));
        g_assert_true(rw_filter_schema(filters[f], "mysql2"));
        for (size_t i = 0; i < G_N_ELEMENTS(system); i++) {
            g_assert_false(rw_filter_table(filters[f], system[i], "user"));
            g_assert_false(rw_filter_schema(filters[f], system[i]));
            g_assert_false(rw_filter_whole_schema(filters[f], system[i]));
        }
    }
}

static void test_schemas(void)
{
    g_autoptr(rw_filter) filter = FILTER(.schemas_allow = LIST("shop", "crm_*"), .schemas_deny = LIST("crm_old*"));
    static const struct { const char *schema; bool pass; } cases[] = {{"shop", true}, {"Shop", false}, {"shop2", false}, {"crm_", true},
        {"crm_a", true}, {"crm", false}, {"crm_old", false}, {"crm_old2", false}, {"other", false}, {"", false}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_assert_true(rw_filter_schema(filter, cases[i].schema) == cases[i].pass);
        g_assert_true(rw_filter_whole_schema(filter, cases[i].schema) == cases[i].pass);
        g_assert_true(rw_filter_table(filter, cases[i].schema, "t") == cases[i].pass);
    }
}

static void test_tables(void)
{
    g_autoptr(rw_filter) filter = FILTER(.schemas_deny = LIST("no"), .tables_allow = LIST("shop.acc*", "crm.*", "no.t"), .tables_deny = LIST("*.*_tmp", "gone.*"));
    static const struct { const char *schema, *table; bool pass; } cases[] = {{"shop", "account", true}, {"shop", "acc", true}, {"shop", "ac", false},
        {"shop", "account_tmp", false}, {"crm", "x", true}, {"crm", "x_tmp", false}, {"CRM", "x", false}, {"no", "t", false}, {"other", "acc", false}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_true(rw_filter_table(filter, cases[i].schema, cases[i].table) == cases[i].pass);
    g_assert_true(rw_filter_schema(filter, "shop"));
    g_assert_true(rw_filter_schema(filter, "crm"));
    g_assert_false(rw_filter_schema(filter, "other"));
    g_assert_false(rw_filter_schema(filter, "no"));
}

static void test_whole_schema(void)
{
    g_autoptr(rw_filter) allow = FILTER(.tables_allow = LIST("shop.a*", "crm.*", "x.**"));
    g_assert_false(rw_filter_whole_schema(allow, "shop"));
    g_assert_true(rw_filter_whole_schema(allow, "crm"));
    g_assert_true(rw_filter_whole_schema(allow, "x"));
    g_autoptr(rw_filter) deny = FILTER(.tables_deny = LIST("shop.log", "gone.*"));
    g_assert_true(rw_filter_schema(deny, "shop"));
    g_assert_false(rw_filter_whole_schema(deny, "shop"));
    g_assert_false(rw_filter_schema(deny, "gone"));
    g_assert_false(rw_filter_whole_schema(deny, "gone"));
    g_assert_false(rw_filter_table(deny, "gone", "t"));
    g_assert_true(rw_filter_whole_schema(deny, "crm"));
}

static void test_globs(void)
{
    static const struct { const char *glob, *name; bool match; } cases[] = {
        {"a", "a", true}, {"a", "b", false}, {"a", "", false}, {"a", "ab", false}, {"*", "", true}, {"*", "abc", true}, {"?", "a", true}, {"?", "", false},
        {"?", "ab", false}, {"?", "\xc3\xa9", true}, {"??", "\xc3\xa9", false}, {"a?c", "a\xe2\x82\xac" "c", true}, {"a*c", "ac", true}, {"a*c", "abcbc", true},
        {"a*c", "abcb", false}, {"*a*b*", "xxaxxbxx", true}, {"*a*b*", "xxbxxaxx", false}, {"*aab", "aaaab", true}, {"**", "x", true}, {"a[b]", "ab", false},
        {"a[b]", "a[b]", true}, {"a\\*", "a\\x", true}, {"?*?", "a", false}, {"?*?", "ab", true}, {"*?", "\xf0\x9f\x98\x80", true}, {"*\xa9", "\xc3\xa9", false},
        {"a*a*a*a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(rw_filter) filter = FILTER(.schemas_allow = LIST(cases[i].glob));
        if (rw_filter_schema(filter, cases[i].name) != cases[i].match) g_error("%s on %s", cases[i].glob, cases[i].name);
    }
}

static void assert_refused(const rw_filter_lists *lists, const char *word)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(rw_filter_new(lists, &error));
    g_assert_error(error, RW_ERROR, RW_ERR_CONFIG);
    g_assert_nonnull(strstr(error->message, word));
}

static void test_refused(void)
{
    static const char *const bad_tables[] = {"account", ".account", "shop.", ".", "a.b.c"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad_tables); i++) {
        assert_refused(&(rw_filter_lists){.tables_allow = LIST("a.b", bad_tables[i])}, bad_tables[i]);
        assert_refused(&(rw_filter_lists){.tables_deny = LIST(bad_tables[i])}, "schema.table");
    }
    assert_refused(&(rw_filter_lists){.schemas_allow = LIST("shop.account")}, "shop.account");
    assert_refused(&(rw_filter_lists){.schemas_deny = LIST("shop", "")}, "empty");
    assert_refused(&(rw_filter_lists){.tables_deny = LIST("")}, "empty");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/flow/route/filter/everything", test_everything);
    g_test_add_func("/flow/route/filter/schemas", test_schemas);
    g_test_add_func("/flow/route/filter/tables", test_tables);
    g_test_add_func("/flow/route/filter/whole-schema", test_whole_schema);
    g_test_add_func("/flow/route/filter/globs", test_globs);
    g_test_add_func("/flow/route/filter/refused", test_refused);
    return g_test_run();
}
