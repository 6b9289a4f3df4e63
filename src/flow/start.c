#include "flow/start.h"

#include "flow/apply/session.h"
#include "server/schema.h"

bool rw_start_create_schema(rw_connection *site, bool *created, GError **error)
{
    unsigned wanted = 0;
    while (rw_schema_sql[wanted]) wanted++;
    g_autofree char *there = rw_connection_value(site, "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'ringway'", error);
    if (!there) return false;
    *created = g_ascii_strtoull(there, NULL, 10) + 1 < wanted; /* the first statement creates the schema itself */
    for (unsigned i = 0; *created && i < wanted; i++)
        if (!rw_connection_run(site, rw_schema_sql[i], error)) return false;
    return true;
}

/* What has a number of the cluster is found in every node's log. A log that was purged, or switched on just now, may hold nothing that has one. */
static bool leave_anchor(rw_connection *source, GError **error)
{
    return !*source->cluster || (rw_connection_run(source, "BEGIN", error) && rw_connection_run(source, "INSERT INTO ringway.origin (source,lane,origin,n) VALUES (0,0,0,0)", error) &&
                                 rw_connection_run(source, "DELETE FROM ringway.origin WHERE source=0 AND lane=0", error) && rw_connection_run(source, "COMMIT", error));
}

bool rw_start_position_now(rw_connection *source, rw_source_pos *pos, GError **error)
{
    if (!leave_anchor(source, error)) return false;
    rw_target_pos place = {0};
    GError *failure = NULL;
    g_autofree char *gtid = rw_connection_value(source, source->dialect->sql_gtid, &failure);
    if (failure || !rw_session_log_place(source, &place, &failure)) {
        g_propagate_error(error, failure);
        return false;
    }
    g_autofree char *plain = gtid ? g_strdelimit(g_strdup(gtid), "\r\n\t ", ' ') : NULL;
    rw_source_pos_set(pos, place.file, place.offset_bytes, plain);
    rw_target_pos_clear(&place);
    return true;
}

static void append_text(GString *sql, const char *name, const char *text)
{
    g_string_append_printf(sql, ",%s=", name);
    if (text) rw_sql_quote(sql, rw_slice_str(text));
    else g_string_append(sql, "NULL");
}

/* What a place's row had said of the source itself holds until another change of its own has passed. */
static char *format_seen(unsigned source, const rw_history *history)
{
    rw_seen seen = history->seen;
    if (history->own_us) (void)rw_seen_raise(&seen, source, history->own_us);
    return rw_seen_format(&seen);
}

/* Counters go on. A row that is not given a history keeps that of the row before. */
static bool insert_start(const rw_start *start, rw_connection *target, GError **error)
{
    static const rw_memory_place nowhere = {.pos = {(char *)"", 0}};
    const rw_memory_place *memory = start->memory ? start->memory : &nowhere;
    g_autofree char *seen = start->history ? format_seen(start->source, start->history) : NULL, *memory_seen = rw_seen_format(&memory->history.seen);
    if (!rw_connection_runf(target, error,
                            "INSERT INTO ringway.progress (source,lane,seq,origin,offset_bytes,first_gtid,last_gtid,stamp_us,commit_us,transactions,captured,"
                            "applied,filtered,discarded,ddl,conflicts,drift,seen,file,gtid) SELECT %u,0,COALESCE(MAX(seq),0)+1,%u,%" G_GUINT64_FORMAT
                            ",'','',COALESCE(MAX(stamp_us),0),0,COALESCE(MAX(transactions),0),COALESCE(MAX(captured),0),COALESCE(MAX(applied),0),"
                            "COALESCE(MAX(filtered),0),COALESCE(MAX(discarded),0),COALESCE(MAX(ddl),0),COALESCE(MAX(conflicts),0),COALESCE(MAX(drift),0),"
                            "(SELECT p.seen FROM ringway.progress AS p WHERE p.source=%u AND p.lane=0 ORDER BY p.seq DESC LIMIT 1),'','' "
                            "FROM ringway.progress WHERE source=%u AND lane=0",
                            start->source, start->source, start->pos->offset_bytes, start->source, start->source)) return false;
    g_autoptr(GString) sql = g_string_new("UPDATE ringway.progress SET lane=lane");
    append_text(sql, "file", start->pos->file);
    append_text(sql, "gtid", start->pos->gtid);
    append_text(sql, "memory_file", memory->pos.file);
    append_text(sql, "memory_seen", memory_seen);
    append_text(sql, "source_host", start->host);
    append_text(sql, "memory_host", start->memory_host ? start->memory_host : "");
    g_string_append_printf(sql, ",memory_offset_bytes=%" G_GUINT64_FORMAT ",memory_stamp_us=%" G_GUINT64_FORMAT, memory->pos.offset_bytes, memory->history.stamp_us);
    if (start->history) {
        append_text(sql, "seen", seen);
        g_string_append_printf(sql, ",stamp_us=%" G_GUINT64_FORMAT, start->history->stamp_us);
    }
    g_string_append_printf(sql, " WHERE source=%u AND lane=0 ORDER BY seq DESC LIMIT 1", start->source);
    return rw_connection_run(target, sql->str, error);
}

static bool write_start(const rw_start *start, rw_connection *target, GError **error)
{
    return rw_connection_run(target, "BEGIN", error) && insert_start(start, target, error) &&
           rw_connection_runf(target, error, "INSERT INTO ringway.link (source, name) VALUES (%u, '%s') ON DUPLICATE KEY UPDATE name='%s',skip=NULL,"
                              "state='running',error=NULL,failed=NULL,resumed=resumed+1", start->source, start->link, start->link) &&
           rw_connection_runf(target, error, "UPDATE ringway.session SET intent=0,statement='' WHERE source=%u AND lane=0", start->source) &&
           rw_connection_run(target, "COMMIT", error);
}

bool rw_start_record(const rw_start *start, rw_connection *target, bool replace, bool *recorded, GError **error)
{
    g_autofree char *sql = g_strdup_printf("SELECT COUNT(*) FROM ringway.progress WHERE source = %u", start->source);
    g_autofree char *there = rw_connection_value(target, sql, error);
    if (!there) return false;
    *recorded = replace || strcmp(there, "0") == 0;
    if (!*recorded) return true;
    const rw_session_options lock = {.topology = start->topology, .link = start->link};
    GError *busy = NULL;
    if (!rw_session_take_lock(target, &lock, &busy)) {
        bool held = g_error_matches(busy, RW_ERROR, RW_ERR_STANDBY);
        if (!held) g_propagate_error(error, busy);
        else {
            g_error_free(busy);
            rw_fail(error, RW_ERR_CONFIG, "link %s is being run; end 'ringway run' first, then set its start", start->link);
        }
        return false;
    }
    bool ok = write_start(start, target, error);
    rw_connection_run(target, "DO RELEASE_ALL_LOCKS()", NULL);
    return ok;
}
