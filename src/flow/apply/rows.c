#include "flow/apply/rows.h"

#include "base/point.h"
#include "flow/window/fold.h"

#include <mysqld_error.h>

enum { STATEMENT_ROWS = 500, STATEMENT_BYTES = 512 * 1024, SHOWN_BYTES = 80 };

typedef enum { STEP_OTHER, STEP_GUARD, STEP_DELETE, STEP_UPSERT, STEP_INSERT, STEP_EXACT } step_kind;

/* What a statement of the script is for. */
typedef struct {
    step_kind kind;
    unsigned table;    /* number in the window */
    unsigned entry;    /* first net change, or row of the batch for STEP_EXACT */
    uint64_t expected; /* affected rows */
} step;

struct rw_rows_apply {
    rw_tables *tables;
    rw_script *script;
    rw_fold *fold;
    GArray *exact; /* unsigned: rows of the batch, in order */
    GArray *steps; /* step, by tag */
    GString *key, *old_key;
    rw_row_scratch scratch, other; /* other: for two images at once */
    const rw_batch *batch;
    rw_connection *target;
    rw_clash clash;
    bool isolate, permissive;
};

void rw_clash_clear(rw_clash *c)
{
    g_free(c->table);
    g_free(c->key);
    g_free(c->before);
    g_free(c->incoming);
    g_free(c->current);
    g_free(c->cause);
    *c = (rw_clash){0};
}

static bool on_result(void *user, unsigned tag, rw_result *rows, uint64_t affected, GError **error);

rw_rows_apply *rw_rows_apply_new(rw_tables *tables)
{
    rw_rows_apply *a = g_new0(rw_rows_apply, 1);
    a->tables = tables;
    a->script = rw_script_new(on_result, a);
    a->fold = rw_fold_new();
    a->exact = g_array_new(FALSE, FALSE, sizeof(unsigned));
    a->steps = g_array_new(FALSE, FALSE, sizeof(step));
    a->key = g_string_new(NULL);
    a->old_key = g_string_new(NULL);
    rw_row_scratch_init(&a->scratch);
    rw_row_scratch_init(&a->other);
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
    rw_clash_clear(&a->clash);
    g_free(a);
}

void rw_rows_apply_begin(rw_rows_apply *a, rw_connection *target, bool isolate)
{
    a->target = target;
    a->isolate = isolate;
    a->permissive = false;
    g_array_set_size(a->steps, 0);
    rw_script_begin(a->script, target);
}

GString *rw_rows_apply_sql(rw_rows_apply *a) { return rw_script_sql(a->script); }
const rw_clash *rw_rows_apply_clash(const rw_rows_apply *a) { return &a->clash; }

static bool end_step(rw_rows_apply *a, step s, GError **error)
{
    g_array_append_val(a->steps, s);
    return rw_script_end_statement(a->script, a->steps->len - 1, error);
}

bool rw_rows_apply_end_statement(rw_rows_apply *a, GError **error) { return end_step(a, (step){.kind = STEP_OTHER}, error); }

static bool misfit(const rw_binding *b, GError **error)
{
    return rw_fail(error, RW_ERR_STOP, "a row of %s does not fit its table map; the log is damaged, or a type is not decoded rightly", b->quoted);
}

/* --- gather --- */

static bool key_of(rw_rows_apply *a, const rw_binding *b, rw_slice image, GString *key)
{
    const rw_slice *columns = rw_row_split(&a->scratch, b, image);
    g_string_truncate(key, 0);
    if (!columns || !rw_row_key(&a->scratch, b, columns, key)) return false;
    if (rw_row_has_enum_error(b, columns)) a->permissive = true;
    return true;
}

static rw_slice bytes_of(const GString *s) { return rw_slice_of(s->str, s->len); }

static bool gather_folded(rw_rows_apply *a, const rw_binding *b, unsigned table, const rw_row *row, GError **error)
{
    static const rw_slice none = {NULL, 0};
    bool update = row->before.data && row->after.data;
    rw_slice only = row->before.data ? row->before : row->after;
    if (!key_of(a, b, update ? row->after : only, a->key)) return misfit(b, error);
    if (update) {
        if (!key_of(a, b, row->before, a->old_key)) return misfit(b, error);
        if (!g_string_equal(a->old_key, a->key)) { /* a changed key is a delete of one row and an insert of another */
            rw_fold_change(a->fold, table, bytes_of(a->old_key), row->before, none, row->txn);
            rw_fold_change(a->fold, table, bytes_of(a->key), none, row->after, row->txn);
            return true;
        }
    }
    rw_fold_change(a->fold, table, bytes_of(a->key), row->before, row->after, row->txn);
    return true;
}

