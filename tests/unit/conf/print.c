#include "conf/print.h"

#include <string.h>

static rw_conf *parse(const char *text)
{
    GError *error = NULL;
    rw_conf *conf = rw_conf_parse("/etc/r.cnf", text, strlen(text), &error);
    g_assert_no_error(error);
    return conf;
}

static const char text[] = "[ringway]\nname=shop\nhttp=[::1]:99\nwindow_bytes=64K\nschemas=shop,crm\n"
                           "[site east]\nid=1\nhosts=[2001:db8::1]:3310\nuser=' x # y '\npassword=hunter2\n"
                           "[site west]\nid=2\nhosts=/run/m.sock\nuser='\"q'\npassword_file=w.pass\n"
                           "[link west->east]\nschemas=\n[table shop.a]\ntriggers=ignore\nconflict=delta(a b,c)\n"
                           "[schema shop]\nconflict=site_priority( west,east )\ndrift=source\n[schema crm]\n";

static void test_reads_back(void)
{
    g_autoptr(rw_conf) first = parse(text);
    g_autofree char *once = rw_conf_print(first);
    g_autoptr(rw_conf) second = parse(once);
    g_autofree char *twice = rw_conf_print(second);
    g_assert_cmpstr(once, ==, twice);
    g_assert_cmpstr(second->sites[0].user, ==, " x # y ");
    g_assert_cmpstr(second->sites[1].user, ==, "\"q");
    g_assert_cmpuint(second->window_bytes, ==, 65536);
    g_assert_cmpstr(second->sites[0].hosts.host[0].name, ==, "2001:db8::1");
    g_assert_nonnull(second->links[0].own.schemas);
    g_assert_null(second->links[0].own.tables);
    g_assert_nonnull(strstr(once, "\nconflict = last_write_wins\ndrift = stop\ngap_wait_s = 5\nconflict_keep_days = 30\nmemory_bytes = 64M\n"));
    g_assert_nonnull(strstr(once, "\n[schema shop]\nconflict = site_priority(west, east)\ndrift = source\n\n[schema crm]\n\n"));
    g_assert_true(g_str_has_suffix(once, "\n[table shop.a]\nconflict = delta(a b, c)\ntriggers = ignore\n"));
    g_assert_cmpint(rw_conf_table_drift(second, "shop", "a"), ==, RW_DRIFT_SOURCE);
    g_assert_cmpint(rw_conf_table_drift(second, "crm", "a"), ==, RW_DRIFT_STOP);
}

static void test_masked(void)
{
    g_autoptr(rw_conf) conf = parse(text);
    g_autofree char *shown = rw_conf_print(conf);
    g_assert_null(strstr(shown, "hunter2"));
    g_assert_nonnull(strstr(shown, "password = ******\n"));
    g_assert_nonnull(strstr(shown, "password_file = /etc/w.pass\n"));
}

static void test_whole(void)
{
    g_autoptr(rw_conf) conf = parse("[site a]\nid=1\nhosts=x\n[site b]\nid=2\nhosts=y\n");
    g_autofree char *shown = rw_conf_print(conf);
    g_assert_true(g_str_has_prefix(shown, "[ringway]\nname = ringway\ntopology = pair\nschemas = \n"));
    g_assert_nonnull(strstr(shown, "\nwindow_bytes = 4M\n"));
    g_assert_nonnull(strstr(shown, "\n[site a]\nid = 1\nhosts = x:3306\nuser = ringway\nssl_mode = required\nread_only = no\n\n[site b]\n"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/conf/print/reads-back", test_reads_back);
    g_test_add_func("/conf/print/masked", test_masked);
    g_test_add_func("/conf/print/whole", test_whole);
    return g_test_run();
}
