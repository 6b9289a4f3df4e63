#include "conf/conf.h"

#include <string.h>

#define SITES "[site east]\nid = 1\nhosts = db1:3307\n[site west]\nid = 2\nhosts = /run/m.sock\n"

static rw_conf *parse(const char *text)
{
    GError *error = NULL;
    rw_conf *conf = rw_conf_parse("/etc/r.cnf", text, strlen(text), &error);
    g_assert_no_error(error);
    return conf;
}

/* What is appended to two sound sites, and what is said to it. */
static void refused(const char *more, const char *message)
{
    g_autofree char *text = g_strconcat(SITES, more, NULL);
    g_autoptr(GError) error = NULL;
    g_assert_null(rw_conf_parse("r.cnf", text, strlen(text), &error));
    g_assert_error(error, RW_ERROR, RW_ERR_CONFIG);
    g_assert_cmpstr(error->message, ==, message);
}

static void test_defaults(void)
{
    g_autoptr(rw_conf) conf = parse(SITES);
    g_assert_cmpstr(conf->name, ==, "ringway");
    g_assert_cmpint(conf->topology, ==, RW_TOPOLOGY_PAIR);
    g_assert_cmpstr(rw_conf_topology(conf), ==, "pair");
    g_assert_cmpstr(conf->conflict->name, ==, "last_write_wins");
    g_assert_cmpuint(g_strv_length(conf->conflict->arguments), ==, 0);
    g_assert_cmpint(conf->drift, ==, RW_DRIFT_STOP);
    g_assert_cmpuint(conf->gap_wait_s, ==, 5);
    g_assert_cmpuint(conf->conflict_keep_days, ==, 30);
    g_assert_cmpuint(conf->memory_bytes, ==, 64 * 1024 * 1024);
    g_assert_cmpstr(conf->http.address, ==, "127.0.0.1");
    g_assert_cmpuint(conf->http.port, ==, 9580);
    g_assert_cmpuint(conf->window_transactions, ==, 1000);
    g_assert_cmpuint(conf->window_bytes, ==, 4 * 1024 * 1024);
    g_assert_cmpuint(conf->heartbeat_s, ==, 2);
    g_assert_cmpuint(conf->deadline_s, ==, 10);
    g_assert_cmpuint(g_strv_length(conf->filter.schemas), ==, 0);
    g_assert_cmpuint(g_strv_length(conf->warnings), ==, 0);
}

static void test_sites(void)
{
    g_autoptr(rw_conf) conf = parse(SITES);
    const rw_site_conf *east = rw_conf_site(conf, "east"), *west = rw_conf_site_by_id(conf, 2);
    g_assert_cmpstr(east->hosts.host[0].name, ==, "db1");
    g_assert_cmpuint(east->hosts.host[0].port, ==, 3307);
    g_assert_cmpstr(east->user, ==, "ringway");
    g_assert_null(east->password);
    g_assert_cmpint(east->ssl_mode, ==, RW_SSL_REQUIRED);
    g_assert_cmpstr(west->name, ==, "west");
    g_assert_cmpstr(west->hosts.host[0].name, ==, "/run/m.sock");
    g_assert_cmpuint(west->hosts.host[0].port, ==, 0);
    g_assert_cmpint(west->ssl_mode, ==, RW_SSL_DISABLED);
    g_assert_null(rw_conf_site(conf, "north"));
    g_assert_null(rw_conf_site_by_id(conf, 3));
    g_assert_cmpstr(conf->site_names[0], ==, "east");
    g_assert_cmpstr(conf->site_names[1], ==, "west");
    g_assert_null(conf->site_names[2]);
}

static void check_host(const char *written, const char *name, unsigned port)
{
    g_autofree char *text = g_strdup_printf("[site a]\nid=1\nhosts=%s\n[site b]\nid=2\nhosts=other\n", written);
    g_autoptr(rw_conf) conf = parse(text);
    g_assert_cmpstr(conf->sites[0].hosts.host[0].name, ==, name);
    g_assert_cmpuint(conf->sites[0].hosts.host[0].port, ==, port);
}

