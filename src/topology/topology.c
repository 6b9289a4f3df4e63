#include "topology/topology.h"

#include <string.h>

typedef void build_links(GPtrArray *links, const char *const *sites);

static void link_free(gpointer data)
{
    rw_topology_link *link = data;
    g_free(link->name);
    g_free(link);
}

static void add_link(GPtrArray *links, const char *const *sites, unsigned source, unsigned target)
{
    rw_topology_link *link = g_new(rw_topology_link, 1);
    *link = (rw_topology_link){source, target, g_strdup_printf("%s->%s", sites[source], sites[target])};
    g_ptr_array_add(links, link);
}

static void build_pair(GPtrArray *links, const char *const *sites)
{
    add_link(links, sites, 0, 1);
    add_link(links, sites, 1, 0);
}

static void build_mesh(GPtrArray *links, const char *const *sites)
{
    for (unsigned source = 0; sites[source]; source++)
        for (unsigned target = 0; sites[target]; target++)
            if (source != target) add_link(links, sites, source, target);
}

static const struct shape {
    const char *name;
    unsigned min_sites, max_sites;
    build_links *build; /* NULL: not there yet */
} shapes[] = {
    {"pair", 2, 2, build_pair},
    {"mesh", 2, 16, build_mesh},
    {"ring", 3, 255, NULL},
    {"star", 3, 255, NULL},
};

static char *shape_names(bool built)
{
    GString *names = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(shapes); i++)
        if ((shapes[i].build != NULL) == built) g_string_append_printf(names, "%s%s", names->len ? ", " : "", shapes[i].name);
    return g_string_free(names, FALSE);
}

static const struct shape *find_shape(const char *name, GError **error)
{
    g_autofree char *built = shape_names(true), *planned = shape_names(false);
    for (size_t i = 0; i < G_N_ELEMENTS(shapes); i++) {
        if (strcmp(shapes[i].name, name) != 0) continue;
        if (shapes[i].build) return &shapes[i];
        rw_fail(error, RW_ERR_CONFIG, "topology \"%s\": not there yet (nor are: %s); use one of: %s", name, planned, built);
        return NULL;
    }
    rw_fail(error, RW_ERR_CONFIG, "topology \"%.40s\": no such topology; use one of: %s (not there yet: %s)", name, built, planned);
    return NULL;
}

static bool check_sites(const struct shape *shape, const char *const *sites, GError **error)
{
    unsigned n = g_strv_length((char **)sites);
    if (n < shape->min_sites || n > shape->max_sites) {
        const char *more = n < shape->min_sites ? "add" : "remove";
        if (shape->min_sites == shape->max_sites)
            return rw_fail(error, RW_ERR_CONFIG, "topology \"%s\": needs %u sites, but there are %u; %s [site NAME] sections", shape->name, shape->min_sites, n, more);
        return rw_fail(error, RW_ERR_CONFIG, "topology \"%s\": needs %u to %u sites, but there are %u; %s [site NAME] sections",
                       shape->name, shape->min_sites, shape->max_sites, n, more);
    }
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (unsigned i = 0; i < n; i++) {
        if (!*sites[i]) return rw_fail(error, RW_ERR_CONFIG, "topology \"%s\": site %u has no name; write [site NAME]", shape->name, i + 1);
        if (!g_hash_table_add(seen, (gpointer)sites[i]))
            return rw_fail(error, RW_ERR_CONFIG, "topology \"%s\": two sites are called \"%s\"; give each its own name", shape->name, sites[i]);
    }
    return true;
}

GPtrArray *rw_topology_links(const char *topology, const char *const *sites, GError **error)
{
    const struct shape *shape = find_shape(topology, error);
    if (!shape || !check_sites(shape, sites, error)) return NULL;
    GPtrArray *links = g_ptr_array_new_with_free_func(link_free);
    shape->build(links, sites);
    return links;
}
