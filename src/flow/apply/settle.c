#include "flow/apply/settle_private.h"

#include "base/clock.h"
#include "base/log.h"
#include "flow/apply/change.h"
#include "flow/apply/rows.h"
#include "flow/apply/session.h"

enum { ARENA_BLOCK_BYTES = 64 * 1024, PACKET_ROWS = 200, GAP_TURN_US = 20 * 1000, GAP_ROUND_US = G_USEC_PER_SEC };

static guint hash_item(gconstpointer item) { return (guint)((const rw_item *)item)->low; }
static gboolean same_item(gconstpointer a, gconstpointer b) { return rw_item_equal(*(const rw_item *)a, *(const rw_item *)b); }

static bool on_item(void *user, rw_item item, rw_entry entry, GError **error)
{
    (void)error;
    rw_settle *s = user;
    if (s->large) return true;
    if (s->listing_over) rw_writers_add_over(&s->writers, item);
    else if (entry == RW_ENTRY_ERASED) rw_writers_add_erased(&s->writers, item);
    else rw_writers_add_item(&s->writers, item, s->listed_txn, entry == RW_ENTRY_ENDED);
    return true;
}

rw_settle *rw_settle_new(const rw_settle_options *options)
{
    rw_settle *s = g_new0(rw_settle, 1);
    s->o = *options;
    s->arena = rw_arena_new(ARENA_BLOCK_BYTES);
    s->states = g_hash_table_new(hash_item, same_item);
    s->key = g_string_new(NULL);
    s->sql = g_string_new(NULL);
    s->listing = options->conf->n_sites > 2;
    rw_row_scratch_init(&s->scratch);
    rw_row_scratch_init(&s->other);
    rw_row_items_init(&s->items, options->conf, on_item, s);
    rw_writers_init(&s->writers);
    rw_author_list_init(&s->authors);
    return s;
}

void rw_settle_free(rw_settle *s)
{
    if (!s) return;
    rw_settle_clear_clash(s);
    rw_arena_free(s->arena);
    g_hash_table_unref(s->states);
    rw_row_scratch_clear(&s->scratch);
    rw_row_scratch_clear(&s->other);
    rw_row_items_clear(&s->items);
    rw_writers_clear(&s->writers);
    rw_author_list_clear(&s->authors);
    g_string_free(s->key, TRUE);
    g_string_free(s->sql, TRUE);
    g_free(s->waited_for);
    g_free(s);
}

bool rw_settle_again(const rw_settle *s) { return s->again; }
const rw_settle_counts *rw_settle_counted(const rw_settle *s) { return &s->counts; }
const rw_writers *rw_settle_writers(const rw_settle *s) { return &s->writers; }
const rw_clash *rw_settle_clash(const rw_settle *s) { return &s->clash; }

void rw_settle_begin(rw_settle *s, const rw_txn *txn)
{
    g_hash_table_remove_all(s->states);
    rw_arena_reset(s->arena);
    s->counts = (rw_settle_counts){0};
    s->again = s->any_lost = false;
    s->large = txn->continues || txn->continued;
    if (s->large && s->listing) { /* what other pieces hold is not known */
        s->several = true;
        s->announced = 0;
    }
    rw_settle_clear_clash(s);
    rw_writers_reset(&s->writers, RW_WRITERS_SETTLED);
    rw_author_list_reset(&s->authors);
}

uint64_t rw_settle_take_removed(rw_settle *s)
{
    uint64_t n = s->settled_before;
    s->settled_before = 0;
    return n;
}

/* A transaction of this site's own, before the window: other sites read it as they read an application's. Its first change is no INSERT into
 * ringway.progress. */
bool rw_settle_begin_own(rw_settle *s, GError **error)
{
    s->removed = 0;
    return rw_connection_run(s->o.target, "ROLLBACK", error) && rw_connection_run(s->o.target, "BEGIN", error);
}