static bool gather(rw_rows_apply *a, unsigned first_row, unsigned n_rows, GError **error)
{
    rw_fold_reset(a->fold);
    rw_tables_begin_window(a->tables);
    g_array_set_size(a->exact, 0);
    for (unsigned i = first_row; i < first_row + n_rows; i++) {
        const rw_row *row = rw_batch_row(a->batch, i);
        unsigned table;
        if (!rw_tables_number(a->tables, row->table, a->target, &table, error)) return false;
        const rw_binding *b = rw_tables_at(a->tables, table);
        if (b->path == RW_PATH_EXACT) {
            const rw_slice *columns = row->after.data ? rw_row_split(&a->scratch, b, row->after) : NULL;
            if (columns && rw_row_has_enum_error(b, columns)) a->permissive = true;
            g_array_append_val(a->exact, i);
        } else if (!gather_folded(a, b, table, row, error)) {
            return false;
        }
    }
    rw_fold_sort(a->fold);
    return true;
}

/* --- report --- */

static char *describe(rw_rows_apply *a, const rw_binding *b, rw_slice image, const rw_slice *cells, bool key_only)
{
    const rw_slice *columns = NULL;
    if (!cells && (!image.data || !(columns = rw_row_split(&a->scratch, b, image)))) return NULL;
    GString *out = g_string_new(NULL);
    rw_row_describe(&a->scratch, b, columns, cells, (rw_row_view){key_only, SHOWN_BYTES}, out);
    return g_string_free(out, FALSE);
}

static const char row_missing[] = "the row is not there";

static bool clash(rw_rows_apply *a, const char *kind, const rw_binding *b, rw_slice before, rw_slice after, const rw_slice *cells,
                  const char *cause, GError **error)
{
    rw_clash *c = &a->clash;
    bool absent = kind == row_missing; /* otherwise it is only known that it is not as expected */
    rw_clash_clear(c);
    c->kind = kind;
    c->table = g_strdup_printf("%s.%s", b->source->schema, b->source->name);
    c->key = describe(a, b, after.data ? after : before, NULL, true);
    c->before = describe(a, b, before, NULL, false);
    c->incoming = describe(a, b, after, NULL, false);
    c->current = cells ? describe(a, b, (rw_slice){NULL, 0}, cells, false) : NULL;
    c->cause = g_strdup(cause);
    return rw_fail(error, RW_ERR_CONFLICT, "%s: table %s, key %s: expected row %s; incoming row %s; row at the target %s%s%s", kind, c->table,
                   c->key ? c->key : "unknown", c->before ? c->before : "none", c->incoming ? c->incoming : "none (delete)",
                   c->current ? c->current : absent ? "none" : "not read", cause ? "; " : "", cause ? cause : "");
}

/* --- guard --- */

static bool needs_guard(const rw_rows_apply *a, const rw_net *net)
{
    /* A net insert proves by itself that nothing was there: it fails otherwise. */
    return a->isolate || net->before.data || !net->after.data;
}

static bool guard_row(rw_rows_apply *a, unsigned table, const rw_binding *b, const rw_slice *cells, GError **error)
{
    g_string_truncate(a->key, 0);
    rw_row_cells_key(b, cells, a->key);
    rw_net *net = rw_fold_find(a->fold, table, rw_slice_of(a->key->str, a->key->len));
    if (!net) return true; /* another key that the collation takes for equal */
    net->seen = true;
    if (!net->before.data) return clash(a, "the row is there already", b, net->before, net->after, cells, NULL, error);
    const rw_slice *columns = rw_row_split(&a->scratch, b, net->before);
    bool equal;
    if (!columns || !rw_row_compare(&a->scratch, b, columns, cells, &equal)) return misfit(b, error);
    return equal || clash(a, "the row differs from what the change expects", b, net->before, net->after, cells, NULL, error);
}

