#include "flow/apply/rows_private.h"

#include "base/point.h"
#include "conflict/writers.h"
#include "flow/apply/session.h"

#include <mysqld_error.h>

static bool on_result(void *user, unsigned tag, rw_result *rows, uint64_t affected, GError **error);
static bool on_item(void *user, rw_item item, rw_entry entry, GError **error);

rw_rows_apply *rw_rows_apply_new(rw_tables *tables, rw_trouble *trouble, bool hands_on, const gint *stop)
{
    rw_rows_apply *a = g_new0(rw_rows_apply, 1);
    a->tables = tables;
    a->trouble = trouble;
    a->hands_on = hands_on;
    a->stop = stop;
    rw_author_list_init(&a->authors);
    a->script = rw_script_new(on_result, a);
    a->fold = rw_fold_new();
    a->exact = g_array_new(FALSE, FALSE, sizeof(unsigned));
    a->steps = g_array_new(FALSE, FALSE, sizeof(rw_step));
    a->key = g_string_new(NULL);
    a->old_key = g_string_new(NULL);
    rw_row_scratch_init(&a->scratch);
    rw_row_scratch_init(&a->other);
    rw_row_items_init(&a->listing, trouble->conf, on_item, a);
    rw_writers_init(&a->writers);
    return a;
}

void rw_rows_apply_free(rw_rows_apply *a)
{
    if (!a) return;
    rw_script_free(a->script);
    rw_fold_free(a->fold);
    g_array_free(a->exact, TRUE);
    g_array_free(a->steps, TRUE);
    g_string_free(a->key, TRUE);
    g_string_free(a->old_key, TRUE);
    rw_row_scratch_clear(&a->scratch);
    rw_row_scratch_clear(&a->other);
    rw_row_items_clear(&a->listing);
    rw_writers_clear(&a->writers);
    rw_author_list_clear(&a->authors);
    rw_target_pos_clear(&a->place);
    g_free(a);
}

void rw_rows_apply_begin(rw_rows_apply *a, rw_connection *target)
{
    a->target = target;
    g_array_set_size(a->steps, 0);
    rw_script_begin(a->script, target);
}

GString *rw_rows_apply_sql(rw_rows_apply *a) { return rw_script_sql(a->script); }
const rw_writers *rw_rows_apply_writers(const rw_rows_apply *a) { return &a->writers; }

bool rw_rows_end_step(rw_rows_apply *a, rw_step s, GError **error)
{
    g_array_append_val(a->steps, s);
    return rw_script_end_statement(a->script, a->steps->len - 1, error);
}

bool rw_rows_apply_end_statement(rw_rows_apply *a, GError **error) { return rw_rows_end_step(a, (rw_step){.kind = RW_STEP_OTHER}, error); }

bool rw_rows_apply_end_progress(rw_rows_apply *a, GError **error) { return rw_rows_end_step(a, (rw_step){.kind = RW_STEP_PROGRESS}, error); }

bool rw_rows_apply_progress_refused(const rw_rows_apply *a)
{
    unsigned failed = rw_script_failed(a->script);
    return rw_connection_errno(a->target) == ER_DUP_ENTRY && failed < a->steps->len && g_array_index(a->steps, rw_step, failed).kind == RW_STEP_PROGRESS;
}

static bool unexpected(const rw_binding *b, const char *what, GError **error)
{
    return rw_fail(error, RW_ERR_CONFLICT, "%s: %s", b->quoted, what);
}

/* --- gather --- */

static bool on_item(void *user, rw_item item, rw_entry entry, GError **error)
{
    (void)error;
    rw_rows_apply *a = user;
    if (entry == RW_ENTRY_ERASED) rw_writers_add_erased(&a->writers, item);
    else rw_writers_add_item(&a->writers, item, a->listed_txn, entry == RW_ENTRY_ENDED);
    return true;
}

