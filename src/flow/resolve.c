#include "flow/resolve.h"

#include "flow/apply/kept_row.h"
#include "flow/apply/session.h"
#include "flow/conflicts.h"
#include "server/catalogue.h"

enum { LOCK_WAIT = 1205, DEADLOCK = 1213 };

typedef struct {
    rw_connection *site;
    const rw_resolve_order *order;
    rw_conflict_record *record;
    rw_catalogue_table *table;
    char *quoted;                    /* `schema`.`table` */
    rw_kept_row *incoming, *current; /* NULL: no row. Of a skipped change current is the row that it expected */
    rw_kept_row *key;
    rw_kept_row *wanted;             /* one of the two, or NULL */
    GArray *columns;                 /* unsigned: ordinals in table that the record knows */
    GPtrArray *places;               /* place */
    bool stays;                      /* the target's row is whatever is there: nothing to write */
} job;

/* A key that the record speaks of. Two, if the rows have different keys. */
typedef struct {
    char *where;
    bool here;    /* there is a row now */
    bool wanted;  /* and here is where the wanted one belongs */
    bool equal;   /* to the wanted row */
    bool known;   /* one of the record's rows, or missing where one of its sides had none */
    char *now;    /* as JSON; NULL: no row */
} place;

static void free_place(gpointer data)
{
    place *p = data;
    g_free(p->where);
    g_free(p->now);
    g_free(p);
}

static void clear(job *j)
{
    rw_conflict_record_free(j->record);
    rw_catalogue_free(j->table);
    g_free(j->quoted);
    rw_kept_row_free(j->incoming);
    rw_kept_row_free(j->current);
    rw_kept_row_free(j->key);
    g_array_unref(j->columns);
    g_ptr_array_unref(j->places);
}

/* As exact as the engine's own writes, but an application's: see flow/apply/session.c. */
static bool set_up(const job *j, GError **error)
{
    return rw_connection_runf(j->site, error,
                              "SET NAMES binary; SET SESSION sql_mode='" RW_EXACT_SQL_MODE "', time_zone='+00:00', foreign_key_checks=1, "
                              "unique_checks=1, innodb_lock_wait_timeout=%u, lock_wait_timeout=%u, sql_auto_is_null=0; "
                              "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; START TRANSACTION",
                              j->order->lock_wait_s, j->order->lock_wait_s);
}

static const char *text(const job *j, rw_conflict_column column) { return j->record->text[column] ? j->record->text[column] : ""; }

static bool is_skipped(const job *j) { return strcmp(text(j, RW_CONFLICT_KIND), "skipped") == 0; }

static bool parse(const job *j, rw_conflict_column column, const char *side, rw_kept_row **row, GError **error)
{
    if (!j->record->text[column]) return true;
    *row = rw_kept_row_parse(j->record->text[column], NULL);
    if (!*row)
        return rw_fail(error, RW_ERR_STOP, "its %s row was kept as it stood in the log, because its table could not be read; write the row yourself",
                       side);
    return rw_kept_row_fetch(*row, j->site, j->order->id, side, error);
}

static bool take_rows(job *j, GError **error)
{
    if (!*text(j, RW_CONFLICT_TABLE) || strcmp(text(j, RW_CONFLICT_OPERATION), "statement") == 0)
        return rw_fail(error, RW_ERR_STOP, "it is a statement, not a row; run what you want of it yourself");
    /* Without a key the row is text that the server made: of other character sets, without the bytes. */
    if (strcmp(text(j, RW_CONFLICT_KIND), "foreign_key") == 0 && !*text(j, RW_CONFLICT_KEY))
        return rw_fail(error, RW_ERR_STOP, "its row is kept for reading only; write the row yourself");
    bool skipped = is_skipped(j);
    rw_conflict_column current = skipped ? RW_CONFLICT_BEFORE : RW_CONFLICT_CURRENT;
    if (!parse(j, RW_CONFLICT_INCOMING, "incoming", &j->incoming, error) ||
        !parse(j, current, skipped ? "before" : "current", &j->current, error))
        return false;
    if (!j->incoming && !j->current && !parse(j, RW_CONFLICT_KEY, "key", &j->key, error)) return false;
    j->wanted = j->order->source ? j->incoming : j->current;
    j->stays = skipped && !j->order->source;
    return true;
}

