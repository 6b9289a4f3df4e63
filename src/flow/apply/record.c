#include "flow/apply/record.h"

#include "flow/apply/rowjson.h"

static void add_text(GString *sql, const char *text)
{
    g_string_append_c(sql, ',');
    if (text) rw_sql_quote(sql, rw_slice_str(text));
    else g_string_append(sql, "NULL");
}

static void add_number(GString *sql, uint64_t n) { g_string_append_printf(sql, ",%" G_GUINT64_FORMAT, n); }

static const char columns[] = "origin,offset_bytes,stamp_us,link,kind,policy,verdict,state,operation,gtid,file,reason,current_origin,current_stamp_us,"
                              "current_gtid,schema_name,table_name,key_value,before_row,incoming_row,current_row";

static void add_head(const rw_record *r, GString *sql)
{
    g_autofree char *gtid = g_strconcat(r->txn->gtid, r->own ? RW_OWN_MARK : "", NULL);
    const char *const texts[] = {r->link, r->kind, r->policy, r->verdict, r->state ? r->state : "settled", r->operation, gtid, r->txn->file, r->reason};
    g_string_append_printf(sql, "%u", r->author->origin);
    add_number(sql, r->txn->start_bytes);
    add_number(sql, r->author->stamp_us);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) add_text(sql, texts[i]);
    if (!r->current) {
        g_string_append(sql, ",NULL,NULL,NULL");
        return;
    }
    add_number(sql, r->current->origin);
    add_number(sql, r->current->stamp_us);
    add_text(sql, r->current->gtid);
}

static bool keep_large(const GPtrArray *large, const char *side, rw_connection *target, GError **error)
{
    g_autoptr(GString) sql = g_string_new(NULL);
    for (guint i = 0; large && i < large->len; i++) {
        const rw_large_value *one = g_ptr_array_index((GPtrArray *)large, i);
        gsize len;
        const uint8_t *bytes = g_bytes_get_data(one->value, &len);
        g_string_printf(sql, "INSERT INTO ringway.conflict_value (conflict,side,column_name,value) VALUES (@rw_conflict,'%s'", side);
        add_text(sql, one->column);
        g_string_append(sql, ",_binary");
        rw_sql_quote(sql, rw_slice_of(bytes, len));
        g_string_append_c(sql, ')');
        if (!rw_connection_run(target, sql->str, error)) return false;
    }
    return true;
}

static guint count(const GPtrArray *large) { return large ? large->len : 0; }

bool rw_record_write_texts(const rw_record *r, const rw_record_texts *t, rw_connection *target, GError **error)
{
    g_autoptr(GString) sql = g_string_new(NULL);
    const char *const texts[] = {t->schema, t->table, t->key, t->before, t->incoming, t->current};
    g_string_printf(sql, "INSERT INTO ringway.conflict (%s) VALUES (", columns);
    add_head(r, sql);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) add_text(sql, texts[i]);
    g_string_append_c(sql, ')');
    if (!rw_connection_run(target, sql->str, error)) return false;
    if (count(t->large_before) + count(t->large_incoming) + count(t->large_current) == 0) return true;
    return rw_connection_run(target, "SET @rw_conflict = LAST_INSERT_ID()", error) && keep_large(t->large_before, "before", target, error) &&
           keep_large(t->large_incoming, "incoming", target, error) && keep_large(t->large_current, "current", target, error);
}

static char *row_text(const rw_record *r, rw_row_scratch *scratch, rw_slice image, const rw_slice *cells, bool key_only, GPtrArray *large)
{
    const rw_slice *split = NULL;
    if (!cells && (!image.data || !(split = rw_row_split(scratch, r->b, image)))) return NULL;
    GString *out = g_string_new(NULL);
    rw_row_json(scratch, r->b, split, cells, key_only, out, large);
    return g_string_free(out, FALSE);
}

bool rw_record_write(const rw_record *r, rw_row_scratch *scratch, rw_connection *target, GError **error)
{
    g_autoptr(GPtrArray) large_before = rw_large_values_new();
    g_autoptr(GPtrArray) large_after = rw_large_values_new();
    g_autoptr(GPtrArray) large_current = rw_large_values_new();
    g_autofree char *key = row_text(r, scratch, r->before.data ? r->before : r->after, NULL, true, NULL);
    g_autofree char *before = row_text(r, scratch, r->before, NULL, false, large_before);
    g_autofree char *after = row_text(r, scratch, r->after, NULL, false, large_after);
    g_autofree char *current = r->cells ? row_text(r, scratch, r->before, r->cells, false, large_current) : NULL;
    const rw_record_texts texts = {r->b->source->schema, r->b->source->name, key, before, after, current, large_before, large_after, large_current};
    return rw_record_write_texts(r, &texts, target, error);
}

void rw_record_trim_sql(unsigned keep_days, GString *sql)
{
    g_string_append_printf(sql, "DELETE FROM ringway.conflict WHERE at < NOW(6) - INTERVAL %u DAY LIMIT 1000", keep_days);
}

void rw_record_trim_values_sql(GString *sql)
{
    g_string_append(sql, "DELETE FROM ringway.conflict_value WHERE conflict NOT IN (SELECT id FROM ringway.conflict) LIMIT 1000");
}
