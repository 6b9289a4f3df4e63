#include "conf/options.h"

#include "conf/conf.h"
#include "conf/value.h"

#include <string.h>

static void test_unique(void)
{
    unsigned n;
    const rw_option *all = rw_options(&n);
    g_assert_cmpuint(n, >, 30);
    for (unsigned i = 0; i < n; i++) g_assert_true(rw_option_find(all[i].section, all[i].key) == &all[i]);
}

static void test_documented(void)
{
    unsigned n;
    const rw_option *all = rw_options(&n);
    for (unsigned i = 0; i < n; i++) {
        g_assert_cmpuint(strlen(all[i].help), >, 5);
        g_assert_true(g_str_has_suffix(all[i].manual, "."));
        g_assert_cmpuint(strlen(rw_option_type_help(&all[i])), >, 0);
        g_assert_null(strchr(all[i].key, '-'));
    }
    for (unsigned k = 0; k < RW_SECTIONS; k++)
        g_assert_nonnull(strstr(rw_section_usage((rw_section_kind)k), rw_section_word((rw_section_kind)k)));
}

/* A default that its own parser refuses would show only when somebody leaves the key out. */
static void test_presets(void)
{
    unsigned n;
    const rw_option *all = rw_options(&n);
    union {
        rw_conf conf;
        rw_site_conf site;
        rw_link_conf link;
        rw_table_conf table;
    } target;
    for (unsigned i = 0; i < n; i++) {
        if (!all[i].preset) continue;
        g_autoptr(GError) error = NULL;
        memset(&target, 0, sizeof target);
        rw_value_set(&all[i], &target, all[i].preset, "test", 1, &error);
        g_assert_no_error(error);
        g_autofree char *back = rw_value_print(&all[i], &target);
        g_assert_cmpstr(back, ==, all[i].preset);
        rw_value_clear(&all[i], &target);
    }
}

/* The enums of conf.h are indexes into the table's choices. */
static void test_choices(void)
{
    g_assert_cmpstr(rw_option_find(RW_SECTION_RINGWAY, "topology")->choices[RW_TOPOLOGY_STAR], ==, "star");
    g_assert_cmpstr(rw_option_find(RW_SECTION_SITE, "ssl_mode")->choices[RW_SSL_VERIFY_IDENTITY], ==, "verify_identity");
    g_assert_cmpstr(rw_option_find(RW_SECTION_TABLE, "triggers")->choices[RW_TRIGGERS_IGNORE], ==, "ignore");
    g_assert_cmpstr(rw_option_find(RW_SECTION_SCHEMA, "drift")->choices[RW_DRIFT_SOURCE], ==, "source");
    g_assert_cmpstr(rw_option_find(RW_SECTION_RINGWAY, "log_format")->choices[RW_LOG_FORMAT_JSON], ==, "json");
    g_assert_null(rw_option_find(RW_SECTION_SITE, "topology"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/conf/options/unique", test_unique);
    g_test_add_func("/conf/options/documented", test_documented);
    g_test_add_func("/conf/options/presets", test_presets);
    g_test_add_func("/conf/options/choices", test_choices);
    return g_test_run();
}
