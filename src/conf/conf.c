#include "conf/conf.h"

#include "conf/build.h"
#include "conf/secret.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *rw_conf_find(const char *given, GError **error)
{
    static const char *const places[] = {"./ringway.cnf", "/etc/ringway/ringway.cnf"};
    if (given) return g_strdup(given);
    /* Not "can be read": a file that is there and cannot be read must not give way to another one. */
    for (unsigned i = 0; i < G_N_ELEMENTS(places); i++)
        if (g_file_test(places[i], G_FILE_TEST_EXISTS)) return g_strdup(places[i]);
    rw_fail(error, RW_ERR_CONFIG, "no configuration: neither %s nor %s is there; write one or name it with -c FILE", places[0], places[1]);
    return NULL;
}

static bool check_readable(const rw_conf *conf, const rw_site_conf *site, const char *key, const char *path, GError **error)
{
    if (!path || access(path, R_OK) == 0) return true;
    return rw_fail(error, RW_ERR_CONFIG, "%s: %s of site %s: %s: %s; correct the path or its permissions", conf->path, key, site->name,
                   path, g_strerror(errno));
}

static bool load_site(const rw_conf *conf, rw_site_conf *site, GError **error)
{
    return check_readable(conf, site, "ssl_ca", site->ssl_ca, error) && check_readable(conf, site, "ssl_cert", site->ssl_cert, error) &&
           check_readable(conf, site, "ssl_key", site->ssl_key, error) && rw_secret_load(site, error);
}

static void warn_if_open(rw_conf *conf, const char *path)
{
    struct stat st;
    bool secrets = false;
    for (unsigned i = 0; i < conf->n_sites; i++)
        if (conf->sites[i].password && !conf->sites[i].password_file && !conf->sites[i].password_from_env) secrets = true;
    if (!secrets || stat(path, &st) != 0 || !(st.st_mode & S_IRWXO)) return;
    guint n = g_strv_length(conf->warnings);
    conf->warnings = g_renew(char *, conf->warnings, n + 2);
    conf->warnings[n] = g_strdup_printf("%s: holds a password and other users can access it; run: chmod 600 '%s'", path, path);
    conf->warnings[n + 1] = NULL;
}

rw_conf *rw_conf_load(const char *path, GError **error)
{
    char *text = NULL;
    gsize len = 0;
    GError *why = NULL;
    if (access(path, R_OK) != 0) {
        rw_fail(error, RW_ERR_CONFIG, "%s: %s; name the configuration with -c FILE", path, g_strerror(errno));
        return NULL;
    }
    if (!g_file_get_contents(path, &text, &len, &why)) {
        rw_fail(error, RW_ERR_CONFIG, "%s: %s; name the configuration with -c FILE", path, why->message);
        g_error_free(why);
        return NULL;
    }
    g_autoptr(rw_conf) conf = rw_conf_parse(path, text, len, error);
    explicit_bzero(text, len);
    g_free(text);
    if (!conf) return NULL;
    for (unsigned i = 0; i < conf->n_sites; i++)
        if (!load_site(conf, &conf->sites[i], error)) return NULL;
    warn_if_open(conf, path);
    return g_steal_pointer(&conf);
}

rw_conf *rw_conf_parse(const char *path, const char *text, size_t len, GError **error)
{
    g_autoptr(rw_conf_file) file = rw_conf_file_parse(path, text, len, error);
    return file ? rw_conf_build(file, error) : NULL;
}

rw_conf *rw_conf_ref(rw_conf *conf)
{
    g_atomic_int_inc(&conf->refs);
    return conf;
}

void rw_conf_unref(rw_conf *conf)
{
    if (!conf || !g_atomic_int_dec_and_test(&conf->refs)) return;
    rw_conf_free_parts(conf);
    g_free(conf);
}

const rw_site_conf *rw_conf_site(const rw_conf *conf, const char *name)
{
    for (unsigned i = 0; i < conf->n_sites; i++)
        if (strcmp(conf->sites[i].name, name) == 0) return &conf->sites[i];
    return NULL;
}

const rw_site_conf *rw_conf_site_by_id(const rw_conf *conf, unsigned id)
{
    for (unsigned i = 0; i < conf->n_sites; i++)
        if (conf->sites[i].id == id) return &conf->sites[i];
    return NULL;
}

const char *rw_conf_topology(const rw_conf *conf)
{
    return rw_option_find(RW_SECTION_RINGWAY, "topology")->choices[conf->topology];
}

static const rw_link_conf *find_link(const rw_conf *conf, const char *source, const char *target)
{
    for (unsigned i = 0; i < conf->n_links; i++)
        if (strcmp(conf->links[i].source, source) == 0 && strcmp(conf->links[i].target, target) == 0) return &conf->links[i];
    return NULL;
}

const rw_filter_conf *rw_conf_filter(const rw_conf *conf, const char *source, const char *target)
{
    const rw_link_conf *link = find_link(conf, source, target);
    return link ? &link->filter : &conf->filter;
}

unsigned rw_conf_delay_s(const rw_conf *conf, const char *source, const char *target)
{
    const rw_link_conf *link = find_link(conf, source, target);
    return link ? link->delay_s : 0;
}

const rw_renames *rw_conf_renames(const rw_conf *conf, const char *source, const char *target)
{
    const rw_link_conf *link = find_link(conf, source, target);
    return link && link->renames.n ? &link->renames : NULL;
}

/* table NULL: the section of the schema. */
static const rw_table_conf *find_table(const rw_conf *conf, const char *schema, const char *table)
{
    for (unsigned i = 0; i < conf->n_tables; i++)
        if (strcmp(conf->tables[i].schema, schema) == 0 && g_strcmp0(conf->tables[i].table, table) == 0) return &conf->tables[i];
    return NULL;
}

rw_triggers rw_conf_table_triggers(const rw_conf *conf, const char *schema, const char *table)
{
    const rw_table_conf *own = find_table(conf, schema, table);
    return own ? own->triggers : RW_TRIGGERS_REFUSE;
}

const rw_policy_conf *rw_conf_table_conflict(const rw_conf *conf, const char *schema, const char *table)
{
    const rw_table_conf *own = find_table(conf, schema, table), *all = find_table(conf, schema, NULL);
    if (own && own->conflict) return own->conflict;
    return all && all->conflict ? all->conflict : conf->conflict;
}

rw_drift rw_conf_table_drift(const rw_conf *conf, const char *schema, const char *table)
{
    const rw_table_conf *own = find_table(conf, schema, table), *all = find_table(conf, schema, NULL);
    if (own && own->has_drift) return own->drift;
    return all && all->has_drift ? all->drift : conf->drift;
}

const char *rw_conf_table_version_column(const rw_conf *conf, const char *schema, const char *table)
{
    const rw_table_conf *own = find_table(conf, schema, table);
    return own ? own->version_column : NULL;
}

bool rw_conf_split_link(const char *text, char **source, char **target, GError **error)
{
    const char *arrow = strstr(text, "->");
    if (arrow) {
        g_autofree char *from = g_strstrip(g_strndup(text, (size_t)(arrow - text)));
        g_autofree char *to = g_strstrip(g_strdup(arrow + 2));
        if (rw_conf_name_valid(from) && rw_conf_name_valid(to)) {
            *source = g_steal_pointer(&from);
            *target = g_steal_pointer(&to);
            return true;
        }
    }
    return rw_fail(error, RW_ERR_CONFIG, "link '%s': not two site names; write SOURCE->TARGET", text);
}