static bool on_guard(rw_rows_apply *a, const step *s, rw_result *rows, GError **error)
{
    const rw_binding *b = rw_tables_at(a->tables, s->table);
    g_autofree rw_slice *cells = g_new(rw_slice, b->n_columns);
    unsigned n = 0;
    for (unsigned i = 0; i < b->n_columns; i++) n += !b->columns[i].generated;
    while (rw_result_next(rows, cells, n))
        if (!guard_row(a, s->table, b, cells, error)) return false;
    return true;
}

static bool guard_missing(rw_rows_apply *a, GError **error)
{
    for (unsigned t = 0; t < rw_tables_in_window(a->tables); t++)
        for (unsigned e = rw_fold_first(a->fold, t); e != RW_FOLD_NONE; e = rw_fold_at(a->fold, e)->next) {
            const rw_net *net = rw_fold_at(a->fold, e);
            if (net->before.data && !net->seen) return clash(a, row_missing, rw_tables_at(a->tables, t), net->before, net->after, NULL, NULL, error);
        }
    return true;
}

/* Appends the keys of up to `most` entries from *e on; *e moves. */
static bool append_keys(rw_rows_apply *a, const rw_binding *b, unsigned *e, bool (*wanted)(const rw_rows_apply *, const rw_net *),
                        unsigned *count, GError **error)
{
    GString *sql = rw_script_sql(a->script);
    unsigned most = a->isolate ? 1 : STATEMENT_ROWS;
    *count = 0;
    for (; *e != RW_FOLD_NONE && *count < most && rw_script_statement_bytes(a->script) < STATEMENT_BYTES; *e = rw_fold_at(a->fold, *e)->next) {
        const rw_net *net = rw_fold_at(a->fold, *e);
        if (!wanted(a, net)) continue;
        const rw_slice *columns = rw_row_split(&a->scratch, b, net->before.data ? net->before : net->after);
        if (*count) g_string_append_c(sql, ',');
        if (!columns || !rw_row_key_tuple(&a->scratch, b, columns, sql)) return misfit(b, error);
        (*count)++;
    }
    return true;
}

static unsigned next_wanted(rw_rows_apply *a, unsigned e, bool (*wanted)(const rw_rows_apply *, const rw_net *))
{
    while (e != RW_FOLD_NONE && !wanted(a, rw_fold_at(a->fold, e))) e = rw_fold_at(a->fold, e)->next;
    return e;
}

static bool has_image(const rw_rows_apply *a, const rw_net *net) { return needs_guard(a, net) && (net->before.data || net->after.data); }

static bool guard_table(rw_rows_apply *a, unsigned table, GError **error)
{
    const rw_binding *b = rw_tables_at(a->tables, table);
    unsigned e = rw_fold_first(a->fold, table), count;
    while ((e = next_wanted(a, e, has_image)) != RW_FOLD_NONE) {
        unsigned first = e;
        GString *sql = rw_script_sql(a->script);
        g_string_append_printf(sql, "SELECT %s FROM %s FORCE INDEX (`%s`) WHERE %s IN (", b->select_list, b->quoted, b->key_name, b->key_tuple);
        if (!append_keys(a, b, &e, has_image, &count, error)) return false;
        g_string_append(sql, ") FOR UPDATE");
        if (!end_step(a, (step){STEP_GUARD, table, first, 0}, error)) return false;
    }
    return true;
}

/* --- write --- */

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

typedef bool (*chooser)(rw_rows_apply *, const rw_binding *, const rw_net *);

typedef struct {
    step_kind kind;
    chooser chosen;
} writing;

static void begin_write(GString *sql, const rw_binding *b, step_kind kind)
{
    if (kind == STEP_DELETE) g_string_append_printf(sql, "DELETE FROM %s WHERE %s IN (", b->quoted, b->key_tuple);
    else g_string_append_printf(sql, "INSERT INTO %s (%s) VALUES ", b->quoted, b->write_list);
}

static bool append_write(rw_rows_apply *a, const rw_binding *b, step_kind kind, const rw_net *net, GError **error)
{
    GString *sql = rw_script_sql(a->script);
    const rw_slice *columns = rw_row_split(&a->scratch, b, kind == STEP_DELETE ? net->before : net->after);
    bool ok = columns && (kind == STEP_DELETE ? rw_row_key_tuple(&a->scratch, b, columns, sql) : rw_row_tuple(&a->scratch, b, columns, sql));
    return ok || misfit(b, error);
}