static bool key_of(rw_rows_apply *a, const rw_binding *b, rw_slice image, GString *key)
{
    const rw_slice *columns = rw_row_split(&a->scratch, b, image);
    g_string_truncate(key, 0);
    if (!columns || !rw_row_key(&a->scratch, b, columns, key)) return false;
    if (rw_row_has_enum_error(b, columns)) a->permissive = true;
    return true;
}

static rw_slice bytes_of(const GString *s) { return rw_slice_of(s->str, s->len); }

/* Who hands the window on sees net changes: a column that got its old value again would seem untouched. */
static void fold_change(rw_rows_apply *a, const rw_binding *b, unsigned table, const GString *key, rw_slice before, rw_slice after, unsigned i)
{
    a->twice |= a->hands_on && b->policy->remembers && rw_fold_find(a->fold, table, bytes_of(key));
    rw_fold_change(a->fold, table, bytes_of(key), before, after, i);
}

static bool gather_folded(rw_rows_apply *a, const rw_binding *b, unsigned table, const rw_row *row, unsigned i, GError **error)
{
    static const rw_slice none = {NULL, 0};
    bool update = row->before.data && row->after.data;
    rw_slice only = row->before.data ? row->before : row->after;
    if (!key_of(a, b, update ? row->after : only, a->key)) return rw_row_misfit(b, error);
    if (update) {
        if (!key_of(a, b, row->before, a->old_key)) return rw_row_misfit(b, error);
        if (!g_string_equal(a->old_key, a->key)) { /* a changed key is a delete of one row and an insert of another */
            fold_change(a, b, table, a->old_key, row->before, none, i);
            fold_change(a, b, table, a->key, none, row->after, i);
            return true;
        }
    }
    fold_change(a, b, table, a->key, row->before, row->after, i);
    return true;
}

static bool list_as(rw_rows_apply *a, const rw_binding *b, const rw_row *row, const rw_author *author, GError **error)
{
    a->listed_txn = rw_author_list_number(&a->authors, author, &a->writers);
    return rw_row_items_written(&a->listing, b, row->before, row->after, author->origin, error);
}

static bool list_row(rw_rows_apply *a, const rw_binding *b, const rw_row *row, GError **error)
{
    return (row->first == row->author || list_as(a, b, row, row->first, error)) && list_as(a, b, row, row->author, error);
}

static bool gather_row(rw_rows_apply *a, unsigned i, GError **error)
{
    const rw_row *row = rw_batch_row(a->batch, i);
    unsigned table;
    if (!rw_tables_number(a->tables, row->table, a->target, &table, error)) return false;
    const rw_binding *b = rw_tables_at(a->tables, table);
    if (a->trouble->many_sites && !list_row(a, b, row, error)) return false;
    if (b->path == RW_PATH_FOLDED) return gather_folded(a, b, table, row, i, error);
    const rw_slice *columns = row->after.data ? rw_row_split(&a->scratch, b, row->after) : NULL;
    if (columns && rw_row_has_enum_error(b, columns)) a->permissive = true;
    g_array_append_val(a->exact, i);
    return true;
}

static bool is_in_trouble(rw_rows_apply *a, const rw_txn *txn, bool *found, GError **error)
{
    *found = false;
    for (unsigned i = txn->first_row; !*found && i < txn->first_row + txn->n_rows; i++) {
        const rw_row *row = rw_batch_row(a->batch, i);
        unsigned table;
        *found = row->unchecked || row->partly;
        if (!a->trouble->watchful) continue;
        if (!rw_tables_number(a->tables, row->table, a->target, &table, error)) return false;
        if (!rw_trouble_change(a->trouble, rw_tables_at(a->tables, table), row->before, row->after, row->first->seen, found, error)) return false;
    }
    return true;
}

/* Is the row in the window already, by a change that must not be folded with this one? Who reads the window to hand it on takes a folded row for
 * one site's, and where a policy looks into the changes, for one change. */
