#include "conf/build.h"

#include "base/nearest.h"
#include "conf/value.h"

#include <string.h>

typedef struct {
    const rw_conf_file *file;
    rw_conf *conf;
    GPtrArray *warnings;
} builder;

static void clear_section(rw_section_kind kind, void *target)
{
    unsigned n;
    const rw_option *all = rw_options(&n);
    for (unsigned i = 0; i < n; i++)
        if (all[i].section == kind) rw_value_clear(&all[i], target);
}

void rw_conf_free_parts(rw_conf *conf)
{
    clear_section(RW_SECTION_RINGWAY, conf);
    for (unsigned i = 0; i < conf->n_sites; i++) {
        clear_section(RW_SECTION_SITE, &conf->sites[i]);
        g_free(conf->sites[i].name);
    }
    for (unsigned i = 0; i < conf->n_links; i++) {
        clear_section(RW_SECTION_LINK, &conf->links[i]);
        g_free(conf->links[i].source);
        g_free(conf->links[i].target);
    }
    for (unsigned i = 0; i < conf->n_tables; i++) {
        clear_section(conf->tables[i].table ? RW_SECTION_TABLE : RW_SECTION_SCHEMA, &conf->tables[i]);
        g_free(conf->tables[i].schema);
        g_free(conf->tables[i].table);
    }
    g_free(conf->sites);
    g_free(conf->site_names);
    g_free(conf->links);
    g_free(conf->tables);
    g_strfreev(conf->warnings);
    g_free(conf->path);
}

G_GNUC_PRINTF(4, 5)
static bool refuse(const builder *b, unsigned line, GError **error, const char *format, ...)
{
    if (!error) return false;
    va_list args;
    va_start(args, format);
    g_autofree char *why = g_strdup_vprintf(format, args);
    va_end(args);
    return rw_fail(error, RW_ERR_CONFIG, "%s:%u: %s", b->file->path, line, why);
}

G_GNUC_PRINTF(3, 4)
static void warn(const builder *b, unsigned line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_ptr_array_add(b->warnings, g_strdup_printf("%s:%u: %s", b->file->path, line, what));
}

static unsigned line_of(const rw_conf_section *section, const char *key)
{
    const rw_conf_entry *entry = rw_conf_section_get(section, key);
    return entry ? entry->line : section->line;
}

/* The defaults, then what is written. section == NULL: the section is not there. */
static bool fill(const builder *b, rw_section_kind kind, const rw_conf_section *section, void *target, GError **error)
{
    unsigned n;
    const rw_option *all = rw_options(&n);
    for (unsigned i = 0; i < n; i++) {
        const rw_option *option = &all[i];
        if (option->section != kind) continue;
        const rw_conf_entry *entry = section ? rw_conf_section_get(section, option->key) : NULL;
        if (!entry && option->required) {
            g_autofree char *title = rw_conf_section_title(section);
            return refuse(b, section->line, error, "%s has no %s; add it: %s", title, option->key, option->help);
        }
        const char *text = entry ? entry->value : option->preset;
        if (text && !rw_value_set(option, target, text, b->file->path, entry ? entry->line : 0, error)) return false;
    }
    return true;
}

static bool check_ringway(const builder *b, const rw_conf_section *section, GError **error)
{
    static char *nothing[] = {NULL};
    rw_conf *conf = b->conf;
    if (!rw_conf_name_valid(conf->name))
        return refuse(b, line_of(section, "name"), error, "name '%s' is not valid; use 1 to 32 letters, digits, _ and -", conf->name);
    if (conf->heartbeat_s >= conf->deadline_s)
        return refuse(b, line_of(section, rw_conf_section_get(section, "deadline_s") ? "deadline_s" : "heartbeat_s"), error,
                      "heartbeat_s (%u) is not less than deadline_s (%u); give a peer time to answer", conf->heartbeat_s, conf->deadline_s);
    if (conf->http.address && !rw_host_is_local(conf->http.address))
        warn(b, line_of(section, "http"), "http listens at %s, beyond this host, and asks for no password", conf->http.address);
    char ***lists[] = {&conf->filter.schemas, &conf->filter.ignore_schemas, &conf->filter.tables, &conf->filter.ignore_tables};
    for (unsigned i = 0; i < G_N_ELEMENTS(lists); i++)
        if (!*lists[i]) *lists[i] = g_strdupv(nothing);
    return true;
}