static bool take_table(job *j, GError **error)
{
    GError *failure = NULL;
    const char *schema = text(j, RW_CONFLICT_SCHEMA), *name = text(j, RW_CONFLICT_TABLE);
    j->table = rw_catalogue_load(j->site, schema, name, &failure);
    if (failure) {
        g_propagate_error(error, failure);
        return false;
    }
    if (!j->table) return rw_fail(error, RW_ERR_STOP, "table %s.%s is not there any more", schema, name);
    if (!j->table->transactional) return rw_fail(error, RW_ERR_STOP, "table %s.%s is not transactional; write the row yourself", schema, name);
    if (!j->table->n_key) return rw_fail(error, RW_ERR_STOP, "table %s.%s has no key to find the row by; write the row yourself", schema, name);
    GString *quoted = g_string_new(NULL);
    rw_sql_name(quoted, schema);
    g_string_append_c(quoted, '.');
    rw_sql_name(quoted, name);
    j->quoted = g_string_free(quoted, FALSE);
    return true;
}

static const rw_catalogue_column *column_at(const job *j, unsigned i) { return &j->table->columns[g_array_index(j->columns, unsigned, i)]; }

static bool knows(const job *j, const rw_kept_row *row, GError **error)
{
    for (guint i = 0; row && i < row->values->len; i++) {
        const rw_kept_value *value = g_ptr_array_index(row->values, i);
        unsigned c = 0;
        while (c < j->table->n_columns && g_ascii_strcasecmp(j->table->columns[c].name, value->column) != 0) c++;
        if (c == j->table->n_columns || j->table->columns[c].generated)
            return rw_fail(error, RW_ERR_STOP, "the table has changed since, column %s cannot be written any more; write the row yourself",
                           value->column);
    }
    return true;
}

/* A column that was added since keeps its value, or gets its default. */
static bool take_columns(job *j, GError **error)
{
    if (!knows(j, j->incoming, error) || !knows(j, j->current, error)) return false;
    for (unsigned c = 0; c < j->table->n_columns; c++) {
        const char *name = j->table->columns[c].name;
        bool known = (j->incoming && rw_kept_row_get(j->incoming, name)) || (j->current && rw_kept_row_get(j->current, name)) ||
                     (j->key && rw_kept_row_get(j->key, name));
        if (known) g_array_append_val(j->columns, c);
    }
    return true;
}

/* `a`=1 AND `b`=2; NULL: refused. */
static char *where_of(const job *j, const rw_kept_row *row, GError **error)
{
    g_autoptr(GString) where = g_string_new(NULL);
    for (unsigned k = 0; k < j->table->n_key; k++) {
        const rw_catalogue_column *column = &j->table->columns[j->table->key[k]];
        const rw_kept_value *value = rw_kept_row_get(row, column->name);
        if (!value || value->kind == RW_KEPT_NULL) {
            rw_fail(error, RW_ERR_STOP, "the table has changed since, its key has column %s now; write the row yourself", column->name);
            return NULL;
        }
        if (k) g_string_append(where, " AND ");
        rw_sql_name(where, column->name);
        g_string_append_c(where, '=');
        if (!rw_kept_literal(column, value, where, error)) return NULL;
    }
    return g_strdup(where->str);
}

static bool add_place(const job *j, const rw_kept_row *row, GError **error)
{
    if (!row) return true;
    g_autofree char *where = where_of(j, row, error);
    if (!where) return false;
    place *found = NULL;
    for (guint i = 0; i < j->places->len; i++) {
        place *p = g_ptr_array_index(j->places, i);
        if (strcmp(p->where, where) == 0) found = p;
    }
    if (!found) {
        found = g_new0(place, 1);
        found->where = g_steal_pointer(&where);
        g_ptr_array_add(j->places, found);
    }
    found->wanted |= row == j->wanted;
    return true;
}

static bool equal(const job *j, const rw_kept_row *row, const rw_slice *cells)
{
    for (guint i = 0; row && i < j->columns->len; i++) {
        const rw_kept_value *value = rw_kept_row_get(row, column_at(j, i)->name);
        if (value && !rw_kept_equal(column_at(j, i), value, cells[i])) return false;
    }
    return row != NULL;
}

/* Each column from one of the two. */
static bool merged(const job *j, const rw_slice *cells)
{
    if (strcmp(text(j, RW_CONFLICT_VERDICT), "merge") != 0 || !j->incoming || !j->current) return false;
    for (guint i = 0; i < j->columns->len; i++) {
        const rw_kept_value *a = rw_kept_row_get(j->incoming, column_at(j, i)->name), *b = rw_kept_row_get(j->current, column_at(j, i)->name);
        if (!(a && rw_kept_equal(column_at(j, i), a, cells[i])) && !(b && rw_kept_equal(column_at(j, i), b, cells[i]))) return false;
    }
    return true;
}

