#include "flow/lost.h"

#include "change/rows.h"
#include "flow/walk.h"
#include "server/schema.h"

#include <string.h>

enum { SHOWN_BYTES = 200 };

typedef struct {
    char *name; /* schema.table */
    unsigned n[3]; /* by rw_op */
} touched;

typedef struct {
    GArray *tables; /* touched, of the transaction under way */
    GString *what;
    bool dropped;  /* it is a link's window; with deletes that the site made itself behind it, the router says so in the middle only */
    const char *present_mark; /* what stands in the GTIDs that the present server makes */
    rw_regain *regain;
    rw_lost_found found;
    void *user;
} lister;

static void clear_touched(void *data) { g_free(((touched *)data)->name); }

static touched *table_of(lister *l, const rw_table *table)
{
    g_autofree char *name = g_strdup_printf("%s.%s", table->schema, table->name);
    for (guint i = 0; i < l->tables->len; i++)
        if (strcmp(g_array_index(l->tables, touched, i).name, name) == 0) return &g_array_index(l->tables, touched, i);
    touched one = {.name = g_steal_pointer(&name)};
    g_array_append_val(l->tables, one);
    return &g_array_index(l->tables, touched, l->tables->len - 1);
}

static bool count_rows(lister *l, rw_rows rows, GError **error)
{
    rw_slice before, after;
    bool bad = false;
    touched *t = table_of(l, rows.table);
    while (rw_rows_next(&rows, &before, &after, &bad)) t->n[rows.op]++;
    return !bad || rw_fail(error, RW_ERR_STOP, "a row event of %s does not fit its table map; the log is damaged", t->name);
}

static void describe(lister *l)
{
    static const char *const done[] = {[RW_INSERT] = "inserted", [RW_UPDATE] = "changed", [RW_DELETE] = "deleted"};
    for (guint i = 0; i < l->tables->len; i++) {
        const touched *t = &g_array_index(l->tables, touched, i);
        g_string_append_printf(l->what, "%s%s:", l->what->len ? "; " : "", t->name);
        const char *comma = " ";
        for (unsigned op = 0; op < G_N_ELEMENTS(t->n); op++) {
            if (!t->n[op]) continue;
            g_string_append_printf(l->what, "%s%u %s", comma, t->n[op], done[op]);
            comma = ", ";
        }
    }
}

static void forget_txn(lister *l)
{
    g_array_set_size(l->tables, 0);
    g_string_truncate(l->what, 0);
    l->dropped = false;
}

static bool undo_txn(lister *l, GError **error)
{
    forget_txn(l);
    return rw_regain_undo(l->regain, error);
}

static bool end_txn(lister *l, const rw_txn *txn, GError **error)
{
    if (l->dropped || txn->dropped) return undo_txn(l, error);
    describe(l);
    g_strdelimit(l->what->str, "\n\r\t", ' '); /* a line each */
    if (!rw_regain_end(l->regain, txn, error)) return false;
    if (l->what->len) l->found(l->user, &(rw_lost_txn){txn->gtid, txn->commit_us, l->what->str, rw_regain_outcome(l->regain)});
    forget_txn(l);
    return true;
}

/* The former server may have replicated from the present one since. */
static bool is_made_there(const lister *l, const rw_txn *txn) { return *l->present_mark && strstr(txn->gtid, l->present_mark); }

static bool take_rows(lister *l, const rw_txn *txn, rw_rows rows, GError **error)
{
    if (g_ascii_strcasecmp(rows.table->schema, RW_SCHEMA) == 0) return true;
    l->dropped |= txn->dropped || is_made_there(l, txn);
    return count_rows(l, rows, error) && (l->dropped || rw_regain_rows(l->regain, txn, rows, error));
}

static bool take_statement(lister *l, const rw_txn *txn, rw_slice text, GError **error)
{
    g_string_append_len(l->what, (const char *)text.data, (gssize)MIN(text.len, SHOWN_BYTES));
    return rw_regain_refuse(l->regain, txn, "it is a statement: execute it yourself at the present server if it is still wanted, unless it came by a link, which brings it again", error);
}

static bool begins_with(rw_slice text, const char *word) { return text.len >= strlen(word) && g_ascii_strncasecmp((const char *)text.data, word, strlen(word)) == 0; }

/* Rows of tables that are not transactional stay. */
static bool take_rollback(lister *l, const rw_txn *txn, const rw_event *event, GError **error)
{
    bool part = event->kind == RW_EVENT_SAVEPOINT;
    if (part && !begins_with(event->query.statement, "ROLLBACK")) return true;
    return rw_regain_refuse(l->regain, txn, part ? "parts of it were rolled back" : "it was rolled back, but for tables that are not transactional", error);
}

static bool visit(void *user, rw_router *router, const rw_event *event, const rw_route *route, GError **error)
{
    lister *l = user;
    const rw_txn *txn = rw_router_txn(router);
    if (event->kind == RW_EVENT_ROWS && !take_rows(l, txn, event->rows, error)) return false;
    if ((event->kind == RW_EVENT_ROLLBACK || event->kind == RW_EVENT_SAVEPOINT) && !take_rollback(l, txn, event, error)) return false;
    if (event->kind == RW_EVENT_QUERY && !take_statement(l, txn, event->query.statement, error)) return false;
    if (route->action == RW_ROUTE_VOID && !undo_txn(l, error)) return false;
    return !route->ends || end_txn(l, txn, error);
}

static bool check_has(rw_connection *former, const rw_gtid_state *sent, GError **error)
{
    GError *failure = NULL;
    bool replicates;
    if (!former->dialect->replicates(former, &replicates, error)) return false;
    if (replicates) return rw_fail(error, RW_ERR_CONFIG, "host %s replicates: what it gets so is not its own; STOP REPLICA and RESET REPLICA ALL there, and try again", former->address);
    g_autofree char *lacks = former->dialect->missing(former, sent, &failure);
    if (failure) g_propagate_error(error, failure);
    else if (lacks) rw_fail(error, RW_ERR_CONFIG, "site %s: host %s is not the former server: it lacks transactions that it had sent: %s", former->site, former->address, lacks);
    return !failure && !lacks;
}

bool rw_lost_list(const rw_lost *lost, GError **error)
{
    g_auto(rw_gtid_state) state = {0};
    g_autofree char *mark = rw_connection_own_gtids(lost->present, error);
    if (!mark) return false;
    lister l = {.tables = g_array_new(FALSE, FALSE, sizeof(touched)), .what = g_string_new(NULL), .present_mark = mark, .regain = lost->regain, .found = lost->found, .user = lost->user};
    g_array_set_clear_func(l.tables, clear_touched);
    const rw_walk walk = {.conf = lost->conf, .site = lost->site, .session = lost->former, .start = {.gtid = &state, .once = true}, .visit = visit, .user = &l};
    bool ok = rw_gtid_state_parse(&state, lost->former->dialect->gtid_kind, lost->sent, error) && check_has(lost->former, &state, error) && rw_walk_log(&walk, error);
    g_array_unref(l.tables);
    g_string_free(l.what, TRUE);
    return ok;
}