/* Names that differ only in case, - and _ would share their environment variable. */
static bool alike(const char *a, const char *b)
{
    for (; *a && *b; a++, b++) {
        char x = *a == '-' ? '_' : g_ascii_tolower(*a), y = *b == '-' ? '_' : g_ascii_tolower(*b);
        if (x != y) return false;
    }
    return *a == *b;
}

static const rw_host *shared_host(const rw_hosts *mine, const rw_hosts *theirs)
{
    for (unsigned i = 0; i < mine->n; i++)
        for (unsigned k = 0; k < theirs->n; k++)
            if (rw_host_equal(&mine->host[i], &theirs->host[k])) return &mine->host[i];
    return NULL;
}

static bool check_unique(const builder *b, const rw_site_conf *site, const rw_conf_section *section, GError **error)
{
    for (const rw_site_conf *other = b->conf->sites; other < site; other++) {
        if (other->id == site->id)
            return refuse(b, line_of(section, "id"), error, "id %u is that of site %s already; give each site a number of its own",
                          site->id, other->name);
        if (alike(other->name, site->name))
            return refuse(b, section->line, error, "site %s is too like site %s; use names that differ in more than case, - and _",
                          site->name, other->name);
        const rw_host *shared = shared_host(&site->hosts, &other->hosts);
        if (shared)
            return refuse(b, line_of(section, "hosts"), error, "%s is a host of site %s already; a site is a database of its own",
                          shared->name, other->name);
    }
    return true;
}

static bool check_tls(const builder *b, rw_site_conf *site, const rw_conf_section *section, GError **error)
{
    bool written = rw_conf_section_get(section, "ssl_mode") != NULL;
    bool files = site->ssl_ca || site->ssl_cert || site->ssl_key;
    bool sockets = true, local = true;
    for (unsigned i = 0; i < site->hosts.n; i++) {
        sockets &= site->hosts.host[i].port == 0;
        local &= rw_host_is_local(site->hosts.host[i].name);
    }
    if (!site->ssl_cert != !site->ssl_key)
        return refuse(b, line_of(section, site->ssl_cert ? "ssl_cert" : "ssl_key"), error,
                      "ssl_cert and ssl_key belong together; add the other one");
    if (!written && sockets && !files) site->ssl_mode = RW_SSL_DISABLED;
    if (site->ssl_mode != RW_SSL_DISABLED) return true;
    if (files)
        return refuse(b, line_of(section, "ssl_mode"), error,
                      "ssl_mode = disabled with certificates; remove ssl_ca, ssl_cert and ssl_key, or "
                      "use ssl_mode = required");
    if (!local)
        warn(b, line_of(section, "ssl_mode"), "site %s is reached without TLS: passwords and rows can be read on the way", site->name);
    return true;
}

/* What a site that only receives cannot be. */
static bool check_read_only(const builder *b, const rw_site_conf *site, const rw_conf_section *section, GError **error)
{
    unsigned line = line_of(section, "read_only");
    if (!site->read_only) return true;
    if (b->conf->topology == RW_TOPOLOGY_RING)
        return refuse(b, line, error, "site %s is read_only, and the ring would end there; use topology = star, mesh or links", site->name);
    if (b->conf->topology == RW_TOPOLOGY_STAR && site == b->conf->sites)
        return refuse(b, line, error, "site %s is the hub of the star, which hands on what the others write, so it cannot be read_only; "
                      "put another site first, or use topology = mesh or links", site->name);
    return true;
}

static bool add_site(const builder *b, const rw_conf_section *section, GError **error)
{
    rw_site_conf *site = &b->conf->sites[b->conf->n_sites++];
    b->conf->site_names[b->conf->n_sites - 1] = site->name = g_strdup(section->name);
    if (!fill(b, RW_SECTION_SITE, section, site, error)) return false;
    if (site->password && site->password_file)
        return refuse(b, line_of(section, "password_file"), error, "site %s has both password and password_file; keep one", site->name);
    if (site->password && !*site->password)
        return refuse(b, line_of(section, "password"), error, "password of site %s is empty; write it or remove the key", site->name);
    if (!*site->user) return refuse(b, line_of(section, "user"), error, "user of site %s is empty; write it or remove the key", site->name);
    return check_unique(b, site, section, error) && check_tls(b, site, section, error) && check_read_only(b, site, section, error);
}

