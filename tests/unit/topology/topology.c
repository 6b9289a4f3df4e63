#include "topology/topology.h"

#include <string.h>

/* Sites a, b, c ... with the numbers 1, 2, 3 ...; those in `readers` are read_only. */
static rw_conf *conf_with(const char *topology, unsigned n_sites, const char *links, const char *readers)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    g_string_append_printf(text, "[ringway]\ntopology = %s\n", topology);
    for (unsigned i = 0; i < n_sites; i++)
        g_string_append_printf(text, "[site %c]\nid = %u\nhosts = h%u\nssl_mode = required\nread_only = %d\n", 'a' + (int)i, i + 1, i + 1, strchr(readers, 'a' + (int)i) != NULL);
    for (const char *p = links; *p; p += 2) g_string_append_printf(text, "[link %c->%c]\n", p[0], p[1]);
    rw_conf *conf = rw_conf_parse("t.cnf", text->str, text->len, &error);
    g_assert_no_error(error);
    return conf;
}

static rw_conf *conf_of(const char *topology, unsigned n_sites, const char *links) { return conf_with(topology, n_sites, links, ""); }

/* "a->b:1,3 ..." */
static char *shown(const char *topology, unsigned n_sites, const char *links, const char *readers)
{
    g_autoptr(rw_conf) conf = conf_with(topology, n_sites, links, readers);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) built = rw_topology_links(conf, &error);
    g_assert_no_error(error);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < built->len; i++) {
        const rw_topology_link *link = g_ptr_array_index(built, i);
        g_autofree char *carries = rw_origins_format(&link->carries);
        g_assert_cmpstr(conf->site_names[link->source], ==, ((char[]){link->name[0], 0}));
        g_string_append_printf(text, "%s%s:%s", i ? " " : "", link->name, carries);
    }
    return g_string_free(text, FALSE);
}

static void assert_links(const char *topology, unsigned n_sites, const char *links, const char *wanted)
{
    g_autofree char *is = shown(topology, n_sites, links, "");
    g_assert_cmpstr(is, ==, wanted);
}

static void test_shapes(void)
{
    assert_links("pair", 2, "", "a->b:1 b->a:2");
    assert_links("mesh", 3, "", "a->b:1 a->c:1 b->a:2 b->c:2 c->a:3 c->b:3");
    assert_links("ring", 2, "", "a->b:1 b->a:2");
    assert_links("ring", 3, "", "a->b:1,3 b->c:1,2 c->a:2,3");
    assert_links("ring", 4, "", "a->b:1,3,4 b->c:1,2,4 c->d:1,2,3 d->a:2,3,4");
    assert_links("star", 4, "", "a->b:1,3,4 b->a:2 a->c:1,2,4 c->a:3 a->d:1,2,3 d->a:4");
}

static void test_links(void)
{
    assert_links("links", 2, "ab", "a->b:1");
    assert_links("links", 3, "abbc", "a->b:1 b->c:1,2");
    /* The direct way is the shortest; of equals the link that stands first. */
    assert_links("links", 3, "abbcac", "a->b:1 b->c:2 a->c:1");
    assert_links("links", 4, "acabbdcd", "a->c:1 a->b:1 b->d:2 c->d:1,3");
    /* Two pairs over a bridge. */
    assert_links("links", 4, "abbabccbcddc", "a->b:1 b->a:2,3,4 b->c:1,2 c->b:3,4 c->d:1,2,3 d->c:4");
}

static void test_read_only(void)
{
    static const struct {
        const char *topology, *links, *readers, *wanted;
        unsigned n_sites;
    } cases[] = {
        {"pair", "", "b", "a->b:1", 2},
        {"pair", "", "a", "b->a:2", 2},
        {"mesh", "", "c", "a->b:1 a->c:1 b->a:2 b->c:2", 3},
        {"mesh", "", "bc", "a->b:1 a->c:1", 3},
        {"star", "", "c", "a->b:1 b->a:2 a->c:1,2", 3},
        {"links", "abbabc", "c", "a->b:1 b->a:2 b->c:1,2", 3},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *is = shown(cases[i].topology, cases[i].n_sites, cases[i].links, cases[i].readers);
        g_assert_cmpstr(is, ==, cases[i].wanted);
    }
}

static void assert_refused(const char *topology, unsigned n_sites, const char *links, const char *words)
{
    g_autoptr(rw_conf) conf = conf_of(topology, n_sites, links);
    g_autoptr(GError) error = NULL;
    g_assert_null(rw_topology_links(conf, &error));
    g_assert_error(error, RW_ERROR, RW_ERR_CONFIG);
    if (!strstr(error->message, words)) g_error("\"%s\" is not in \"%s\"", words, error->message);
}

/* Lines that follow the section of the last site. */
static char *shown_with(const char *head, const char *last)
{
    g_autofree char *text = g_strdup_printf("[ringway]\ntopology = %s\n[site a]\nid = 1\nhosts = h1\n[site b]\nid = 2\nhosts = h2\n[site c]\nid = 3\nhosts = h3\n[site d]\nid = 4\nhosts = h4\n%s\n", head, last);
    g_autoptr(GError) error = NULL;
    g_autoptr(rw_conf) conf = rw_conf_parse("t.cnf", text, strlen(text), &error);
    if (!conf) return g_strdup(error->message);
    g_autoptr(GPtrArray) built = rw_topology_links(conf, &error);
    GString *out = g_string_new(built ? NULL : error->message);
    for (guint i = 0; built && i < built->len; i++) {
        const rw_topology_link *link = g_ptr_array_index(built, i);
        g_autofree char *carries = rw_origins_format(&link->carries);
        g_string_append_printf(out, "%s%s:%s", i ? " " : "", link->name, carries);
    }
    return g_string_free(out, FALSE);
}

/* It gets everything from one site, whatever the shape is, and nobody gets anything from it: not what it wrote in an earlier life either. */
static void test_copy(void)
{
    static const struct { const char *topology, *last, *wanted; } cases[] = {
        {"ring", "copy_of = b", "a->b:1,3 b->c:1,2 c->a:2,3 b->d:1,2,3"},
        {"mesh", "copy_of = c", "a->b:1 a->c:1 b->a:2 b->c:2 c->a:3 c->b:3 c->d:1,2,3"},
        {"ring", "copy_of = b\nheir = c", "a->b:1,3,4 b->c:1,2 c->a:2,3,4 b->d:1,2,3"},
        {"links", "copy_of = a\n[link a->b]\n[link b->c]\n[link c->d]", "a->b:1 b->c:1,2 a->d:1"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *is = shown_with(cases[i].topology, cases[i].last);
        g_assert_cmpstr(is, ==, cases[i].wanted);
    }
    static const char *const wrong[] = {"copy_of = d", "copy_of = nobody", "copy_of = a\n[site e]\nid = 5\nhosts = h5\ncopy_of = d"};
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *is = shown_with("ring", wrong[i]);
        g_assert_nonnull(strstr(is, "is not a site in use that others receive from; name one that is"));
    }
}

static void test_refused(void)
{
    assert_refused("mesh", 17, "", "2 to 16 sites, but there are 17");
    assert_refused("links", 3, "", "there is no [link A->B] section");
    assert_refused("ring", 3, "ba", "[link b->a]: topology = ring has no such link");
    assert_refused("star", 3, "bc", "has no such link");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/topology/shapes", test_shapes);
    g_test_add_func("/topology/links", test_links);
    g_test_add_func("/topology/read-only", test_read_only);
    g_test_add_func("/topology/copy", test_copy);
    g_test_add_func("/topology/refused", test_refused);
    return g_test_run();
}
