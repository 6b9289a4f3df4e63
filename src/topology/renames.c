#include "topology/renames.h"

#include "flow/route/filter.h"
#include "topology/topology.h"

#include <string.h>

static const char *site_name(const rw_conf *conf, unsigned site) { return conf->site_names[site]; }

static const rw_renames *renames_of(const rw_conf *conf, const rw_topology_link *link)
{
    return rw_conf_renames(conf, site_name(conf, link->source), site_name(conf, link->target));
}

static const rw_topology_link *find(const GPtrArray *links, unsigned source, unsigned target)
{
    for (guint i = 0; i < links->len; i++) {
        const rw_topology_link *link = g_ptr_array_index(links, i);
        if (link->source == source && link->target == target) return link;
    }
    return NULL;
}

/* The section that a message is about. */
static const rw_link_conf *section_of(const rw_conf *conf, const rw_topology_link *link)
{
    for (unsigned i = 0; i < conf->n_links; i++)
        if (strcmp(conf->links[i].source, site_name(conf, link->source)) == 0 && strcmp(conf->links[i].target, site_name(conf, link->target)) == 0) return &conf->links[i];
    return NULL;
}

G_GNUC_PRINTF(4, 5)
static bool refuse(const rw_conf *conf, const rw_topology_link *link, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *why = g_strdup_vprintf(format, args);
    va_end(args);
    return rw_fail(error, RW_ERR_CONFIG, "%s:%u: rename of link %s: %s", conf->path, section_of(conf, link)->line, link->name, why);
}

static bool check_back(const rw_conf *conf, const GPtrArray *links, const rw_topology_link *link, GError **error)
{
    static const rw_renames none = {NULL, 0};
    const rw_topology_link *back = find(links, link->target, link->source);
    const rw_renames *there = renames_of(conf, link), *here = back ? renames_of(conf, back) : NULL;
    if (!back || rw_renames_is_inverse(there, here ? here : &none)) return true;
    rw_renames wanted;
    rw_renames_invert(&wanted, there);
    g_autofree char *text = rw_renames_print(&wanted);
    rw_renames_clear(&wanted);
    return refuse(conf, link, error, "link %s must give the names back; write in [link %s]: rename = %s", back->name, back->name, text);
}

static char *shown(rw_name name) { return name.table ? g_strdup_printf("%s.%s", name.schema, name.table) : g_strdup(name.schema); }

/* Lists of [ringway] hold for both directions, and name what is called otherwise in one of them: easily a schema that never travels back. */
static bool check_filter(const rw_conf *conf, const rw_topology_link *link, GError **error)
{
    const rw_filter_conf *f = rw_conf_filter(conf, site_name(conf, link->source), site_name(conf, link->target));
    const rw_filter_lists lists = {(const char *const *)f->schemas, (const char *const *)f->ignore_schemas, (const char *const *)f->tables, (const char *const *)f->ignore_tables};
    const rw_renames *renames = renames_of(conf, link);
    g_autoptr(rw_filter) filter = rw_filter_new(&lists, error);
    for (unsigned i = 0; filter && i < renames->n; i++) {
        const rw_rename *e = &renames->at[i];
        if (e->table ? rw_filter_table(filter, e->schema, e->table) : rw_filter_schema(filter, e->schema)) continue;
        g_autofree char *name = shown((rw_name){e->schema, e->table});
        return refuse(conf, link, error, "%s is not replicated by the link, as its lists say; write schemas or tables with the source's names in [link %s]", name, link->name);
    }
    return filter != NULL;
}

static bool policies_equal(const rw_policy_conf *a, const rw_policy_conf *b)
{
    return strcmp(a->name, b->name) == 0 && g_strv_equal((const char *const *)a->arguments, (const char *const *)b->arguments);
}

