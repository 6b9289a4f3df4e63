/* foreign: a foreign key stands against the change in hand. A child without its parent goes, by a new change of this site, whatever the stamps:
 * the parent cannot come back by itself. */
#include "flow/apply/kept_row.h"
#include "flow/apply/rowjson.h"
#include "flow/apply/settle_private.h"

enum { DEPTH_MAX = 16 };

static void append_table(GString *sql, const char *schema, const char *table)
{
    rw_sql_quote(sql, rw_slice_str(schema));
    g_string_append(sql, " AND ");
    g_string_append(sql, "TABLE_NAME=");
    rw_sql_quote(sql, rw_slice_str(table));
}

/* Did anybody write a row of that table that the change had not seen? */
static bool is_explained(rw_settle *s, const rw_case *c, const char *schema, const char *table, rw_writer *writer, bool *found, GError **error)
{
    const rw_conf *conf = s->o.conf;
    rw_item of_table = rw_item_table(schema, table);
    for (unsigned i = 0; i < conf->n_sites && !*found; i++)
        if (!rw_last_writers_find(s->o.trouble->memory, rw_item_part(of_table, RW_ITEM_TABLE, conf->sites[i].id), c->author->seen, writer, found, error)) return false;
    return true;
}

static bool parents_explain(rw_settle *s, const rw_case *c, rw_writer *writer, bool *found, GError **error)
{
    g_autoptr(GString) sql = g_string_new("SELECT DISTINCT REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME FROM information_schema.KEY_COLUMN_USAGE "
                                          "WHERE REFERENCED_TABLE_NAME IS NOT NULL AND TABLE_SCHEMA=");
    append_table(sql, c->b->source->schema, c->b->source->name);
    g_autoptr(rw_result) rows = rw_connection_query(s->o.target, sql->str, error);
    rw_slice cells[2];
    if (!rows) return false;
    while (rw_result_next(rows, cells, 2)) {
        g_autofree char *schema = rw_cell_text(cells[0]), *table = rw_cell_text(cells[1]);
        if (!is_explained(s, c, schema, table, writer, found, error)) return false;
    }
    return true;
}

bool rw_settle_no_parent(rw_settle *s, const rw_case *c, bool *force, GError **error)
{
    rw_writer writer;
    bool found = false, over;
    *force = false;
    if (!rw_settle_refresh(s, error) || !parents_explain(s, c, &writer, &found, error)) return false;
    if (!found && rw_trouble_is_early(s->o.trouble, c->author->seen)) {
        if (!rw_settle_wait_gap(s, c, true, &over, error)) return false;
        *force = true; /* its parent is on the way */
        return true;
    }
    if (!found && !s->any_lost) return rw_settle_stop(s, c, "drift: the parent row of a foreign key is not there", "no concurrent write explains it", error);
    if (c->b->policy->stops) return rw_settle_stop(s, c, "conflict: the parent row of a foreign key is not there", NULL, error);
    rw_record record = rw_settle_record(s, c);
    record.kind = "foreign_key";
    record.verdict = "target";
    g_autofree char *reason = found ? g_strdup_printf("its parent row is gone, so the row is deleted; last write to a parent table: site %u, GTID %s", writer.origin, writer.gtid)
                                    : g_strdup("its parent row was not written by the same transaction, so the row is deleted");
    record.reason = reason;
    return rw_settle_lose(s, c, &record, error);
}

/* --- a parent goes --- */

typedef struct {
    char *schema, *table;
    GString *columns, *referenced;
} child;

static void child_free(gpointer data)
{
    child *k = data;
    g_free(k->schema);
    g_free(k->table);
    g_string_free(k->columns, TRUE);
    g_string_free(k->referenced, TRUE);
    g_free(k);
}

static void append_name(GString *list, rw_slice cell)
{
    g_autofree char *name = rw_cell_text(cell);
    if (list->len) g_string_append_c(list, ',');
    rw_sql_name(list, name);
}