static bool check_site_name(const builder *b, const char *name, unsigned line, GError **error)
{
    if (rw_conf_site(b->conf, name)) return true;
    const char *near = rw_nearest(name, b->conf->site_names);
    if (near) return refuse(b, line, error, "there is no site '%s'; did you mean '%s'?", name, near);
    return refuse(b, line, error, "there is no site '%s'; add a section [site %s]", name, name);
}

static bool add_link(const builder *b, const rw_conf_section *section, GError **error)
{
    rw_link_conf *link = &b->conf->links[b->conf->n_links++];
    const rw_filter_conf *all = &b->conf->filter;
    link->source = g_strdup(section->name);
    link->target = g_strdup(section->peer);
    if (!check_site_name(b, link->source, section->line, error) || !check_site_name(b, link->target, section->line, error)) return false;
    if (strcmp(link->source, link->target) == 0)
        return refuse(b, section->line, error, "a link from %s to itself; write [link A->B] with two sites", link->source);
    if (rw_conf_site(b->conf, link->source)->read_only)
        return refuse(b, section->line, error, "site %s is read_only, so no link leaves it; remove the section, or read_only", link->source);
    if (!fill(b, RW_SECTION_LINK, section, link, error)) return false;
    link->line = line_of(section, "rename");
    const rw_filter_conf *own = &link->own;
    link->filter = (rw_filter_conf){
        .schemas = own->schemas ? own->schemas : all->schemas,
        .ignore_schemas = own->ignore_schemas ? own->ignore_schemas : all->ignore_schemas,
        .tables = own->tables ? own->tables : all->tables,
        .ignore_tables = own->ignore_tables ? own->ignore_tables : all->ignore_tables,
    };
    return true;
}

/* site_priority lists every site once; without a list the order of the sections is written into it. */
static bool check_policy(const builder *b, rw_policy_conf *policy, unsigned line, GError **error)
{
    if (!policy || strcmp(policy->name, "site_priority") != 0) return true;
    if (!*policy->arguments) {
        g_strfreev(policy->arguments);
        policy->arguments = g_strdupv((char **)b->conf->site_names);
    }
    for (char **name = policy->arguments; *name; name++)
        if (!check_site_name(b, *name, line, error)) return false;
    for (const char **name = b->conf->site_names; *name; name++)
        if (!g_strv_contains((const char *const *)policy->arguments, *name))
            return refuse(b, line, error,
                          "conflict = site_priority leaves out site %s; name every site once, or none for the order of their sections", *name);
    return true;
}

static bool check_general_policy(const builder *b, const rw_conf_section *section, GError **error)
{
    return check_policy(b, b->conf->conflict, line_of(section, "conflict"), error);
}

/* Of a schema, too: it has no table. */
static bool add_table(const builder *b, const rw_conf_section *section, GError **error)
{
    rw_table_conf *table = &b->conf->tables[b->conf->n_tables++];
    table->schema = g_strdup(section->name);
    table->table = g_strdup(section->peer);
    if (!fill(b, section->kind, section, table, error) || !check_policy(b, table->conflict, line_of(section, "conflict"), error)) return false;
    if (table->version_column && !*table->version_column)
        return refuse(b, line_of(section, "version_column"), error, "version_column is empty; name a column or remove the key");
    return true;
}

/* Every section of a kind; sites go before links, whatever their order in the file. */
static bool add_all(const builder *b, rw_section_kind kind, bool (*add)(const builder *, const rw_conf_section *, GError **),
                    GError **error)
{
    for (unsigned i = 0; i < b->file->sections->len; i++) {
        const rw_conf_section *section = b->file->sections->pdata[i];
        if (section->kind == kind && !add(b, section, error)) return false;
    }
    return true;
}

