#include "change/seen.h"

#include <errno.h>

uint64_t rw_seen_of(const rw_seen *seen, unsigned origin)
{
    for (unsigned i = 0; i < seen->n; i++)
        if (seen->at[i].origin == origin) return seen->at[i].stamp_us;
    return 0;
}

bool rw_seen_names(const rw_seen *seen, unsigned origin)
{
    unsigned i = 0;
    while (i < seen->n && seen->at[i].origin != origin) i++;
    return i < seen->n;
}

bool rw_seen_raise(rw_seen *seen, unsigned origin, uint64_t stamp_us)
{
    unsigned i = 0;
    while (i < seen->n && seen->at[i].origin != origin) i++;
    if (i == RW_SEEN_MAX) return false;
    if (i == seen->n) {
        seen->at[i].origin = origin;
        seen->at[i].stamp_us = 0;
        seen->n++;
    }
    if (stamp_us > seen->at[i].stamp_us) seen->at[i].stamp_us = stamp_us;
    return true;
}

bool rw_seen_covers(const rw_seen *seen, const rw_seen *other, unsigned but)
{
    for (unsigned i = 0; i < other->n; i++)
        if (other->at[i].origin != but && rw_seen_of(seen, other->at[i].origin) < other->at[i].stamp_us) return false;
    return true;
}

/* Digits only, and not more than fit. */
static bool take_number(const char **p, uint64_t *number)
{
    char *end = NULL;
    if (!g_ascii_isdigit(**p)) return false;
    errno = 0;
    *number = g_ascii_strtoull(*p, &end, 10);
    *p = end;
    return errno == 0;
}

static bool take_one(const char **p, rw_seen *seen)
{
    uint64_t origin, stamp_us;
    if (!take_number(p, &origin) || origin < 1 || origin > 255 || *(*p)++ != ':') return false;
    return take_number(p, &stamp_us) && rw_seen_raise(seen, (unsigned)origin, stamp_us);
}

bool rw_seen_parse(rw_seen *seen, const char *text)
{
    const char *p = text;
    *seen = (rw_seen){0};
    if (!p || !*p) return true;
    while (take_one(&p, seen)) {
        if (!*p) return true;
        if (*p++ != ',') return false;
    }
    return false;
}

char *rw_seen_format(const rw_seen *seen)
{
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < seen->n; i++)
        g_string_append_printf(text, "%s%u:%" G_GUINT64_FORMAT, i ? "," : "", seen->at[i].origin, seen->at[i].stamp_us);
    return g_string_free(text, FALSE);
}