static GPtrArray *load_children(rw_settle *s, const char *schema, const char *table, GError **error)
{
    g_autoptr(GString) sql = g_string_new("SELECT CONSTRAINT_NAME, TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, REFERENCED_COLUMN_NAME FROM "
                                          "information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_SCHEMA=");
    rw_sql_quote(sql, rw_slice_str(schema));
    g_string_append(sql, " AND REFERENCED_TABLE_NAME=");
    rw_sql_quote(sql, rw_slice_str(table));
    g_string_append(sql, " ORDER BY TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION");
    g_autoptr(rw_result) rows = rw_connection_query(s->o.target, sql->str, error);
    GPtrArray *children = g_ptr_array_new_with_free_func(child_free);
    g_autofree char *last = NULL;
    rw_slice c[5];
    while (rows && rw_result_next(rows, c, 5)) {
        g_autofree char *constraint = rw_cell_text(c[0]), *where = rw_cell_text(c[1]), *name = rw_cell_text(c[2]);
        char *key = g_strdup_printf("%s.%s.%s", where, name, constraint);
        if (g_strcmp0(key, last) != 0) {
            child *k = g_new0(child, 1);
            *k = (child){.schema = g_strdup(where), .table = g_strdup(name), .columns = g_string_new(NULL), .referenced = g_string_new(NULL)};
            g_ptr_array_add(children, k);
        }
        g_free(last);
        last = key;
        child *k = g_ptr_array_index(children, children->len - 1);
        append_name(k->columns, c[3]);
        append_name(k->referenced, c[4]);
    }
    if (rows) return children;
    g_ptr_array_unref(children);
    return NULL;
}

static rw_record record_of(rw_settle *s, const rw_case *c, const rw_writer *writer)
{
    rw_record record = rw_settle_record(s, c);
    record.kind = "foreign_key";
    record.verdict = "source";
    record.current = writer;
    record.reason = "its parent row goes, so this row, which the source had not seen, is deleted; incoming: the change of the parent";
    return record;
}

/* There is no image of such a row: the catalogue says how it is kept. */
static bool record_row(rw_settle *s, const rw_case *c, const child *k, const rw_catalogue_table *table, const rw_slice *cells, const rw_writer *writer,
                       GError **error)
{
    g_autoptr(GPtrArray) large = rw_large_values_new();
    g_autoptr(GString) key = g_string_new(NULL);
    g_autoptr(GString) current = g_string_new(NULL);
    const rw_record record = record_of(s, c, writer);
    s->removed++;
    rw_kept_row_json(table, cells, true, key, NULL);
    rw_kept_row_json(table, cells, false, current, large);
    const rw_record_texts texts = {.schema = k->schema, .table = k->table, .key = key->str, .current = current->str, .large_current = large};
    return rw_record_write_texts(&record, &texts, s->o.target, error);
}

/* Has someone written that row whom the change had not seen? Otherwise the source's own transaction deals with it. */
static bool is_unseen(rw_settle *s, const rw_case *c, const child *k, const rw_catalogue_table *table, const rw_slice *cells, rw_writer *writer, bool *found,
                      GError **error)
{
    g_autoptr(GString) key = g_string_new(NULL);
    *found = false;
    rw_kept_row_key(table, cells, key);
    rw_item row = rw_item_row(rw_item_table(k->schema, k->table), rw_slice_of(key->str, key->len));
    if (!rw_last_writers_find(s->o.trouble->memory, row, c->author->seen, writer, found, error)) return false;
    for (unsigned i = 0; i < s->o.conf->n_sites && !*found; i++)
        if (!rw_last_writers_find(s->o.trouble->memory, rw_item_part(row, RW_ITEM_ORIGIN, s->o.conf->sites[i].id), c->author->seen, writer, found, error)) return false;
    return true;
}

