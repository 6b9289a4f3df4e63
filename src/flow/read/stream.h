/* stream: one server's binary log as it is being written, event by event.
 *
 * In: a host of a site, a place (by GTID where the server has them, else file and offset). Out: raw events (header, body, checksum), borrowed until
 * the next call. Heartbeats are asked for every heartbeat_s; a peer that is silent for deadline_s counts as lost. A stream that goes on
 * asks every deadline_s whether this is still the host to be read (endpoint.h): an old primary goes on answering, and sends nothing any more.
 * Errors: RW_ERR_RETRY for a lost peer, or one that is no longer the right one; RW_ERR_STOP if the log is no longer there (purged) or the place is not in it; RW_ERR_CONFIG.
 * Thread: the owner; rw_stream_cancel from any other.
 * Source: wire.md; MySQL manual "COM_BINLOG_DUMP"; MariaDB knowledge base "Replication protocol".
 */
#pragma once
#include "server/endpoint.h"

typedef struct rw_stream rw_stream;

typedef struct {
    unsigned connect_timeout_s, heartbeat_s, deadline_s;
    unsigned late_s; /* the owner may leave what came unread for this long */
} rw_stream_limits;

typedef enum { RW_STREAM_EVENT, RW_STREAM_END, RW_STREAM_FAILED } rw_stream_status;

/* at: borrowed until close. */
rw_stream *rw_stream_open(const rw_endpoint *at, rw_stream_limits limits, const rw_dump_start *start, GError **error);
void rw_stream_close(rw_stream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rw_stream, rw_stream_close)
void rw_stream_cancel(rw_stream *stream);
/* END comes only from a dump that was asked for `once`. */
rw_stream_status rw_stream_next(rw_stream *stream, rw_slice *event, GError **error);
const rw_connection *rw_stream_connection(const rw_stream *stream);
