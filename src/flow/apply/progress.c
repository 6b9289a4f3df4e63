#include "flow/apply/progress.h"

enum { KEPT_ROWS = 64 }; /* recent windows stay readable for people, and a DELETE comes with every 64th only */

void rw_progress_clear(rw_progress *p)
{
    rw_source_pos_clear(&p->pos);
    rw_gtid_state_clear(&p->gtid);
    g_free(p->intents);
    *p = (rw_progress){0};
}

static bool take_row(rw_progress *p, const rw_slice *c, const rw_dialect *source, GError **error)
{
    g_autofree char *file = g_strndup((const char *)c[1].data, c[1].len);
    g_autofree char *gtid = g_strndup((const char *)c[3].data, c[3].len);
    p->seq = rw_cell_number(c[0]);
    rw_source_pos_set(&p->pos, file, rw_cell_number(c[2]), gtid);
    p->stamp_us = rw_cell_number(c[4]);
    p->commit_us = rw_cell_number(c[5]);
    p->counts = (rw_link_counts){rw_cell_number(c[6]), rw_cell_number(c[7]), rw_cell_number(c[8]), rw_cell_number(c[9]), rw_cell_number(c[10]), rw_cell_number(c[11])};
    p->intents = c[12].data ? g_strndup((const char *)c[12].data, c[12].len) : NULL;
    return rw_gtid_state_parse(&p->gtid, *gtid || rw_cell_number(c[13]) ? source->gtid_kind : RW_GTID_NONE, gtid, error);
}

bool rw_progress_load(rw_progress *p, unsigned source, const rw_dialect *source_dialect, rw_connection *target, GError **error)
{
    rw_progress_clear(p);
    p->source = source;
    /* An empty GTID text with file and offset empty, too, means: by GTID, from the very beginning. */
    g_autoptr(rw_result) rows = rw_connection_queryf(
        target, error,
        "SELECT seq, file, offset_bytes, gtid, stamp_us, commit_us, transactions, captured, applied, filtered, discarded, ddl, intents, "
        "file = '' FROM ringway.progress WHERE source = %u AND lane = 0 ORDER BY seq DESC LIMIT 1", source);
    if (!rows) return false;
    rw_slice c[14];
    if (!rw_result_next(rows, c, 14))
        return rw_fail(error, RW_ERR_CONFIG, "site %s: ringway.progress has no start for the link from site %u; run 'ringway init'", target->site, source);
    return take_row(p, c, source_dialect, error);
}

bool rw_progress_advance(rw_progress *p, const rw_txn *txn, GError **error)
{
    bool same_file = p->pos.file && strcmp(p->pos.file, txn->file) == 0;
    p->unwritten_bytes += same_file && txn->end_bytes > p->pos.offset_bytes ? txn->end_bytes - p->pos.offset_bytes : txn->end_bytes;
    if (!same_file) {
        g_free(p->pos.file);
        p->pos.file = g_strdup(txn->file);
    }
    p->pos.offset_bytes = txn->end_bytes;
    p->stamp_us = txn->stamp_us;
    if (!txn->dropped) p->commit_us = txn->commit_us;
    if (g_strcmp0(p->intents, txn->intents) != 0) {
        g_free(p->intents);
        p->intents = g_strdup(txn->intents);
    }
    return rw_gtid_state_advance(&p->gtid, txn->gtid, error);
}

static void append_text(GString *sql, const char *text)
{
    rw_sql_quote(sql, rw_slice_str(text ? text : ""));
    g_string_append_c(sql, ',');
}

void rw_progress_insert_sql(rw_progress *p, unsigned origin, const char *first_gtid, const char *last_gtid, GString *sql)
{
    g_autofree char *gtid = rw_gtid_state_format(&p->gtid);
    const rw_link_counts *n = &p->counts;
    p->seq++;
    p->unwritten_bytes = 0;
    g_string_append_printf(sql,
                           "INSERT INTO ringway.progress (source, lane, seq, origin, offset_bytes, stamp_us, commit_us, transactions, captured, "
                           "applied, filtered, discarded, ddl, file, gtid, first_gtid, last_gtid, intents) VALUES (%u,%u,%" G_GUINT64_FORMAT
                           ",%u,%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT
                           ",%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT ",",
                           p->source, p->lane, p->seq, origin, p->pos.offset_bytes, p->stamp_us, p->commit_us, n->transactions, n->captured,
                           n->applied, n->filtered, n->discarded, n->ddl);
    append_text(sql, p->pos.file);
    append_text(sql, gtid);
    append_text(sql, first_gtid);
    append_text(sql, last_gtid);
    if (p->intents) rw_sql_quote(sql, rw_slice_str(p->intents));
    else g_string_append(sql, "NULL");
    g_string_append_c(sql, ')');
}

void rw_progress_update_sql(const rw_progress *p, GString *sql)
{
    g_autofree char *gtid = rw_gtid_state_format(&p->gtid);
    const rw_link_counts *n = &p->counts;
    g_string_append_printf(sql,
                           "UPDATE ringway.progress SET offset_bytes=%" G_GUINT64_FORMAT ",stamp_us=%" G_GUINT64_FORMAT
                           ",commit_us=%" G_GUINT64_FORMAT ",transactions=%" G_GUINT64_FORMAT ",captured=%" G_GUINT64_FORMAT
                           ",applied=%" G_GUINT64_FORMAT ",filtered=%" G_GUINT64_FORMAT ",discarded=%" G_GUINT64_FORMAT
                           ",ddl=%" G_GUINT64_FORMAT ",file=",
                           p->pos.offset_bytes, p->stamp_us, p->commit_us, n->transactions, n->captured, n->applied, n->filtered,
                           n->discarded, n->ddl);
    append_text(sql, p->pos.file);
    g_string_append(sql, "gtid=");
    rw_sql_quote(sql, rw_slice_str(gtid));
    g_string_append_printf(sql, " WHERE source=%u AND lane=%u AND seq=%" G_GUINT64_FORMAT, p->source, p->lane, p->seq);
}

bool rw_progress_trim_sql(const rw_progress *p, GString *sql)
{
    if (p->seq % KEPT_ROWS != 0 || p->seq <= KEPT_ROWS) return false;
    g_string_append_printf(sql, "DELETE FROM ringway.progress WHERE source=%u AND lane=%u AND seq<=%" G_GUINT64_FORMAT, p->source, p->lane,
                           p->seq - KEPT_ROWS);
    return true;
}
