#include "conf/value.h"

#include "base/nearest.h"
#include "conf/secret.h"

#include <arpa/inet.h>
#include <string.h>

G_STATIC_ASSERT(sizeof(rw_topology_kind) == sizeof(unsigned));
G_STATIC_ASSERT(sizeof(rw_ssl_mode) == sizeof(unsigned));
G_STATIC_ASSERT(sizeof(rw_triggers) == sizeof(unsigned));
G_STATIC_ASSERT(sizeof(rw_log_format) == sizeof(unsigned));
G_STATIC_ASSERT(sizeof(rw_drift) == sizeof(unsigned));

enum { MYSQL_PORT = 3306 };

typedef struct {
    const rw_option *option;
    const char *text, *path;
    unsigned line;
} place;

G_GNUC_PRINTF(3, 4)
static bool refuse(const place *at, GError **error, const char *format, ...)
{
    if (!error) return false;
    va_list args;
    va_start(args, format);
    g_autofree char *why = g_strdup_vprintf(format, args);
    va_end(args);
    return rw_fail(error, RW_ERR_CONFIG, "%s:%u: %s %s", at->path, at->line, at->option->key, why);
}

static bool set_choice(const place *at, unsigned *field, GError **error)
{
    const char *const *choices = at->option->choices;
    for (unsigned i = 0; choices[i]; i++)
        if (strcmp(choices[i], at->text) == 0) {
            *field = i;
            return true;
        }
    g_autofree char *all = g_strjoinv(", ", (char **)choices);
    const char *near = rw_nearest(at->text, choices);
    if (near) return refuse(at, error, "cannot be '%s'; did you mean '%s'? (one of %s)", at->text, near, all);
    return refuse(at, error, "cannot be '%s'; use one of %s", at->text, all);
}

static bool set_bool(const place *at, bool *field, GError **error)
{
    static const char *const words[] = {"no", "yes", "off", "on", "false", "true", "0", "1", NULL};
    for (unsigned i = 0; words[i]; i++)
        if (g_ascii_strcasecmp(words[i], at->text) == 0) {
            *field = i % 2;
            return true;
        }
    return refuse(at, error, "cannot be '%s'; use yes or no", at->text);
}

static bool number(const place *at, const char *digits, size_t len, uint64_t max, uint64_t *value)
{
    *value = 0;
    if (len == 0) return false;
    for (size_t i = 0; i < len; i++) {
        if (!g_ascii_isdigit(digits[i])) return false;
        *value = *value * 10 + (uint64_t)(digits[i] - '0');
        if (*value > max) *value = max + 1; /* saturates: out of range, however many digits follow */
    }
    (void)at;
    return true;
}