bool rw_settle_commit_own(rw_settle *s, const char *done, GError **error)
{
    if (!rw_connection_runf(s->o.target, error, "UPDATE ringway.progress SET conflicts=conflicts+%" G_GUINT64_FORMAT " WHERE source=%u AND lane=0 ORDER BY seq DESC LIMIT 1",
                            s->removed, s->o.source) ||
        !rw_connection_run(s->o.target, "COMMIT", error)) return false;
    s->settled_before += s->removed;
    return rw_settle_restart(s, done, error);
}

bool rw_settle_restart(rw_settle *s, const char *why, GError **error)
{
    if (!rw_session_rollback(s->o.target, error)) return false;
    s->again = true;
    return rw_fail(error, RW_ERR_RETRY, "%s", why);
}

/* --- verdicts --- */

static bool record(rw_settle *s, const rw_case *c, const char *verdict, GError **error)
{
    rw_record one = rw_settle_record(s, c);
    one.verdict = verdict;
    s->counts.conflicts++;
    return rw_record_write(&one, &s->scratch, s->o.target, error);
}

static void set_state(rw_settle *s, const rw_case *c, rw_row_state state)
{
    rw_item *item = rw_arena_alloc(s->arena, sizeof *item);
    *item = c->row;
    g_hash_table_replace(s->states, item, GINT_TO_POINTER(state));
}

static bool count(rw_settle *s, const rw_case *c, bool lost)
{
    s->any_lost |= lost;
    if (lost) s->counts.discarded++;
    else s->counts.applied++;
    set_state(s, c, lost ? RW_ROW_LOST : RW_ROW_OWNED);
    return true;
}

static bool take_whole(rw_settle *s, const rw_case *c, GError **error)
{
    bool lost;
    /* What the change did not touch is another's, under policies that look into the row. */
    bool columns = c->partly && c->cells && c->after.data && c->b->policy->remembers & RW_REMEMBERS_ENDS;
    if (columns) return rw_settle_write_columns(s, c, &lost, error) && count(s, c, false);
    return rw_settle_write_whole(s, c, &lost, error) && count(s, c, lost);
}

static bool accepted(const rw_settle *s, const rw_case *c)
{
    if (!s->o.accept || !c->equal) return false;
    g_autofree char *identity = rw_txn_identity(c->txn);
    return strcmp(identity, s->o.accept) == 0;
}

static rw_verdict ask_policy(const rw_settle *s, const rw_case *c)
{
    rw_conflict conflict = {.op = c->op, .here = c->cells != NULL, .origin = c->author->origin, .stamp_us = c->author->stamp_us,
                            .last = c->has_last ? &c->last : NULL, .ended = c->has_ended ? &c->ended : NULL, .unseen_rank = c->unseen_rank,
                            .rank = rw_binding_rank(c->b, s->o.conf, c->author->origin)};
    rw_verdict verdict = c->b->policy->settle(&conflict);
    /* There is nothing to add to or to merge with. */
    if ((verdict == RW_VERDICT_ADD || verdict == RW_VERDICT_MERGE) && !c->cells) return RW_VERDICT_SOURCE;
    return verdict;
}

static bool settle_conflict(rw_settle *s, const rw_case *c, GError **error)
{
    bool lost = true;
    rw_verdict verdict = ask_policy(s, c);
    s->fell = false;
    if (verdict == RW_VERDICT_STOP) {
        if (accepted(s, c)) return take_whole(s, c, error);
        return rw_settle_stop(s, c, "conflict", rw_settle_kind(c), error);
    }
    switch (verdict) {
    case RW_VERDICT_SOURCE:
        if (!rw_settle_write_whole(s, c, &lost, error)) return false;
        break;
    case RW_VERDICT_ADD:
    case RW_VERDICT_MERGE:
        if (!rw_settle_write_columns(s, c, &lost, error)) return false;
        break;
    default: break;
    }
    /* It won, and fell to a constraint, which is recorded already: the target's row is gone, too. */
    bool fell = lost && verdict != RW_VERDICT_TARGET && s->fell;
    return record(s, c, fell ? "delete" : rw_verdict_name(verdict), error) && count(s, c, lost);
}

