#include "flow/apply/rowitems.h"

void rw_row_items_init(rw_row_items *items, const rw_conf *conf, rw_item_visitor visit, void *user)
{
    *items = (rw_row_items){.key = g_string_new(NULL), .conf = conf, .visit = visit, .user = user};
    rw_row_scratch_init(&items->before);
    rw_row_scratch_init(&items->after);
}

void rw_row_items_clear(rw_row_items *items)
{
    rw_row_scratch_clear(&items->before);
    rw_row_scratch_clear(&items->after);
    g_string_free(items->key, TRUE);
}

static bool row_of(rw_row_items *items, rw_row_scratch *scratch, const rw_binding *b, rw_slice image, rw_item *row)
{
    const rw_slice *columns = rw_row_split(scratch, b, image);
    g_string_truncate(items->key, 0);
    if (!columns || !rw_row_identity(scratch, b, columns, items->key)) return false;
    *row = rw_item_row(b->item, rw_slice_of(items->key->str, items->key->len));
    return true;
}

bool rw_row_items_row(rw_row_items *items, const rw_binding *b, rw_slice image, rw_item *row)
{
    return row_of(items, &items->after, b, image, row);
}

static bool visit(rw_row_items *items, rw_item item, rw_entry entry, GError **error) { return items->visit(items->user, item, entry, error); }

static bool erase_columns(rw_row_items *items, const rw_binding *b, rw_item row, GError **error)
{
    for (unsigned i = 0; b->policy->remembers & RW_REMEMBERS_COLUMNS && i < b->n_columns; i++)
        if (!visit(items, rw_item_part(row, RW_ITEM_COLUMN, b->columns[i].target), RW_ENTRY_ERASED, error)) return false;
    return true;
}

/* With ends, nothing that was done to the row before counts for the next one; with ranks, nothing that a lower site did. */
static bool erase_origins(rw_row_items *items, const rw_binding *b, rw_item row, unsigned origin, bool all, GError **error)
{
    const rw_conf *conf = items->conf;
    unsigned rank = rw_binding_rank(b, conf, origin);
    for (unsigned i = 0; b->policy->remembers && i < conf->n_sites; i++) {
        unsigned site = conf->sites[i].id;
        bool lower = b->policy->remembers & RW_REMEMBERS_ORIGINS && rw_binding_rank(b, conf, site) > rank;
        if ((all || lower) && site != origin && !visit(items, rw_item_part(row, RW_ITEM_ORIGIN, site), RW_ENTRY_ERASED, error)) return false;
    }
    return true;
}

static bool end_of_row(rw_row_items *items, const rw_binding *b, rw_item row, unsigned origin, GError **error)
{
    bool ends = b->policy->remembers & RW_REMEMBERS_ENDS;
    if (!visit(items, row, RW_ENTRY_ENDED, error)) return false;
    if (ends && !visit(items, rw_item_part(row, RW_ITEM_END, 0), RW_ENTRY_ENDED, error)) return false;
    if (!erase_columns(items, b, row, error) || !erase_origins(items, b, row, origin, ends, error)) return false;
    return !b->policy->remembers || visit(items, rw_item_part(row, RW_ITEM_ORIGIN, origin), RW_ENTRY_ENDED, error);
}

/* updated: `before` holds the split columns of the earlier image of the same row. */
static bool columns_of_row(rw_row_items *items, const rw_binding *b, rw_item row, bool updated, rw_entry entry, GError **error)
{
    for (unsigned i = 0; i < b->n_columns; i++) {
        if (b->columns[i].generated || (updated && rw_slice_equal(items->before.columns[i], items->after.columns[i]))) continue;
        if (!visit(items, rw_item_part(row, RW_ITEM_COLUMN, b->columns[i].target), entry, error)) return false;
    }
    return true;
}

static bool life_of_row(rw_row_items *items, const rw_binding *b, rw_item row, unsigned origin, bool updated, GError **error)
{
    if (!visit(items, row, RW_ENTRY_WRITTEN, error) || !erase_origins(items, b, row, origin, false, error)) return false;
    if (b->policy->remembers && !visit(items, rw_item_part(row, RW_ITEM_ORIGIN, origin), RW_ENTRY_WRITTEN, error)) return false;
    return !(b->policy->remembers & RW_REMEMBERS_COLUMNS) || columns_of_row(items, b, row, updated, RW_ENTRY_WRITTEN, error);
}

typedef struct {
    bool had, has, same; /* a row before, after; the same one */
    rw_item was, is;
} lives;

static bool lives_of(rw_row_items *items, const rw_binding *b, rw_slice before, rw_slice after, lives *l, GError **error)
{
    *l = (lives){.had = before.data != NULL, .has = after.data != NULL};
    if ((l->had && !row_of(items, &items->before, b, before, &l->was)) || (l->has && !row_of(items, &items->after, b, after, &l->is))) return rw_row_misfit(b, error);
    l->same = l->had && l->has && rw_item_equal(l->was, l->is);
    return true;
}

bool rw_row_items_written(rw_row_items *items, const rw_binding *b, rw_slice before, rw_slice after, unsigned origin, GError **error)
{
    lives l;
    if (!lives_of(items, b, before, after, &l, error)) return false;
    if (b->has_foreign_keys && !visit(items, rw_item_part(b->item, RW_ITEM_TABLE, origin), RW_ENTRY_WRITTEN, error)) return false;
    if (l.had && !l.same && !end_of_row(items, b, l.was, origin, error)) return false;
    return !l.has || life_of_row(items, b, l.is, origin, l.same, error);
}

/* Whatever others had done to a row is over with the row. */
static bool all_is_over(rw_row_items *items, const rw_binding *b, rw_item row, unsigned origin, GError **error)
{
    return visit(items, row, RW_ENTRY_ERASED, error) && visit(items, rw_item_part(row, RW_ITEM_END, 0), RW_ENTRY_ERASED, error) &&
           erase_columns(items, b, row, error) &&
           erase_origins(items, b, row, origin, b->policy->remembers & RW_REMEMBERS_ENDS, error);
}

bool rw_row_items_overwritten(rw_row_items *items, const rw_binding *b, rw_slice before, rw_slice after, unsigned origin, GError **error)
{
    lives l;
    if (!lives_of(items, b, before, after, &l, error)) return false;
    if (l.had && !l.same && !all_is_over(items, b, l.was, origin, error)) return false;
    if (!l.has) return true;
    /* With adding and merging, what others did to the row goes on beside the source's write. */
    if (!b->policy->remembers && !visit(items, l.is, RW_ENTRY_ERASED, error)) return false;
    if (!erase_origins(items, b, l.is, origin, false, error)) return false;
    return !(b->policy->remembers & RW_REMEMBERS_COLUMNS) || columns_of_row(items, b, l.is, l.same, RW_ENTRY_ERASED, error);
}