static char *describe(const job *j, const rw_slice *cells)
{
    GString *out = g_string_new("{");
    for (guint i = 0; i < j->columns->len; i++) {
        if (i) g_string_append_c(out, ',');
        rw_kept_value_json(column_at(j, i), cells[i], out, NULL);
    }
    g_string_append_c(out, '}');
    return g_string_free(out, FALSE);
}

/* That there is no row is what one side of the record says, too, unless both had a row under this key. */
static bool may_be_missing(const job *j, const place *p)
{
    if (!j->incoming || !j->current || strcmp(text(j, RW_CONFLICT_VERDICT), "delete") == 0) return true;
    g_autofree char *incoming = where_of(j, j->incoming, NULL), *current = where_of(j, j->current, NULL);
    return g_strcmp0(incoming, p->where) != 0 || g_strcmp0(current, p->where) != 0;
}

static bool look(const job *j, place *p, GError **error)
{
    g_autoptr(GString) sql = g_string_new("SELECT ");
    for (guint i = 0; i < j->columns->len; i++) {
        if (i) g_string_append_c(sql, ',');
        if (!rw_kept_select(column_at(j, i), sql, error)) return false;
    }
    g_string_append_printf(sql, " FROM %s WHERE %s FOR UPDATE", j->quoted, p->where);
    g_autoptr(rw_result) rows = rw_connection_query(j->site, sql->str, error);
    if (!rows) return false;
    g_autofree rw_slice *cells = g_new0(rw_slice, j->columns->len + 1);
    p->here = rw_result_next(rows, cells, j->columns->len);
    p->equal = p->here ? p->wanted && equal(j, j->wanted, cells) : !p->wanted;
    p->known = p->here ? equal(j, j->incoming, cells) || equal(j, j->current, cells) || merged(j, cells) : may_be_missing(j, p);
    if (p->here) p->now = describe(j, cells);
    return true;
}

static bool look_at_all(job *j, GError **error)
{
    if (!add_place(j, j->incoming, error) || !add_place(j, j->current, error) || !add_place(j, j->key, error)) return false;
    for (guint i = 0; i < j->places->len; i++) {
        place *p = g_ptr_array_index(j->places, i);
        if (!look(j, p, error)) return false;
        if (p->known || p->equal || j->order->force) continue;
        return rw_fail(error, RW_ERR_CONFLICT,
                       "the row is neither the incoming nor the current one any more, there is %s now; --force writes over it",
                       p->here ? p->now : "no row");
    }
    return true;
}

static bool run(const job *j, const GString *sql, uint64_t *affected, GError **error)
{
    return rw_connection_send(j->site, rw_slice_of(sql->str, sql->len), error) && rw_connection_next_result(j->site, NULL, affected, error);
}

/* `a`=1,`b`=2 or, for an INSERT, the same after SET. */
static bool append_assignments(const job *j, GString *sql, bool *permissive, GError **error)
{
    bool first = true;
    for (guint i = 0; i < j->columns->len; i++) {
        const rw_catalogue_column *column = column_at(j, i);
        const rw_kept_value *value = rw_kept_row_get(j->wanted, column->name);
        if (!value) continue;
        if (!first) g_string_append_c(sql, ',');
        first = false;
        rw_sql_name(sql, column->name);
        g_string_append_c(sql, '=');
        size_t start = sql->len;
        if (!rw_kept_literal(column, value, sql, error)) return false;
        /* The error value of an ENUM can be written outside strict mode only. */
        *permissive |= strcmp(column->data_type, "enum") == 0 && strcmp(sql->str + start, "0") == 0;
    }
    return true;
}

/* *inserted: there was none under the key. */
static bool write_wanted(const job *j, const place *p, bool *inserted, GError **error)
{
    g_autoptr(GString) assignments = g_string_new(NULL);
    bool permissive = false;
    uint64_t found = 0;
    if (!append_assignments(j, assignments, &permissive, error)) return false;
    if (permissive && !rw_connection_run(j->site, "SET SESSION sql_mode='" RW_PERMISSIVE_SQL_MODE "'", error)) return false;
    g_autoptr(GString) sql = g_string_new(NULL);
    g_string_append_printf(sql, "UPDATE %s SET ", j->quoted);
    g_string_append_len(sql, assignments->str, (gssize)assignments->len);
    g_string_append_printf(sql, " WHERE %s", p->where);
    if (!run(j, sql, &found, error)) return false;
    *inserted = !found;
    if (found) return true;
    g_string_printf(sql, "INSERT INTO %s SET ", j->quoted);
    g_string_append_len(sql, assignments->str, (gssize)assignments->len);
    return run(j, sql, NULL, error);
}