static void test_hosts(void)
{
    check_host("db", "db", 3306);
    check_host("10.0.0.1:1", "10.0.0.1", 1);
    check_host("[2001:db8::1]:3310", "2001:db8::1", 3310);
    check_host("[2001:db8::1]", "2001:db8::1", 3306);
    check_host("2001:db8::1", "2001:db8::1", 3306);
    check_host("db:65535 ,", "db", 65535);
}

static void test_several_hosts(void)
{
    g_autoptr(rw_conf) conf = parse("[site a]\nid=1\nhosts=db1, db2:3310,[::1]:7\n[site b]\nid=2\nhosts=/run/M.sock,/run/m.sock\n");
    const rw_hosts *hosts = &conf->sites[0].hosts;
    g_autofree char *third = rw_host_text(&hosts->host[2]);
    g_assert_cmpuint(hosts->n, ==, 3);
    g_assert_cmpstr(hosts->host[1].name, ==, "db2");
    g_assert_cmpuint(hosts->host[1].port, ==, 3310);
    g_assert_cmpstr(third, ==, "[::1]:7");
    g_assert_cmpint(conf->sites[0].ssl_mode, ==, RW_SSL_REQUIRED);
    g_assert_cmpuint(conf->sites[1].hosts.n, ==, 2); /* paths differ by case */
    g_assert_cmpint(conf->sites[1].ssl_mode, ==, RW_SSL_DISABLED);
}

static void test_hosts_refused(void)
{
    static const char *const bad[] = {"db:",  "db:0",   "db:65536", "db:x",       ":3306",
                                      "[::1", "[::1]x", "a b",      "./run/sock", "db:99999999999999999999"};
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *more = g_strdup_printf("[site c]\nid=3\nhosts=%s\n", bad[i]);
        g_autofree char *why =
            g_strdup_printf("r.cnf:9: hosts cannot hold '%s'; write host:port, [IPv6]:port or the absolute path of a socket", bad[i]);
        refused(more, why);
    }
    refused("[site c]\nid=3\nhosts=\n", "r.cnf:9: hosts is empty; write host:port or the path of a socket");
    refused("[site c]\nid=3\nhosts=a,b:1, A:3306\n", "r.cnf:9: hosts lists A:3306 twice; remove one of them");
}

static void test_filters(void)
{
    g_autoptr(rw_conf) conf =
        parse("[link east->west]\nschemas = crm, ,x*\ntables =\n" SITES "[ringway]\nschemas=shop\nignore-tables=shop.tmp_*\n");
    const rw_filter_conf *there = rw_conf_filter(conf, "east", "west"), *back = rw_conf_filter(conf, "west", "east");
    g_assert_cmpstrv(there->schemas, ((const char *[]){"crm", "x*", NULL}));
    g_assert_cmpstrv(there->ignore_tables, ((const char *[]){"shop.tmp_*", NULL}));
    g_assert_cmpuint(g_strv_length(there->tables), ==, 0);
    g_assert_cmpstrv(back->schemas, ((const char *[]){"shop", NULL}));
    g_assert_true(back == &conf->filter);
}

static void test_delay(void)
{
    g_autoptr(rw_conf) conf = parse("[link east->west]\ndelay_s = 3600\n" SITES);
    g_assert_cmpuint(rw_conf_delay_s(conf, "east", "west"), ==, 3600);
    g_assert_cmpuint(rw_conf_delay_s(conf, "west", "east"), ==, 0);
    refused("[link east->west]\ndelay_s=-1", "r.cnf:8: delay_s cannot be '-1'; use a number from 0 to 2678400");
}

static void test_filters_refused(void)
{
    refused("[ringway]\nschemas = shop, MySQL", "r.cnf:8: schemas cannot hold 'MySQL', which belongs to each site; remove it");
    refused("[ringway]\nschemas = shop.t", "r.cnf:8: schemas cannot hold 'shop.t'; write schemas only, with ? for a dot in a name");
    refused("[ringway]\ntables = shop", "r.cnf:8: tables cannot hold 'shop'; write schema.table, for example shop.*");
    refused("[ringway]\ntables = a.b.c", "r.cnf:8: tables cannot hold 'a.b.c'; write schema.table, with ? for a dot in a name");
}

