#include "topology/topology.h"

#include "topology/renames.h"

#include <string.h>

static void link_free(gpointer data)
{
    rw_topology_link *link = data;
    g_free(link->name);
    g_free(link);
}

static void add_link(GPtrArray *links, const rw_conf *conf, unsigned source, unsigned target)
{
    if (conf->sites[source].read_only) return;
    rw_topology_link *link = g_new0(rw_topology_link, 1);
    link->source = source;
    link->target = target;
    link->name = g_strdup_printf("%s->%s", conf->site_names[source], conf->site_names[target]);
    g_ptr_array_add(links, link);
}

/* Indexes of the sites in use, in their order. */
static unsigned sites_in_use(const rw_conf *conf, unsigned *used)
{
    unsigned n = 0;
    for (unsigned i = 0; i < conf->n_sites; i++)
        if (rw_site_takes_part(&conf->sites[i])) used[n++] = i;
    return n;
}

static void build_mesh(GPtrArray *links, const rw_conf *conf, const unsigned *used, unsigned n)
{
    for (unsigned source = 0; source < n; source++)
        for (unsigned target = 0; target < n; target++)
            if (source != target) add_link(links, conf, used[source], used[target]);
}

static void build_ring(GPtrArray *links, const rw_conf *conf, const unsigned *used, unsigned n)
{
    for (unsigned i = 0; i < n; i++) add_link(links, conf, used[i], used[(i + 1) % n]);
}

static void build_star(GPtrArray *links, const rw_conf *conf, const unsigned *used, unsigned n)
{
    for (unsigned i = 1; i < n; i++) {
        add_link(links, conf, used[0], used[i]);
        add_link(links, conf, used[i], used[0]);
    }
}

static void build_links(GPtrArray *links, const rw_conf *conf, const unsigned *used, unsigned n)
{
    (void)used, (void)n;
    for (unsigned i = 0; i < conf->n_links; i++) {
        const rw_site_conf *source = rw_conf_site(conf, conf->links[i].source), *target = rw_conf_site(conf, conf->links[i].target);
        if (rw_site_takes_part(source) && rw_site_takes_part(target)) add_link(links, conf, (unsigned)(source - conf->sites), (unsigned)(target - conf->sites));
    }
}

/* Whatever the shape is, a site that is being added hangs behind the one whose copy it is. */
static void add_copies(GPtrArray *links, const rw_conf *conf)
{
    for (unsigned i = 0; i < conf->n_sites; i++)
        if (conf->sites[i].copy_of) add_link(links, conf, (unsigned)(rw_conf_site(conf, conf->sites[i].copy_of) - conf->sites), i);
}

static const struct shape {
    unsigned max_sites;
    void (*build)(GPtrArray *links, const rw_conf *conf, const unsigned *used, unsigned n);
} shapes[] = {
    [RW_TOPOLOGY_PAIR] = {2, build_mesh},
    [RW_TOPOLOGY_MESH] = {RW_SITES_MAX, build_mesh},
    [RW_TOPOLOGY_RING] = {RW_SITES_MAX, build_ring},
    [RW_TOPOLOGY_STAR] = {RW_SITES_MAX, build_star},
    [RW_TOPOLOGY_LINKS] = {RW_SITES_MAX, build_links},
};

static bool has_link(const GPtrArray *links, const rw_conf *conf, const rw_link_conf *wanted)
{
    for (guint i = 0; i < links->len; i++) {
        const rw_topology_link *link = g_ptr_array_index(links, i);
        if (strcmp(conf->site_names[link->source], wanted->source) == 0 && strcmp(conf->site_names[link->target], wanted->target) == 0) return true;
    }
    return false;
}

static bool concerns_absent(const rw_conf *conf, const rw_link_conf *link)
{
    return !rw_site_takes_part(rw_conf_site(conf, link->source)) || !rw_site_takes_part(rw_conf_site(conf, link->target));
}

/* An override of a link that does not exist would silently do nothing. */
static bool check(const GPtrArray *links, const rw_conf *conf, GError **error)
{
    if (!links->len)
        return rw_fail(error, RW_ERR_CONFIG, "%s: topology = links, but there is no [link A->B] section; write one for every link, or use pair, mesh, ring or star", conf->path);
    for (unsigned i = 0; i < conf->n_links; i++)
        if (!has_link(links, conf, &conf->links[i]) && !concerns_absent(conf, &conf->links[i]))
            return rw_fail(error, RW_ERR_CONFIG, "%s: [link %s->%s]: topology = %s has no such link; correct or remove the section, or use topology = links",
                           conf->path, conf->links[i].source, conf->links[i].target, rw_conf_topology(conf));
    return true;
}

/* --- routes --- */

typedef struct {
    GPtrArray *links;
    const rw_conf *conf;
    bool *reached;   /* per site */
    unsigned *queue; /* sites in the order in which they were reached */
    unsigned n;
} search;

static void go_on_from(search *s, unsigned site, unsigned origin)
{
    for (guint i = 0; i < s->links->len; i++) {
        rw_topology_link *link = g_ptr_array_index(s->links, i);
        if (link->source != site || link->target == origin || s->reached[link->target]) continue;
        rw_origins_add(&link->carries, s->conf->sites[origin].id);
        s->reached[link->target] = true;
        s->queue[s->n++] = link->target;
    }
}

/* Breadth first: the first way that is found is a shortest one. What is left of a site that is gone begins at its heir. */
static void route(GPtrArray *links, const rw_conf *conf, unsigned origin)
{
    const char *heir = conf->sites[origin].heir;
    unsigned begin = heir ? (unsigned)(rw_conf_site(conf, heir) - conf->sites) : origin;
    g_autofree bool *reached = g_new0(bool, conf->n_sites);
    g_autofree unsigned *queue = g_new(unsigned, conf->n_sites);
    search s = {links, conf, reached, queue, 1};
    reached[begin] = true;
    queue[0] = begin;
    for (unsigned i = 0; i < s.n; i++) go_on_from(&s, queue[i], origin);
}

GPtrArray *rw_topology_links(const rw_conf *conf, GError **error)
{
    const struct shape *shape = &shapes[conf->topology];
    if (conf->n_in_use > shape->max_sites) {
        rw_fail(error, RW_ERR_CONFIG, "%s: topology = %s takes 2 to %u sites, but there are %u; remove [site NAME] sections", conf->path, rw_conf_topology(conf),
                shape->max_sites, conf->n_in_use);
        return NULL;
    }
    g_autoptr(GPtrArray) links = g_ptr_array_new_with_free_func(link_free);
    g_autofree unsigned *used = g_new(unsigned, conf->n_sites);
    shape->build(links, conf, used, sites_in_use(conf, used));
    add_copies(links, conf);
    if (!check(links, conf, error)) return NULL;
    for (unsigned origin = 0; origin < conf->n_sites; origin++) route(links, conf, origin);
    return rw_topology_check_renames(conf, links, error) ? g_steal_pointer(&links) : NULL;
}
