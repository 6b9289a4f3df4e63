#include "flow/apply/script.h"

enum { PACKET_BYTES = 8 * 1024 * 1024 };

typedef struct {
    unsigned tag;
    size_t end; /* in sql */
} statement;

struct rw_script {
    rw_connection *target;
    rw_script_handler handler;
    void *user;
    GString *sql;
    GArray *tags; /* statement */
    size_t packet_bytes, statement_start;
    unsigned failed;
};

rw_script *rw_script_new(rw_script_handler handler, void *user)
{
    rw_script *s = g_new0(rw_script, 1);
    s->handler = handler;
    s->user = user;
    s->sql = g_string_sized_new(64 * 1024);
    s->tags = g_array_new(FALSE, FALSE, sizeof(statement));
    return s;
}

void rw_script_free(rw_script *s)
{
    if (!s) return;
    g_string_free(s->sql, TRUE);
    g_array_free(s->tags, TRUE);
    g_free(s);
}

/* A statement with one huge row must not keep its memory for good. */
static void forget(rw_script *s)
{
    if (s->sql->allocated_len > 2 * PACKET_BYTES) {
        g_string_free(s->sql, TRUE);
        s->sql = g_string_sized_new(64 * 1024);
    }
    g_string_truncate(s->sql, 0);
    g_array_set_size(s->tags, 0);
    s->statement_start = 0;
}

void rw_script_begin(rw_script *s, rw_connection *target)
{
    s->target = target;
    s->packet_bytes = MIN(PACKET_BYTES, target->max_packet_bytes / 2);
    forget(s);
}

GString *rw_script_sql(rw_script *s) { return s->sql; }
unsigned rw_script_failed(const rw_script *s) { return s->failed; }
size_t rw_script_statement_bytes(const rw_script *s) { return s->sql->len - s->statement_start; }

static bool read_result(rw_script *s, unsigned tag, GError **error)
{
    g_autoptr(rw_result) rows = NULL;
    uint64_t affected = 0;
    s->failed = tag;
    if (!rw_connection_next_result(s->target, &rows, &affected, error)) return false;
    if (s->handler(s->user, tag, rows, affected, error)) return true;
    while (rw_connection_has_more(s->target) && rw_connection_next_result(s->target, NULL, NULL, NULL)) continue;
    return false;
}

static bool send_together(rw_script *s, size_t bytes, GError **error)
{
    bool ok = rw_connection_send(s->target, rw_slice_of(s->sql->str, bytes), error);
    for (guint i = 0; ok && i < s->tags->len; i++) ok = read_result(s, g_array_index(s->tags, statement, i).tag, error);
    return ok;
}

static bool send_one_by_one(rw_script *s, GError **error)
{
    size_t start = 0;
    for (guint i = 0; i < s->tags->len; i++) {
        const statement *one = &g_array_index(s->tags, statement, i);
        if (!rw_connection_send(s->target, rw_slice_of(s->sql->str + start, one->end - start), error) || !read_result(s, one->tag, error)) return false;
        start = one->end;
    }
    return true;
}

/* Sends whole statements only: one that is too large for the packet begins the next. */
static bool send_upto(rw_script *s, size_t bytes, GError **error)
{
    bool ok = s->target->annotates || s->target->splits_packets ? send_one_by_one(s, error) : send_together(s, bytes, error);
    g_array_set_size(s->tags, 0);
    g_string_erase(s->sql, 0, (gssize)bytes);
    s->statement_start = 0;
    return ok;
}

bool rw_script_end_statement(rw_script *s, unsigned tag, GError **error)
{
    size_t before = s->statement_start;
    if (s->tags->len && s->sql->len > s->packet_bytes && !send_upto(s, before, error)) {
        forget(s);
        return false;
    }
    g_string_append_c(s->sql, ';');
    statement ended = {tag, s->sql->len};
    g_array_append_val(s->tags, ended);
    s->statement_start = s->sql->len;
    return true;
}

bool rw_script_flush(rw_script *s, GError **error)
{
    bool ok = s->tags->len == 0 || send_upto(s, s->sql->len, error);
    forget(s);
    return ok;
}