/* What is handed on finds the row as it was at the source, which had seen more than who wrote it; some of that may come by another link. */
static bool is_early(const rw_settle *s, const rw_case *c)
{
    if (rw_trouble_is_early(s->o.trouble, c->author->seen)) return true;
    return c->author->origin != s->o.source && rw_trouble_is_early(s->o.trouble, c->txn->seen);
}

bool rw_settle_wait_gap(rw_settle *s, const rw_case *c, bool bounded, bool *over, GError **error)
{
    g_autofree char *identity = rw_txn_identity(c->txn);
    gint64 now = rw_clock_us();
    *over = false;
    if (g_strcmp0(s->waited_for, identity) != 0) {
        g_free(s->waited_for);
        s->waited_for = g_steal_pointer(&identity);
        s->gap_until_us = now + (gint64)s->o.conf->gap_wait_s * G_USEC_PER_SEC;
        rw_log(RW_LOG_DEBUG, s->o.link, "%s at %s:%" G_GUINT64_FORMAT " had seen changes that come by another link: waiting for them", c->b->quoted, c->txn->file,
               c->txn->start_bytes);
    }
    if (bounded && now >= s->gap_until_us) {
        *over = true;
        return true;
    }
    if (!rw_session_rollback(s->o.target, error)) return false;
    for (gint64 until = now + GAP_ROUND_US; rw_clock_us() < until && !g_atomic_int_get(s->o.stop) && (!bounded || rw_clock_us() < s->gap_until_us);) {
        g_usleep(GAP_TURN_US);
        if (!rw_connection_keep(s->o.target, error)) return false;
        rw_trouble_look(s->o.trouble);
        if (!is_early(s, c)) break;
    }
    if (g_atomic_int_get(s->o.stop)) return rw_fail(error, RW_ERR_INTERRUPTED, "asked to end");
    s->again = true;
    return rw_fail(error, RW_ERR_RETRY, "waits for changes that come by another link");
}

static bool settle_drift(rw_settle *s, const rw_case *c, GError **error)
{
    static const char differs[] = "drift: the row differs from what the change expects", missing[] = "drift: the row is not there",
                      present[] = "drift: the row is there already";
    if (c->b->drift == RW_DRIFT_STOP)
        return rw_settle_stop(s, c, !c->cells ? missing : !c->before.data ? present : differs, "no concurrent write explains it", error);
    rw_record one = rw_settle_record(s, c);
    one.kind = "drift";
    one.verdict = "source";
    s->counts.drift++;
    return rw_record_write(&one, &s->scratch, s->o.target, error) && take_whole(s, c, error);
}

/* The images differ and no writer explains it: what the change had seen may still be on its way here. Or it stands for several, the first of
 * which had not seen what the last one had. */
static bool settle_unexplained(rw_settle *s, const rw_case *c, GError **error)
{
    bool over, hidden = false;
    if (c->first != c->author && !rw_last_writers_find(s->o.trouble->memory, c->row, c->first->seen, NULL, &hidden, error)) return false;
    if (hidden) return take_whole(s, c, error);
    if (!is_early(s, c)) return settle_drift(s, c, error);
    return rw_settle_wait_gap(s, c, true, &over, error) && take_whole(s, c, error);
}

static bool settle_free(rw_settle *s, rw_case *c, GError **error)
{
    if (!rw_settle_find_writers(s, c, error)) return false;
    bool late = c->has_last && !c->b->policy->causal && c->last.seen_us >= c->author->stamp_us;
    if (late) { /* whoever wrote the row had seen this change: it came by a slower way */
        s->counts.applied++;
        set_state(s, c, RW_ROW_LATE);
        return true;
    }
    if (c->has_last || c->has_ended) return settle_conflict(s, c, error);
    return c->equal ? take_whole(s, c, error) : settle_unexplained(s, c, error);
}

/* An earlier change of the transaction made it lose the row: this one goes the same way. */
static bool settle_lost(rw_settle *s, rw_case *c, GError **error)
{
    if (!rw_settle_find_writers(s, c, error)) return false;
    if (c->has_last || c->has_ended) return settle_conflict(s, c, error);
    rw_record one = rw_settle_record(s, c);
    one.verdict = "target";
    one.reason = "an earlier change of the same row by the same transaction was not applied";
    s->counts.discarded++;
    s->counts.conflicts++;
    return rw_record_write(&one, &s->scratch, s->o.target, error);
}

