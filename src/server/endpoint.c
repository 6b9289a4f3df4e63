#include "server/endpoint.h"

static bool is_class(const GError *error, rw_error_class class) { return g_error_matches(error, RW_ERROR, class); }

/* NULL and *why: not this one. */
static rw_connection *try_host(const rw_endpoint *e, unsigned host, const rw_endpoint_terms *terms, rw_connection_limits limits, char **why, GError **error)
{
    g_autoptr(rw_connection) c = rw_connection_open_host(e->site, host, limits, error);
    if (!c) return NULL;
    bool only = e->site->hosts.n == 1;
    if (c->unfit && !(only && terms->may_be_unfit)) {
        *why = g_strdup(c->unfit);
        return NULL;
    }
    if (terms->check && !terms->check(c, terms->user, why, error)) return NULL;
    return g_steal_pointer(&c);
}

void rw_endpoint_take(rw_endpoint *e, const rw_connection *c)
{
    e->host = e->first = c->host;
    e->fit = !c->unfit;
    memcpy(e->identity, c->identity, sizeof e->identity);
}

static void note(GString *list, const rw_endpoint *e, unsigned host, const char *why)
{
    g_autofree char *address = rw_host_text(&e->site->hosts.host[host]);
    g_string_append_printf(list, "%s%s: %s", list->len ? "; " : "", address, why);
}

/* A session's message begins with the site, which the whole line names already. */
static const char *without_site(const rw_endpoint *e, const char *message)
{
    g_autofree char *prefix = g_strdup_printf("site %s: ", e->site->name);
    return g_str_has_prefix(message, prefix) ? message + strlen(prefix) : message;
}

rw_connection *rw_endpoint_choose(rw_endpoint *e, const rw_endpoint_terms *terms, rw_connection_limits limits, char **passed, GError **error)
{
    g_autoptr(GString) list = g_string_new(NULL);
    unsigned n = e->site->hosts.n, refused = 0;
    for (unsigned i = 0; i < n; i++) {
        unsigned host = (e->first + i) % n;
        g_autofree char *why = NULL;
        GError *failure = NULL;
        rw_connection *c = try_host(e, host, terms, limits, &why, &failure);
        if (c) {
            rw_endpoint_take(e, c);
            if (passed) *passed = list->len ? g_strdup(list->str) : NULL;
            return c;
        }
        bool passes = !failure || is_class(failure, RW_ERR_RETRY), refusal = failure && is_class(failure, RW_ERR_CONFIG);
        refused += refusal;
        if (failure && (n == 1 || !(passes || refusal))) {
            g_propagate_error(error, failure);
            return NULL;
        }
        note(list, e, host, failure ? without_site(e, failure->message) : why);
        g_clear_error(&failure);
    }
    rw_fail(error, refused == n ? RW_ERR_CONFIG : RW_ERR_RETRY, "site %s: no host can be used: %s", e->site->name, list->str);
    return NULL;
}

static bool is_same(const rw_endpoint *e, const rw_connection *c, GError **error)
{
    if (strcmp(c->identity, e->identity) == 0) return true;
    return rw_fail(error, RW_ERR_RETRY, "site %s: another server answers at %s now: %s, before %s", c->site, c->address, c->identity, e->identity);
}

rw_connection *rw_endpoint_open(const rw_endpoint *e, rw_connection_limits limits, GError **error)
{
    g_autoptr(rw_connection) c = rw_connection_open_host(e->site, e->host, limits, error);
    return c && is_same(e, c, error) ? g_steal_pointer(&c) : NULL;
}

bool rw_endpoint_still(const rw_endpoint *e, rw_connection_limits limits, GError **error)
{
    g_autoptr(rw_connection) c = rw_connection_open_host(e->site, e->host, limits, NULL);
    if (!c) return true;
    if (!is_same(e, c, error)) return false;
    return !e->fit || !c->unfit || rw_fail(error, RW_ERR_RETRY, "site %s: %s: %s", c->site, c->address, c->unfit);
}

void rw_endpoint_pass_over(rw_endpoint *e) { e->first = (e->host + 1) % e->site->hosts.n; }

/* For verbs. */
rw_connection *rw_connection_open(const rw_site_conf *site, rw_connection_limits limits, GError **error)
{
    static const rw_endpoint_terms fit = {0};
    rw_endpoint e = {.site = site};
    if (site->hosts.n == 1) return rw_connection_open_host(site, 0, limits, error);
    rw_connection_limits quick = {limits.connect_timeout_s, limits.connect_timeout_s, limits.dead_peer_s};
    rw_connection *found = rw_endpoint_choose(&e, &fit, quick, NULL, error);
    if (!found) return NULL;
    rw_connection_close(found);
    return rw_endpoint_open(&e, limits, error);
}
