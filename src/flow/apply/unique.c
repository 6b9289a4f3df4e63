/* unique: another row holds a unique value that the change in hand wants. The row with the lower stamp goes, by a new change of this site. */
#include "flow/apply/settle_private.h"

/* SQL of the value that the row would have: what is wanted, or else what it has. */
static const char *value_of(const rw_case *c, char *const *wanted, const char *column, unsigned *at)
{
    g_autoptr(GString) quoted = g_string_new(NULL);
    rw_sql_name(quoted, column);
    for (unsigned i = 0; i < c->b->n_columns; i++) {
        if (strcmp(c->b->columns[i].quoted, quoted->str) != 0) continue;
        *at = i;
        return wanted[i];
    }
    return NULL;
}

static bool cannot_tell(const rw_case *c, const char *what, GError **error)
{
    return rw_fail(error, RW_ERR_STOP, "table %s: a unique value is held by another row, and %s, so the row cannot be told; make the rows differ, then resume",
                   c->b->quoted, what);
}

/* One part of a key: `col`=value; *none if the value is NULL, which clashes with nothing. */
static bool append_part(const rw_case *c, char *const *wanted, const rw_slice *part, GString *where, bool *none, GError **error)
{
    unsigned at = 0;
    if (!part[1].data) return cannot_tell(c, "the key is over an expression", error);
    g_autofree char *column = rw_cell_text(part[1]);
    const char *value = value_of(c, wanted, column, &at);
    if (!value) return cannot_tell(c, "its column is generated, or merged from both sites", error);
    if (strcmp(value, "NULL") == 0) *none = true;
    const char *quoted = c->b->columns[at].quoted;
    g_string_append(where, where->len ? " AND " : "");
    if (part[2].data) g_string_append_printf(where, "LEFT(%s,%" G_GUINT64_FORMAT ")=LEFT(%s,%" G_GUINT64_FORMAT ")", quoted, rw_cell_number(part[2]), value, rw_cell_number(part[2]));
    else g_string_append_printf(where, "%s=%s", quoted, value);
    return true;
}

static GPtrArray *load_keys(rw_settle *s, const rw_case *c, char *const *wanted, GError **error)
{
    g_autoptr(GString) sql = g_string_new("SELECT INDEX_NAME, COLUMN_NAME, SUB_PART FROM information_schema.STATISTICS WHERE NON_UNIQUE=0 AND TABLE_SCHEMA=");
    rw_sql_quote(sql, rw_slice_str(c->b->source->schema));
    g_string_append(sql, " AND TABLE_NAME=");
    rw_sql_quote(sql, rw_slice_str(c->b->source->name));
    g_string_append(sql, " ORDER BY INDEX_NAME, SEQ_IN_INDEX");
    g_autoptr(rw_result) rows = rw_connection_query(s->o.target, sql->str, error);
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) where = g_string_new(NULL);
    g_autofree char *name = NULL;
    bool none = false;
    rw_slice part[3];
    if (!rows) return NULL;
    while (rw_result_next(rows, part, 3)) {
        if (name && !rw_slice_is(part[0], name)) {
            if (!none) g_ptr_array_add(keys, g_strdup(where->str));
            g_string_truncate(where, 0);
            none = false;
        }
        g_free(name);
        name = rw_cell_text(part[0]);
        if (!append_part(c, wanted, part, where, &none, error)) return NULL;
    }
    if (name && !none) g_ptr_array_add(keys, g_strdup(where->str));
    return g_steal_pointer(&keys);
}

/* A row that holds one of the values, and who wrote it. */
typedef struct {
    rw_slice *cells;
    rw_writer writer;
    bool known; /* its writer was not seen by the change in hand; otherwise it was, and the change is later */
    char *where;
} holder;

static char *where_of_cells(rw_settle *s, const rw_binding *b, const rw_slice *cells)
{
    g_autoptr(GString) where = g_string_new(NULL);
    rw_row_cells_where(b, cells, where);
    return rw_arena_strdup(s->arena, rw_slice_of(where->str, where->len));
}

static bool lock_holder(rw_settle *s, const rw_case *c, const char *where, holder *h, GError **error)
{
    GError *failure = NULL;
    g_autofree char *others = g_strdup_printf("(%s) AND NOT (%s) LIMIT 1", where, c->cells ? c->where : "FALSE");
    *h = (holder){.cells = rw_settle_cells(s, c->b, others, &failure)};
    if (h->cells) h->where = where_of_cells(s, c->b, h->cells);
    if (failure) g_propagate_error(error, failure);
    return !failure;
}

