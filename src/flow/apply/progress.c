#include "flow/apply/progress.h"

#include "server/schema.h"

enum { KEPT_ROWS = RW_PROGRESS_ROWS / 2 }; /* recent windows stay readable for people, and a DELETE comes with every 64th only */

void rw_progress_clear(rw_progress *p)
{
    rw_source_pos_clear(&p->pos);
    rw_gtid_state_clear(&p->gtid);
    rw_target_pos_clear(&p->memory.pos);
    g_free(p->intents);
    *p = (rw_progress){0};
}

static bool take_histories(rw_progress *p, const rw_slice *c, GError **error)
{
    g_autofree char *seen = rw_cell_text(c[0]), *memory_seen = rw_cell_text(c[1]);
    p->memory.pos.file = rw_cell_text(c[2]);
    p->memory.pos.offset_bytes = rw_cell_number(c[3]);
    p->memory.history.stamp_us = rw_cell_number(c[4]);
    g_autofree char *carries = rw_cell_text(c[8]);
    if (!rw_origins_parse(&p->carries, carries))
        return rw_fail(error, RW_ERR_STOP, "ringway.progress.carries holds '%s', which is not a list of sites; restore the row or run init again", carries);
    bool parsed = rw_seen_parse(&p->history.seen, seen) && rw_seen_parse(&p->memory.history.seen, memory_seen);
    p->history.own_us = rw_history_own(&p->history, p->source);
    if (parsed) return true;
    return rw_fail(error, RW_ERR_STOP, "ringway.progress.seen holds '%s', memory_seen '%s', which are not lists of site:stamp; restore the row or run init again",
                   seen ? seen : "", memory_seen ? memory_seen : "");
}

static void take_hosts(rw_progress *p, const rw_slice *c)
{
    g_autofree char *source = rw_cell_text(c[0]), *memory = rw_cell_text(c[1]);
    g_strlcpy(p->source_host, source ? source : "", sizeof p->source_host);
    g_strlcpy(p->memory_host, memory ? memory : "", sizeof p->memory_host);
    p->memory.seq = rw_cell_number(c[2]);
}

static bool take_mark(rw_progress *p, rw_slice cell, GError **error)
{
    g_autofree char *text = rw_cell_text(cell);
    return rw_mark_parse(text, p->cluster, &p->mark) ||
           rw_fail(error, RW_ERR_STOP, "ringway.progress.source_mark holds '%s', which is not a mark; empty it or run init again", text);
}

static bool take_row(rw_progress *p, const rw_slice *c, const rw_dialect *source, GError **error)
{
    g_autofree char *file = rw_cell_text(c[1]), *gtid = rw_cell_text(c[3]);
    p->seq = rw_cell_number(c[0]);
    p->first_seq = rw_cell_number(c[26]);
    rw_source_pos_set(&p->pos, file, rw_cell_number(c[2]), gtid);
    p->history.stamp_us = rw_cell_number(c[4]);
    p->commit_us = rw_cell_number(c[5]);
    p->counts = (rw_link_counts){rw_cell_number(c[6]), rw_cell_number(c[7]), rw_cell_number(c[8]), rw_cell_number(c[9]),
                                 rw_cell_number(c[10]), rw_cell_number(c[11]), rw_cell_number(c[14]), rw_cell_number(c[15])};
    p->intents = rw_cell_text(c[12]);
    take_hosts(p, c + 21);
    return take_histories(p, c + 16, error) && take_mark(p, c[25], error) &&
           rw_gtid_state_parse(&p->gtid, *gtid || rw_cell_number(c[13]) ? source->gtid_kind : RW_GTID_NONE, gtid, error);
}

bool rw_progress_load(rw_progress *p, unsigned source, const rw_dialect *source_dialect, rw_connection *target, GError **error)
{
    rw_progress_clear(p);
    p->source = source;
    /* An empty GTID text with file and offset empty, too, means: by GTID, from the very beginning. */
    g_autoptr(rw_result) rows = rw_connection_queryf(
        target, error,
        "SELECT seq, file, offset_bytes, gtid, stamp_us, commit_us, transactions, captured, applied, filtered, discarded, ddl, intents, "
        "file = '', conflicts, drift, seen, memory_seen, memory_file, memory_offset_bytes, memory_stamp_us, source_host, memory_host, memory_seq, carries, source_mark, "
        "(SELECT COALESCE(MAX(IF(commit_us = 0, seq, NULL)), MIN(seq)) FROM ringway.progress WHERE source = %u AND lane = 0) FROM ringway.progress WHERE source = %u AND lane = 0 ORDER BY seq DESC LIMIT 1", source, source);
    if (!rows) return false;
    rw_slice c[27];
    if (!rw_result_next(rows, c, 27))
        return rw_fail(error, RW_ERR_CONFIG, "site %s: ringway.progress has no start for the link from site %u; run 'ringway init'", target->site, source);
    return take_row(p, c, source_dialect, error);
}

bool rw_progress_tells(const rw_progress *p, const rw_txn *txn)
{
    for (unsigned i = 0; i < txn->seen->n; i++) {
        unsigned origin = txn->seen->at[i].origin;
        if (rw_origins_has(&p->carries, origin) && txn->seen->at[i].stamp_us > rw_seen_of(&p->history.seen, origin)) return true;
    }
    return false;
}