static void test_tables(void)
{
    g_autoptr(rw_conf) conf = parse(SITES "[table shop.a]\ntriggers=ignore\n[table shop.b]\n");
    g_assert_cmpint(rw_conf_table_triggers(conf, "shop", "a"), ==, RW_TRIGGERS_IGNORE);
    g_assert_cmpint(rw_conf_table_triggers(conf, "shop", "b"), ==, RW_TRIGGERS_REFUSE);
    g_assert_cmpint(rw_conf_table_triggers(conf, "SHOP", "a"), ==, RW_TRIGGERS_REFUSE);
}

static void check_policy(const rw_conf *conf, const char *schema, const char *table, const char *name, const char *arguments)
{
    const rw_policy_conf *policy = rw_conf_table_conflict(conf, schema, table);
    g_autofree char *joined = g_strjoinv("|", policy->arguments);
    g_assert_cmpstr(policy->name, ==, name);
    g_assert_cmpstr(joined, ==, arguments);
}

static void test_inheritance(void)
{
    g_autoptr(rw_conf) conf = parse("[table shop.a]\nconflict=delta( balance ,points)\nversion_column=at\n"
                                    "[schema shop]\nconflict=merge\ndrift=source\n" SITES
                                    "[table shop.b]\ndrift=stop\n[schema x]\n[table y.a]\nconflict=error\ndrift=source\n");
    check_policy(conf, "shop", "a", "delta", "balance|points");
    check_policy(conf, "shop", "b", "merge", "");
    check_policy(conf, "shop", "c", "merge", "");
    check_policy(conf, "x", "a", "last_write_wins", "");
    check_policy(conf, "y", "a", "error", "");
    check_policy(conf, "y", "b", "last_write_wins", "");
    g_assert_cmpint(rw_conf_table_drift(conf, "shop", "a"), ==, RW_DRIFT_SOURCE);
    g_assert_cmpint(rw_conf_table_drift(conf, "shop", "b"), ==, RW_DRIFT_STOP);
    g_assert_cmpint(rw_conf_table_drift(conf, "x", "a"), ==, RW_DRIFT_STOP);
    g_assert_cmpint(rw_conf_table_drift(conf, "y", "a"), ==, RW_DRIFT_SOURCE);
    g_assert_cmpstr(rw_conf_table_version_column(conf, "shop", "a"), ==, "at");
    g_assert_null(rw_conf_table_version_column(conf, "shop", "b"));
    g_assert_null(rw_conf_table_version_column(conf, "x", "y"));
}

static void test_site_priority(void)
{
    g_autoptr(rw_conf) conf = parse("[ringway]\ntopology=mesh\nconflict = site_priority\n" SITES "[site c]\nid=3\nhosts=x\n"
                                    "[schema s]\nconflict = site_priority (c,east , west)\n");
    check_policy(conf, "any", "t", "site_priority", "east|west|c");
    check_policy(conf, "s", "t", "site_priority", "c|east|west");
}