static bool find_writer(rw_settle *s, const rw_case *c, holder *h, GError **error)
{
    g_string_truncate(s->key, 0);
    rw_row_cells_key(c->b, h->cells, s->key);
    rw_item item = rw_item_row(c->b->item, rw_slice_of(s->key->str, s->key->len));
    return rw_last_writers_find(s->o.trouble->memory, item, c->author->seen, &h->writer, &h->known, error);
}

static bool is_later(const rw_case *c, const holder *h)
{
    return !h->known || rw_is_later(c->author->stamp_us, c->author->origin, h->writer.stamp_us, h->writer.origin);
}

static rw_record record_of(rw_settle *s, const rw_case *c, const holder *h, const char *verdict)
{
    rw_record record = rw_settle_record(s, c);
    record.kind = "unique";
    record.verdict = verdict;
    record.cells = h->cells;
    record.current = h->known ? &h->writer : NULL;
    record.reason = strcmp(verdict, "source") == 0 ? "another row held a unique value; it was written earlier, and is deleted"
                                                   : "another row holds a unique value; it was written later, and the incoming row is deleted";
    return record;
}

static bool is_unchanged(rw_settle *s, const rw_case *c, const holder *h, bool *same, GError **error)
{
    GError *failure = NULL;
    rw_slice *now = rw_settle_cells(s, c->b, h->where, &failure);
    if (failure) {
        g_propagate_error(error, failure);
        return false;
    }
    *same = now != NULL;
    for (unsigned i = 0, cell = 0; *same && i < c->b->n_columns; i++)
        if (!c->b->columns[i].generated && !rw_slice_equal(now[cell], h->cells[cell])) *same = false;
        else cell += !c->b->columns[i].generated;
    return true;
}

static bool delete_holder(rw_settle *s, const rw_case *c, const holder *h, GError **error)
{
    bool same = false;
    rw_record record = record_of(s, c, h, "source");
    if (!is_unchanged(s, c, h, &same, error)) return false;
    if (!same) return true; /* written meanwhile: it is looked at anew */
    s->removed++;
    return rw_foreign_delete_children(s, c, c->b->source->schema, c->b->source->name, h->where, 0, error) &&
           rw_record_write(&record, &s->scratch, s->o.target, error) &&
           rw_connection_runf(s->o.target, error, "DELETE FROM %s WHERE %s", c->b->quoted, h->where);
}

static bool remove_holder(rw_settle *s, const rw_case *c, const holder *h, GError **error)
{
    return rw_settle_begin_own(s, error) && delete_holder(s, c, h, error) && rw_settle_commit_own(s, "a row that held a unique value has been deleted", error);
}

/* A holder that the change had seen cannot hold the value still, unless what moved it comes by another link, or nothing explains it. */
static bool judge_seen_holder(rw_settle *s, const rw_case *c, GError **error)
{
    bool over;
    if (rw_trouble_is_early(s->o.trouble, c->author->seen)) return rw_settle_wait_gap(s, c, true, &over, error);
    return c->b->drift == RW_DRIFT_SOURCE || rw_settle_stop(s, c, "drift: a unique value is held by another row", "no concurrent write explains it", error);
}

static GArray *lock_holders(rw_settle *s, const rw_case *c, char *const *wanted, GError **error)
{
    g_autoptr(GPtrArray) keys = load_keys(s, c, wanted, error);
    g_autoptr(GArray) holders = g_array_new(FALSE, FALSE, sizeof(holder));
    for (guint i = 0; keys && i < keys->len; i++) {
        holder h;
        if (!lock_holder(s, c, g_ptr_array_index(keys, i), &h, error)) return NULL;
        if (h.cells) g_array_append_val(holders, h);
    }
    return keys ? g_steal_pointer(&holders) : NULL;
}

bool rw_settle_unique(rw_settle *s, const rw_case *c, char *const *wanted, GError **error)
{
    g_autoptr(GArray) holders = lock_holders(s, c, wanted, error);
    if (!holders || !rw_settle_refresh(s, error)) return false;
    for (guint i = 0; i < holders->len; i++) {
        holder *h = &g_array_index(holders, holder, i);
        if (!find_writer(s, c, h, error)) return false;
        if (c->b->policy->stops) return rw_settle_stop(s, c, "conflict: a unique value is held by another row", NULL, error);
        if (!h->known && !judge_seen_holder(s, c, error)) return false;
        if (is_later(c, h)) continue;
        rw_record record = record_of(s, c, h, "target");
        return rw_settle_lose(s, c, &record, error);
    }
    if (holders->len) return remove_holder(s, c, &g_array_index(holders, holder, 0), error);
    return rw_settle_restart(s, "a row that held a unique value is gone already", error);
}