static bool delete_row(rw_settle *s, const rw_case *c, const child *k, const rw_catalogue_table *table, const rw_slice *cells, unsigned depth, GError **error)
{
    rw_writer writer;
    bool unseen;
    if (!is_unseen(s, c, k, table, cells, &writer, &unseen, error)) return false;
    g_autoptr(GString) where = g_string_new(NULL);
    return !unseen || (rw_kept_row_where(table, cells, where, error) &&
                       rw_foreign_delete_children(s, c, k->schema, k->table, where->str, depth + 1, error) &&
                       record_row(s, c, k, table, cells, &writer, error) &&
                       rw_connection_runf(s->o.target, error, "DELETE FROM `%s`.`%s` WHERE %s", k->schema, k->table, where->str));
}

static bool delete_rows(rw_settle *s, const rw_case *c, const child *k, const char *where, unsigned depth, GError **error)
{
    GError *failure = NULL;
    g_autoptr(GString) list = g_string_new(NULL);
    g_autoptr(rw_catalogue_table) table = rw_catalogue_load(s->o.target, k->schema, k->table, &failure);
    if (failure || !table || table->n_key == 0) {
        rw_fail(error, RW_ERR_STOP, "table %s.%s refers to a row that goes: %s", k->schema, k->table,
                failure ? failure->message : "its rows cannot be told apart by a key, so it cannot be settled; give it a primary key");
        g_clear_error(&failure);
        return false;
    }
    if (!rw_kept_select_list(table, list, error)) return false;
    g_autoptr(rw_result) rows = rw_connection_queryf(s->o.target, error, "SELECT %s FROM `%s`.`%s` WHERE %s FOR UPDATE", list->str, k->schema, k->table, where);
    g_autofree rw_slice *cells = g_new(rw_slice, table->n_columns);
    unsigned n = 0;
    if (!rows || !rw_settle_refresh(s, error)) return false;
    for (unsigned i = 0; i < table->n_columns; i++) n += !table->columns[i].generated;
    while (rw_result_next(rows, cells, n))
        if (!delete_row(s, c, k, table, cells, depth, error)) return false;
    return true;
}

bool rw_foreign_delete_children(rw_settle *s, const rw_case *c, const char *schema, const char *table, const char *where, unsigned depth, GError **error)
{
    g_autoptr(GPtrArray) children = load_children(s, schema, table, error);
    if (!children) return false;
    if (depth > DEPTH_MAX) return rw_fail(error, RW_ERR_STOP, "table %s.%s: foreign keys lead more than %d tables deep", schema, table, DEPTH_MAX);
    for (guint i = 0; i < children->len; i++) {
        const child *k = g_ptr_array_index(children, i);
        g_autofree char *referring = g_strdup_printf("(%s) IN (SELECT %s FROM `%s`.`%s` WHERE %s)", k->columns->str, k->referenced->str, schema, table, where);
        if (!delete_rows(s, c, k, referring, depth, error)) return false;
    }
    return true;
}

static bool children_explain(rw_settle *s, const rw_case *c, rw_writer *writer, bool *found, GError **error)
{
    g_autoptr(GPtrArray) children = load_children(s, c->b->source->schema, c->b->source->name, error);
    if (!children) return false;
    for (guint i = 0; i < children->len; i++) {
        const child *k = g_ptr_array_index(children, i);
        if (!is_explained(s, c, k->schema, k->table, writer, found, error)) return false;
    }
    return true;
}

bool rw_settle_children(rw_settle *s, const rw_case *c, GError **error)
{
    rw_writer writer;
    bool found = false, over;
    if (!rw_settle_refresh(s, error) || !children_explain(s, c, &writer, &found, error)) return false;
    if (!found && rw_trouble_is_early(s->o.trouble, c->author->seen)) {
        if (!rw_settle_wait_gap(s, c, true, &over, error)) return false;
    }
    if (!found) return rw_settle_stop(s, c, "drift: a foreign key of another row refers to the row", "no concurrent write explains it", error);
    if (c->b->policy->stops) return rw_settle_stop(s, c, "conflict: a foreign key of another row refers to the row", NULL, error);
    return rw_settle_begin_own(s, error) && rw_foreign_delete_children(s, c, c->b->source->schema, c->b->source->name, c->where, 0, error) &&
           rw_settle_commit_own(s, "rows that referred to a deleted one have been deleted", error);
}
