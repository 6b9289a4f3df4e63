/* conf: the configuration, typed, checked and immutable.
 *
 * In: ringway.cnf and, for passwords, files and the environment. Out: rw_conf, shared by count (rw_conf_ref, rw_conf_unref); every
 * pointer in it is borrowed and lives as long as the reference. Any thread may read; nobody may write. Units stand in the names.
 * Errors: RW_ERR_CONFIG, one line with file, line, cause and remedy. Refuses: unknown names, fewer than two sites, shared ids,
 * password files that others can read, functions that are not there yet. Never shows a password; wipes it when the last reference goes.
 */
#pragma once
#include "base/error.h"
#include "conf/rename.h"

#include <stdint.h>

enum { RW_SITES_MAX = 16 };
typedef enum { RW_TOPOLOGY_PAIR, RW_TOPOLOGY_MESH, RW_TOPOLOGY_RING, RW_TOPOLOGY_STAR, RW_TOPOLOGY_LINKS } rw_topology_kind;
typedef enum { RW_SSL_DISABLED, RW_SSL_REQUIRED, RW_SSL_VERIFY_CA, RW_SSL_VERIFY_IDENTITY } rw_ssl_mode;
typedef enum { RW_TRIGGERS_REFUSE, RW_TRIGGERS_IGNORE } rw_triggers;
typedef enum { RW_LOG_FORMAT_TEXT, RW_LOG_FORMAT_JSON } rw_log_format;

typedef struct {
    char *name; /* host name, address without brackets, or path of a socket */
    unsigned port; /* 0: name is the path of a socket */
} rw_host;

/* All addresses of a site, at least one, in the order in which they are preferred. */
typedef struct {
    rw_host *host;
    unsigned n;
} rw_hosts;

typedef struct {
    char *address; /* without brackets; NULL = off */
    unsigned port;
} rw_address;

/* What is replicated: lists are NULL-terminated, never NULL in what rw_conf_filter gives; an empty list says nothing. */
typedef struct {
    char **schemas, **ignore_schemas; /* globs, * and ?; empty schemas = all but the system's own */
    char **tables, **ignore_tables;   /* globs schema.table */
} rw_filter_conf;

typedef struct {
    char *name;
    unsigned id; /* 1..255 */
    rw_hosts hosts;
    char *user;
    char *password; /* from the file, password_file or the environment; NULL = none */
    char *password_file;
    bool password_from_env;
    rw_ssl_mode ssl_mode;
    char *ssl_ca, *ssl_cert, *ssl_key; /* NULL = not set */
    char *heir;    /* name of a site; NULL = the site is in use. Else it is gone: in no link, not connected to */
    char *copy_of; /* name of a site; not NULL = it is being added: only a link from that site leads there, none away */
    bool read_only; /* it receives only: no link has it as its source */
} rw_site_conf;

/* The topology's shape is made of these. */
static inline bool rw_site_takes_part(const rw_site_conf *site) { return !site->heir && !site->copy_of; }
static inline bool rw_site_is_gone(const rw_site_conf *site) { return site->heir && !site->copy_of; }

typedef struct {
    char *source, *target;
    rw_filter_conf own;    /* as written: NULL = not overridden */
    rw_filter_conf filter; /* what holds: own, else the general list; borrowed */
    unsigned delay_s;
    rw_renames renames;
    unsigned line; /* of rename in the file, else of the section: for what only the topology can tell */
} rw_link_conf;

/* A conflict policy as written: delta(a, b) has the name "delta" and the arguments "a", "b". */
typedef struct {
    char *name;
    char **arguments; /* NULL-terminated; columns of delta, sites of site_priority (all of them, first wins) */
} rw_policy_conf;

typedef enum { RW_DRIFT_STOP, RW_DRIFT_SOURCE } rw_drift;

typedef struct {
    char *schema, *table;    /* table NULL: a section of the whole schema */
    rw_policy_conf *conflict; /* NULL = that of the schema, else the general one */
    bool has_drift;
    rw_drift drift;
    char *version_column;    /* NULL = none */
    rw_triggers triggers;
} rw_table_conf;

typedef struct rw_conf {
    gint refs;
    char *path; /* of the file, for messages */
    char *name;
    rw_topology_kind topology;
    rw_filter_conf filter; /* of every link that overrides nothing */
    rw_policy_conf *conflict;
    rw_drift drift;
    unsigned gap_wait_s, conflict_keep_days;
    uint64_t memory_bytes;
    rw_address http;
    unsigned window_transactions, window_ms, busy_percent;
    uint64_t window_bytes;
    unsigned heartbeat_s, deadline_s, connect_timeout_s, lock_wait_s, retry_max_s;
    unsigned log_level; /* an rw_log_level */
    rw_log_format log_format;

    rw_site_conf *sites; /* in the order of the file: a ring's order; the first is a star's hub. Those that are gone, too */
    unsigned n_sites, n_in_use;
    const char **site_names; /* the same order, NULL-terminated */
    rw_link_conf *links; /* only those that have a section */
    unsigned n_links;
    rw_table_conf *tables; /* only those that have a section */
    unsigned n_tables;
    char **warnings; /* accepted but worth saying, NULL-terminated */
} rw_conf;

/* Where the file is: `given` if not NULL, else ./ringway.cnf, else /etc/ringway/ringway.cnf. Owned path. */
char *rw_conf_find(const char *given, GError **error);
/* Reads the file, the passwords it points to and the environment, and checks that certificate files can be read. */
rw_conf *rw_conf_load(const char *path, GError **error);
/* The same from text, without opening any other file and without the environment; `path` only names it in messages. */
rw_conf *rw_conf_parse(const char *path, const char *text, size_t len, GError **error);

rw_conf *rw_conf_ref(rw_conf *conf);
void rw_conf_unref(rw_conf *conf);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rw_conf, rw_conf_unref)

const rw_site_conf *rw_conf_site(const rw_conf *conf, const char *name);       /* NULL: none of that name */
const rw_site_conf *rw_conf_site_by_id(const rw_conf *conf, unsigned id);      /* NULL: none of that id */
const char *rw_conf_topology(const rw_conf *conf);                             /* the word */
const rw_filter_conf *rw_conf_filter(const rw_conf *conf, const char *source, const char *target);
unsigned rw_conf_delay_s(const rw_conf *conf, const char *source, const char *target);
const rw_renames *rw_conf_renames(const rw_conf *conf, const char *source, const char *target); /* NULL: all names stay */
rw_triggers rw_conf_table_triggers(const rw_conf *conf, const char *schema, const char *table);
/* What holds for a table: its own section, else its schema's, else the general value. */
const rw_policy_conf *rw_conf_table_conflict(const rw_conf *conf, const char *schema, const char *table); /* never NULL */
rw_drift rw_conf_table_drift(const rw_conf *conf, const char *schema, const char *table);
const char *rw_conf_table_version_column(const rw_conf *conf, const char *schema, const char *table); /* NULL: none */

char *rw_host_text(const rw_host *host); /* as in the file: host:port, [IPv6]:port or a path; owned */
bool rw_host_equal(const rw_host *a, const rw_host *b);

/* Splits "east->west" (blanks around allowed); owned parts. Names are checked for form, not for existence. */
bool rw_conf_split_link(const char *text, char **source, char **target, GError **error);
