#include "flow/elsewhere.h"

#include "flow/content.h"
#include "flow/decode/decoder.h"

typedef struct {
    char *file; /* owned; NULL: this way does not lead there */
    uint64_t offset_bytes;
    char *why_not; /* owned */
} answer;

static bool by_window(const rw_log_reader *log, const rw_log_mark *mark, answer *out, GError **error)
{
    rw_marker_answer found;
    if (!mark->seq) {
        out->why_not = g_strdup("no window of the link marks it");
        return true;
    }
    if (!rw_marker_find(log, mark->source, mark->seq, &found, &out->file, &out->offset_bytes, error)) return false;
    if (found != RW_MARKER_FOUND)
        out->why_not = g_strdup_printf("window %" G_GUINT64_FORMAT " of the link from site %u, behind which it stands, is not in its log, which %s", mark->seq, mark->source,
                                       found == RW_MARKER_GONE ? "does not reach back far enough" : "ends before it");
    return true;
}

static char *why_not_there(rw_content_answer found, const rw_mark *mark)
{
    static const char *const why[] = {
        [RW_CONTENT_GONE] = "does not reach back that far (older files were purged, or the node got a state transfer)",
        [RW_CONTENT_OTHER] = "holds another transaction under that number",
        [RW_CONTENT_LACKS] = "does not hold it, although the node has got that far (it was local to the other host, or not logged here)",
        [RW_CONTENT_LEAVES] = "holds other statements after it",
        [RW_CONTENT_TWICE] = "holds it twice",
    };
    return g_strdup_printf("it stands behind transaction %" G_GUINT64_FORMAT " of the cluster, and the log %s", mark->number, why[found]);
}

static bool by_content(const rw_log_reader *log, const rw_log_mark *mark, answer *out, GError **error)
{
    const rw_connection *here = log->session;
    rw_content_answer found;
    if (!mark->mark || !mark->mark->number || !mark->cluster || !*mark->cluster) {
        out->why_not = g_strdup("no transaction of a cluster marks it");
        return true;
    }
    if (strcmp(mark->cluster, here->cluster) != 0) {
        out->why_not = g_strdup_printf("it was in a log of cluster %s, and this host is of %s%s", mark->cluster, *here->cluster ? "cluster " : "none", here->cluster);
        return true;
    }
    if (!rw_content_find(log, mark->mark, &found, &out->file, &out->offset_bytes, error)) return false;
    if (found == RW_CONTENT_FOUND) return true;
    if (found == RW_CONTENT_BEHIND)
        return rw_fail(error, RW_ERR_RETRY, "site %s: host %s is behind: its log ends before transaction %" G_GUINT64_FORMAT " of the cluster, or the statements after it, "
                       "which were read from server %s already", here->site, here->address, mark->mark->number, mark->before);
    out->why_not = why_not_there(found, mark->mark);
    return true;
}

static void see_first(const rw_event *event, char **file, answer *out)
{
    if (event->kind == RW_EVENT_ROTATE) {
        g_free(*file);
        *file = g_strndup((const char *)event->place.file.data, event->place.file.len);
    }
    if (event->kind != RW_EVENT_GTID || out->file) return;
    out->file = g_strdup(*file);
    out->offset_bytes = event->end_offset_bytes - event->size_bytes;
}

/* The place of the first transaction that is not among them. */
static bool first_after(const rw_log_reader *log, const rw_gtid_state *gtid, answer *out, GError **error)
{
    rw_dump_start start = {.file = "", .offset_bytes = 4, .gtid = gtid, .once = true};
    g_autoptr(rw_stream) stream = rw_stream_open(log->at, log->limits, &start, error);
    if (!stream) return false;
    rw_decoder *decoder = rw_decoder_new((rw_decoder_options){.from_stream = true, .checksum = true, .initial_checksum = true});
    g_autofree char *file = NULL;
    GError *failure = NULL;
    rw_slice bytes;
    rw_event event;
    while (!failure && !out->file && rw_stream_next(stream, &bytes, &failure) == RW_STREAM_EVENT) {
        if (!rw_decoder_feed(decoder, bytes, &failure)) break;
        while (rw_decoder_next(decoder, &event, &failure)) see_first(&event, &file, out);
        if (!failure) rw_connection_keep(log->session, &failure);
    }
    rw_decoder_free(decoder);
    if (!failure) return true;
    g_propagate_error(error, failure);
    return false;
}

static bool by_gtid(const rw_log_reader *log, const rw_log_mark *mark, answer *out, GError **error)
{
    if (!log->session->shares_gtids || !mark->gtid || mark->gtid->kind != log->session->dialect->gtid_kind) {
        out->why_not = g_strdup(log->session->shares_gtids ? "no GTIDs mark it" : "its GTIDs are not those of the other hosts");
        return true;
    }
    /* Taken first: if nothing follows, this is the place. */
    g_autoptr(rw_result) end = rw_connection_query(log->session, log->session->dialect->sql_log_place, error);
    rw_slice c[2];
    if (!end || !first_after(log, mark->gtid, out, error)) return false;
    if (out->file || !rw_result_next(end, c, 2)) return true;
    out->file = rw_cell_text(c[0]);
    out->offset_bytes = rw_cell_number(c[1]);
    return true;
}

static bool (*const ways[])(const rw_log_reader *, const rw_log_mark *, answer *, GError **) = {by_window, by_content, by_gtid};

static bool refuse(const rw_log_reader *log, const rw_log_mark *mark, const char *why_not, GError **error)
{
    const rw_connection *here = log->session;
    if (strcmp(mark->before, here->identity) == 0)
        return rw_fail(error, RW_ERR_STOP, "site %s: %s cannot be found in the log of host %s (server %s) any more: %s; make the sites equal and start over (docs/operating.md)",
                       here->site, mark->what, here->address, here->identity, why_not);
    return rw_fail(error, RW_ERR_STOP, "site %s: %s cannot be found in the log of host %s (server %s), before it was that of server %s: %s; make that server the one to "
                   "be written to again, or make the sites equal and start over (docs/operating.md)", here->site, mark->what, here->address, here->identity, mark->before,
                   why_not);
}

bool rw_elsewhere_find(const rw_log_reader *log, const rw_log_mark *mark, char **file, uint64_t *offset_bytes, GError **error)
{
    g_autoptr(GString) why_not = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        answer a = {0};
        if (!ways[i](log, mark, &a, error)) return false;
        if (a.file) {
            *file = a.file;
            *offset_bytes = a.offset_bytes;
            return true;
        }
        g_string_append_printf(why_not, "%s%s", i ? ", and " : "", a.why_not ? a.why_not : "the server shows no log");
        g_free(a.why_not);
    }
    return refuse(log, mark, why_not->str, error);
}
