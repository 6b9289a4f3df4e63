#include "flow/regain.h"

#include "change/rows.h"
#include "flow/apply/rowsql.h"
#include "flow/apply/script.h"
#include "flow/apply/session.h"
#include "flow/apply/tables.h"

#include <mysqld_error.h>

enum { LOCK_WAIT_S = 10, SILENCE_S = 3600, PACKET_ROWS = 500, SHOWN_BYTES = 60, SETTING = G_MAXUINT };

typedef enum { PASSED_BY, WRITTEN_BEFORE, UNDER_WAY, KEPT } state;

struct rw_regain {
    rw_connection *present;
    rw_tables *tables;
    rw_script *script;
    rw_row_scratch scratch, other;
    GPtrArray *rows;     /* char *: the rows of the packet, for people; a statement's tag is its place */
    GHashTable *before;  /* GTID -> when it was written */
    char **wanted;       /* NULL: all */
    bool *came;          /* by wanted */
    bool begun, checks, permissive;
    state state;
    GString *outcome;
};

static bool on_result(void *user, unsigned tag, rw_result *rows, uint64_t affected, GError **error)
{
    (void)rows;
    const rw_regain *r = user;
    return tag == SETTING || affected == 1 || rw_fail(error, RW_ERR_CONFLICT, "%s was changed since", (char *)g_ptr_array_index(r->rows, tag));
}

static bool load_before(rw_regain *r, GError **error)
{
    rw_slice c[2];
    g_autoptr(rw_result) rows = rw_connection_query(r->present, "SELECT gtid, at FROM ringway.regained", error);
    if (!rows && rw_connection_errno(r->present) == ER_NO_SUCH_TABLE) g_prefix_error(error, "run 'ringway init', which makes what is missing: ");
    while (rows && rw_result_next(rows, c, 2)) g_hash_table_insert(r->before, rw_cell_text(c[0]), rw_cell_text(c[1]));
    return rows != NULL;
}

rw_regain *rw_regain_new(const rw_conf *conf, rw_connection *present, char *const *wanted, GError **error)
{
    g_autoptr(rw_regain) r = g_new0(rw_regain, 1);
    r->present = present;
    r->tables = rw_tables_new(conf, false);
    r->script = rw_script_new(on_result, r);
    rw_row_scratch_init(&r->scratch);
    rw_row_scratch_init(&r->other);
    r->rows = g_ptr_array_new_with_free_func(g_free);
    r->before = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    r->wanted = g_strdupv((char **)wanted);
    r->came = g_new0(bool, wanted ? g_strv_length(r->wanted) : 1);
    r->outcome = g_string_new(NULL);
    present->annotates = true; /* it may write the text of a packet into its log with every statement, so these go one by one */
    if (!rw_session_restore(present, LOCK_WAIT_S, SILENCE_S, error) || !rw_session_prepare(present, error) || !load_before(r, error)) return NULL;
    return g_steal_pointer(&r);
}

void rw_regain_free(rw_regain *r)
{
    rw_tables_free(r->tables);
    rw_script_free(r->script);
    rw_row_scratch_clear(&r->scratch);
    rw_row_scratch_clear(&r->other);
    g_ptr_array_unref(r->rows);
    g_hash_table_unref(r->before);
    g_strfreev(r->wanted);
    g_free(r->came);
    g_string_free(r->outcome, TRUE);
    g_free(r);
}

static bool is_wanted(rw_regain *r, const char *gtid)
{
    if (!r->wanted) return true;
    bool found = false;
    for (unsigned i = 0; r->wanted[i]; i++) {
        if (g_ascii_strcasecmp(r->wanted[i], gtid) != 0) continue;
        r->came[i] = found = true;
    }
    return found;
}

const char *rw_regain_missed(const rw_regain *r)
{
    for (unsigned i = 0; r->wanted && r->wanted[i]; i++)
        if (!r->came[i]) return r->wanted[i];
    return NULL;
}

/* ---- a transaction */

static void begin(rw_regain *r, const rw_txn *txn)
{
    if (r->begun) return;
    r->begun = r->checks = true;
    r->permissive = false;
    g_string_truncate(r->outcome, 0);
    g_ptr_array_set_size(r->rows, 0);
    const char *when = g_hash_table_lookup(r->before, txn->gtid);
    bool wanted = is_wanted(r, txn->gtid);
    r->state = when ? WRITTEN_BEFORE : wanted ? UNDER_WAY : PASSED_BY;
    if (when) g_string_printf(r->outcome, "applied before, at %s UTC", when);
    if (r->state != UNDER_WAY) return;
    rw_script_begin(r->script, r->present);
    g_string_append(rw_script_sql(r->script), "START TRANSACTION");
    rw_script_end_statement(r->script, SETTING, NULL);
}

static bool undo(rw_regain *r, GError **error) { return r->state == PASSED_BY || r->state == WRITTEN_BEFORE || rw_session_rollback(r->present, error); }

/* Takes the failure: what would pass by itself ends the verb; all else keeps the transaction where it is. */
static bool keep(rw_regain *r, GError *failure, GError **error)
{
    if (!g_error_matches(failure, RW_ERROR, RW_ERR_CONFLICT) && !g_error_matches(failure, RW_ERROR, RW_ERR_STOP) && !g_error_matches(failure, RW_ERROR, RW_ERR_CONFIG)) {
        g_propagate_error(error, failure);
        return false;
    }
    g_string_printf(r->outcome, "not applied: %s", failure->message);
    g_strdelimit(r->outcome->str, "\n\r\t", ' ');
    g_error_free(failure);
    r->state = KEPT;
    return rw_session_rollback(r->present, error);
}

