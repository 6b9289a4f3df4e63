/* settle_case: what is known of a change: the row at the target, who wrote it, and how all that is said. */
#include "flow/apply/settle_private.h"

char *rw_settle_where(rw_settle *s, const rw_binding *b, rw_slice image)
{
    const rw_slice *columns = rw_row_split(&s->scratch, b, image);
    g_string_truncate(s->sql, 0);
    if (!columns || !rw_row_key_where(&s->scratch, b, columns, s->sql)) return NULL;
    return rw_arena_strdup(s->arena, rw_slice_of(s->sql->str, s->sql->len));
}

rw_slice *rw_settle_cells(rw_settle *s, const rw_binding *b, const char *where, GError **error)
{
    const unsigned n = b->n_selected;
    g_autoptr(rw_result) rows = rw_connection_queryf(s->o.target, error, "SELECT %s FROM %s WHERE %s FOR UPDATE", b->select_list, b->quoted, where);
    rw_slice *cells = rw_arena_alloc(s->arena, sizeof *cells * (n + 1));
    if (!rows || !rw_result_next(rows, cells, n)) return NULL;
    for (unsigned i = 0; i < n; i++)
        if (cells[i].data) cells[i] = rw_arena_copy(s->arena, cells[i]);
    return cells;
}

/* A collation may take another key for ours: that is another row, which stands in the way as a unique value does. */
static bool is_own_row(rw_settle *s, const rw_binding *b, const rw_slice *cells, rw_slice image)
{
    g_autoptr(GString) theirs = g_string_new(NULL);
    const rw_slice *columns = rw_row_split(&s->scratch, b, image);
    g_string_truncate(s->key, 0);
    if (!columns || !rw_row_key(&s->scratch, b, columns, s->key)) return false;
    rw_row_cells_key(b, cells, theirs);
    return g_string_equal(s->key, theirs);
}

bool rw_settle_read(rw_settle *s, rw_case *c, GError **error)
{
    GError *failure = NULL;
    c->where = rw_settle_where(s, c->b, rw_case_key_image(c->before, c->after));
    if (!c->where || !rw_row_items_row(&s->items, c->b, rw_case_key_image(c->before, c->after), &c->row)) return rw_row_misfit(c->b, error);
    c->cells = rw_settle_cells(s, c->b, c->where, &failure);
    if (failure) {
        g_propagate_error(error, failure);
        return false;
    }
    if (c->cells && !is_own_row(s, c->b, c->cells, rw_case_key_image(c->before, c->after))) c->cells = NULL;
    c->equal = !c->before.data == !c->cells || c->unchecked || c->partly;
    if (!c->before.data || !c->cells) return true;
    const rw_slice *columns = rw_row_split(&s->scratch, c->b, c->before);
    if (!columns || !rw_row_compare(&s->scratch, c->b, columns, c->cells, &c->equal)) return rw_row_misfit(c->b, error);
    c->equal |= c->unchecked || c->partly;
    return true;
}

bool rw_settle_find(rw_settle *s, const rw_case *c, rw_item item, rw_writer *writer, bool *found, GError **error)
{
    return rw_last_writers_find(s->o.trouble->memory, item, c->author->seen, writer, found, error);
}

/* Policies that look beyond the last write: any site's unseen write is a conflict; the best rank among them is what counts. */
static bool find_origins(rw_settle *s, rw_case *c, GError **error)
{
    c->unseen_rank = G_MAXUINT;
    for (unsigned i = 0; i < s->o.conf->n_sites; i++) {
        rw_writer writer;
        bool found = false;
        if (s->o.conf->sites[i].id == s->o.source) continue;
        if (!rw_settle_find(s, c, rw_item_part(c->row, RW_ITEM_ORIGIN, s->o.conf->sites[i].id), &writer, &found, error)) return false;
        if (!found) continue;
        c->unseen_rank = MIN(c->unseen_rank, rw_binding_rank(c->b, s->o.conf, s->o.conf->sites[i].id));
        if (!c->has_last) c->last = writer;
        c->has_last = true;
    }
    return true;
}

bool rw_settle_find_writers(rw_settle *s, rw_case *c, GError **error)
{
    if (!rw_settle_find(s, c, c->row, &c->last, &c->has_last, error)) return false;
    if (c->b->policy->remembers & RW_REMEMBERS_ENDS && !rw_settle_find(s, c, rw_item_part(c->row, RW_ITEM_END, 0), &c->ended, &c->has_ended, error)) return false;
    return !c->b->policy->remembers || find_origins(s, c, error);
}

static const char *const operations[] = {[RW_INSERT] = "insert", [RW_UPDATE] = "update", [RW_DELETE] = "delete"};

const char *rw_settle_kind(const rw_case *c)
{
    static const char *const kinds[][2] = {[RW_INSERT] = {"insert/delete", "insert/insert"},
                                           [RW_UPDATE] = {"update/delete", "update/update"},
                                           [RW_DELETE] = {"delete/delete", "delete/update"}};
    return kinds[c->op][c->cells != NULL];
}

rw_record rw_settle_record(const rw_settle *s, const rw_case *c)
{
    return (rw_record){.link = s->o.link, .b = c->b, .txn = c->txn, .author = c->author, .kind = rw_settle_kind(c), .policy = c->b->policy->name, .verdict = "",
                       .operation = operations[c->op], .own = c->unchecked, .before = c->before, .after = c->after, .cells = c->cells,
                       .current = c->has_last ? &c->last : c->has_ended ? &c->ended : NULL};
}

static char *shown(rw_settle *s, const rw_binding *b, rw_slice image, const rw_slice *cells, bool key_only)
{
    enum { SHOWN_BYTES = 80 };
    const rw_slice *columns = NULL;
    if (!cells && (!image.data || !(columns = rw_row_split(&s->scratch, b, image)))) return NULL;
    GString *out = g_string_new(NULL);
    rw_row_describe(&s->scratch, b, columns, cells, (rw_row_view){key_only, SHOWN_BYTES}, out);
    return g_string_free(out, FALSE);
}

void rw_settle_clear_clash(rw_settle *s)
{
    g_clear_pointer(&s->clash.table, g_free);
    g_clear_pointer(&s->clash.key, g_free);
}

bool rw_settle_stop(rw_settle *s, const rw_case *c, const char *kind, const char *why, GError **error)
{
    rw_settle_clear_clash(s);
    s->clash.table = g_strdup_printf("%s.%s", c->b->source->schema, c->b->source->name);
    s->clash.key = shown(s, c->b, rw_case_key_image(c->before, c->after), NULL, true);
    g_autofree char *before = shown(s, c->b, c->before, NULL, false), *after = shown(s, c->b, c->after, NULL, false);
    g_autofree char *current = c->cells ? shown(s, c->b, c->before, c->cells, false) : NULL;
    return rw_fail(error, RW_ERR_CONFLICT, "%s: table %s, key %s: expected row %s; incoming row %s; row at the target %s%s%s", kind, s->clash.table,
                   s->clash.key ? s->clash.key : "unknown", before ? before : "none", after ? after : "none (delete)",
                   current ? current : c->b->settles ? "none" : "not read", why ? "; " : "", why ? why : "");
}
