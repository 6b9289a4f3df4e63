#include "gtid/mariadb.h"

typedef struct {
    uint32_t domain, server;
    uint64_t seq;
} gtid;

struct rw_gtid_pos {
    GArray *gtids; /* of gtid, sorted by domain */
};

rw_gtid_pos *rw_gtid_pos_new(void)
{
    rw_gtid_pos *pos = g_new(rw_gtid_pos, 1);
    pos->gtids = g_array_new(FALSE, FALSE, sizeof(gtid));
    return pos;
}

rw_gtid_pos *rw_gtid_pos_copy(const rw_gtid_pos *pos)
{
    rw_gtid_pos *copy = g_new(rw_gtid_pos, 1);
    copy->gtids = g_array_copy(pos->gtids);
    return copy;
}

void rw_gtid_pos_free(rw_gtid_pos *pos)
{
    if (!pos) return;
    g_array_unref(pos->gtids);
    g_free(pos);
}

static gtid *at(const rw_gtid_pos *pos, unsigned i) { return &g_array_index(pos->gtids, gtid, i); }

/* The index of the domain's entry, or where it would have to be inserted. */
static bool find(const rw_gtid_pos *pos, uint32_t domain, unsigned *index)
{
    unsigned low = 0, high = pos->gtids->len;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (at(pos, middle)->domain < domain) low = middle + 1;
        else high = middle;
    }
    *index = low;
    return low < pos->gtids->len && at(pos, low)->domain == domain;
}

static const char *read_number(const char *p, uint64_t most, uint64_t *out)
{
    if (!g_ascii_isdigit(*p)) return NULL;
    uint64_t value = 0;
    for (; g_ascii_isdigit(*p); p++) {
        unsigned digit = (unsigned)(*p - '0');
        if (value > (most - digit) / 10) return NULL;
        value = value * 10 + digit;
    }
    *out = value;
    return p;
}

/* Past the GTID, or NULL if there is none at p. */
static const char *read_gtid(const char *p, gtid *out)
{
    uint64_t domain, server;
    p = read_number(p, UINT32_MAX, &domain);
    if (!p || *p++ != '-') return NULL;
    p = read_number(p, UINT32_MAX, &server);
    if (!p || *p++ != '-') return NULL;
    p = read_number(p, UINT64_MAX, &out->seq);
    out->domain = (uint32_t)domain;
    out->server = (uint32_t)server;
    return p;
}

static const char *skip_space(const char *p)
{
    while (g_ascii_isspace(*p)) p++;
    return p;
}

static rw_gtid_pos *fail_at(const char *text, const char *p, const char *why, GError **error)
{
    rw_fail(error, RW_ERR_CONFIG, "GTID position \"%.80s\"%s: %s at character %zu; write it as domain-server-number, such as 0-1-42, one for each domain, separated by commas",
            text, strlen(text) > 80 ? "..." : "", why, (size_t)(p - text) + 1);
    return NULL;
}

rw_gtid_pos *rw_gtid_pos_parse(const char *text, GError **error)
{
    g_autoptr(rw_gtid_pos) pos = rw_gtid_pos_new();
    const char *p = skip_space(text);
    while (*p) {
        gtid one;
        unsigned index;
        const char *end = read_gtid(p, &one);
        if (!end) return fail_at(text, p, "a GTID is missing", error);
        if (find(pos, one.domain, &index)) return fail_at(text, p, "its domain is there twice", error);
        g_array_insert_val(pos->gtids, index, one);
        p = skip_space(end);
        if (!*p) break;
        if (*p != ',') return fail_at(text, p, "a comma is missing", error);
        p = skip_space(p + 1);
        if (!*p) return fail_at(text, p, "a GTID is missing", error);
    }
    return g_steal_pointer(&pos);
}

char *rw_gtid_pos_format(const rw_gtid_pos *pos)
{
    GString *out = g_string_new(NULL);
    for (unsigned i = 0; i < pos->gtids->len; i++) {
        const gtid *one = at(pos, i);
        g_string_append_printf(out, "%s%u-%u-%" G_GUINT64_FORMAT, i ? "," : "", one->domain, one->server, one->seq);
    }
    return g_string_free(out, FALSE);
}

static bool read_whole(const char *text, gtid *out)
{
    const char *end = read_gtid(text, out);
    return end && !*end;
}

bool rw_gtid_pos_update(rw_gtid_pos *pos, const char *text, GError **error)
{
    gtid one;
    unsigned index;
    if (!read_whole(text, &one))
        return rw_fail(error, RW_ERR_CONFIG, "GTID \"%.80s\": not a MariaDB GTID; write it as domain-server-number, such as 0-1-42", text);
    if (find(pos, one.domain, &index)) *at(pos, index) = one;
    else g_array_insert_val(pos->gtids, index, one);
    return true;
}

bool rw_gtid_pos_contains(const rw_gtid_pos *pos, const char *text)
{
    gtid one;
    unsigned index;
    return read_whole(text, &one) && find(pos, one.domain, &index) && one.seq <= at(pos, index)->seq;
}

static bool is_logged(const gtid *wanted, const char *state)
{
    gtid have;
    for (const char *p = skip_space(state); *p; p = skip_space(p)) {
        p = read_gtid(p, &have);
        if (!p) return false;
        if (have.domain == wanted->domain && have.server == wanted->server && have.seq >= wanted->seq) return true;
        p = skip_space(p);
        if (*p == ',') p++;
    }
    return false;
}

char *rw_gtid_pos_missing(const rw_gtid_pos *pos, const char *binlog_state)
{
    g_autoptr(rw_gtid_pos) missing = rw_gtid_pos_new();
    for (unsigned i = 0; i < pos->gtids->len; i++)
        if (!is_logged(at(pos, i), binlog_state)) g_array_append_val(missing->gtids, *at(pos, i));
    return missing->gtids->len ? rw_gtid_pos_format(missing) : NULL;
}

bool rw_gtid_pos_is_empty(const rw_gtid_pos *pos) { return pos->gtids->len == 0; }