static bool end_write(rw_rows_apply *a, const rw_binding *b, step s, GError **error)
{
    GString *sql = rw_script_sql(a->script);
    if (s.kind == STEP_DELETE) g_string_append_c(sql, ')');
    if (s.kind == STEP_UPSERT) g_string_append(sql, b->upsert_tail);
    return end_step(a, s, error);
}

static bool write_kind(rw_rows_apply *a, unsigned table, writing w, GError **error)
{
    const rw_binding *b = rw_tables_at(a->tables, table);
    unsigned most = a->isolate ? 1 : STATEMENT_ROWS, count = 0;
    step s = {w.kind, table, 0, 0};
    for (unsigned e = rw_fold_first(a->fold, table); e != RW_FOLD_NONE; e = rw_fold_at(a->fold, e)->next) {
        const rw_net *net = rw_fold_at(a->fold, e);
        if (!w.chosen(a, b, net)) continue;
        if (count == 0) {
            s.entry = e;
            begin_write(rw_script_sql(a->script), b, w.kind);
        } else {
            g_string_append_c(rw_script_sql(a->script), ',');
        }
        if (!append_write(a, b, w.kind, net, error)) return false;
        s.expected = ++count;
        if (count < most && rw_script_statement_bytes(a->script) < STATEMENT_BYTES) continue;
        if (!end_write(a, b, s, error)) return false;
        count = 0;
    }
    return count == 0 || end_write(a, b, s, error);
}

/* Whatever frees a unique value comes before what may claim it. */
static bool write_table(rw_rows_apply *a, unsigned table, GError **error)
{
    static const writing order[] = {{STEP_DELETE, is_deleted}, {STEP_UPSERT, is_upserted}, {STEP_INSERT, is_inserted}};
    for (unsigned i = 0; i < G_N_ELEMENTS(order); i++)
        if (!write_kind(a, table, order[i], error)) return false;
    return true;
}

static bool write_exact_row(rw_rows_apply *a, const rw_binding *b, const rw_row *row)
{
    GString *sql = rw_script_sql(a->script);
    rw_row_scratch *scratch = &a->scratch;
    const rw_slice *columns;
    if (row->op == RW_INSERT) {
        begin_write(sql, b, STEP_INSERT);
        return (columns = rw_row_split(scratch, b, row->after)) && rw_row_tuple(scratch, b, columns, sql);
    }
    if (row->op == RW_UPDATE) {
        g_string_append_printf(sql, "UPDATE %s SET ", b->quoted);
        if (!(columns = rw_row_split(scratch, b, row->after)) || !rw_row_assignments(scratch, b, columns, sql)) return false;
    } else {
        g_string_append_printf(sql, "DELETE FROM %s", b->quoted);
    }
    g_string_append(sql, " WHERE ");
    if (!(columns = rw_row_split(scratch, b, row->before)) || !rw_row_exact_where(scratch, b, columns, sql)) return false;
    g_string_append(sql, " LIMIT 1");
    return true;
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
        if (checks == row->foreign_key_checks_off) {
            checks = !checks;
            if (!set_foreign_keys(a, checks, error)) return false;
        }
        if (!write_exact_row(a, b, row)) return misfit(b, error);
        if (!end_step(a, (step){STEP_EXACT, table, at, 1}, error)) return false;
    }
    return checks || set_foreign_keys(a, true, error);
}

/* --- results --- */

static bool on_written(rw_rows_apply *a, const step *s, uint64_t affected, GError **error)
{
    const rw_binding *b = rw_tables_at(a->tables, s->table);
    if (s->kind == STEP_UPSERT || affected == s->expected) return true;
    if (s->kind == STEP_EXACT) {
        const rw_row *row = rw_batch_row(a->batch, s->entry);
        return clash(a, "no row is exactly what the change expects", b, row->before, row->after, NULL, NULL, error);
    }
    return rw_fail(error, RW_ERR_BUG, "table %s: a statement changed %" G_GUINT64_FORMAT " rows instead of %" G_GUINT64_FORMAT
                   "; nothing was committed; please report this", b->quoted, affected, s->expected);
}