static bool set_int(const place *at, unsigned *field, GError **error)
{
    const rw_option *o = at->option;
    uint64_t value;
    if (!number(at, at->text, strlen(at->text), (uint64_t)o->max, &value) || value < (uint64_t)o->min || value > (uint64_t)o->max)
        return refuse(at, error, "cannot be '%s'; use a number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, at->text, o->min, o->max);
    *field = (unsigned)value;
    return true;
}

static bool set_size(const place *at, uint64_t *field, GError **error)
{
    const rw_option *o = at->option;
    size_t len = strlen(at->text);
    unsigned shift = 0;
    if (len) switch (g_ascii_toupper(at->text[len - 1])) {
        case 'K': shift = 10; break;
        case 'M': shift = 20; break;
        case 'G': shift = 30; break;
        }
    uint64_t value;
    if (!number(at, at->text, shift ? len - 1 : len, (uint64_t)o->max, &value) || value > (uint64_t)o->max >> shift ||
        (value <<= shift) < (uint64_t)o->min)
        return refuse(at, error, "cannot be '%s'; use bytes from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT ", with K, M or G if you like",
                      at->text, o->min, o->max);
    *field = value;
    return true;
}

static char **split(const char *text)
{
    char **items = g_strsplit(text, ",", -1);
    unsigned n = 0;
    for (char **item = items; *item; item++) {
        g_strstrip(*item);
        if (**item) items[n++] = *item;
        else g_free(*item);
    }
    items[n] = NULL;
    return items;
}

/* The same rules as flow/route/filter.h, so that a mistake shows with its line. */
static bool check_pattern(const place *at, const char *pattern, GError **error)
{
    static const char *const own[] = {"ringway", "mysql", "sys", "information_schema", "performance_schema"};
    const char *dot = strchr(pattern, '.');
    if (at->option->type == RW_OPTION_TABLES) {
        if (!dot) return refuse(at, error, "cannot hold '%s'; write schema.table, for example %s.*", pattern, pattern);
        if (dot == pattern || !dot[1] || strchr(dot + 1, '.'))
            return refuse(at, error, "cannot hold '%s'; write schema.table, with ? for a dot in a name", pattern);
        return true;
    }
    if (dot) return refuse(at, error, "cannot hold '%s'; write schemas only, with ? for a dot in a name", pattern);
    for (unsigned i = 0; i < G_N_ELEMENTS(own); i++)
        if (strcmp(at->option->key, "schemas") == 0 && g_ascii_strcasecmp(pattern, own[i]) == 0)
            return refuse(at, error, "cannot hold '%s', which belongs to each site; remove it", pattern);
    return true;
}

static bool set_list(const place *at, char ***field, GError **error)
{
    g_auto(GStrv) items = split(at->text);
    for (char **item = items; *item; item++)
        if (!check_pattern(at, *item, error)) return false;
    *field = g_steal_pointer(&items);
    return true;
}

/* Splits host:port, [address]:port and a bare IPv6 address; *port keeps its value if none is written. */
static bool split_port(const char *text, char **host, unsigned *port)
{
    const char *colon = NULL;
    size_t len = strlen(text);
    if (*text == '[') {
        const char *close = strchr(text, ']');
        if (!close || (close[1] && close[1] != ':')) return false;
        colon = close[1] ? close + 1 : NULL;
        len = (size_t)(close - ++text);
    } else if ((colon = strchr(text, ':'))) {
        if (strchr(colon + 1, ':')) colon = NULL; /* more than one: an address without brackets has no port */
        else len = (size_t)(colon - text);
    }
    uint64_t value = *port;
    if (len == 0 || (colon && (!number(NULL, colon + 1, strlen(colon + 1), 65535, &value) || value == 0 || value > 65535))) return false;
    g_autofree char *name = g_strndup(text, len);
    if (strpbrk(name, " \t[]/")) return false;
    *host = g_steal_pointer(&name);
    *port = (unsigned)value;
    return true;
}

static bool add_host(const place *at, const char *text, rw_hosts *field, GError **error)
{
    rw_host host = {NULL, MYSQL_PORT};
    if (*text == '/') host = (rw_host){g_strdup(text), 0};
    else if (!split_port(text, &host.name, &host.port))
        return refuse(at, error, "cannot hold '%s'; write host:port, [IPv6]:port or the absolute path of a socket", text);
    for (unsigned i = 0; i < field->n; i++)
        if (rw_host_equal(&field->host[i], &host)) {
            g_free(host.name);
            return refuse(at, error, "lists %s twice; remove one of them", text);
        }
    field->host[field->n++] = host;
    return true;
}

static bool set_hosts(const place *at, rw_hosts *field, GError **error)
{
    g_auto(GStrv) items = split(at->text);
    unsigned n = g_strv_length(items);
    if (n == 0) return refuse(at, error, "is empty; write host:port or the path of a socket");
    field->host = g_new0(rw_host, n);
    for (char **item = items; *item; item++)
        if (!add_host(at, *item, field, error)) return false;
    return true;
}

static bool set_address(const place *at, rw_address *field, GError **error)
{
    if (!*at->text) return true;
    unsigned port = 0;
    if (!split_port(at->text, &field->address, &port)) port = 0;
    else if (!port) g_clear_pointer(&field->address, g_free);
    if (!port) return refuse(at, error, "cannot be '%s'; write address:port, or nothing to turn it off", at->text);
    field->port = port;
    return true;
}

/* How a policy takes arguments. */
typedef struct {
    const char *name, *usage, *what;
    bool needed, table_only;
} policy_usage;

static const policy_usage policies[] = {
    {"site_priority", "site_priority(SITE, ...)", "site"},
    {"delta", "delta(COLUMN, ...)", "column", .needed = true, .table_only = true},
};

static const policy_usage *usage_of(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(policies); i++)
        if (strcmp(policies[i].name, name) == 0) return &policies[i];
    return NULL;
}

/* What would not read back as it was written, or not as one name. */
static bool check_arguments(const place *at, const policy_usage *usage, char **arguments, GError **error)
{
    for (char **a = arguments; *a; a++) {
        g_strstrip(*a);
        if (!**a) return refuse(at, error, "cannot be '%s'; a %s has no name, write %s", at->text, usage->what, usage->usage);
        if (**a == '#' || strpbrk(*a, "()'\"`")) return refuse(at, error, "cannot hold the %s '%s'; write %s", usage->what, *a, usage->usage);
        for (char **b = arguments; b < a; b++)
            if (g_ascii_strcasecmp(*a, *b) == 0) return refuse(at, error, "cannot be '%s'; %s %s stands there twice", at->text, usage->what, *a);
    }
    return true;
}