static void test_policies_refused(void)
{
    static const char not_here[] = "r.cnf:8: conflict cannot be delta here: its columns are those of one table; write it in [table SCHEMA.TABLE]";
    refused("[ringway]\nconflict=last_write_win", "r.cnf:8: conflict cannot be 'last_write_win'; did you mean 'last_write_wins'? (one of "
                                                  "last_write_wins, error, merge, site_priority, delta)");
    refused("[schema s]\nconflict=", "r.cnf:8: conflict cannot be ''; use one of last_write_wins, error, merge, site_priority, delta");
    refused("[ringway]\nconflict=merge(a)", "r.cnf:8: conflict cannot be 'merge(a)'; merge takes no arguments, write merge");
    refused("[ringway]\nconflict=error x", "r.cnf:8: conflict cannot be 'error x'; error takes no arguments, write error");
    refused("[ringway]\nconflict=delta(a)", not_here);
    refused("[schema s]\nconflict=delta", not_here);
    refused("[table s.t]\nconflict=delta", "r.cnf:8: conflict cannot be 'delta' alone; name a column: delta(COLUMN, ...)");
    refused("[table s.t]\nconflict=delta( )", "r.cnf:8: conflict cannot be 'delta( )'; name a column: delta(COLUMN, ...)");
    refused("[table s.t]\nconflict=delta(a",
            "r.cnf:8: conflict cannot be 'delta(a'; write delta(COLUMN, ...), with a closing parenthesis at the end");
    refused("[table s.t]\nconflict=delta(a) b",
            "r.cnf:8: conflict cannot be 'delta(a) b'; write delta(COLUMN, ...), with a closing parenthesis at the end");
    refused("[table s.t]\nconflict=delta a", "r.cnf:8: conflict cannot be 'delta a'; write delta(COLUMN, ...)");
    refused("[table s.t]\nconflict=delta(a,,b)", "r.cnf:8: conflict cannot be 'delta(a,,b)'; a column has no name, write delta(COLUMN, ...)");
    refused("[table s.t]\nconflict=delta(a,b,A)", "r.cnf:8: conflict cannot be 'delta(a,b,A)'; column A stands there twice");
    refused("[table s.t]\nconflict=delta((a))", "r.cnf:8: conflict cannot hold the column '(a)'; write delta(COLUMN, ...)");
    refused("[ringway]\nconflict=site_priority(east, wets)", "r.cnf:8: there is no site 'wets'; did you mean 'west'?");
    refused("[table s.t]\n\nconflict=site_priority(west)",
            "r.cnf:9: conflict = site_priority leaves out site east; name every site once, or none for the order of their sections");
    refused("[table s.t]\nversion_column=", "r.cnf:8: version_column is empty; name a column or remove the key");
}

static void test_values_refused(void)
{
    refused("[ringway]\ntopology=rnig", "r.cnf:8: topology cannot be 'rnig'; did you mean 'ring'? (one of pair, mesh, ring, star, links)");
    refused("[ringway]\nlog_level=loud", "r.cnf:8: log_level cannot be 'loud'; use one of error, warning, info, debug");
    refused("[ringway]\nlock_wait_s=0", "r.cnf:8: lock_wait_s cannot be '0'; use a number from 1 to 3600");
    refused("[ringway]\nlock_wait_s=-1", "r.cnf:8: lock_wait_s cannot be '-1'; use a number from 1 to 3600");
    refused("[ringway]\nlock_wait_s=", "r.cnf:8: lock_wait_s cannot be ''; use a number from 1 to 3600");
    refused("[ringway]\nlock_wait_s=18446744073709551621",
            "r.cnf:8: lock_wait_s cannot be '18446744073709551621'; use a number from 1 to 3600");
    refused("[ringway]\nwindow_bytes=1T",
            "r.cnf:8: window_bytes cannot be '1T'; use bytes from 65536 to 1073741824, with K, M or G if you like");
    refused("[ringway]\nwindow_bytes=9999999999G",
            "r.cnf:8: window_bytes cannot be '9999999999G'; use bytes from 65536 to 1073741824, with K, M or G if you like");
    refused("[ringway]\nmemory_bytes=9999999999G",
            "r.cnf:8: memory_bytes cannot be '9999999999G'; use bytes from 1048576 to 68719476736, with K, M or G if you like");
    refused("[ringway]\nmemory_bytes=65G",
            "r.cnf:8: memory_bytes cannot be '65G'; use bytes from 1048576 to 68719476736, with K, M or G if you like");
    refused("[ringway]\ngap_wait_s=3601", "r.cnf:8: gap_wait_s cannot be '3601'; use a number from 0 to 3600");
    refused("[ringway]\nconflict_keep_days=0", "r.cnf:8: conflict_keep_days cannot be '0'; use a number from 1 to 3650");
    refused("[schema s]\ndrift=sauce", "r.cnf:8: drift cannot be 'sauce'; did you mean 'source'? (one of stop, source)");
    refused("[ringway]\nhttp=9580", "r.cnf:8: http cannot be '9580'; write address:port, or nothing to turn it off");
    refused("[ringway]\nname=a b", "r.cnf:8: name 'a b' is not valid; use 1 to 32 letters, digits, _ and -");
    refused("[ringway]\nheartbeat_s=10", "r.cnf:8: heartbeat_s (10) is not less than deadline_s (10); give a peer time to answer");
}