/* A policy is looked up by the name that a table has at the site; all sites must settle a conflict the same way. */
static bool check_policy(const rw_conf *conf, const rw_topology_link *link, rw_name at_source, rw_name at_target, GError **error)
{
    if (policies_equal(rw_conf_table_conflict(conf, at_source.schema, at_source.table), rw_conf_table_conflict(conf, at_target.schema, at_target.table))) return true;
    g_autofree char *a = shown(at_source), *b = shown(at_target);
    const char *kind = at_source.table ? "table" : "schema";
    return refuse(conf, link, error, "conflict differs between %s and %s, which are the same at two sites; write one policy in [%s %s] and [%s %s]", a, b, kind, a, kind, b);
}

/* Of what has a section, and of what an entry takes out of its schema. */
static bool check_policies(const rw_conf *conf, const rw_topology_link *link, GError **error)
{
    const rw_renames *renames = renames_of(conf, link);
    for (unsigned i = 0; i < renames->n; i++) {
        const rw_rename *e = &renames->at[i];
        if (!check_policy(conf, link, (rw_name){e->schema, e->table}, (rw_name){e->new_schema, e->new_table}, error)) return false;
    }
    for (unsigned i = 0; i < conf->n_tables; i++) {
        rw_name name = {conf->tables[i].schema, conf->tables[i].table};
        if (!check_policy(conf, link, name, rw_renames_map(renames, name), error) || !check_policy(conf, link, rw_renames_back(renames, name), name, error)) return false;
    }
    return true;
}

/* --- one name at each site --- */

static rw_name translate(const rw_conf *conf, const rw_topology_link *link, rw_name name)
{
    const rw_renames *renames = renames_of(conf, link);
    return renames ? rw_renames_map(renames, name) : name;
}

static rw_name translate_back(const rw_conf *conf, const rw_topology_link *link, rw_name name)
{
    const rw_renames *renames = renames_of(conf, link);
    return renames ? rw_renames_back(renames, name) : name;
}

/* names: what a table, or schema, is called at each site; schema NULL: not known. true: one more is known. */
static bool spread(const rw_conf *conf, const GPtrArray *links, rw_name *names)
{
    bool more = false;
    for (guint i = 0; i < links->len; i++) {
        const rw_topology_link *link = g_ptr_array_index(links, i);
        rw_name *source = &names[link->source], *target = &names[link->target];
        if (!source->schema == !target->schema) continue;
        if (source->schema) *target = translate(conf, link, *source);
        else *source = translate_back(conf, link, *target);
        more = true;
    }
    return more;
}

static bool check_name(const rw_conf *conf, const GPtrArray *links, const rw_topology_link *by, rw_name name, GError **error)
{
    g_autofree rw_name *names = g_new0(rw_name, conf->n_sites);
    names[by->source] = name;
    while (spread(conf, links, names)) continue;
    for (guint i = 0; i < links->len; i++) {
        const rw_topology_link *link = g_ptr_array_index(links, i);
        if (!names[link->source].schema || rw_name_equal(translate(conf, link, names[link->source]), names[link->target])) continue;
        g_autofree char *text = shown(name), *one = shown(translate(conf, link, names[link->source])), *other = shown(names[link->target]);
        return refuse(conf, by, error, "%s of site %s is %s at site %s by link %s, and %s by another way; rename alike on all ways", text, site_name(conf, by->source), one,
                      site_name(conf, link->target), link->name, other);
    }
    return true;
}

static bool check_names(const rw_conf *conf, const GPtrArray *links, const rw_topology_link *link, GError **error)
{
    const rw_renames *renames = renames_of(conf, link);
    for (unsigned i = 0; i < renames->n; i++)
        if (!check_name(conf, links, link, (rw_name){renames->at[i].schema, renames->at[i].table}, error)) return false;
    return true;
}

bool rw_topology_check_renames(const rw_conf *conf, const GPtrArray *links, GError **error)
{
    for (guint i = 0; i < links->len; i++) {
        const rw_topology_link *link = g_ptr_array_index(links, i);
        if (!renames_of(conf, link)) continue;
        if (!check_back(conf, links, link, error) || !check_filter(conf, link, error) || !check_policies(conf, link, error)) return false;
    }
    for (guint i = 0; i < links->len; i++) {
        const rw_topology_link *link = g_ptr_array_index(links, i);
        if (renames_of(conf, link) && !check_names(conf, links, link, error)) return false;
    }
    return true;
}
