#include "topology/renames.h"

#include "topology/topology.h"

#include <string.h>

/* Sites a, b and c ... What is said; NULL: nothing. */
static char *judge(const char *topology, unsigned n_sites, const char *sections)
{
    g_autoptr(GString) text = g_string_new(NULL);
    GError *error = NULL;
    g_string_append_printf(text, "[ringway]\ntopology = %s\n", topology);
    for (unsigned i = 0; i < n_sites; i++) g_string_append_printf(text, "[site %c]\nid = %u\nhosts = h%u\n", 'a' + (int)i, i + 1, i + 1);
    g_string_append(text, sections);
    g_autoptr(rw_conf) conf = rw_conf_parse("r.cnf", text->str, text->len, &error);
    g_assert_no_error(error);
    GPtrArray *links = rw_topology_links(conf, &error);
    if (links) g_ptr_array_unref(links);
    g_assert_true(links || g_error_matches(error, RW_ERROR, RW_ERR_CONFIG));
    char *message = error ? g_strdup(error->message) : NULL;
    g_clear_error(&error);
    return message;
}

static void fits(const char *topology, unsigned n_sites, const char *sections)
{
    g_autofree char *message = judge(topology, n_sites, sections);
    g_assert_cmpstr(message, ==, NULL);
}

static void refused(const char *topology, unsigned n_sites, const char *sections, const char *wanted)
{
    g_autofree char *message = judge(topology, n_sites, sections);
    g_assert_cmpstr(message, ==, wanted);
}

static void test_back(void)
{
    fits("pair", 2, "[link a->b]\nrename=x:y, p.q:r.s\n[link b->a]\nrename=r.s:p.q, y:x");
    fits("links", 2, "[link a->b]\nrename=x:y");
    refused("pair", 2, "[link a->b]\nrename=x:y, p.q:r.s",
            "r.cnf:10: rename of link a->b: link b->a must give the names back; write in [link b->a]: rename = y:x, r.s:p.q");
    refused("pair", 2, "[link a->b]\ndelay_s=1\nrename=x:y\n[link b->a]\nrename=y:z",
            "r.cnf:11: rename of link a->b: link b->a must give the names back; write in [link b->a]: rename = y:x");
}

/* A table has one name at each site, whatever way it comes there. */
static void test_ways(void)
{
    fits("ring", 3, "[link a->b]\nrename=x:y\n[link b->c]\nrename=y:z\n[link c->a]\nrename=z:x");
    fits("ring", 3, "[link a->b]\nrename=x:y\n[link c->a]\nrename=y:x");
    fits("star", 3, "[link a->b]\nrename=x:y\n[link b->a]\nrename=y:x\n");
    fits("links", 3, "[link a->b]\nrename=x:y\n[link b->c]");
    refused("ring", 3, "[link a->b]\nrename=x:y",
            "r.cnf:13: rename of link a->b: x of site a is y at site a by link c->a, and x by another way; rename alike on all ways");
    refused("ring", 3, "[link a->b]\nrename=x.p:y.q\n[link b->c]\nrename=y:z",
            "r.cnf:13: rename of link a->b: x.p of site a is z.q at site a by link c->a, and x.p by another way; rename alike on all ways");
    refused("links", 3, "[link a->b]\nrename=x:y\n[link b->c]\n[link c->a]",
            "r.cnf:13: rename of link a->b: x of site a is y at site a by link c->a, and x by another way; rename alike on all ways");
    fits("links", 3, "[link a->c]\nrename=x:xa\n[link b->c]\nrename=x:xb");
    fits("mesh", 3, "[link a->c]\nrename=x:y\n[link b->c]\nrename=x:y\n[link c->a]\nrename=y:x\n[link c->b]\nrename=y:x");
    refused("mesh", 3, "[link a->c]\nrename=x:y\n[link c->a]\nrename=y:x",
            "r.cnf:13: rename of link a->c: x of site a is x at site c by link b->c, and y by another way; rename alike on all ways");
    refused("links", 3, "[link a->b]\n[link b->a]\n[link a->c]\nrename=x:xa\n[link b->c]\nrename=x:xb",
            "r.cnf:15: rename of link a->c: x of site a is xb at site c by link b->c, and xa by another way; rename alike on all ways");
}

static void test_filters(void)
{
    const char *renamed = "[link a->b]\nrename=x:y\nschemas=x\n[link b->a]\nrename=y:x\n";
    g_autofree char *both = g_strconcat(renamed, "schemas=y", NULL), *one = g_strconcat(renamed, "schemas=x", NULL);
    fits("pair", 2, both);
    refused("pair", 2, one, "r.cnf:13: rename of link b->a: y is not replicated by the link, as its lists say; write schemas or tables with the source's names in [link b->a]");
}

static void test_policies(void)
{
    const char *renamed = "[link a->b]\nrename=x:y\n[link b->a]\nrename=y:x\n";
    const char *differs = "r.cnf:10: rename of link a->b: conflict differs between x.t and y.t, which are the same at two sites; write one policy in [table x.t] and [table y.t]";
    g_autofree char *one = g_strconcat(renamed, "[table x.t]\nconflict=delta(n)", NULL), *two = g_strconcat(one, "\n[table y.t]\nconflict=delta(n)", NULL),
                    *other = g_strconcat(one, "\n[table y.t]\nconflict=delta(m)", NULL), *schema = g_strconcat(renamed, "[schema y]\nconflict=merge", NULL);
    fits("pair", 2, two);
    refused("pair", 2, one, differs);
    refused("pair", 2, other, differs);
    refused("pair", 2, schema, "r.cnf:10: rename of link a->b: conflict differs between x and y, which are the same at two sites; write one policy in [schema x] and [schema y]");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/renames/back", test_back);
    g_test_add_func("/renames/ways", test_ways);
    g_test_add_func("/renames/filters", test_filters);
    g_test_add_func("/renames/policies", test_policies);
    return g_test_run();
}