static void test_read_only(void)
{
    g_autoptr(rw_conf) conf = parse(SITES "read_only = yes\n");
    g_assert_false(conf->sites[0].read_only);
    g_assert_true(conf->sites[1].read_only);
    refused("read_only = perhaps", "r.cnf:7: read_only cannot be 'perhaps'; use yes or no");
    refused("read_only=yes\n[ringway]\ntopology=ring", "r.cnf:7: site west is read_only, and the ring would end there; use topology = star, mesh or links");
    refused("read_only=yes\n[link west->east]", "r.cnf:8: site west is read_only, so no link leaves it; remove the section, or read_only");
    const char *hub = "[ringway]\ntopology=star\n[site a]\nid=1\nhosts=x\nread_only=on\n[site b]\nid=2\nhosts=y";
    const char *both = "[site a]\nid=1\nhosts=x\nread_only=1\n[site b]\nid=2\nhosts=y\nread_only=1";
    g_autoptr(GError) no_hub = NULL, nobody = NULL;
    g_assert_null(rw_conf_parse("r.cnf", hub, strlen(hub), &no_hub));
    g_assert_cmpstr(no_hub->message, ==, "r.cnf:6: site a is the hub of the star, which hands on what the others write, so it cannot be read_only; "
                                         "put another site first, or use topology = mesh or links");
    g_assert_null(rw_conf_parse("r.cnf", both, strlen(both), &nobody));
    g_assert_cmpstr(nobody->message, ==, "r.cnf: every site is read_only, so there is nothing to replicate; remove it where applications write");
}

static void test_between_sites(void)
{
    refused("[site c]\nid=1\nhosts=x", "r.cnf:8: id 1 is that of site east already; give each site a number of its own");
    refused("[site c]\nid=256\nhosts=x", "r.cnf:8: id cannot be '256'; use a number from 1 to 255");
    refused("[site EAST]\nid=3\nhosts=x", "r.cnf:7: site EAST is too like site east; use names that differ in more than case, - and _");
    refused("[site c]\nid=3\nhosts=DB1:3307", "r.cnf:9: DB1 is a host of site east already; a site is a database of its own");
    refused("[site c]\nid=3\nhosts=x, y, db1:3307", "r.cnf:9: db1 is a host of site east already; a site is a database of its own");
    refused("[site c]\nhosts=x", "r.cnf:7: [site c] has no id; add it: number of the site");
    refused("[site c]\nid=3\nhosts=x", "r.cnf:1: topology = pair with 3 sites; use mesh, ring, star or links");
    refused("[site c]\nid=3\nhosts=x\n[ringway]\ntopology=pair", "r.cnf:11: topology = pair with 3 sites; use mesh, ring, star or links");
    refused("[link east->wets]", "r.cnf:7: there is no site 'wets'; did you mean 'west'?");
    refused("[link east->atlantis]", "r.cnf:7: there is no site 'atlantis'; add a section [site atlantis]");
    refused("[link east->east]", "r.cnf:7: a link from east to itself; write [link A->B] with two sites");
}

static void test_too_few(void)
{
    g_autoptr(GError) none = NULL, one = NULL;
    g_assert_null(rw_conf_parse("r.cnf", "", 0, &none));
    g_assert_cmpstr(none->message, ==, "r.cnf: no site; replication needs at least two sections [site NAME]");
    const char *text = "[site a]\nid=1\nhosts=x";
    g_assert_null(rw_conf_parse("r.cnf", text, strlen(text), &one));
    g_assert_cmpstr(one->message, ==, "r.cnf: only one site; replication needs at least two sections [site NAME]");
}

