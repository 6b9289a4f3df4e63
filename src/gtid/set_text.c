#include "gtid/set_private.h"

typedef struct {
    const char *text, *p;
    const char *problem; /* what was expected at p; NULL while all is well */
} reader;

static bool problem(reader *r, const char *what)
{
    if (!r->problem) r->problem = what;
    return false;
}

static bool fail_at(const reader *r, GError **error)
{
    return rw_fail(error, RW_ERR_CONFIG, "GTID set \"%.80s\"%s: %s at character %zu; write it as uuid:1-5 or uuid:tag:1-5, separated by commas",
                   r->text, strlen(r->text) > 80 ? "..." : "", r->problem, (size_t)(r->p - r->text) + 1);
}

static void skip_space(reader *r)
{
    while (g_ascii_isspace(*r->p)) r->p++;
}

static bool read_uuid(reader *r, uint8_t uuid[16])
{
    const char *p = r->p;
    for (unsigned i = 0; i < 16; i++) {
        if ((i == 4 || i == 6 || i == 8 || i == 10) && *p++ != '-') return problem(r, "a uuid of 36 characters is missing");
        int high = g_ascii_xdigit_value(p[0]);
        int low = high < 0 ? -1 : g_ascii_xdigit_value(p[1]);
        if (low < 0) return problem(r, "a uuid of 36 characters is missing");
        uuid[i] = (uint8_t)(high << 4 | low);
        p += 2;
    }
    r->p = p;
    return true;
}

static bool read_number(reader *r, uint64_t *n)
{
    const char *p = r->p;
    uint64_t value = 0;
    if (!g_ascii_isdigit(*p)) return problem(r, "a transaction number is missing");
    for (; g_ascii_isdigit(*p); p++) {
        unsigned digit = (unsigned)(*p - '0');
        if (value > (RW_GTID_NUMBER_MAX - digit) / 10) return problem(r, "the number is too large (most 9223372036854775806)");
        value = value * 10 + digit;
    }
    if (!value) return problem(r, "transaction numbers begin with 1");
    r->p = p;
    *n = value;
    return true;
}

static bool starts_tag(const reader *r) { return g_ascii_isalpha(*r->p) || *r->p == '_'; }

static bool read_tag(reader *r, char tag[RW_GTID_TAG_MAX + 1])
{
    unsigned n = 0;
    const char *p = r->p;
    for (; g_ascii_isalnum(*p) || *p == '_'; p++) {
        if (n == RW_GTID_TAG_MAX) return problem(r, "the tag is longer than 32 characters");
        tag[n++] = g_ascii_tolower(*p);
    }
    tag[n] = '\0';
    r->p = p;
    return true;
}

static bool read_interval(reader *r, rw_gtid_interval *interval)
{
    if (!read_number(r, &interval->from)) return false;
    interval->to = interval->from + 1;
    skip_space(r);
    if (*r->p != '-') return true;
    r->p++;
    skip_space(r);
    const char *second = r->p;
    uint64_t last;
    if (!read_number(r, &last)) return false;
    if (last < interval->from) {
        r->p = second;
        return problem(r, "the interval runs backwards");
    }
    interval->to = last + 1;
    skip_space(r);
    return true;
}

/* uuid, then any number of ":tag" and ":interval"; a tag holds until the next one. */
static bool read_uuid_part(reader *r, rw_gtid_set *set)
{
    rw_gtid_source source = {.tag = ""};
    bool need_interval = true;
    if (!read_uuid(r, source.uuid)) return false;
    skip_space(r);
    while (*r->p == ':') {
        r->p++;
        skip_space(r);
        if (starts_tag(r)) {
            if (need_interval && *source.tag) return problem(r, "a transaction number is missing");
            if (!read_tag(r, source.tag)) return false;
            need_interval = true;
            skip_space(r);
            continue;
        }
        rw_gtid_interval interval;
        if (!read_interval(r, &interval)) return false;
        rw_gtid_set_add_interval(set, &source, interval);
        need_interval = false;
    }
    return !need_interval || problem(r, "a colon and a transaction number are missing");
}

rw_gtid_set *rw_gtid_set_parse(const char *text, GError **error)
{
    g_autoptr(rw_gtid_set) set = rw_gtid_set_new();
    reader r = {text, text, NULL};
    for (;;) {
        /* Servers read past spare commas, and people paste sets that end in one. */
        while (*r.p == ',' || g_ascii_isspace(*r.p)) r.p++;
        if (!*r.p) return g_steal_pointer(&set);
        if (!read_uuid_part(&r, set) || (*r.p && *r.p != ',' && !problem(&r, "a comma is missing"))) {
            fail_at(&r, error);
            return NULL;
        }
    }
}

static bool read_one(const char *gtid, rw_gtid_source *source, rw_gtid_interval *interval, reader *r)
{
    *r = (reader){gtid, gtid, NULL};
    source->tag[0] = '\0';
    if (!read_uuid(r, source->uuid)) return false;
    if (*r->p != ':') return problem(r, "a colon and a transaction number are missing");
    r->p++;
    if (starts_tag(r)) {
        if (!read_tag(r, source->tag)) return false;
        if (*r->p != ':') return problem(r, "a colon and a transaction number are missing");
        r->p++;
    }
    if (!read_number(r, &interval->from)) return false;
    interval->to = interval->from + 1;
    return !*r->p || problem(r, "one transaction was expected, but there is more");
}

bool rw_gtid_set_add(rw_gtid_set *set, const char *gtid, GError **error)
{
    rw_gtid_source source;
    rw_gtid_interval interval;
    reader r;
    if (!read_one(gtid, &source, &interval, &r)) return fail_at(&r, error);
    rw_gtid_set_add_interval(set, &source, interval);
    return true;
}

bool rw_gtid_set_contains(const rw_gtid_set *set, const char *gtid)
{
    rw_gtid_source source;
    rw_gtid_interval interval;
    reader r;
    return read_one(gtid, &source, &interval, &r) && rw_gtid_set_covers(set, &source, interval);
}

static void append_uuid(GString *out, const uint8_t uuid[16])
{
    static const char hex[] = "0123456789abcdef";
    for (unsigned i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) g_string_append_c(out, '-');
        g_string_append_c(out, hex[uuid[i] >> 4]);
        g_string_append_c(out, hex[uuid[i] & 15]);
    }
}

static void append_group(GString *out, const rw_gtid_group *group)
{
    if (*group->source.tag) g_string_append_printf(out, ":%s", group->source.tag);
    for (unsigned i = 0; i < group->intervals->len; i++) {
        const rw_gtid_interval *interval = rw_gtid_group_interval(group, i);
        g_string_append_printf(out, ":%" G_GUINT64_FORMAT, interval->from);
        if (interval->to - interval->from > 1) g_string_append_printf(out, "-%" G_GUINT64_FORMAT, interval->to - 1);
    }
}

char *rw_gtid_set_format(const rw_gtid_set *set)
{
    GString *out = g_string_new(NULL);
    const uint8_t *uuid = NULL;
    for (unsigned g = 0; g < set->groups->len; g++) {
        const rw_gtid_group *group = rw_gtid_set_group(set, g);
        if (!uuid || memcmp(uuid, group->source.uuid, 16) != 0) {
            if (uuid) g_string_append_c(out, ',');
            uuid = group->source.uuid;
            append_uuid(out, uuid);
        }
        append_group(out, group);
    }
    return g_string_free(out, FALSE);
}