static bool mixes_row(rw_rows_apply *a, const rw_binding *b, unsigned table, const rw_row *row, rw_slice image, bool *found, GError **error)
{
    if (!image.data || *found) return true;
    if (!key_of(a, b, image, a->key)) return rw_row_misfit(b, error);
    const rw_net *net = rw_fold_find(a->fold, table, bytes_of(a->key));
    *found = net && (b->policy->remembers || rw_batch_row(a->batch, net->last)->author->origin != row->author->origin);
    return true;
}

static bool mixes(rw_rows_apply *a, const rw_txn *txn, bool *found, GError **error)
{
    for (unsigned i = txn->first_row; !*found && i < txn->first_row + txn->n_rows; i++) {
        const rw_row *row = rw_batch_row(a->batch, i);
        unsigned table;
        if (!rw_tables_number(a->tables, row->table, a->target, &table, error)) return false;
        const rw_binding *b = rw_tables_at(a->tables, table);
        if (b->path == RW_PATH_FOLDED) {
            if (!mixes_row(a, b, table, row, row->before, found, error) || !mixes_row(a, b, table, row, row->after, found, error)) return false;
        } else if (a->exact->len) { /* without a key that tells them apart: any other site's */
            *found = rw_batch_row(a->batch, g_array_index(a->exact, unsigned, a->exact->len - 1))->author->origin != row->author->origin;
        }
    }
    return true;
}

bool rw_rows_apply_gather(rw_rows_apply *a, const rw_batch *batch, unsigned first_txn, unsigned n_txns, unsigned *clean, GError **error)
{
    a->batch = batch;
    a->permissive = a->twice = false;
    rw_fold_reset(a->fold);
    rw_tables_begin_window(a->tables);
    g_array_set_size(a->exact, 0);
    rw_writers_reset(&a->writers, RW_WRITERS_LISTED);
    rw_author_list_reset(&a->authors);
    a->piece = rw_batch_txn(batch, first_txn)->continues || rw_batch_txn(batch, first_txn)->continued;
    rw_trouble_look(a->trouble);
    for (*clean = 0; *clean < n_txns; ++*clean) {
        const rw_txn *txn = rw_batch_txn(batch, first_txn + *clean);
        bool found;
        if (!is_in_trouble(a, txn, &found, error) || (!found && *clean && a->hands_on && !mixes(a, txn, &found, error))) return false;
        if (found) break;
        for (unsigned i = txn->first_row; i < txn->first_row + txn->n_rows; i++)
            if (!gather_row(a, i, error)) return false;
        if (a->twice) return rw_rows_apply_gather(a, batch, first_txn, *clean, clean, error); /* it goes alone, row by row */
    }
    rw_fold_sort(a->fold);
    return true;
}

/* --- guard --- */

/* A net insert proves by itself that nothing was there: it fails otherwise. */
static bool needs_guard(const rw_net *net) { return net->before.data != NULL; }

static bool guard_row(rw_rows_apply *a, unsigned table, const rw_binding *b, const rw_slice *cells, GError **error)
{
    g_string_truncate(a->key, 0);
    rw_row_cells_key(b, cells, a->key);
    rw_net *net = rw_fold_find(a->fold, table, bytes_of(a->key));
    if (!net || !net->before.data) return true; /* another key that the collation takes for equal */
    net->seen = true;
    const rw_slice *columns = rw_row_split(&a->scratch, b, net->before);
    bool equal;
    if (!columns || !rw_row_compare(&a->scratch, b, columns, cells, &equal)) return rw_row_misfit(b, error);
    return equal || unexpected(b, "a row differs from what its change expects", error);
}

static bool on_guard(rw_rows_apply *a, const rw_step *s, rw_result *rows, GError **error)
{
    const rw_binding *b = rw_tables_at(a->tables, s->table);
    g_autofree rw_slice *cells = g_new(rw_slice, b->n_columns);
    while (rw_result_next(rows, cells, b->n_selected))
        if (!guard_row(a, s->table, b, cells, error)) return false;
    return true;
}