static void test_logins(void)
{
    refused("[site c]\nid=3\nhosts=x\npassword=a\npassword_file=b", "r.cnf:11: site c has both password and password_file; keep one");
    refused("[site c]\nid=3\nhosts=x\npassword=", "r.cnf:10: password of site c is empty; write it or remove the key");
    refused("[site c]\nid=3\nhosts=x\nuser=", "r.cnf:10: user of site c is empty; write it or remove the key");
    refused("[site c]\nid=3\nhosts=x\nssl_key=k", "r.cnf:10: ssl_cert and ssl_key belong together; add the other one");
    refused("[site c]\nid=3\nhosts=x\nssl_ca=k\nssl_mode=disabled",
            "r.cnf:11: ssl_mode = disabled with certificates; remove ssl_ca, ssl_cert and ssl_key, or use ssl_mode = required");
}

static void test_notes(void)
{
    g_autoptr(rw_conf) conf = parse("[ringway]\nhttp=0.0.0.0:80\n[site a]\nid=1\nhosts=127.0.0.1\nssl_mode=disabled\n"
                                    "[site b]\nid=2\nhosts=db\nssl_mode=disabled");
    g_assert_cmpuint(g_strv_length(conf->warnings), ==, 2);
    g_assert_cmpstr(conf->warnings[0], ==, "/etc/r.cnf:2: http listens at 0.0.0.0, beyond this host, and asks for no password");
    g_assert_cmpstr(conf->warnings[1], ==, "/etc/r.cnf:10: site b is reached without TLS: passwords and rows can be read on the way");
}

static void test_paths(void)
{
    g_autoptr(rw_conf) conf = parse(SITES "[ringway]\nhttp=\n[table a.b]\n");
    g_assert_null(conf->http.address);
    g_autoptr(rw_conf) other = parse("[site a]\nid=1\nhosts=x\npassword_file=../a.pass\n[site b]\nid=2\nhosts=y\nssl_ca=/ca.pem\n");
    g_assert_cmpstr(other->sites[0].password_file, ==, "/a.pass");
    g_assert_cmpstr(other->sites[1].ssl_ca, ==, "/ca.pem");
}

static void test_split_link(void)
{
    char *source = NULL, *target = NULL;
    g_assert_true(rw_conf_split_link(" a -> b ", &source, &target, NULL));
    g_assert_cmpstr(source, ==, "a");
    g_assert_cmpstr(target, ==, "b");
    g_free(source);
    g_free(target);
    static const char *const bad[] = {"", "a", "a->", "->b", "a>b", "a->b->c", "a->b c"};
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) g_assert_false(rw_conf_split_link(bad[i], &source, &target, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/conf/conf/defaults", test_defaults);
    g_test_add_func("/conf/conf/sites", test_sites);
    g_test_add_func("/conf/conf/hosts", test_hosts);
    g_test_add_func("/conf/conf/several-hosts", test_several_hosts);
    g_test_add_func("/conf/conf/hosts-refused", test_hosts_refused);
    g_test_add_func("/conf/conf/filters", test_filters);
    g_test_add_func("/conf/conf/delay", test_delay);
    g_test_add_func("/conf/conf/filters-refused", test_filters_refused);
    g_test_add_func("/conf/conf/tables", test_tables);
    g_test_add_func("/conf/conf/inheritance", test_inheritance);
    g_test_add_func("/conf/conf/site-priority", test_site_priority);
    g_test_add_func("/conf/conf/policies-refused", test_policies_refused);
    g_test_add_func("/conf/conf/values-refused", test_values_refused);
    g_test_add_func("/conf/conf/read_only", test_read_only);
    g_test_add_func("/conf/conf/between-sites", test_between_sites);
    g_test_add_func("/conf/conf/too-few", test_too_few);
    g_test_add_func("/conf/conf/logins", test_logins);
    g_test_add_func("/conf/conf/notes", test_notes);
    g_test_add_func("/conf/conf/paths", test_paths);
    g_test_add_func("/conf/conf/split-link", test_split_link);
    return g_test_run();
}
