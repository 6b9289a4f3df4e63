/* settle_write: one change onto the target's row: whole, column by column, or as a delete; and what that means for the memories. */
#include "change/rows.h"
#include "flow/apply/change.h"
#include "flow/apply/session.h"
#include "flow/apply/settle_private.h"

#include <mysqld_error.h>

static rw_write_outcome outcome_of(unsigned number)
{
    switch (number) {
    case ER_DUP_ENTRY:
    case 1586 /* ER_DUP_ENTRY_WITH_KEY_NAME */: return RW_WRITE_DUPLICATE;
    case ER_ROW_IS_REFERENCED:
    case ER_ROW_IS_REFERENCED_2: return RW_WRITE_HAS_CHILDREN;
    case ER_NO_REFERENCED_ROW:
    case ER_NO_REFERENCED_ROW_2: return RW_WRITE_NO_PARENT;
    default: return RW_WRITE_FAILED;
    }
}

static rw_write_outcome run_write(rw_settle *s, const rw_case *c, const char *sql, GError **error)
{
    GError *cause = NULL;
    if (rw_connection_run(s->o.target, sql, &cause)) {
        s->affected = rw_connection_affected(s->o.target);
        return RW_WROTE;
    }
    rw_write_outcome outcome = g_error_matches(cause, RW_ERROR, RW_ERR_STOP) ? outcome_of(rw_connection_errno(s->o.target)) : RW_WRITE_FAILED;
    if (outcome == RW_WRITE_FAILED) {
        if (g_error_matches(cause, RW_ERROR, RW_ERR_STOP)) g_prefix_error(&cause, "table %s cannot be written: ", c->b->quoted);
        g_propagate_error(error, cause);
    } else {
        g_error_free(cause);
    }
    return outcome;
}

/* wanted[column]: SQL of its value, NULL: it stays. */
static void write_sql(rw_settle *s, const rw_case *c, char *const *wanted)
{
    const rw_binding *b = c->b;
    const char *separator = "";
    g_string_assign(s->sql, c->cells ? "UPDATE " : "INSERT INTO ");
    g_string_append_printf(s->sql, "%s SET ", b->quoted);
    for (unsigned i = 0; i < b->n_columns; i++) {
        const char *value = wanted[i] ? wanted[i] : c->cells && rw_row_sets_itself(&b->columns[i]) ? b->columns[i].quoted : NULL;
        if (b->columns[i].generated || !value) continue;
        g_string_append_printf(s->sql, "%s%s=%s", separator, b->columns[i].quoted, value);
        separator = ",";
    }
    if (c->cells) g_string_append_printf(s->sql, " WHERE %s", c->where);
}

static bool has_enum_error(rw_settle *s, const rw_case *c)
{
    const rw_slice *columns = c->after.data ? rw_row_split(&s->scratch, c->b, c->after) : NULL;
    return columns && rw_row_has_enum_error(c->b, columns);
}

static const char exact_mode[] = "SET SESSION sql_mode = '" RW_EXACT_SQL_MODE "'";
static const char permissive_mode[] = "SET SESSION sql_mode = '" RW_PERMISSIVE_SQL_MODE "'";

rw_write_outcome rw_settle_execute(rw_settle *s, const rw_case *c, bool checks, GError **error)
{
    bool permissive = has_enum_error(s, c);
    if (permissive && !rw_connection_run(s->o.target, permissive_mode, error)) return RW_WRITE_FAILED;
    if (!checks && !rw_connection_run(s->o.target, "SET SESSION foreign_key_checks = 0", error)) return RW_WRITE_FAILED;
    rw_write_outcome outcome = run_write(s, c, s->sql->str, error);
    if (!checks && !rw_connection_run(s->o.target, "SET SESSION foreign_key_checks = 1", outcome == RW_WRITE_FAILED ? NULL : error)) return RW_WRITE_FAILED;
    if (permissive && !rw_connection_run(s->o.target, exact_mode, outcome == RW_WRITE_FAILED ? NULL : error)) return RW_WRITE_FAILED;
    return outcome;
}

static bool write_row(rw_settle *s, const rw_case *c, char *const *wanted, bool *lost, GError **error)
{
    bool force = false;
    *lost = true;
    for (;;) {
        write_sql(s, c, wanted);
        switch (rw_settle_execute(s, c, !force && !c->foreign_key_checks_off, error)) {
        case RW_WROTE: *lost = false; return true;
        case RW_WRITE_FAILED: return false;
        case RW_WRITE_DUPLICATE: return rw_settle_unique(s, c, wanted, error);
        case RW_WRITE_HAS_CHILDREN: return rw_settle_children(s, c, error);
        case RW_WRITE_NO_PARENT:
            if (force) return rw_settle_stop(s, c, "a foreign key refuses the row even unchecked", NULL, error);
            if (!rw_settle_no_parent(s, c, &force, error)) return false;
            if (!force) return true;
        }
    }
}