/* What the row event of a change did not show of it (change.h): the change was settled, and recorded, with that event. */
static bool settle_rest(rw_settle *s, rw_case *c, GError **error)
{
    bool lost = true;
    if (!rw_settle_find_writers(s, c, error)) return false;
    rw_verdict verdict = ask_policy(s, c);
    bool columns = c->cells && c->after.data && (verdict == RW_VERDICT_ADD || verdict == RW_VERDICT_MERGE);
    return (!columns || rw_settle_write_columns(s, c, &lost, error)) && count(s, c, lost);
}

static bool settle_key(rw_settle *s, rw_case *c, GError **error)
{
    if (!rw_settle_read(s, c, error)) return false;
    switch ((rw_row_state)GPOINTER_TO_INT(g_hash_table_lookup(s->states, &c->row))) {
    case RW_ROW_OWNED:
        /* What was added to or merged once is so again; a row of our own is written as it comes. */
        if (c->b->policy->remembers & RW_REMEMBERS_ENDS && !c->equal) return settle_free(s, c, error);
        return take_whole(s, c, error);
    case RW_ROW_LOST: return c->partly && c->b->policy->remembers & RW_REMEMBERS_ENDS ? settle_rest(s, c, error) : settle_lost(s, c, error);
    case RW_ROW_LATE: s->counts.applied++; return true;
    case RW_ROW_FREE: break;
    }
    return settle_free(s, c, error);
}

/* --- a change --- */

/* Rows that no key tells apart: the whole row is what is found or not, and a conflict is a person's. */
static bool settle_exact(rw_settle *s, rw_case *c, GError **error)
{
    static const char advice[] = "rows of this table cannot be told apart by a key, so no policy can settle it; give the table a primary key";
    rw_item row;
    if (!rw_row_items_row(&s->items, c->b, rw_case_key_image(c->before, c->after), &row)) return rw_row_misfit(c->b, error);
    c->row = row;
    if (!rw_settle_find(s, c, row, &c->last, &c->has_last, error)) return false;
    c->equal = true; /* the statement finds the whole row, or nothing */
    if (c->has_last && !accepted(s, c)) return rw_settle_stop(s, c, "conflict", advice, error);
    if (!rw_settle_exact_sql(s, c)) return rw_row_misfit(c->b, error);
    rw_settle_list(s, c);
    rw_write_outcome outcome = rw_settle_execute(s, c, !c->foreign_key_checks_off, error);
    if (outcome == RW_WRITE_FAILED) return false;
    if (outcome != RW_WROTE) return rw_settle_stop(s, c, "a constraint of the target refuses the change", advice, error);
    if (s->affected == 1) return count(s, c, false);
    if (is_early(s, c)) {
        bool over;
        if (!rw_settle_wait_gap(s, c, true, &over, error)) return false;
    }
    return rw_settle_stop(s, c, "drift: no row is exactly what the change expects", "no concurrent write explains it", error);
}

static bool keys_differ(rw_settle *s, const rw_binding *b, const rw_row *row, bool *differ, GError **error)
{
    rw_item was, is;
    if (!rw_row_items_row(&s->items, b, row->before, &was) || !rw_row_items_row(&s->items, b, row->after, &is)) return rw_row_misfit(b, error);
    *differ = !rw_item_equal(was, is);
    return true;
}

