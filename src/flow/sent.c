#include "flow/sent.h"

#include "conflict/writers.h"
#include "flow/marker.h"
#include "flow/walk.h"

typedef struct {
    const rw_conf *conf;
    const rw_site_conf *target;
    rw_connection *session;
    unsigned origin;
    uint64_t wanted_us;
    bool found;
    GArray *stamps;
} sent;

static bool take_list(sent *s, rw_slice text, GError **error)
{
    rw_writers list;
    rw_writers_init(&list);
    bool ok = !text.data || rw_writers_decode(&list, text);
    for (guint i = 0; ok && i < list.txns->len; i++) {
        const rw_window_txn *txn = &g_array_index(list.txns, rw_window_txn, i);
        if (txn->origin != s->origin) continue;
        g_array_append_val(s->stamps, txn->stamp_us);
        s->found |= txn->stamp_us == s->wanted_us;
    }
    rw_writers_clear(&list);
    return ok || rw_fail(error, RW_ERR_STOP, "site %s: ringway.progress.writers cannot be read; another version of Ringway wrote it?", s->target->name);
}

static bool take_rows(sent *s, GError **error)
{
    g_autoptr(rw_result) rows = rw_connection_queryf(s->session, error, "SELECT writers FROM ringway.progress WHERE source = %u AND lane = 0", s->origin);
    rw_slice writers;
    if (!rows) return false;
    while (rw_result_next(rows, &writers, 1))
        if (!take_list(s, writers, error)) return false;
    return true;
}

static bool visit(void *user, rw_router *router, const rw_event *event, const rw_route *route, GError **error)
{
    sent *s = user;
    (void)router, (void)event;
    return route->action != RW_ROUTE_WRITERS || route->writers.source != s->origin || take_list(s, route->writers.text, error);
}

static bool take_log(sent *s, const char *first_file, GError **error)
{
    const rw_walk walk = {.conf = s->conf, .site = s->target, .session = s->session, .start = {.file = first_file, .offset_bytes = 4, .once = true}, .visit = visit, .user = s};
    g_array_set_size(s->stamps, 0);
    return rw_walk_log(&walk, error);
}

static gint by_time(gconstpointer a, gconstpointer b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* A large transaction's window names its stamps at its beginning and at its end. */
static void sort(GArray *stamps)
{
    guint n = 0;
    g_array_sort(stamps, by_time);
    for (guint i = 0; i < stamps->len; i++) {
        uint64_t us = g_array_index(stamps, uint64_t, i);
        if (!n || g_array_index(stamps, uint64_t, n - 1) != us) g_array_index(stamps, uint64_t, n++) = us;
    }
    g_array_set_size(stamps, n);
}

static bool find(sent *s, GError **error)
{
    if (!take_rows(s, error)) return false;
    g_autoptr(GPtrArray) files = s->found ? NULL : rw_log_files(s->session, error);
    if (!files) return s->found;
    for (guint n = 1, read = 0; !s->found && read < files->len; n *= 2) {
        read = MIN(n, files->len);
        if (!take_log(s, g_ptr_array_index(files, files->len - read), error)) return false;
    }
    return true;
}

bool rw_sent_stamps(const rw_conf *conf, const rw_site_conf *target, rw_connection *session, unsigned origin, uint64_t wanted_us, GArray *stamps, GError **error)
{
    sent s = {conf, target, session, origin, wanted_us, !wanted_us, stamps};
    bool ok = find(&s, error);
    sort(stamps);
    return ok;
}