bool rw_settle_delete_row(rw_settle *s, const rw_case *c, GError **error)
{
    if (!c->cells) return true;
    g_string_printf(s->sql, "DELETE FROM %s WHERE %s", c->b->quoted, c->where);
    switch (rw_settle_execute(s, c, !c->foreign_key_checks_off, error)) {
    case RW_WROTE: return true;
    case RW_WRITE_FAILED: return false;
    case RW_WRITE_HAS_CHILDREN: return rw_settle_children(s, c, error);
    default: return rw_fail(error, RW_ERR_BUG, "table %s: a delete was refused as if it were an insert; please report this", c->b->quoted);
    }
}

static char *literal(rw_settle *s, const rw_bound_column *column, rw_slice value)
{
    g_autoptr(GString) sql = g_string_new(NULL);
    if (!rw_row_literal(&s->other, column, value, sql)) return NULL;
    return rw_arena_strdup(s->arena, rw_slice_of(sql->str, sql->len));
}

/* For the memories of others: who wrote the row. For our own: whatever was done to it before is over. */
void rw_settle_list(rw_settle *s, const rw_case *c)
{
    /* Of a row that was as the change expects, it wrote what it changed; else all. */
    const rw_slice was = c->after.data && !(c->equal && c->cells) ? (rw_slice){NULL, 0} : c->before;
    s->listing_over = false;
    if (s->listing && !s->large && c->first != c->author)
        rw_writers_add_item(&s->writers, c->row, rw_author_list_number(&s->authors, c->first, &s->writers), false);
    if (s->listing) rw_row_items_written(&s->items, c->b, was, c->after, c->author->origin, NULL);
    s->listing_over = true;
    rw_row_items_overwritten(&s->items, c->b, was, c->after, c->author->origin, NULL);
}

/* The row was as wanted already: the log does not show the change. */
static bool leave_trace(rw_settle *s, const rw_case *c, rw_slice before, GError **error)
{
    g_autoptr(GString) sql = g_string_new(NULL);
    rw_change_trace_sql(c->b, before, c->after, s->o.source, sql);
    return rw_connection_run(s->o.target, sql->str, error);
}

static bool is_as_wanted(rw_settle *s, const rw_case *c, bool *same)
{
    *same = !c->cells && !c->after.data;
    if (!c->cells || !c->after.data) return true;
    const rw_slice *columns = rw_row_split(&s->scratch, c->b, c->after);
    return columns && rw_row_compare(&s->scratch, c->b, columns, c->cells, same);
}

static bool write_whole(rw_settle *s, const rw_case *c, bool *lost, GError **error)
{
    *lost = false;
    rw_settle_list(s, c);
    if (!c->after.data) return rw_settle_delete_row(s, c, error);
    const rw_slice *columns = rw_row_split(&s->scratch, c->b, c->after);
    if (!columns) return rw_row_misfit(c->b, error);
    char **wanted = rw_arena_alloc(s->arena, sizeof *wanted * c->b->n_columns);
    for (unsigned i = 0; i < c->b->n_columns; i++)
        if (!(wanted[i] = literal(s, &c->b->columns[i], columns[i]))) return rw_row_misfit(c->b, error);
    return write_row(s, c, wanted, lost, error);
}

bool rw_settle_write_whole(rw_settle *s, const rw_case *c, bool *lost, GError **error)
{
    bool same = false;
    if (s->o.hands_on && !is_as_wanted(s, c, &same)) return rw_row_misfit(c->b, error);
    return write_whole(s, c, lost, error) && (!same || *lost || leave_trace(s, c, c->before, error));
}

static char *sum(rw_settle *s, const rw_bound_column *column, rw_slice before, rw_slice after)
{
    g_string_truncate(s->key, 0);
    if (!rw_row_sum(&s->other, column, before, after, s->key)) return NULL;
    return rw_arena_strdup(s->arena, rw_slice_of(s->key->str, s->key->len));
}

static void list_part(rw_settle *s, rw_item item)
{
    if (s->listing && !s->large) rw_writers_add_item(&s->writers, item, s->listed_txn, false);
}

static void list_presence(rw_settle *s, const rw_case *c)
{
    list_part(s, rw_item_part(c->row, RW_ITEM_ORIGIN, c->author->origin));
    list_part(s, c->row);
}

