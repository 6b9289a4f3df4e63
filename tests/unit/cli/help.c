#include "cli/help.h"

#include "cli/scdoc.h"
#include "cli/verbs.h"
#include "conf/options.h"

#include <string.h>

static void check_width(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) g_assert_cmpuint(strlen(*line), <=, 110);
}

static void test_general(void)
{
    g_autofree char *text = rw_help_general();
    for (const rw_verb *const *verb = rw_verbs(); *verb; verb++) g_assert_nonnull(strstr(text, (*verb)->summary));
    g_assert_nonnull(strstr(text, "-c, --config FILE"));
    check_width(text);
}

static void test_verbs(void)
{
    for (const rw_verb *const *verb = rw_verbs(); *verb; verb++) {
        g_assert_true(rw_verb_find((*verb)->name) == *verb);
        g_assert_nonnull((*verb)->run);
        g_autofree char *text = rw_help_verb(*verb);
        for (const rw_verb_option *o = (*verb)->options; o && o->name; o++) g_assert_nonnull(strstr(text, o->help));
        check_width(text);
    }
    g_assert_null(rw_verb_find("frobnicate"));
}

static void test_keys(void)
{
    g_autofree char *text = rw_help_verb(rw_verb_find("config"));
    g_assert_nonnull(strstr(text, "Keys of [site NAME]:"));
    g_assert_nonnull(strstr(text, "seconds to wait for a row lock at a target [5]"));
    g_assert_nonnull(strstr(text, "delay_s"));
    g_assert_nonnull(strstr(text, "rename"));
}

static void test_manual(void)
{
    g_autofree char *commands = rw_manual_page(1), *file = rw_manual_page(5);
    for (const rw_verb *const *verb = rw_verbs(); *verb; verb++) {
        g_autofree char *head = g_strdup_printf("\n## %s ", (*verb)->name);
        g_assert_nonnull(strstr(commands, head));
    }
    unsigned n;
    const rw_option *all = rw_options(&n);
    for (unsigned i = 0; i < n; i++) {
        g_auto(GStrv) parts = g_strsplit(all[i].key, "_", -1);
        g_autofree char *escaped = g_strjoinv("\\_", parts), *bold = g_strdup_printf("\n*%s* = ", escaped);
        g_assert_nonnull(strstr(file, bold));
    }
    g_assert_null(rw_manual_page(2));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/help/general", test_general);
    g_test_add_func("/cli/help/verbs", test_verbs);
    g_test_add_func("/cli/help/keys", test_keys);
    g_test_add_func("/cli/help/manual", test_manual);
    return g_test_run();
}