static bool guard_missing(rw_rows_apply *a, GError **error)
{
    for (unsigned t = 0; t < rw_tables_in_window(a->tables); t++)
        for (unsigned e = rw_fold_first(a->fold, t); e != RW_FOLD_NONE; e = rw_fold_at(a->fold, e)->next) {
            const rw_net *net = rw_fold_at(a->fold, e);
            if (needs_guard(net) && !net->seen) return unexpected(rw_tables_at(a->tables, t), "a row is not there", error);
        }
    return true;
}

static unsigned next_guarded(rw_rows_apply *a, unsigned e)
{
    while (e != RW_FOLD_NONE && !needs_guard(rw_fold_at(a->fold, e))) e = rw_fold_at(a->fold, e)->next;
    return e;
}

/* Appends the keys of as many entries as a statement takes, from *e on; *e moves. */
static bool append_keys(rw_rows_apply *a, const rw_binding *b, unsigned *e, GError **error)
{
    GString *sql = rw_script_sql(a->script);
    for (unsigned count = 0; *e != RW_FOLD_NONE && count < RW_STATEMENT_ROWS && rw_script_statement_bytes(a->script) < RW_STATEMENT_BYTES;
         *e = next_guarded(a, rw_fold_at(a->fold, *e)->next), count++) {
        const rw_slice *columns = rw_row_split(&a->scratch, b, rw_fold_at(a->fold, *e)->before);
        if (count) g_string_append_c(sql, ',');
        if (!columns || !rw_row_key_tuple(&a->scratch, b, columns, sql)) return rw_row_misfit(b, error);
    }
    return true;
}

static bool guard_table(rw_rows_apply *a, unsigned table, GError **error)
{
    const rw_binding *b = rw_tables_at(a->tables, table);
    unsigned e = next_guarded(a, rw_fold_first(a->fold, table));
    while (e != RW_FOLD_NONE) {
        GString *sql = rw_script_sql(a->script);
        g_string_append_printf(sql, "SELECT %s FROM %s FORCE INDEX (`%s`) WHERE %s IN (", b->select_list, b->quoted, b->key_name, b->key_tuple);
        if (!append_keys(a, b, &e, error)) return false;
        g_string_append(sql, ") FOR UPDATE");
        if (!rw_rows_end_step(a, (rw_step){RW_STEP_GUARD, table, 0}, error)) return false;
    }
    return true;
}

/* --- check --- */

static bool ask_place(rw_rows_apply *a, GError **error)
{
    g_string_append(rw_script_sql(a->script), a->target->dialect->sql_log_place);
    return rw_rows_end_step(a, (rw_step){.kind = RW_STEP_PLACE}, error);
}

/* The rows in question are locked: who wrote them before stands in the log before the place. */
static bool check_nets(rw_rows_apply *a, bool guarded, bool *found, GError **error)
{
    for (unsigned t = 0; t < rw_tables_in_window(a->tables); t++) {
        const rw_binding *b = rw_tables_at(a->tables, t);
        for (unsigned e = rw_fold_first(a->fold, t); e != RW_FOLD_NONE && !*found; e = rw_fold_at(a->fold, e)->next) {
            const rw_net *net = rw_fold_at(a->fold, e);
            if (needs_guard(net) != guarded) continue;
            if (!rw_trouble_row(a->trouble, b, rw_item_row(b->item, net->key), rw_batch_row(a->batch, net->first)->first->seen, found, error)) return false;
        }
    }
    return true;
}

static bool check_exact(rw_rows_apply *a, bool *found, GError **error)
{
    for (guint i = 0; i < a->exact->len && !*found; i++) {
        const rw_row *row = rw_batch_row(a->batch, g_array_index(a->exact, unsigned, i));
        unsigned table;
        if (!rw_tables_number(a->tables, row->table, a->target, &table, error)) return false;
        if (!rw_trouble_change(a->trouble, rw_tables_at(a->tables, table), row->before, row->after, row->first->seen, found, error)) return false;
    }
    return true;
}