static bool on_result(void *user, unsigned tag, rw_result *rows, uint64_t affected, GError **error)
{
    rw_rows_apply *a = user;
    const step *s = &g_array_index(a->steps, step, tag);
    if (s->kind == STEP_OTHER) return true;
    return s->kind == STEP_GUARD ? on_guard(a, s, rows, error) : on_written(a, s, affected, error);
}

/* Errors of the server that mean: a row is not what the change expects. */
static const char *clash_kind(unsigned number)
{
    switch (number) {
    case ER_DUP_ENTRY:
    case 1586 /* ER_DUP_ENTRY_WITH_KEY_NAME */: return "a unique value is held by another row";
    case ER_ROW_IS_REFERENCED:
    case ER_ROW_IS_REFERENCED_2: return "a foreign key of another row refers to the row";
    case ER_NO_REFERENCED_ROW:
    case ER_NO_REFERENCED_ROW_2: return "the parent row of a foreign key is not there";
    default: return NULL;
    }
}

/* Turns what the server refused into a clash of the row that the failed statement carried. */
static bool explain(rw_rows_apply *a, GError *cause, GError **error)
{
    const char *kind = g_error_matches(cause, RW_ERROR, RW_ERR_STOP) ? clash_kind(rw_connection_errno(a->target)) : NULL;
    unsigned tag = rw_script_failed(a->script);
    const step *s = tag < a->steps->len ? &g_array_index(a->steps, step, tag) : NULL;
    if (s && s->kind != STEP_OTHER && !kind && g_error_matches(cause, RW_ERROR, RW_ERR_STOP))
        g_prefix_error(&cause, "table %s cannot be written: ", rw_tables_at(a->tables, s->table)->quoted);
    if (!kind || !s || s->kind == STEP_OTHER) {
        g_propagate_error(error, cause);
        return false;
    }
    const rw_binding *b = rw_tables_at(a->tables, s->table);
    bool exact = s->kind == STEP_EXACT;
    rw_slice before = exact ? rw_batch_row(a->batch, s->entry)->before : rw_fold_at(a->fold, s->entry)->before;
    rw_slice after = exact ? rw_batch_row(a->batch, s->entry)->after : rw_fold_at(a->fold, s->entry)->after;
    clash(a, kind, b, before, after, NULL, cause->message, error);
    g_error_free(cause);
    return false;
}

bool rw_rows_apply_flush(rw_rows_apply *a, GError **error)
{
    GError *cause = NULL;
    if (!rw_script_flush(a->script, &cause)) return explain(a, cause, error);
    g_array_set_size(a->steps, 0);
    return true;
}

static bool set_permissive(rw_rows_apply *a, bool on, GError **error)
{
    g_string_append(rw_script_sql(a->script), on ? "SET @rw_mode = @@SESSION.sql_mode, SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'"
                                                 : "SET SESSION sql_mode = @rw_mode");
    return rw_rows_apply_end_statement(a, error);
}

static bool write_all(rw_rows_apply *a, GError **error)
{
    if (a->permissive && !set_permissive(a, true, error)) return false;
    for (unsigned t = 0; t < rw_tables_in_window(a->tables); t++)
        if (!write_table(a, t, error)) return false;
    if (!write_exact(a, error)) return false;
    /* How many rows an exact statement hit is known only here: the server would run a COMMIT in the same packet regardless. */
    if (a->exact->len && !rw_script_flush(a->script, error)) return false;
    return !a->permissive || set_permissive(a, false, error);
}

/* The guard's verdict must be known before anything is written; without a guard all goes in one packet. */
static bool guard_all(rw_rows_apply *a, GError **error)
{
    bool guarded = false;
    for (unsigned t = 0; t < rw_tables_in_window(a->tables); t++) {
        guarded |= next_wanted(a, rw_fold_first(a->fold, t), has_image) != RW_FOLD_NONE;
        if (!guard_table(a, t, error)) return false;
    }
    if (guarded && !(rw_script_flush(a->script, error) && guard_missing(a, error))) return false;
    rw_point(RW_POINT_GUARDED);
    return true;
}

bool rw_rows_apply_run(rw_rows_apply *a, const rw_batch *batch, unsigned first_row, unsigned n_rows, GError **error)
{
    GError *cause = NULL;
    a->batch = batch;
    if (!gather(a, first_row, n_rows, error)) return false;
    return (guard_all(a, &cause) && write_all(a, &cause)) || explain(a, cause, error);
}
