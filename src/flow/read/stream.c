#include "flow/read/stream.h"

#include "base/clock.h"
#include "change/pos.h"
#include "server/retention.h"

struct rw_stream {
    rw_connection *connection;
    const rw_endpoint *at;
    rw_connection_limits session;
    gint64 asked_us; /* monotonic: whether this is still the right host; 0 = never asked */
    char *file, *from; /* where it began, for messages; file "": not known */
};

enum { SERVER_SAYS_GONE = 1236 /* ER_MASTER_FATAL_ERROR_READING_BINLOG, both dialects */ };

static bool prepare(rw_connection *c, rw_stream_limits limits, GError **error)
{
    uint64_t period_ns = (uint64_t)limits.heartbeat_s * 1000000000u;
    g_autofree char *session = NULL;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    session = g_strdup_printf(c->dialect->sql_dump_session, period_ns, period_ns);
#pragma GCC diagnostic pop
    /* A slow target makes us read late; the source must not take that for a dead reader. */
    g_autofree char *patience = g_strdup_printf("SET SESSION net_write_timeout = %u", limits.late_s);
    return rw_connection_run(c, session, error) && rw_connection_run(c, patience, error);
}

static char *describe_start(const rw_dump_start *start)
{
    g_autofree char *gtid = start->gtid ? rw_gtid_state_format(start->gtid) : NULL;
    bool by_gtid = gtid && *gtid, has_file = start->file && *start->file;
    if (by_gtid && !has_file) return g_strdup_printf("GTID %s", gtid);
    return g_strdup_printf("%s:%" G_GUINT64_FORMAT "%s%s", has_file ? start->file : "", start->offset_bytes, by_gtid ? ", GTID " : "", by_gtid ? gtid : "");
}

rw_stream *rw_stream_open(const rw_endpoint *at, rw_stream_limits limits, const rw_dump_start *start, GError **error)
{
    rw_connection_limits session = {limits.connect_timeout_s, limits.deadline_s, limits.deadline_s};
    g_autoptr(rw_connection) c = rw_endpoint_open(at, session, error);
    if (!c || !prepare(c, limits, error) || !c->dialect->start_dump(c, start, error)) return NULL;
    rw_stream *stream = g_new0(rw_stream, 1);
    stream->connection = g_steal_pointer(&c);
    stream->at = at;
    stream->session = session;
    stream->asked_us = start->once ? 0 : rw_clock_us();
    stream->file = g_strdup(start->file ? start->file : "");
    stream->from = describe_start(start);
    return stream;
}

void rw_stream_close(rw_stream *stream)
{
    if (!stream) return;
    /* The server would only notice a polite goodbye with its next event. */
    rw_connection_cancel(stream->connection);
    rw_connection_close(stream->connection);
    g_free(stream->file);
    g_free(stream->from);
    g_free(stream);
}

void rw_stream_cancel(rw_stream *stream) { rw_connection_cancel(stream->connection); }

const rw_connection *rw_stream_connection(const rw_stream *stream) { return stream->connection; }

/* What the server's words leave out: which files it has. A session that asked for the log answers nothing else. */
static char *describe_files(const rw_stream *stream)
{
    g_autoptr(rw_connection) c = rw_endpoint_open(stream->at, stream->session, NULL);
    g_autoptr(rw_retention) there = c ? rw_retention_load(c, NULL) : NULL;
    if (!there || !there->files->len) return g_strdup("");
    g_autofree char *files = rw_retention_files(there);
    bool gone = *stream->file && rw_log_file_compare(stream->file, g_ptr_array_index(there->files, 0)) < 0;
    return gone ? g_strdup_printf("; %s was purged, and %s is left", stream->file, files) : g_strdup_printf("; the server has %s", files);
}

static rw_stream_status failed(rw_stream *stream, GError **error)
{
    rw_connection *c = stream->connection;
    if (rw_connection_errno(c) != SERVER_SAYS_GONE) {
        rw_connection_fail(c, "cannot read the binary log", error);
        return RW_STREAM_FAILED;
    }
    g_autofree char *words = g_strdup(mysql_error(c->mysql)), *files = describe_files(stream);
    rw_fail(error, RW_ERR_STOP, "site %s: the binary log cannot be read from the recorded position (%s): %s%s; make the target equal again and set a new start with "
            "ringway init --link 'A->B' --from POSITION, or start everything anew where applications write at both sites", c->site, stream->from, words, files);
    return RW_STREAM_FAILED;
}

/* Heartbeats keep this going on a log in which nothing happens. */
static bool is_still(rw_stream *stream, GError **error)
{
    if (!stream->asked_us || rw_clock_us() - stream->asked_us < (gint64)stream->session.read_timeout_s * G_USEC_PER_SEC) return true;
    bool still = rw_endpoint_still(stream->at, stream->session, error);
    stream->asked_us = rw_clock_us();
    return still;
}

rw_stream_status rw_stream_next(rw_stream *stream, rw_slice *event, GError **error)
{
    if (!is_still(stream, error)) return RW_STREAM_FAILED;
    MYSQL *mysql = stream->connection->mysql;
    unsigned long len = mysql_net_read_packet(mysql);
    if (len == packet_error || len == 0) return failed(stream, error);
    const uint8_t *packet = mysql->net.read_pos;
    if (packet[0] == 0xfe && len < 9) return RW_STREAM_END;
    *event = rw_slice_of(packet + 1, len - 1);
    return RW_STREAM_EVENT;
}
