#include "change/mark.h"

#include <string.h>

bool rw_mark_equal(const rw_mark *a, const rw_mark *b)
{
    return a->number == b->number && a->content == b->content && a->n_since == b->n_since && a->since == b->since;
}

char *rw_mark_format(const char *cluster, const rw_mark *mark)
{
    if (!*cluster || !mark->number) return g_strdup("");
    char *anchor = g_strdup_printf("%s %" G_GUINT64_FORMAT ":%016" G_GINT64_MODIFIER "x", cluster, mark->number, mark->content);
    if (!mark->n_since) return anchor;
    char *text = g_strdup_printf("%s +%u:%016" G_GINT64_MODIFIER "x", anchor, mark->n_since, mark->since);
    g_free(anchor);
    return text;
}

static bool take_number(const char **text, unsigned base, char end, uint64_t *number)
{
    char *after = NULL;
    if (!g_ascii_isxdigit(**text)) return false;
    *number = g_ascii_strtoull(*text, &after, base);
    bool good = *after == end;
    *text = *after ? after + 1 : after;
    return good;
}

static bool take_since(const char **text, rw_mark *mark)
{
    uint64_t n = 0;
    if (*(*text)++ != '+' || !take_number(text, 10, ':', &n) || !take_number(text, 16, '\0', &mark->since)) return false;
    mark->n_since = (uint32_t)n;
    return n > 0 && n <= UINT32_MAX;
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
    bool more = strchr(rest, ' ') != NULL;
    return take_number(&rest, 10, ':', &mark->number) && mark->number && take_number(&rest, 16, more ? ' ' : '\0', &mark->content) &&
           (!more || take_since(&rest, mark));
}
