#include "flow/apply/tables.h"

typedef struct {
    rw_binding *binding;
    guint64 window; /* in which `number` was given */
    unsigned number;
} entry;

struct rw_tables {
    const rw_conf *conf;
    bool ignore_triggers;
    GHashTable *entries;  /* rw_table -> entry; the binding holds the table */
    GPtrArray *in_window; /* rw_binding */
    guint64 window;
    rw_table *last_table; /* rows come in runs of one table */
    unsigned last_number;
};

static void entry_free(gpointer data)
{
    entry *e = data;
    rw_binding_free(e->binding);
    g_free(e);
}

rw_tables *rw_tables_new(const rw_conf *conf, bool ignore_triggers)
{
    rw_tables *t = g_new0(rw_tables, 1);
    t->conf = conf;
    t->window = 1; /* an entry is in none yet */
    t->ignore_triggers = ignore_triggers;
    t->entries = g_hash_table_new_full(NULL, NULL, NULL, entry_free);
    t->in_window = g_ptr_array_new();
    return t;
}

void rw_tables_free(rw_tables *t)
{
    if (!t) return;
    g_hash_table_unref(t->entries);
    g_ptr_array_unref(t->in_window);
    g_free(t);
}

void rw_tables_forget(rw_tables *t)
{
    rw_tables_begin_window(t);
    g_hash_table_remove_all(t->entries);
}

void rw_tables_begin_window(rw_tables *t)
{
    g_ptr_array_set_size(t->in_window, 0);
    t->window++;
    t->last_table = NULL;
}

static entry *find(rw_tables *t, rw_table *table, rw_connection *target, GError **error)
{
    entry *e = g_hash_table_lookup(t->entries, table);
    if (e) return e;
    rw_binding *binding = rw_bind(table, target, (rw_bind_options){target->dialect, t->conf, t->ignore_triggers}, error);
    if (!binding) return NULL;
    e = g_new0(entry, 1);
    e->binding = binding;
    g_hash_table_insert(t->entries, table, e);
    return e;
}

bool rw_tables_number(rw_tables *t, rw_table *table, rw_connection *target, unsigned *number, GError **error)
{
    if (table != t->last_table) {
        entry *e = find(t, table, target, error);
        if (!e) return false;
        if (e->window != t->window) {
            e->window = t->window;
            e->number = t->in_window->len;
            g_ptr_array_add(t->in_window, e->binding);
        }
        t->last_table = table;
        t->last_number = e->number;
    }
    *number = t->last_number;
    return true;
}

const rw_binding *rw_tables_at(const rw_tables *t, unsigned number) { return g_ptr_array_index(t->in_window, number); }
unsigned rw_tables_in_window(const rw_tables *t) { return t->in_window->len; }

void rw_tables_foreach(const rw_tables *t, void (*visit)(void *user, const rw_binding *binding), void *user)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, t->entries);
    while (g_hash_table_iter_next(&iter, NULL, &value)) visit(user, ((entry *)value)->binding);
}