bool rw_progress_advance(rw_progress *p, const rw_txn *txn, GError **error)
{
    if (txn->partial) {
        p->history.seen = *txn->seen;
        return true;
    }
    bool same_file = p->pos.file && strcmp(p->pos.file, txn->file) == 0;
    p->unwritten_bytes += same_file && txn->end_bytes > p->pos.offset_bytes ? txn->end_bytes - p->pos.offset_bytes : txn->end_bytes;
    if (!same_file) {
        g_free(p->pos.file);
        p->pos.file = g_strdup(txn->file);
    }
    p->pos.offset_bytes = txn->end_bytes;
    p->history = (rw_history){.stamp_us = txn->top_us, .seen = *txn->seen, .own_us = txn->own_us};
    if (!txn->dropped) p->commit_us = txn->commit_us;
    p->mark = txn->mark ? *txn->mark : (rw_mark){0};
    if (g_strcmp0(p->intents, txn->intents) != 0) {
        g_free(p->intents);
        p->intents = g_strdup(txn->intents);
    }
    return rw_gtid_state_advance(&p->gtid, txn->gtid, error);
}

static void append_number(GString *sql, const char *name, uint64_t n) { g_string_append_printf(sql, ",%s=%" G_GUINT64_FORMAT, name, n); }

static void append_named(GString *sql, const char *name, const char *text)
{
    g_string_append_printf(sql, ",%s=", name);
    if (text) rw_sql_quote(sql, rw_slice_str(text));
    else g_string_append(sql, "NULL");
}

/* What the source had seen at the place, and of its own changes the last one before it. All sites fit. */
static char *format_seen(const rw_progress *p)
{
    rw_seen seen = p->history.seen;
    (void)rw_seen_raise(&seen, p->source, p->history.own_us);
    return rw_seen_format(&seen);
}

/* ",name=value" for every column that a window moves. */
static void append_values(const rw_progress *p, rw_slice writers, GString *sql)
{
    const rw_link_counts *n = &p->counts;
    const struct { const char *name; uint64_t value; } numbers[] = {
        {"offset_bytes", p->pos.offset_bytes}, {"stamp_us", p->history.stamp_us}, {"commit_us", p->commit_us},
        {"transactions", n->transactions}, {"captured", n->captured}, {"applied", n->applied}, {"filtered", n->filtered},
        {"discarded", n->discarded}, {"ddl", n->ddl}, {"conflicts", n->conflicts}, {"drift", n->drift},
        {"memory_offset_bytes", p->memory.pos.offset_bytes}, {"memory_stamp_us", p->memory.history.stamp_us},
        {"memory_seq", p->memory.seq}};
    g_autofree char *gtid = rw_gtid_state_format(&p->gtid), *seen = format_seen(p);
    g_autofree char *memory_seen = rw_seen_format(&p->memory.history.seen), *carries = rw_origins_format(&p->carries);
    g_autofree char *mark = rw_mark_format(p->cluster, &p->mark);
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) append_number(sql, numbers[i].name, numbers[i].value);
    append_named(sql, "file", p->pos.file ? p->pos.file : "");
    append_named(sql, "gtid", gtid);
    append_named(sql, "seen", seen);
    append_named(sql, "memory_file", p->memory.pos.file ? p->memory.pos.file : "");
    append_named(sql, "memory_seen", memory_seen);
    append_named(sql, "source_host", p->source_host);
    append_named(sql, "memory_host", p->memory_host);
    append_named(sql, "carries", carries);
    append_named(sql, "source_mark", mark);
    if (!writers.data) return;
    g_string_append(sql, ",writers=");
    rw_sql_hex(sql, writers);
}

void rw_progress_insert_sql(rw_progress *p, const rw_progress_window *window, GString *sql)
{
    p->seq++;
    p->unwritten_bytes = 0;
    g_string_append_printf(sql, "INSERT INTO ringway.progress SET source=%u,lane=%u,seq=%" G_GUINT64_FORMAT ",origin=%u", p->source, p->lane, p->seq,
                           window->origin);
    append_values(p, window->writers, sql);
    append_named(sql, "first_gtid", window->first_gtid);
    append_named(sql, "last_gtid", window->last_gtid);
    append_named(sql, "intents", p->intents);
}

void rw_progress_update_sql(const rw_progress *p, rw_slice writers, GString *sql)
{
    g_string_append(sql, "UPDATE ringway.progress SET lane=lane");
    append_values(p, writers, sql);
    g_string_append_printf(sql, " WHERE source=%u AND lane=%u AND seq=%" G_GUINT64_FORMAT, p->source, p->lane, p->seq);
}

bool rw_progress_trim_sql(const rw_progress *p, GString *sql)
{
    if (p->seq % KEPT_ROWS != 0 || p->seq <= KEPT_ROWS) return false;
    g_string_append_printf(sql, "DELETE FROM ringway.progress WHERE source=%u AND lane=%u AND seq<>%" G_GUINT64_FORMAT " AND seq<=%" G_GUINT64_FORMAT, p->source, p->lane,
                           p->first_seq, p->seq - KEPT_ROWS);
    return true;
}
