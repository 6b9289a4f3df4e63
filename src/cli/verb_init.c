#include "base/log.h"
#include "cli/position.h"
#include "cli/setup.h"
#include "server/schema.h"
#include "flow/start.h"
#include "topology/topology.h"

#include <stdio.h>

static const rw_verb_option options[] = {
    {"print", 0, RW_ARG_FLAG, offsetof(rw_args, print), .help = "print the SQL, grants included, and do nothing"},
    {"link", 0, RW_ARG_LINK, offsetof(rw_args, link), .value = "A->B", .help = "only this link"},
    {"from", 0, RW_ARG_TEXT, offsetof(rw_args, from), .value = "POSITION", .help = "start this link there; needs --link"},
    {NULL},
};

/* What a Ringway user needs on the replicated schemas: to read and write rows, to execute the DDL that comes, and to see triggers. */
#define SCHEMA_GRANTS "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES, TRIGGER"

static void print_schema_grant(const char *user, const char *schema)
{
    g_autoptr(GString) escaped = g_string_new(NULL); /* _ and % are wildcards in a grant */
    for (const char *p = schema; *p; p++) {
        if (*p == '_' || *p == '%') g_string_append_c(escaped, '\\');
        if (*p == '`') g_string_append_c(escaped, '`');
        g_string_append_c(escaped, *p);
    }
    printf("GRANT " SCHEMA_GRANTS " ON `%s`.* TO '%s'@'%%';\n", escaped->str, user);
}

static void add_name(GPtrArray *names, char *name)
{
    if (!g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL)) g_ptr_array_add(names, name);
}

/* Every schema that some link names; NULL if that cannot be said one by one. */
static GPtrArray *named_schemas(const rw_conf *conf)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (unsigned i = 0; i <= conf->n_links; i++) {
        const rw_filter_conf *filter = i < conf->n_links ? &conf->links[i].filter : &conf->filter;
        if (!filter->schemas || !*filter->schemas) return NULL;
        for (char **name = filter->schemas; *name; name++) {
            if (strpbrk(*name, "*?")) return NULL;
            add_name(names, *name);
        }
    }
    for (unsigned i = 0; i < conf->n_links; i++)
        for (unsigned k = 0; k < conf->links[i].renames.n; k++) add_name(names, conf->links[i].renames.at[k].new_schema);
    return g_steal_pointer(&names);
}

static void print_schema_grants(const rw_conf *conf, const char *user)
{
    g_autoptr(GPtrArray) names = named_schemas(conf);
    if (!names) printf("GRANT " SCHEMA_GRANTS " ON *.* TO '%s'@'%%';\n", user);
    for (guint i = 0; names && i < names->len; i++) print_schema_grant(user, g_ptr_array_index(names, i));
}

static void print_site(const rw_conf *conf, const rw_site_conf *site)
{
    printf("-- site %s (", site->name);
    for (unsigned i = 0; i < site->hosts.n; i++) {
        g_autofree char *host = rw_host_text(&site->hosts.host[i]);
        printf("%s%s", i ? ", " : "", host);
    }
    puts(")");
    for (const char *const *sql = rw_schema_sql; *sql; sql++) printf("%s;\n", *sql);
    printf("CREATE USER IF NOT EXISTS '%s'@'%%' IDENTIFIED BY 'choose a password';\n", site->user);
    printf("GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO '%s'@'%%';\n", site->user);
    printf("GRANT ALL PRIVILEGES ON `ringway`.* TO '%s'@'%%';\n", site->user);
    printf("-- faster on MariaDB, not needed: GRANT BINLOG ADMIN ON *.* TO '%s'@'%%';\n", site->user);
    print_schema_grants(conf, site->user);
    putchar('\n');
}

static int print_all(const rw_conf *conf)
{
    puts("-- Run each part on its site, as an administrator; of a site with several hosts, on the one that can be written to.\n");
    for (unsigned i = 0; i < conf->n_sites; i++) print_site(conf, &conf->sites[i]); /* one that is gone may come back */
    return RW_EXIT_DONE;
}

static rw_connection_limits limits(const rw_conf *conf) { return (rw_connection_limits){conf->connect_timeout_s, 0, conf->deadline_s}; }

static bool open_sites(const rw_conf *conf, rw_connection **sites, GError **error)
{
    for (unsigned i = 0; i < conf->n_sites; i++) {
        if (!rw_site_takes_part(&conf->sites[i])) continue;
        sites[i] = rw_connection_open(&conf->sites[i], limits(conf), error);
        if (!sites[i]) return false;
    }
    return true;
}

static bool create_schemas(const rw_conf *conf, rw_connection **sites, GError **error)
{
    for (unsigned i = 0; i < conf->n_sites; i++) {
        bool created = false;
        if (!sites[i]) continue;
        if (!rw_start_create_schema(sites[i], &created, error)) return false;
        printf("site %s: schema ringway %s\n", conf->sites[i].name, created ? "created" : "is there");
    }
    return true;
}

