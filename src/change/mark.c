#include "change/mark.h"

#include <string.h>

bool rw_mark_equal(const rw_mark *a, const rw_mark *b)
{
    return a->number == b->number && a->content == b->content && a->n_since == b->n_since && a->since == b->since;
}

char *rw_mark_format(const char *cluster, const rw_mark *mark)
{
    if (!*cluster || !mark->number) return g_strdup("");
    GString *text = g_string_new(cluster);
    g_string_append_printf(text, " %" G_GUINT64_FORMAT ":%016" G_GINT64_MODIFIER "x", mark->number, mark->content);
    if (mark->n_since) g_string_append_printf(text, " +%u:%016" G_GINT64_MODIFIER "x", mark->n_since, mark->since);
    if (mark->from_bytes) g_string_append_printf(text, " @%" G_GUINT64_FORMAT, mark->from_bytes);
    return g_string_free(text, FALSE);
}

static bool take(const char **text, char lead)
{
    bool there = **text == lead;
    *text += there;
    return there;
}

static bool take_number(const char **text, unsigned base, uint64_t *number)
{
    char *after = NULL;
    if (!g_ascii_isxdigit(**text)) return false;
    *number = g_ascii_strtoull(*text, &after, base);
    *text = after;
    return true;
}

static bool take_pair(const char **text, uint64_t *number, uint64_t *hash)
{
    return take_number(text, 10, number) && *number && take(text, ':') && take_number(text, 16, hash);
}

bool rw_mark_parse(const char *text, char cluster[RW_CLUSTER_BYTES], rw_mark *mark)
{
    *mark = (rw_mark){0};
    *cluster = '\0';
    if (!text || !*text) return true;
    const char *rest = strchr(text, ' ');
    if (!rest || rest == text || rest - text >= RW_CLUSTER_BYTES) return false;
    g_strlcpy(cluster, text, (size_t)(rest - text) + 1);
    rest++;
    uint64_t n_since = 0;
    bool good = take_pair(&rest, &mark->number, &mark->content);
    if (good && g_str_has_prefix(rest, " +")) rest += 2, good = take_pair(&rest, &n_since, &mark->since) && n_since <= UINT32_MAX;
    if (good && g_str_has_prefix(rest, " @")) rest += 2, good = take_number(&rest, 10, &mark->from_bytes);
    mark->n_since = (uint32_t)n_since;
    return good && !*rest;
}