/* Nothing stands against either key: the row moves in one statement, so that those who refer to it are not orphaned. */
static bool move_row(rw_settle *s, const rw_case *whole, bool *moved, GError **error)
{
    rw_case was = *whole, is = *whole;
    was.after = is.before = (rw_slice){NULL, 0};
    *moved = false;
    if (!rw_settle_read(s, &was, error) || !rw_settle_read(s, &is, error) || !rw_settle_find_writers(s, &was, error) || !rw_settle_find_writers(s, &is, error)) return false;
    bool own = g_hash_table_contains(s->states, &was.row) || g_hash_table_contains(s->states, &is.row);
    if (own || was.has_last || was.has_ended || is.has_last || is.has_ended || !was.equal || !is.equal) return true;
    if (!rw_settle_exact_sql(s, whole)) return rw_row_misfit(whole->b, error);
    rw_write_outcome outcome = rw_settle_execute(s, whole, !whole->foreign_key_checks_off, error);
    if (outcome != RW_WROTE) return outcome != RW_WRITE_FAILED;
    *moved = true;
    rw_settle_list(s, &was);
    rw_settle_list(s, &is);
    set_state(s, &was, RW_ROW_OWNED);
    set_state(s, &is, RW_ROW_OWNED);
    s->counts.applied++;
    return true;
}

static bool settle_moved(rw_settle *s, const rw_case *whole, GError **error)
{
    bool moved;
    if (!move_row(s, whole, &moved, error)) return false;
    if (moved) return true;
    rw_case end = *whole, beginning = *whole;
    end.op = RW_DELETE;
    end.after = (rw_slice){NULL, 0};
    beginning.op = RW_INSERT;
    beginning.before = (rw_slice){NULL, 0};
    rw_settle_counts before = s->counts;
    if (!settle_key(s, &end, error) || !settle_key(s, &beginning, error)) return false;
    /* One change was captured: it counts as what became of the row that it leaves. */
    bool lost = s->counts.discarded - before.discarded == 2;
    s->counts.discarded = before.discarded + lost;
    s->counts.applied = before.applied + !lost;
    return true;
}

static bool announce_origin(rw_settle *s, unsigned origin, GError **error)
{
    if (!s->several || s->announced == origin) return true;
    s->announced = origin;
    g_string_truncate(s->sql, 0);
    rw_origin_sql(s->o.source, origin, s->sql);
    return rw_connection_run(s->o.target, s->sql->str, error);
}

static bool settle_row(rw_settle *s, const rw_txn *txn, const rw_row *row, GError **error)
{
    unsigned table;
    bool differ = false;
    if (!rw_tables_number(s->o.tables, row->table, s->o.target, &table, error)) return false;
    rw_case c = {.b = rw_tables_at(s->o.tables, table), .txn = txn, .op = row->op, .before = row->before, .after = row->after,
                 .foreign_key_checks_off = row->foreign_key_checks_off, .unchecked = row->unchecked, .partly = row->partly, .author = row->author, .first = row->first};
    s->listed_txn = rw_author_list_number(&s->authors, row->author, &s->writers);
    if (!announce_origin(s, row->author->origin, error)) return false;
    if (c.b->policy->causal && is_early(s, &c)) {
        bool over;
        return rw_settle_wait_gap(s, &c, false, &over, error);
    }
    if (!c.b->settles) return settle_exact(s, &c, error);
    if (row->op == RW_UPDATE && !keys_differ(s, c.b, row, &differ, error)) return false;
    return differ ? settle_moved(s, &c, error) : settle_key(s, &c, error);
}

static bool tell_own(rw_settle *s, const rw_case *c, GError **error)
{
    g_autoptr(GString) sql = g_string_new(NULL);
    rw_change_own_sql(c->b, c->after, s->o.source, sql);
    return rw_connection_run(s->o.target, sql->str, error);
}

bool rw_settle_lose(rw_settle *s, const rw_case *c, const rw_record *one, GError **error)
{
    s->counts.conflicts++;
    s->fell = true;
    bool told = (rw_row_state)GPOINTER_TO_INT(g_hash_table_lookup(s->states, &c->row)) == RW_ROW_LOST; /* by an earlier change of it */
    return rw_record_write(one, &s->scratch, s->o.target, error) && rw_settle_delete_row(s, c, error) &&
           (told || tell_own(s, c, error));
}

/* --- locks --- */

static bool send_locks(rw_settle *s, GString *sql, unsigned *n, GError **error)
{
    bool ok = *n == 0 || rw_connection_send(s->o.target, rw_slice_of(sql->str, sql->len), error);
    for (unsigned i = 0; ok && i < *n; i++) {
        g_autoptr(rw_result) rows = NULL;
        ok = rw_connection_next_result(s->o.target, &rows, NULL, error);
    }
    g_string_truncate(sql, 0);
    *n = 0;
    return ok;
}