static bool check(rw_rows_apply *a, bool guarded, GError **error)
{
    bool found = false;
    if (!rw_session_await(a->target, a->trouble->memory, &a->place, a->stop, error)) return false;
    rw_trouble_look(a->trouble);
    if (!a->trouble->watchful) return true;
    if (!check_nets(a, guarded, &found, error) || (!guarded && !check_exact(a, &found, error))) return false;
    return !found || rw_fail(error, RW_ERR_CONFLICT, "a row was written at the target meanwhile");
}

/* --- run --- */

static bool on_written(rw_rows_apply *a, const rw_step *s, uint64_t affected, GError **error)
{
    const rw_binding *b = rw_tables_at(a->tables, s->table);
    if (s->kind == RW_STEP_UPSERT || affected == s->expected) return true;
    if (s->kind == RW_STEP_EXACT) return unexpected(b, "no row is exactly what its change expects", error);
    return rw_fail(error, RW_ERR_BUG, "table %s: a statement changed %" G_GUINT64_FORMAT " rows instead of %" G_GUINT64_FORMAT
                   "; nothing was committed; please report this", b->quoted, affected, s->expected);
}

static bool on_result(void *user, unsigned tag, rw_result *rows, uint64_t affected, GError **error)
{
    rw_rows_apply *a = user;
    const rw_step *s = &g_array_index(a->steps, rw_step, tag);
    switch (s->kind) {
    case RW_STEP_OTHER:
    case RW_STEP_PROGRESS: return true;
    case RW_STEP_PLACE: return rw_session_take_place(a->target, rows, &a->place, error);
    case RW_STEP_GUARD: return on_guard(a, s, rows, error);
    default: return on_written(a, s, affected, error);
    }
}

/* What the server refuses of a row is told with its table. */
static bool explain(rw_rows_apply *a, GError *cause, GError **error)
{
    unsigned tag = rw_script_failed(a->script);
    const rw_step *s = tag < a->steps->len ? &g_array_index(a->steps, rw_step, tag) : NULL;
    if (s && s->kind > RW_STEP_PLACE && g_error_matches(cause, RW_ERROR, RW_ERR_STOP))
        g_prefix_error(&cause, "table %s cannot be written: ", rw_tables_at(a->tables, s->table)->quoted);
    g_propagate_error(error, cause);
    return false;
}

bool rw_rows_apply_flush(rw_rows_apply *a, GError **error)
{
    GError *cause = NULL;
    if (!rw_script_flush(a->script, &cause)) return explain(a, cause, error);
    g_array_set_size(a->steps, 0);
    return true;
}

/* The guard's verdict must be known before anything is written. */
static bool guard_all(rw_rows_apply *a, GError **error)
{
    bool guarded = false;
    for (unsigned t = 0; t < rw_tables_in_window(a->tables); t++) {
        guarded |= next_guarded(a, rw_fold_first(a->fold, t)) != RW_FOLD_NONE;
        if (!guard_table(a, t, error)) return false;
    }
    if (guarded && !(ask_place(a, error) && rw_script_flush(a->script, error) && guard_missing(a, error) && check(a, true, error))) return false;
    rw_point(RW_POINT_GUARDED);
    return true;
}

static bool has_unguarded(rw_rows_apply *a)
{
    if (a->exact->len) return true;
    for (unsigned t = 0; t < rw_tables_in_window(a->tables); t++)
        for (unsigned e = rw_fold_first(a->fold, t); e != RW_FOLD_NONE; e = rw_fold_at(a->fold, e)->next)
            if (!needs_guard(rw_fold_at(a->fold, e))) return true;
    return false;
}

/* What was not there before is locked by writing it. */
static bool check_unguarded(rw_rows_apply *a, GError **error)
{
    if (!has_unguarded(a)) return true;
    return ask_place(a, error) && rw_script_flush(a->script, error) && check(a, false, error);
}

bool rw_rows_apply_run(rw_rows_apply *a, GError **error)
{
    GError *cause = NULL;
    return (guard_all(a, &cause) && rw_rows_write(a, &cause) && check_unguarded(a, &cause)) || explain(a, cause, error);
}
