#include "topology/topology.h"

#include <string.h>

static void test_pair(void)
{
    static const char *const sites[] = {"east", "west", NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) links = rw_topology_links("pair", sites, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(links->len, ==, 2);
    const rw_topology_link *there = g_ptr_array_index(links, 0), *back = g_ptr_array_index(links, 1);
    g_assert_cmpuint(there->source, ==, 0);
    g_assert_cmpuint(there->target, ==, 1);
    g_assert_cmpstr(there->name, ==, "east->west");
    g_assert_cmpuint(back->source, ==, 1);
    g_assert_cmpuint(back->target, ==, 0);
    g_assert_cmpstr(back->name, ==, "west->east");
}

/* By source, then by target. */
static void test_mesh(void)
{
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p"};
    for (unsigned n = 2; n <= G_N_ELEMENTS(names); n++) {
        const char *sites[G_N_ELEMENTS(names) + 1] = {NULL};
        g_autoptr(GError) error = NULL;
        memcpy(sites, names, n * sizeof *names);
        g_autoptr(GPtrArray) links = rw_topology_links("mesh", sites, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(links->len, ==, n * (n - 1));
        for (unsigned i = 0; i < links->len; i++) {
            const rw_topology_link *link = g_ptr_array_index(links, i);
            unsigned source = i / (n - 1), nth = i % (n - 1), target = nth + (nth >= source);
            g_autofree char *name = g_strdup_printf("%s->%s", names[source], names[target]);
            g_assert_cmpuint(link->source, ==, source);
            g_assert_cmpuint(link->target, ==, target);
            g_assert_cmpstr(link->name, ==, name);
        }
    }
}

static void assert_refused(const char *topology, const char *const *sites, const char *const *words)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(rw_topology_links(topology, sites, &error));
    g_assert_error(error, RW_ERROR, RW_ERR_CONFIG);
    for (; *words; words++)
        if (!strstr(error->message, *words)) g_error("\"%s\" is not in \"%s\"", *words, error->message);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_SITES ((const char *const[]){NULL})

static void test_refused(void)
{
    assert_refused("pair", NO_SITES, LIST("2 sites", "are 0", "add"));
    assert_refused("pair", LIST("a"), LIST("2 sites", "are 1", "add"));
    assert_refused("pair", LIST("a", "b", "c"), LIST("2 sites", "are 3", "remove"));
    assert_refused("pair", LIST("a", "a"), LIST("\"a\"", "own name"));
    assert_refused("pair", LIST("a", ""), LIST("site 2"));
    assert_refused("triangle", LIST("a", "b"), LIST("triangle", "pair, mesh", "ring, star"));
    assert_refused("", LIST("a", "b"), LIST("pair"));
    assert_refused("Pair", LIST("a", "b"), LIST("pair"));
    assert_refused("mesh", LIST("a"), LIST("2 to 16 sites", "are 1", "add"));
    assert_refused("mesh", LIST("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q"), LIST("2 to 16", "are 17", "remove"));
    assert_refused("mesh", LIST("a", "b", "a"), LIST("\"a\"", "own name"));
    static const char *const later[] = {"ring", "star"};
    for (size_t i = 0; i < G_N_ELEMENTS(later); i++)
        assert_refused(later[i], LIST("a", "b", "c"), LIST("not there yet", later[i], "ring, star", "use one of: pair, mesh"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/topology/pair", test_pair);
    g_test_add_func("/topology/mesh", test_mesh);
    g_test_add_func("/topology/refused", test_refused);
    return g_test_run();
}