/* places: where the logs of the sites stand; that of the source is replaced by `from`. */
static bool start_link(const rw_conf *conf, rw_connection **sites, const rw_topology_link *t, const rw_source_pos *places, const char *from, GError **error)
{
    rw_source_pos given = {0};
    const rw_source_pos *pos = from ? &given : &places[t->source];
    const rw_memory_place memory = {.pos = {places[t->target].file, places[t->target].offset_bytes}};
    rw_start start = {conf->name, t->name, conf->sites[t->source].id, pos, from ? "" : sites[t->source]->identity, NULL, from ? NULL : &memory, sites[t->target]->identity};
    bool recorded = false;
    bool ok = (!from || rw_position_parse(from, sites[t->source]->dialect->gtid_kind, &given, error)) &&
              rw_start_record(&start, sites[t->target], from != NULL, &recorded, error);
    if (ok && recorded)
        printf("link %s: starts at %s:%" G_GUINT64_FORMAT "%s%s\n", t->name, *pos->file ? pos->file : "(by GTID)", pos->offset_bytes, *pos->gtid ? ", GTID " : "", pos->gtid);
    else if (ok) printf("link %s: has its start already\n", t->name);
    rw_source_pos_clear(&given);
    return ok;
}

/* One place for all links from a site, taken before anything is written there: whoever reads its log must count the same stamps from it on. */
static bool places_now(const rw_conf *conf, rw_connection **sites, rw_source_pos *places, GError **error)
{
    for (unsigned i = 0; i < conf->n_sites; i++)
        if (sites[i] && !rw_start_position_now(sites[i], &places[i], error)) return false;
    return true;
}

static bool is_chosen(const rw_args *args, const rw_conf *conf, const rw_topology_link *t)
{
    if (!args->link.source) return true;
    return strcmp(conf->sites[t->source].name, args->link.source) == 0 && strcmp(conf->sites[t->target].name, args->link.target) == 0;
}

static bool init_all(const rw_args *args, const rw_conf *conf, rw_connection **sites, GError **error)
{
    g_autoptr(GPtrArray) links = rw_topology_links(conf, error);
    if (!links || !open_sites(conf, sites, error) || !create_schemas(conf, sites, error)) return false;
    g_autofree rw_source_pos *places = g_new0(rw_source_pos, conf->n_sites);
    bool ok = places_now(conf, sites, places, error);
    for (guint i = 0; ok && i < links->len; i++) {
        const rw_topology_link *t = g_ptr_array_index(links, i);
        if (!sites[t->target]) printf("link %s: begins with ringway topology add %s\n", t->name, conf->sites[t->target].name);
        else if (is_chosen(args, conf, t)) ok = start_link(conf, sites, t, places, args->from, error);
    }
    for (unsigned i = 0; i < conf->n_sites; i++) rw_source_pos_clear(&places[i]);
    return ok;
}

static int run(const rw_args *args, GError **error)
{
    if (args->from && !args->link.source) {
        rw_fail(error, RW_ERR_CONFIG, "init: --from without --link; a position belongs to one link: add --link 'SOURCE->TARGET'");
        return RW_EXIT_USAGE;
    }
    g_autoptr(rw_conf) conf = rw_cli_conf(args, error);
    if (!conf || !rw_cli_check_names(args, conf, error)) return RW_EXIT_USAGE;
    if (args->print) return print_all(conf);
    g_autofree rw_connection **sites = g_new0(rw_connection *, conf->n_sites);
    bool ok = init_all(args, conf, sites, error);
    for (unsigned i = 0; i < conf->n_sites; i++) rw_connection_close(sites[i]);
    return ok ? RW_EXIT_DONE : RW_EXIT_UNREACHABLE;
}

extern const rw_verb rw_verb_init;
const rw_verb rw_verb_init = {
    .name = "init",
    .summary = "Prepares every site: schema ringway and the start of every link",
    .usage = "[--print] [--link 'A->B' [--from POSITION]]",
    .options = options,
    .manual = "Creates the schema ringway on every site and records, as the start of every link, that the sites are the same now. "
              "Nothing may write to them meanwhile, unless --from says where a link starts. Running it twice changes nothing.\n\n"
              "--print connects to nothing: it prints the SQL, the user and the grants, for someone else to run.\n\n"
              "POSITION is a place in the binary log of the source: a GTID set (MySQL), a GTID position (MariaDB), FILE:OFFSET, or the path of a "
              "file that holds it: the info file of mariadb-backup or xtrabackup, or a dump with its position in the header. It replaces the "
              "start that the link had.",
    .run = run,
};