/* From the parenthesis on. */
static char **split_arguments(const place *at, const policy_usage *usage, const char *open, GError **error)
{
    size_t len = strlen(open);
    if (len < 2 || open[len - 1] != ')') {
        refuse(at, error, "cannot be '%s'; write %s, with a closing parenthesis at the end", at->text, usage->usage);
        return NULL;
    }
    g_autofree char *inside = g_strstrip(g_strndup(open + 1, len - 2));
    if (!*inside) {
        refuse(at, error, "cannot be '%s'; name a %s: %s", at->text, usage->what, usage->usage);
        return NULL;
    }
    g_auto(GStrv) arguments = g_strsplit(inside, ",", -1);
    return check_arguments(at, usage, arguments, error) ? g_steal_pointer(&arguments) : NULL;
}

static bool set_policy(const place *at, rw_policy_conf **field, GError **error)
{
    g_autofree char *word = g_strndup(at->text, strcspn(at->text, "( \t"));
    const char *open = at->text + strlen(word) + strspn(at->text + strlen(word), " \t");
    place name = *at;
    unsigned index = 0;
    name.text = word;
    if (!set_choice(&name, &index, error)) return false;
    const policy_usage *usage = usage_of(word);
    if (!usage && *open) return refuse(at, error, "cannot be '%s'; %s takes no arguments, write %s", at->text, word, word);
    if (*open && *open != '(') return refuse(at, error, "cannot be '%s'; write %s", at->text, usage->usage);
    if (usage && usage->table_only && at->option->section != RW_SECTION_TABLE)
        return refuse(at, error, "cannot be %s here: its columns are those of one table; write it in [table SCHEMA.TABLE]", word);
    if (usage && usage->needed && !*open) return refuse(at, error, "cannot be '%s' alone; name a %s: %s", at->text, usage->what, usage->usage);
    g_auto(GStrv) arguments = *open ? split_arguments(at, usage, open, error) : g_new0(char *, 1);
    if (!arguments) return false;
    *field = g_new0(rw_policy_conf, 1);
    **field = (rw_policy_conf){g_steal_pointer(&word), g_steal_pointer(&arguments)};
    return true;
}

static void free_policy(rw_policy_conf *policy)
{
    if (!policy) return;
    g_free(policy->name);
    g_strfreev(policy->arguments);
    g_free(policy);
}

static char *print_policy(const rw_policy_conf *policy)
{
    if (!policy) return NULL;
    if (!*policy->arguments) return g_strdup(policy->name);
    g_autofree char *arguments = g_strjoinv(", ", policy->arguments);
    return g_strdup_printf("%s(%s)", policy->name, arguments);
}

static bool set_renames(const place *at, rw_renames *field, GError **error)
{
    g_autofree char *why = rw_renames_parse(field, at->text);
    return !why || refuse(at, error, "cannot be '%s': %s; for example: shop:shop_eu, shop.orders:shop2.orders_copy", at->text, why);
}

static bool set_path(const place *at, char **field, GError **error)
{
    if (!*at->text) return refuse(at, error, "is empty; name a file or remove the key");
    g_autofree char *folder = g_path_get_dirname(at->path);
    g_autofree char *base = g_canonicalize_filename(folder, NULL);
    *field = g_canonicalize_filename(at->text, base);
    return true;
}

bool rw_value_set(const rw_option *option, void *target, const char *text, const char *path, unsigned line, GError **error)
{
    place at = {option, text, path, line};
    void *field = (char *)target + option->field;
    if (option->later) return refuse(&at, error, "is not there yet; %s", option->later);
    rw_value_clear(option, target);
    if (option->has) *(bool *)((char *)target + option->has) = true;
    switch (option->type) {
    case RW_OPTION_STRING: *(char **)field = g_strdup(text); return true;
    case RW_OPTION_PATH: return set_path(&at, field, error);
    case RW_OPTION_INT: return set_int(&at, field, error);
    case RW_OPTION_SIZE: return set_size(&at, field, error);
    case RW_OPTION_BOOL: return set_bool(&at, field, error);
    case RW_OPTION_ENUM: return set_choice(&at, field, error);
    case RW_OPTION_LIST:
    case RW_OPTION_TABLES: return set_list(&at, field, error);
    case RW_OPTION_RENAMES: return set_renames(&at, field, error);
    case RW_OPTION_HOSTS: return set_hosts(&at, field, error);
    case RW_OPTION_ADDRESS: return set_address(&at, field, error);
    case RW_OPTION_POLICY: return set_policy(&at, field, error);
    }
    return rw_fail(error, RW_ERR_BUG, "option %s: unknown type", option->key);
}