/* The column's last writer was not seen, and is later. */
static bool keeps_column(rw_settle *s, const rw_case *c, unsigned target, bool *keeps, GError **error)
{
    rw_writer writer;
    bool found = false;
    if (!rw_settle_find(s, c, rw_item_part(c->row, RW_ITEM_COLUMN, target), &writer, &found, error)) return false;
    *keeps = found && !rw_is_later(c->author->stamp_us, c->author->origin, writer.stamp_us, writer.origin);
    return true;
}

/* What the change makes of a column: NULL in *wanted: it stays. */
static bool want_column(rw_settle *s, const rw_case *c, const rw_bound_column *column, rw_slice before, rw_slice after, char **wanted, GError **error)
{
    bool keeps = false;
    if (column->adds) {
        *wanted = sum(s, column, before, after);
        return *wanted || rw_row_misfit(c->b, error);
    }
    if (!keeps_column(s, c, column->target, &keeps, error)) return false;
    if (keeps) return true;
    rw_item item = rw_item_part(c->row, RW_ITEM_COLUMN, column->target);
    list_part(s, item);
    if (!s->large) rw_writers_add_over(&s->writers, item);
    *wanted = literal(s, column, after);
    return *wanted || rw_row_misfit(c->b, error);
}

static bool is_key(const rw_binding *b, unsigned column)
{
    for (unsigned i = 0; i < b->n_key; i++)
        if (b->key[i] == column) return true;
    return false;
}

/* Columns that were taken, and had the value already: no row event shows them. */
static bool find_silent(rw_settle *s, const rw_case *c, char *const *wanted, bool *silent, bool *any, GError **error)
{
    const rw_binding *b = c->b;
    GError *failure = NULL;
    const rw_slice *was = c->cells, *is = was ? rw_settle_cells(s, b, c->where, &failure) : NULL;
    *any = false;
    for (unsigned i = 0, cell = 0; i < b->n_columns; i++) {
        silent[i] = false;
        if (b->columns[i].generated) continue;
        silent[i] = is && wanted[i] && !is_key(b, i) && !was[cell].data == !is[cell].data && (!is[cell].data || rw_slice_equal(was[cell], is[cell]));
        *any |= silent[i];
        cell++;
    }
    if (failure) g_propagate_error(error, failure);
    return !failure;
}

/* Who hands it on is told of them as if the change had touched nothing else. Not of a column that went to another's later write: that has come to them
 * before, perhaps by the same way, and then nothing there would stand against this one. */
static bool trace_columns(rw_settle *s, const rw_case *c, char *const *wanted, GError **error)
{
    const rw_binding *b = c->b;
    bool *silent = rw_arena_alloc(s->arena, sizeof *silent * b->n_columns), any;
    if (!find_silent(s, c, wanted, silent, &any, error)) return false;
    if (!any) return true;
    g_autoptr(GByteArray) before = g_byte_array_new();
    if (!rw_image_mix(b->source, c->after, c->before, silent, before)) return rw_row_misfit(b, error);
    return leave_trace(s, c, rw_slice_of(before->data, before->len), error);
}

/* Columns that the change did not touch stay as they are; the others add up, or go by their last write. */
bool rw_settle_write_columns(rw_settle *s, const rw_case *c, bool *lost, GError **error)
{
    static const rw_slice none = {NULL, 0};
    const rw_binding *b = c->b;
    bool any = false;
    const rw_slice *after = rw_row_split(&s->scratch, b, c->after), *before = c->before.data ? rw_row_split(&s->items.before, b, c->before) : NULL;
    if (!after || (c->before.data && !before)) return rw_row_misfit(b, error);
    char **wanted = rw_arena_alloc(s->arena, sizeof *wanted * b->n_columns);
    for (unsigned i = 0; i < b->n_columns; i++) {
        wanted[i] = NULL;
        if (b->columns[i].generated || (before && rw_slice_equal(before[i], after[i]))) continue;
        if (!want_column(s, c, &b->columns[i], before ? before[i] : none, after[i], &wanted[i], error)) return false;
        any |= wanted[i] != NULL;
    }
    list_presence(s, c);
    *lost = !any;
    return !any || (write_row(s, c, wanted, lost, error) && (*lost || !s->o.hands_on || trace_columns(s, c, wanted, error)));
}

bool rw_settle_exact_sql(rw_settle *s, const rw_case *c)
{
    g_string_truncate(s->sql, 0);
    return rw_row_exact_change(&s->scratch, c->b, c->op, c->before, c->after, s->sql);
}
