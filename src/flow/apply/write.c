#include "flow/apply/change.h"
#include "flow/apply/rows_private.h"
#include "flow/apply/session.h"

static bool same_images(const rw_net *net) { return net->before.data && net->after.data && rw_slice_equal(net->before, net->after); }

/* An upsert must find its row by the key alone: with a changed unique value it could hit another row. */
static bool moves(rw_rows_apply *a, const rw_binding *b, const rw_net *net)
{
    if (!net->before.data || !net->after.data || same_images(net)) return false;
    if (b->unique_expression || !b->upsert_tail) return true;
    const rw_slice *before = rw_row_split(&a->other, b, net->before), *after = rw_row_split(&a->scratch, b, net->after);
    if (!before || !after) return true;
    for (unsigned i = 0; i < b->n_columns; i++)
        if (b->columns[i].in_other_unique && !rw_slice_equal(before[i], after[i])) return true;
    return false;
}

static bool has_other_unique(const rw_binding *b)
{
    if (b->unique_expression || !b->upsert_tail) return true;
    for (unsigned i = 0; i < b->n_columns; i++)
        if (b->columns[i].in_other_unique) return true;
    return false;
}

static bool is_deleted(rw_rows_apply *a, const rw_binding *b, const rw_net *net)
{
    return (net->before.data && !net->after.data) || (has_other_unique(b) && moves(a, b, net));
}

static bool is_inserted(rw_rows_apply *a, const rw_binding *b, const rw_net *net)
{
    return (!net->before.data && net->after.data) || (has_other_unique(b) && moves(a, b, net));
}

static bool is_upserted(rw_rows_apply *a, const rw_binding *b, const rw_net *net)
{
    return net->before.data && net->after.data && !same_images(net) && !(has_other_unique(b) && moves(a, b, net));
}

/* It came and went within the window. It is written all the same: only so its key is locked, and another's write to it found. */
static bool is_passing(rw_rows_apply *a, const rw_binding *b, const rw_net *net)
{
    (void)a, (void)b;
    return !net->before.data && !net->after.data;
}

typedef bool (*chooser)(rw_rows_apply *, const rw_binding *, const rw_net *);

typedef struct {
    rw_step_kind kind;
    chooser chosen;
} writing;

static void begin_write(GString *sql, const rw_binding *b, rw_step_kind kind)
{
    if (kind == RW_STEP_DELETE) g_string_append_printf(sql, "DELETE FROM %s WHERE %s IN (", b->quoted, b->key_tuple);
    else g_string_append_printf(sql, "INSERT INTO %s (%s) VALUES ", b->quoted, b->write_list);
}

static bool append_write(rw_rows_apply *a, const rw_binding *b, rw_step_kind kind, const rw_net *net, GError **error)
{
    GString *sql = rw_script_sql(a->script);
    const rw_slice *columns = rw_row_split(&a->scratch, b, net->after.data && kind != RW_STEP_DELETE ? net->after : net->before.data ? net->before : net->image);
    bool ok = columns && (kind == RW_STEP_DELETE ? rw_row_key_tuple(&a->scratch, b, columns, sql) : rw_row_tuple(&a->scratch, b, columns, sql));
    return ok || rw_row_misfit(b, error);
}

static bool end_write(rw_rows_apply *a, const rw_binding *b, rw_step s, GError **error)
{
    GString *sql = rw_script_sql(a->script);
    if (s.kind == RW_STEP_DELETE) g_string_append_c(sql, ')');
    if (s.kind == RW_STEP_UPSERT) g_string_append(sql, b->upsert_tail);
    return rw_rows_end_step(a, s, error);
}

void rw_origin_sql(unsigned source, unsigned origin, GString *sql)
{
    g_string_append_printf(sql, "INSERT INTO ringway.origin (source,lane,origin,n) VALUES (%u,0,%u,1) ON DUPLICATE KEY UPDATE origin=%u,n=n+1", source, origin, origin);
}

/* Rows of several sites: the log says whose come next. */
static bool announce_origin(rw_rows_apply *a, unsigned origin, GError **error)
{
    if (!a->says_origin || a->announced == origin) return true;
    a->announced = origin;
    rw_origin_sql(a->trouble->source, origin, rw_script_sql(a->script));
    return rw_rows_apply_end_statement(a, error);
}

static bool write_kind(rw_rows_apply *a, unsigned table, writing w, unsigned origin, GError **error)
{
    const rw_binding *b = rw_tables_at(a->tables, table);
    unsigned count = 0;
    rw_step s = {w.kind, table, 0};
    for (unsigned e = rw_fold_first(a->fold, table); e != RW_FOLD_NONE; e = rw_fold_at(a->fold, e)->next) {
        const rw_net *net = rw_fold_at(a->fold, e);
        if (!w.chosen(a, b, net) || (origin && rw_batch_row(a->batch, net->last)->author->origin != origin)) continue;
        if (count == 0) {
            if (!announce_origin(a, origin, error)) return false;
            begin_write(rw_script_sql(a->script), b, w.kind);
        } else {
            g_string_append_c(rw_script_sql(a->script), ',');
        }
        if (!append_write(a, b, w.kind, net, error)) return false;
        s.expected = ++count;
        if (count < RW_STATEMENT_ROWS && rw_script_statement_bytes(a->script) < RW_STATEMENT_BYTES) continue;
        if (!end_write(a, b, s, error)) return false;
        count = 0;
    }
    return count == 0 || end_write(a, b, s, error);
}