void rw_value_clear(const rw_option *option, void *target)
{
    void *field = (char *)target + option->field;
    if (option->later) return;
    if (option->has) *(bool *)((char *)target + option->has) = false;
    switch (option->type) {
    case RW_OPTION_STRING:
    case RW_OPTION_PATH:
        if (option->secret) rw_secret_free(*(char **)field);
        else g_free(*(char **)field);
        *(char **)field = NULL;
        return;
    case RW_OPTION_LIST:
    case RW_OPTION_TABLES:
        g_strfreev(*(char ***)field);
        *(char ***)field = NULL;
        return;
    case RW_OPTION_RENAMES: rw_renames_clear(field); return;
    case RW_OPTION_HOSTS: {
        rw_hosts *hosts = field;
        for (unsigned i = 0; i < hosts->n; i++) g_free(hosts->host[i].name);
        g_free(hosts->host);
        *hosts = (rw_hosts){NULL, 0};
        return;
    }
    case RW_OPTION_ADDRESS:
        g_free(((rw_address *)field)->address);
        *(rw_address *)field = (rw_address){NULL, 0};
        return;
    case RW_OPTION_POLICY:
        free_policy(*(rw_policy_conf **)field);
        *(rw_policy_conf **)field = NULL;
        return;
    case RW_OPTION_INT:
    case RW_OPTION_SIZE:
    case RW_OPTION_BOOL:
    case RW_OPTION_ENUM: return;
    }
}

static char *join_address(const char *host, unsigned port)
{
    if (!port) return g_strdup(host);
    return g_strdup_printf(strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port);
}

static char *print_size(uint64_t bytes)
{
    static const char suffix[] = {0, 'K', 'M', 'G'};
    unsigned i = 0;
    for (; i < 3 && bytes && bytes % 1024 == 0; i++) bytes /= 1024;
    return g_strdup_printf(suffix[i] ? "%" G_GUINT64_FORMAT "%c" : "%" G_GUINT64_FORMAT, bytes, suffix[i]);
}

char *rw_value_print(const rw_option *option, const void *target)
{
    const void *field = (const char *)target + option->field;
    if (option->later || (option->has && !*(const bool *)((const char *)target + option->has))) return NULL;
    switch (option->type) {
    case RW_OPTION_STRING:
    case RW_OPTION_PATH: return g_strdup(option->secret && *(char *const *)field ? "******" : *(char *const *)field);
    case RW_OPTION_INT: return g_strdup_printf("%u", *(const unsigned *)field);
    case RW_OPTION_SIZE: return print_size(*(const uint64_t *)field);
    case RW_OPTION_BOOL: return g_strdup(*(const bool *)field ? "yes" : "no");
    case RW_OPTION_ENUM: return g_strdup(option->choices[*(const unsigned *)field]);
    case RW_OPTION_LIST:
    case RW_OPTION_TABLES: return *(char **const *)field ? g_strjoinv(", ", *(char **const *)field) : NULL;
    case RW_OPTION_RENAMES: return ((const rw_renames *)field)->n ? rw_renames_print(field) : NULL;
    case RW_OPTION_HOSTS: {
        const rw_hosts *hosts = field;
        GString *text = g_string_new(NULL);
        for (unsigned i = 0; i < hosts->n; i++) {
            g_autofree char *one = rw_host_text(&hosts->host[i]);
            g_string_append_printf(text, "%s%s", i ? ", " : "", one);
        }
        return g_string_free(text, FALSE);
    }
    case RW_OPTION_ADDRESS: {
        const rw_address *a = field;
        return a->address ? join_address(a->address, a->port) : g_strdup("");
    }
    case RW_OPTION_POLICY: return print_policy(*(rw_policy_conf *const *)field);
    }
    return NULL;
}

char *rw_host_text(const rw_host *host) { return join_address(host->name, host->port); }

bool rw_host_equal(const rw_host *a, const rw_host *b)
{
    bool socket = a->port == 0; /* a path */
    return a->port == b->port && (socket ? strcmp(a->name, b->name) : g_ascii_strcasecmp(a->name, b->name)) == 0;
}

bool rw_host_is_local(const char *address)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (*address == '/' || g_ascii_strcasecmp(address, "localhost") == 0) return true;
    if (inet_pton(AF_INET, address, &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, address, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}
