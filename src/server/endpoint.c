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

/* What `has` holds and `lacks` does not, as far as GTIDs tell; owned; NULL with *error unset: nothing. */
static char *difference(rw_connection *has, rw_connection *lacks, GError **error)
{
    GError *failure = NULL;
    g_auto(rw_gtid_state) state = {.kind = RW_GTID_NONE};
    if (has->dialect != lacks->dialect || !has->shares_gtids || !lacks->shares_gtids) return NULL;
    g_autofree char *text = rw_connection_value(has, has->dialect->sql_gtid, &failure);
    if (!failure && rw_gtid_state_parse(&state, has->dialect->gtid_kind, text, &failure)) {
        char *missing = lacks->dialect->missing(lacks, &state, &failure);
        if (!failure) return missing;
    }
    g_propagate_error(error, failure);
    return NULL;
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

/* Both may be used. The right one; both are taken over. NULL with *error: neither. */
static rw_connection *better(const rw_endpoint *e, rw_connection *a, rw_connection *b, GString *passed, GError **error)
{
    GError *failure = NULL;
    g_autofree char *a_lacks = difference(b, a, &failure);
    g_autofree char *b_lacks = failure ? NULL : difference(a, b, &failure);
    if (!failure && a_lacks && b_lacks)
        rw_fail(&failure, RW_ERR_RETRY, "site %s: hosts %s and %s both can be written to, and each lacks transactions of the other (%.100s; %.100s); make the one that is not the "
                "primary read-only", e->site->name, a->address, b->address, a_lacks, b_lacks);
    rw_connection *right = failure ? NULL : a_lacks ? b : a;
    if (right == b) {
        g_autofree char *why = g_strdup_printf("it can be written to, but lacks transactions that %s holds: %.200s", b->address, a_lacks);
        note(passed, e, a->host, why);
    }
    if (right != a) rw_connection_close(a);
    if (right != b) rw_connection_close(b);
    if (failure) g_propagate_error(error, failure);
    return right;
}

/* Against the hosts that come after it. */
static rw_connection *compare(const rw_endpoint *e, rw_connection *c, const rw_endpoint_terms *terms, rw_connection_limits limits, GString *passed, GError **error)
{
    unsigned n = e->site->hosts.n, tried = (c->host + n - e->first) % n + 1;
    if (!c->one_writer || strcmp(c->identity, e->identity) == 0) return c;
    for (unsigned i = tried; c && i < n; i++) {
        g_autofree char *why = NULL;
        rw_connection *other = try_host(e, (e->first + i) % n, terms, limits, &why, NULL);
        if (other) c = better(e, c, other, passed, error);
    }
    return c;
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
            c = compare(e, c, terms, limits, list, error);
            if (!c) return NULL;
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
