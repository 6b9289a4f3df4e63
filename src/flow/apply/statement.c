#include "flow/apply/statement.h"

enum { NO_FOREIGN_KEY_CHECKS = 1u << 26, RELAXED_UNIQUE_CHECKS = 1u << 27, SHOWN_BYTES = 400 };

void rw_intent_clear(rw_intent *intent)
{
    g_free(intent->file);
    g_free(intent->gtid);
    g_free(intent->text);
    rw_target_pos_clear(&intent->place);
    *intent = (rw_intent){0};
}

bool rw_intent_load(rw_intent *intent, unsigned source, rw_connection *target, GError **error)
{
    rw_intent_clear(intent);
    g_autoptr(rw_result) rows = rw_connection_queryf(
        target, error,
        "SELECT intent, connection_id, source_file, source_offset_bytes, gtid, statement, target_file, target_offset_bytes, target_host "
        "FROM ringway.session WHERE source = %u AND lane = 0", source);
    if (!rows) return false;
    rw_slice c[9];
    if (!rw_result_next(rows, c, 9)) return true;
    intent->state = (rw_intent_state)rw_cell_number(c[0]);
    intent->connection_id = rw_cell_number(c[1]);
    intent->file = rw_cell_text(c[2]);
    intent->start_bytes = rw_cell_number(c[3]);
    intent->gtid = rw_cell_text(c[4]);
    intent->text = rw_cell_text(c[5]);
    intent->place = (rw_target_pos){rw_cell_text(c[6]), rw_cell_number(c[7])};
    g_autofree char *host = rw_cell_text(c[8]);
    g_strlcpy(intent->host, host, sizeof intent->host);
    return true;
}

bool rw_intent_is_for(const rw_intent *intent, const rw_txn *txn)
{
    if (intent->state == RW_INTENT_NONE) return false;
    if (*txn->gtid || *intent->gtid) return strcmp(intent->gtid, txn->gtid) == 0;
    return strcmp(intent->file, txn->file) == 0 && intent->start_bytes == txn->start_bytes;
}

bool rw_intent_adopt(unsigned source, rw_intent_state state, uint64_t nonce, rw_connection *target, GError **error)
{
    return rw_connection_runf(target, error,
                              "INSERT INTO ringway.session (source, lane, connection_id, nonce, intent, origin, source_file, source_offset_bytes, "
                              "gtid, target_file, target_offset_bytes, statement) VALUES (%u,0,CONNECTION_ID(),%" G_GUINT64_FORMAT
                              ",%d,%u,'',0,'','',0,'') ON DUPLICATE KEY UPDATE connection_id=CONNECTION_ID(),nonce=%" G_GUINT64_FORMAT ",intent=%d",
                              source, nonce, (int)state, source, nonce, (int)state);
}

bool rw_statement_announce(const rw_txn *txn, unsigned source, const rw_target_pos *place, rw_connection *target, GError **error)
{
    g_autoptr(GString) sql = g_string_new("UPDATE ringway.session SET connection_id=CONNECTION_ID(),intent=1,");
    g_string_append_printf(sql, "origin=%u,stamp_us=%" G_GUINT64_FORMAT ",source_offset_bytes=%" G_GUINT64_FORMAT ",target_offset_bytes=%" G_GUINT64_FORMAT
                           ",source_file=", txn->author->origin, txn->author->stamp_us, txn->start_bytes, place->offset_bytes);
    rw_sql_quote(sql, rw_slice_str(txn->file));
    g_string_append(sql, ",gtid=");
    rw_sql_quote(sql, rw_slice_str(txn->gtid));
    g_string_append(sql, ",target_file=");
    rw_sql_quote(sql, rw_slice_str(place->file));
    g_string_append(sql, ",target_host=");
    rw_sql_quote(sql, rw_slice_str(target->identity));
    g_string_append(sql, ",statement=");
    rw_sql_quote(sql, txn->statement->text);
    g_string_append_printf(sql, " WHERE source=%u AND lane=0", source);
    return rw_connection_run(target, sql->str, error);
}

static void append_session(GString *sql, const rw_statement *s, const rw_dialect *source, const rw_dialect *target)
{
    g_string_append_printf(sql, "SET SESSION foreign_key_checks=%d,unique_checks=%d,timestamp=%u", !(s->flags2 & NO_FOREIGN_KEY_CHECKS),
                           !(s->flags2 & RELAXED_UNIQUE_CHECKS), s->timestamp_s);
    if (s->has_sql_mode) {
        g_autofree char *modes = rw_dialect_sql_mode(source, target, s->sql_mode);
        g_string_append_printf(sql, ",sql_mode='%s'", modes);
    }
    if (s->has_charset)
        g_string_append_printf(sql, ",character_set_client=%u,collation_connection=%u,collation_server=%u",
                               rw_dialect_collation(target, s->charset_client), rw_dialect_collation(target, s->collation_connection),
                               rw_dialect_collation(target, s->collation_server));
    if (s->time_zone && (*s->time_zone == '+' || *s->time_zone == '-')) g_string_append_printf(sql, ",time_zone='%.6s'", s->time_zone);
}

static bool refused(const rw_statement *s, rw_connection *target, GError *cause, GError **error)
{
    bool passes = g_error_matches(cause, RW_ERROR, RW_ERR_RETRY);
    rw_fail(error, passes ? RW_ERR_RETRY : RW_ERR_CONFLICT,
            "%s cannot be executed on site %s: %s; the statement: %.*s; make it possible there and resume, or do by hand what it is for and skip", s->what,
            target->site, cause->message, (int)MIN(s->text.len, SHOWN_BYTES), (const char *)s->text.data);
    g_error_free(cause);
    return false;
}

bool rw_statement_execute(const rw_statement *s, const rw_dialect *source, rw_connection *target, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GString) sql = g_string_new(NULL);
    if (*s->schema && !s->drops_default_schema) {
        g_string_append(sql, "USE ");
        rw_sql_name(sql, s->schema);
        g_string_append_c(sql, ';');
    }
    append_session(sql, s, source, target->dialect);
    if (!rw_connection_run(target, sql->str, &cause)) return refused(s, target, cause, error);
    bool done = rw_connection_send(target, s->text, &cause) && rw_connection_next_result(target, NULL, NULL, &cause);
    while (done && rw_connection_has_more(target)) done = rw_connection_next_result(target, NULL, NULL, &cause);
    if (done) return true;
    if (s->error_code && rw_connection_errno(target) == s->error_code) { /* it failed in the same way at the source, and changed as much */
        g_error_free(cause);
        return true;
    }
    return refused(s, target, cause, error);
}

void rw_statement_close_sql(unsigned source, GString *sql)
{
    g_string_append_printf(sql, "UPDATE ringway.session SET intent=0,statement='' WHERE source=%u AND lane=0", source);
}