static bool check_named_sites(const builder *b, GError **error)
{
    const rw_conf *conf = b->conf;
    const rw_site_conf *hub = NULL; /* the first in use */
    for (unsigned i = 0; i < conf->n_sites; i++) {
        const rw_site_conf *site = &conf->sites[i], *heir = site->heir ? rw_conf_site(conf, site->heir) : NULL;
        if (site->heir && (!heir || !rw_site_takes_part(heir) || heir->read_only))
            return rw_fail(error, RW_ERR_CONFIG, "%s: heir of site %s is '%s', which is not a site in use that others receive from; name one that is", b->file->path, site->name,
                           site->heir);
        const rw_site_conf *of = site->copy_of ? rw_conf_site(conf, site->copy_of) : NULL;
        if (site->copy_of && (!of || !rw_site_takes_part(of) || of->read_only))
            return rw_fail(error, RW_ERR_CONFIG, "%s: copy_of of site %s is '%s', which is not a site in use that others receive from; name one that is", b->file->path, site->name,
                           site->copy_of);
        if (!hub && rw_site_takes_part(site)) hub = site;
    }
    if (conf->topology == RW_TOPOLOGY_STAR && hub->read_only)
        return rw_fail(error, RW_ERR_CONFIG, "%s: site %s is the hub of the star now, which hands on what the others write, so it cannot be read_only; put another site first, or use "
                       "topology = mesh or links", b->file->path, hub->name);
    return true;
}

static bool check_count(const builder *b, unsigned line, GError **error)
{
    rw_conf *conf = b->conf;
    for (unsigned i = 0; i < conf->n_sites; i++) conf->n_in_use += rw_site_takes_part(&conf->sites[i]);
    if (conf->n_in_use < 2)
        return rw_fail(error, RW_ERR_CONFIG, "%s: %s; replication needs at least two sections [site NAME]", b->file->path,
                       conf->n_in_use ? "only one site" : "no site");
    if (conf->topology == RW_TOPOLOGY_PAIR && conf->n_in_use > 2)
        return refuse(b, line, error, "topology = pair with %u sites; use mesh, ring, star or links", conf->n_in_use);
    unsigned writable = 0;
    for (unsigned i = 0; i < conf->n_sites; i++) writable += rw_site_takes_part(&conf->sites[i]) && !conf->sites[i].read_only;
    if (!writable) return rw_fail(error, RW_ERR_CONFIG, "%s: every site is read_only, so there is nothing to replicate; remove it where applications write", b->file->path);
    return check_named_sites(b, error);
}

static bool build(const builder *b, const rw_conf_section *general, GError **error)
{
    unsigned n = b->file->sections->len;
    b->conf->sites = g_new0(rw_site_conf, n + 1);
    b->conf->site_names = g_new0(const char *, n + 1);
    b->conf->links = g_new0(rw_link_conf, n + 1);
    b->conf->tables = g_new0(rw_table_conf, n + 1);
    return fill(b, RW_SECTION_RINGWAY, general, b->conf, error) && check_ringway(b, general, error) &&
           add_all(b, RW_SECTION_SITE, add_site, error) && check_count(b, line_of(general, "topology"), error) &&
           check_general_policy(b, general, error) && add_all(b, RW_SECTION_LINK, add_link, error) &&
           add_all(b, RW_SECTION_SCHEMA, add_table, error) && add_all(b, RW_SECTION_TABLE, add_table, error);
}

rw_conf *rw_conf_build(const rw_conf_file *file, GError **error)
{
    g_autoptr(GArray) none = g_array_new(FALSE, TRUE, sizeof(rw_conf_entry));
    const rw_conf_section missing = {.kind = RW_SECTION_RINGWAY, .line = 1, .entries = none};
    const rw_conf_section *general = &missing;
    for (unsigned i = 0; i < file->sections->len; i++) {
        const rw_conf_section *section = file->sections->pdata[i];
        if (section->kind == RW_SECTION_RINGWAY) general = section;
    }
    rw_conf *conf = g_new0(rw_conf, 1);
    conf->refs = 1;
    conf->path = g_strdup(file->path);
    builder b = {file, conf, g_ptr_array_new()};
    bool ok = build(&b, general, error);
    g_ptr_array_add(b.warnings, NULL);
    conf->warnings = (char **)g_ptr_array_free(b.warnings, FALSE);
    if (ok) return conf;
    rw_conf_unref(conf);
    return NULL;
}