static bool append_lock(rw_settle *s, const rw_binding *b, rw_slice image, GString *sql, unsigned *n, GError **error)
{
    if (!image.data) return true;
    const char *where = rw_settle_where(s, b, image);
    if (!where) return rw_row_misfit(b, error);
    g_string_append_printf(sql, "SELECT 1 FROM %s WHERE %s FOR UPDATE;", b->quoted, where);
    return ++*n < PACKET_ROWS || send_locks(s, sql, n, error);
}

static bool lock_rows(rw_settle *s, const rw_batch *batch, const rw_txn *txn, GError **error)
{
    g_autoptr(GString) sql = g_string_new(NULL);
    unsigned n = 0;
    for (unsigned i = txn->first_row; i < txn->first_row + txn->n_rows; i++) {
        const rw_row *row = rw_batch_row(batch, i);
        unsigned table;
        if (!rw_tables_number(s->o.tables, row->table, s->o.target, &table, error)) return false;
        const rw_binding *b = rw_tables_at(s->o.tables, table);
        if (!b->settles) continue;
        if (!append_lock(s, b, row->before, sql, &n, error) || !append_lock(s, b, row->after, sql, &n, error)) return false;
    }
    return send_locks(s, sql, &n, error);
}

bool rw_settle_refresh(rw_settle *s, GError **error)
{
    rw_target_pos place = {0};
    bool ok = rw_session_log_place(s->o.target, &place, error) && rw_session_await(s->o.target, s->o.trouble->memory, &place, s->o.stop, error);
    rw_target_pos_clear(&place);
    rw_trouble_look(s->o.trouble);
    return ok;
}

bool rw_settle_rows(rw_settle *s, const rw_batch *batch, const rw_txn *txn, GError **error)
{
    rw_tables_begin_window(s->o.tables);
    bool ok = lock_rows(s, batch, txn, error) && rw_settle_refresh(s, error);
    for (unsigned i = txn->first_row; ok && i < txn->first_row + txn->n_rows; i++) ok = settle_row(s, txn, rw_batch_row(batch, i), error);
    return ok;
}

static bool head_row(rw_settle *s, const rw_row *row, GError **error)
{
    unsigned table;
    rw_item item;
    const rw_slice images[] = {row->before, row->after};
    if (!rw_tables_number(s->o.tables, row->table, s->o.target, &table, error)) return false;
    const rw_binding *b = rw_tables_at(s->o.tables, table);
    unsigned first = rw_author_list_number(&s->authors, row->first, &s->writers), last = rw_author_list_number(&s->authors, row->author, &s->writers);
    for (unsigned i = 0; i < G_N_ELEMENTS(images); i++) {
        if (!images[i].data) continue;
        if (!rw_row_items_row(&s->items, b, images[i], &item)) return rw_row_misfit(b, error);
        if (first != last) rw_writers_add_item(&s->writers, item, first, false);
        rw_writers_add_item(&s->writers, item, last, false);
    }
    return true;
}

bool rw_settle_head(rw_settle *s, const rw_batch *batch, const rw_txn *txn, GError **error)
{
    rw_writers_reset(&s->writers, RW_WRITERS_PLAIN);
    s->several = false;
    s->announced = 0;
    rw_tables_begin_window(s->o.tables);
    for (unsigned i = txn->first_row; i < txn->first_row + txn->n_rows; i++)
        if (!head_row(s, rw_batch_row(batch, i), error)) return false;
    for (guint i = 1; i < s->writers.txns->len; i++)
        s->several |= g_array_index(s->writers.txns, rw_window_txn, i).origin != g_array_index(s->writers.txns, rw_window_txn, 0).origin;
    if (!s->writers.txns->len) rw_author_list_number(&s->authors, txn->author, &s->writers);
    if (s->writers.txns->len == 1) g_array_set_size(s->writers.items, 0); /* there is nothing to tell apart */
    return true;
}