static bool flush(rw_regain *r, GError **error)
{
    bool ok = rw_script_flush(r->script, error);
    g_ptr_array_set_size(r->rows, 0);
    return ok;
}

/* ---- rows */

static bool set(rw_regain *r, const char *what, GError **error)
{
    g_string_append_printf(rw_script_sql(r->script), "SET SESSION %s", what);
    return rw_script_end_statement(r->script, SETTING, error);
}

static bool prepare_session(rw_regain *r, bool checks, bool permissive, GError **error)
{
    if (checks != r->checks && !set(r, checks ? "foreign_key_checks = 1" : "foreign_key_checks = 0", error)) return false;
    if (permissive != r->permissive && !set(r, permissive ? "sql_mode = '" RW_PERMISSIVE_SQL_MODE "'" : "sql_mode = '" RW_EXACT_SQL_MODE "'", error)) return false;
    r->checks = checks;
    r->permissive = permissive;
    return true;
}

static bool settles_columns(const rw_binding *b) { return b->n_key && (b->policy->remembers & RW_REMEMBERS_COLUMNS); }

static bool write_row(rw_regain *r, const rw_binding *b, const rw_rows *rows, rw_slice before, rw_slice after, GError **error)
{
    GString *name = g_string_new(NULL);
    const rw_slice *columns = rw_row_split(&r->scratch, b, before.data ? before : after);
    if (columns) {
        g_string_printf(name, "%s ", b->quoted);
        rw_row_describe(&r->scratch, b, columns, NULL, (rw_row_view){true, SHOWN_BYTES}, name);
    }
    g_ptr_array_add(r->rows, g_string_free(name, FALSE));
    const rw_slice *wanted = after.data ? rw_row_split(&r->scratch, b, after) : NULL;
    if (!columns) return rw_row_misfit(b, error);
    if (!prepare_session(r, !rows->foreign_key_checks_off, wanted && rw_row_has_enum_error(b, wanted), error)) return false;
    GString *sql = rw_script_sql(r->script);
    bool by_columns = rows->op == RW_UPDATE && settles_columns(b);
    bool fits = by_columns ? rw_row_columns_change(&r->scratch, &r->other, b, before, after, sql) : rw_row_exact_change(&r->scratch, b, rows->op, before, after, sql);
    return fits ? rw_script_end_statement(r->script, r->rows->len - 1, error) : rw_row_misfit(b, error);
}

static bool write_rows(rw_regain *r, rw_rows rows, GError **error)
{
    rw_slice before, after;
    unsigned number;
    bool bad = false;
    if ((rows.op != RW_INSERT && !rows.full_before) || (rows.op != RW_DELETE && !rows.full_after))
        return rw_fail(error, RW_ERR_STOP, "the log does not hold whole rows (binlog_row_image)");
    if (!rw_tables_number(r->tables, rows.table, r->present, &number, error)) return false;
    const rw_binding *b = rw_tables_at(r->tables, number);
    while (rw_rows_next(&rows, &before, &after, &bad)) {
        if (!write_row(r, b, &rows, before, after, error)) return false;
        if (r->rows->len == PACKET_ROWS && !flush(r, error)) return false;
    }
    return !bad || rw_row_misfit(b, error);
}

bool rw_regain_rows(rw_regain *r, const rw_txn *txn, rw_rows rows, GError **error)
{
    GError *failure = NULL;
    begin(r, txn);
    return r->state != UNDER_WAY || write_rows(r, rows, &failure) || keep(r, failure, error);
}

bool rw_regain_refuse(rw_regain *r, const rw_txn *txn, const char *why, GError **error)
{
    begin(r, txn);
    return r->state != UNDER_WAY || keep(r, g_error_new_literal(RW_ERROR, RW_ERR_STOP, why), error);
}

bool rw_regain_undo(rw_regain *r, GError **error)
{
    bool ok = !r->begun || undo(r, error);
    r->begun = false;
    return ok;
}

static bool commit(rw_regain *r, const rw_txn *txn, GError **error)
{
    if (!prepare_session(r, true, false, error)) return false;
    g_string_append(rw_script_sql(r->script), "INSERT INTO ringway.regained (gtid) VALUES (");
    rw_sql_quote(rw_script_sql(r->script), rw_slice_str(txn->gtid));
    g_string_append_c(rw_script_sql(r->script), ')');
    return rw_script_end_statement(r->script, SETTING, error) && flush(r, error) && rw_connection_run(r->present, "COMMIT", error);
}

const char *rw_regain_outcome(const rw_regain *r) { return r->outcome->str; }

bool rw_regain_end(rw_regain *r, const rw_txn *txn, GError **error)
{
    GError *failure = NULL;
    if (!r->begun) g_string_truncate(r->outcome, 0);
    bool writes = r->begun && r->state == UNDER_WAY;
    r->begun = false;
    if (!writes) return true;
    if (!commit(r, txn, &failure)) return keep(r, failure, error);
    g_string_assign(r->outcome, "applied");
    return true;
}