static bool delete_row(const job *j, const place *p, GError **error)
{
    g_autoptr(GString) sql = g_string_new(NULL);
    g_string_append_printf(sql, "DELETE FROM %s WHERE %s", j->quoted, p->where);
    return run(j, sql, NULL, error);
}

/* Deletes first: they may hold a unique value of the wanted row, or be it, where letters differ in case only. */
static bool write_all(const job *j, unsigned *written, unsigned *deleted, GError **error)
{
    for (guint i = 0; i < j->places->len; i++) {
        const place *p = g_ptr_array_index(j->places, i);
        if (p->wanted || p->equal) continue;
        if (!delete_row(j, p, error)) return false;
        (*deleted)++;
    }
    for (guint i = 0; i < j->places->len; i++) {
        const place *p = g_ptr_array_index(j->places, i);
        bool inserted;
        if (!p->wanted || (p->equal && !*deleted)) continue;
        if (!write_wanted(j, p, &inserted, error)) return false;
        *written += !p->equal || inserted;
    }
    return true;
}

static const char *keep_name(const job *j) { return j->order->source ? "source" : "target"; }

static bool mark(const job *j, GError **error)
{
    return rw_connection_runf(j->site, error,
                              "UPDATE ringway.conflict SET state='resolved',resolved_at=NOW(6),resolved_keep='%s' WHERE id=%" G_GUINT64_FORMAT,
                              keep_name(j), j->order->id);
}

static void tell(const job *j, unsigned written, unsigned deleted, GString *told)
{
    const char *done = j->stays ? "what the target has stays, nothing was written"
                       : written ? "the row was written, and goes to the other sites as a new change"
                       : deleted ? "the row was deleted, and the delete goes to the other sites as a new change"
                                 : "the row was as wanted already, nothing had to be written";
    g_string_append_printf(told, "%s/%" G_GUINT64_FORMAT ": resolved, %s kept: %s", j->site->site, j->order->id, keep_name(j), done);
}

static bool decide(job *j, GString *told, GError **error)
{
    GError *failure = NULL;
    unsigned written = 0, deleted = 0;
    j->record = rw_conflicts_load(j->site, j->order->id, true, &failure);
    if (failure) {
        g_propagate_error(error, failure);
        return false;
    }
    if (!j->record) return rw_fail(error, RW_ERR_CONFIG, "there is none of that number; see: ringway conflicts list");
    if (strcmp(text(j, RW_CONFLICT_STATE), "resolved") == 0 && !j->order->force) {
        g_string_append_printf(told, "%s/%" G_GUINT64_FORMAT ": was resolved already, %s kept, at %s UTC; nothing was done, --force decides again",
                               j->site->site, j->order->id, text(j, RW_CONFLICT_RESOLVED_KEEP), text(j, RW_CONFLICT_RESOLVED_AT));
        return true;
    }
    if (!take_rows(j, error)) return false;
    if (!j->stays && !(take_table(j, error) && take_columns(j, error) && look_at_all(j, error) && write_all(j, &written, &deleted, error)))
        return false;
    tell(j, written, deleted, told);
    return mark(j, error);
}

/* The one place that says of which conflict an error tells. */
static bool fail(const job *j, GError *failure, const char *then, GError **error)
{
    rw_fail(error, (rw_error_class)failure->code, "conflict %s/%" G_GUINT64_FORMAT ": %s%s", j->site->site, j->order->id, failure->message, then);
    g_error_free(failure);
    return false;
}

static bool undo(const job *j, GError *failure, GError **error)
{
    unsigned number = rw_connection_errno(j->site);
    rw_connection_run(j->site, "ROLLBACK", NULL);
    if (number == LOCK_WAIT || number == DEADLOCK) {
        g_clear_error(&failure);
        rw_fail(&failure, RW_ERR_CONFLICT, "another transaction holds the row; nothing was changed, try again");
        return fail(j, failure, "", error);
    }
    return fail(j, failure, number ? "; nothing was changed" : "", error);
}

bool rw_resolve(rw_connection *site, const rw_resolve_order *order, GString *told, GError **error)
{
    job j = {.site = site, .order = order, .columns = g_array_new(FALSE, FALSE, sizeof(unsigned)),
             .places = g_ptr_array_new_with_free_func(free_place)};
    GError *failure = NULL;
    bool ok = set_up(&j, &failure) && decide(&j, told, &failure);
    if (!ok) undo(&j, failure, error);
    else if (!rw_connection_run(site, "COMMIT", &failure)) /* a connection that is lost now says nothing of the outcome */
        ok = fail(&j, failure, "; look with ringway conflicts show whether it was done", error);
    clear(&j);
    return ok;
}