/* What became of the row in the window is what it was before: no row event shows that it was written. */
static bool trace_table(rw_rows_apply *a, unsigned table, GError **error)
{
    const rw_binding *b = rw_tables_at(a->tables, table);
    for (unsigned e = rw_fold_first(a->fold, table); a->hands_on && e != RW_FOLD_NONE; e = rw_fold_at(a->fold, e)->next) {
        const rw_net *net = rw_fold_at(a->fold, e);
        if (!same_images(net)) continue;
        if (!announce_origin(a, rw_batch_row(a->batch, net->last)->author->origin, error)) return false;
        rw_change_trace_sql(b, net->before, net->after, a->trouble->source, rw_script_sql(a->script));
        if (!rw_rows_apply_end_statement(a, error)) return false;
    }
    return true;
}

/* Whatever frees a unique value comes before what may claim it. */
static bool write_table(rw_rows_apply *a, unsigned table, GError **error)
{
    static const writing order[] = {{RW_STEP_DELETE, is_deleted}, {RW_STEP_INSERT, is_passing}, {RW_STEP_DELETE, is_passing},
                                    {RW_STEP_UPSERT, is_upserted}, {RW_STEP_INSERT, is_inserted}};
    for (unsigned i = 0; i < G_N_ELEMENTS(order); i++) {
        if (!a->says_origin && !write_kind(a, table, order[i], 0, error)) return false;
        for (unsigned k = 0; a->says_origin && k < a->n_origins; k++)
            if (!write_kind(a, table, order[i], a->origins[k], error)) return false;
    }
    return trace_table(a, table, error);
}

static bool set_foreign_keys(rw_rows_apply *a, bool on, GError **error)
{
    g_string_append_printf(rw_script_sql(a->script), "SET SESSION foreign_key_checks = %d", on);
    return rw_rows_apply_end_statement(a, error);
}

static bool write_exact(rw_rows_apply *a, GError **error)
{
    bool checks = true;
    for (guint i = 0; i < a->exact->len; i++) {
        unsigned at = g_array_index(a->exact, unsigned, i), table;
        const rw_row *row = rw_batch_row(a->batch, at);
        if (!rw_tables_number(a->tables, row->table, a->target, &table, error)) return false;
        const rw_binding *b = rw_tables_at(a->tables, table);
        if (!announce_origin(a, row->author->origin, error)) return false;
        if (checks == row->foreign_key_checks_off) {
            checks = !checks;
            if (!set_foreign_keys(a, checks, error)) return false;
        }
        if (!rw_row_exact_change(&a->scratch, b, row->op, row->before, row->after, rw_script_sql(a->script))) return rw_row_misfit(b, error);
        if (!rw_rows_end_step(a, (rw_step){RW_STEP_EXACT, table, 1}, error)) return false;
    }
    return checks || set_foreign_keys(a, true, error);
}

static bool set_permissive(rw_rows_apply *a, bool on, GError **error)
{
    g_string_append(rw_script_sql(a->script), on ? "SET @rw_mode = @@SESSION.sql_mode, SESSION sql_mode = '" RW_PERMISSIVE_SQL_MODE "'"
                                                 : "SET SESSION sql_mode = @rw_mode");
    return rw_rows_apply_end_statement(a, error);
}

/* Only for who hands them on does it matter whose rows they are. A piece does not know what the others hold. */
static void find_origins(rw_rows_apply *a)
{
    a->n_origins = 0;
    a->announced = 0;
    for (guint i = 0; a->hands_on && i < a->writers.txns->len; i++) {
        unsigned origin = g_array_index(a->writers.txns, rw_window_txn, i).origin, k = 0;
        while (k < a->n_origins && a->origins[k] != origin) k++;
        if (k == a->n_origins && k < G_N_ELEMENTS(a->origins)) a->origins[a->n_origins++] = origin;
    }
    a->says_origin = a->n_origins > 1 || (a->n_origins && a->piece);
}

bool rw_rows_write(rw_rows_apply *a, GError **error)
{
    find_origins(a);
    if (a->permissive && !set_permissive(a, true, error)) return false;
    for (unsigned t = 0; t < rw_tables_in_window(a->tables); t++)
        if (!write_table(a, t, error)) return false;
    if (!write_exact(a, error)) return false;
    /* How many rows an exact statement hit is known only here: the server would run a COMMIT in the same packet regardless. */
    if (a->exact->len && !rw_script_flush(a->script, error)) return false;
    return !a->permissive || set_permissive(a, false, error);
}
