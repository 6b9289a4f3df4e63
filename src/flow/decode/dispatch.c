/* dispatch: every event type of both dialects, and what becomes of it. A new type is one row here. */
#include "flow/decode/events.h"

typedef struct {
    const char *name;
    rw_event_handler *handler; /* NULL: dropped, no stage needs it */
    const char *refused;       /* why the link stops */
    bool outer_only;           /* cannot stand inside a TRANSACTION_PAYLOAD */
} descriptor;

#define STATEMENT_LOAD "LOAD DATA in statement format cannot be replicated; set binlog_format=ROW at the source"
#define PRE_GA "row events of a server before 5.1.18 are not understood"
#define XA "XA transactions are not replicated; commit them at the source without XA"

static const descriptor descriptors[256] = {
    [0] = {"UNKNOWN", NULL, "the server itself did not know what it is", false},
    [1] = {"START_V3", NULL, "this is the log format of MySQL 4.1 or older; version 4 (MySQL 5.0 and later) is needed", true},
    [2] = {"QUERY", rw_event_query, NULL, false},
    [3] = {"STOP", NULL, NULL, true},
    [4] = {"ROTATE", rw_event_rotate, NULL, true},
    [5] = {"INTVAR", NULL, NULL, false},
    [6] = {"LOAD", NULL, STATEMENT_LOAD, false},
    [7] = {"SLAVE", NULL, "no server writes it", false},
    [8] = {"CREATE_FILE", NULL, STATEMENT_LOAD, false},
    [9] = {"APPEND_BLOCK", NULL, STATEMENT_LOAD, false},
    [10] = {"EXEC_LOAD", NULL, STATEMENT_LOAD, false},
    [11] = {"DELETE_FILE", NULL, STATEMENT_LOAD, false},
    [12] = {"NEW_LOAD", NULL, STATEMENT_LOAD, false},
    [13] = {"RAND", NULL, NULL, false},
    [14] = {"USER_VAR", NULL, NULL, false},
    [15] = {"FORMAT_DESCRIPTION", rw_event_format, NULL, true},
    [16] = {"XID", rw_event_xid, NULL, false},
    [17] = {"BEGIN_LOAD_QUERY", NULL, STATEMENT_LOAD, false},
    [18] = {"EXECUTE_LOAD_QUERY", NULL, STATEMENT_LOAD, false},
    [19] = {"TABLE_MAP", rw_event_table_map, NULL, false},
    [20] = {"PRE_GA_WRITE_ROWS", NULL, PRE_GA, false},
    [21] = {"PRE_GA_UPDATE_ROWS", NULL, PRE_GA, false},
    [22] = {"PRE_GA_DELETE_ROWS", NULL, PRE_GA, false},
    [23] = {"WRITE_ROWS_V1", rw_event_rows, NULL, false},
    [24] = {"UPDATE_ROWS_V1", rw_event_rows, NULL, false},
    [25] = {"DELETE_ROWS_V1", rw_event_rows, NULL, false},
    [26] = {"INCIDENT", NULL, "the source says that its log has lost changes here; copy the data again and start after this place", false},
    [27] = {"HEARTBEAT", rw_event_heartbeat, NULL, true},
    [28] = {"IGNORABLE", NULL, NULL, false},
    [29] = {"ROWS_QUERY", NULL, NULL, false},
    [30] = {"WRITE_ROWS", rw_event_rows, NULL, false},
    [31] = {"UPDATE_ROWS", rw_event_rows, NULL, false},
    [32] = {"DELETE_ROWS", rw_event_rows, NULL, false},
    [33] = {"GTID", rw_event_gtid, NULL, true},
    [34] = {"ANONYMOUS_GTID", rw_event_gtid, NULL, true},
    [35] = {"PREVIOUS_GTIDS", NULL, NULL, true},
    [36] = {"TRANSACTION_CONTEXT", NULL, NULL, false},
    [37] = {"VIEW_CHANGE", NULL, NULL, false},
    [38] = {"XA_PREPARE", NULL, XA, false},
    [39] = {"PARTIAL_UPDATE_ROWS", NULL, "partial JSON updates are not understood; set binlog_row_value_options='' at the source", false},
    [40] = {"TRANSACTION_PAYLOAD", rw_event_payload, NULL, true},
    [41] = {"HEARTBEAT_V2", rw_event_heartbeat_v2, NULL, true},
    [42] = {"GTID_TAGGED", rw_event_gtid_tagged, NULL, true},
    [160] = {"ANNOTATE_ROWS", NULL, NULL, false},
    [161] = {"BINLOG_CHECKPOINT", NULL, NULL, true},
    [162] = {"MARIADB_GTID", rw_event_gtid_mariadb, NULL, true},
    [163] = {"GTID_LIST", NULL, NULL, true},
    [164] = {"START_ENCRYPTION", NULL, "the file is encrypted; read it from the server, which decrypts it", true},
    [165] = {"QUERY_COMPRESSED", rw_event_query_compressed, NULL, false},
    [166] = {"WRITE_ROWS_COMPRESSED_V1", rw_event_rows, NULL, false},
    [167] = {"UPDATE_ROWS_COMPRESSED_V1", rw_event_rows, NULL, false},
    [168] = {"DELETE_ROWS_COMPRESSED_V1", rw_event_rows, NULL, false},
    [169] = {"WRITE_ROWS_COMPRESSED", rw_event_rows, NULL, false},
    [170] = {"UPDATE_ROWS_COMPRESSED", rw_event_rows, NULL, false},
    [171] = {"DELETE_ROWS_COMPRESSED", rw_event_rows, NULL, false},
    [172] = {"PARTIAL_ROW_DATA", NULL, "rows split over several events are not understood; raise binlog_row_event_max_size at the source", false},
};

const char *rw_event_name(uint8_t type) { return descriptors[type].name ? descriptors[type].name : "unknown"; }

static rw_outcome refuse(const rw_decoder *decoder, const rw_event_header *header, const char *why, GError **error)
{
    rw_fail(error, RW_ERR_STOP, "%s event (type %u) ending at offset %" G_GUINT64_FORMAT ": %s", rw_event_name(header->type), header->type,
            decoder->offset_bytes, why);
    return RW_FAILS;
}

rw_outcome rw_event_dispatch(rw_decoder *decoder, const rw_event_header *header, rw_slice body, bool inner, rw_event *out, GError **error)
{
    enum { START_V3 = 1, ROTATE = 4, FORMAT = 15, START_ENCRYPTION = 164 };
    const descriptor *d = &descriptors[header->type];
    if (!d->name && (header->flags & RW_FLAG_IGNORABLE)) return RW_DROPS;
    if (!d->name) return refuse(decoder, header, "its type is not known to this version, and not marked as one that may be left out", error);
    if (header->type == START_ENCRYPTION && decoder->options.from_stream) return RW_DROPS;
    if (d->refused) return refuse(decoder, header, d->refused, error);
    if (inner && d->outer_only) return refuse(decoder, header, "it cannot stand inside a TRANSACTION_PAYLOAD; the log is damaged", error);
    if (!decoder->have_format && header->type != FORMAT && header->type != ROTATE)
        return refuse(decoder, header, "it comes before the FORMAT_DESCRIPTION event that says how to read it", error);
    if (!d->handler) return RW_DROPS;

    if (decoder->statement_ended) rw_table_maps_clear(decoder->maps);
    decoder->statement_ended = false;
    out->type_code = header->type;
    out->timestamp_s = header->timestamp_s;
    out->server_id = header->server_id;
    out->size_bytes = header->length_bytes;
    out->end_offset_bytes = decoder->offset_bytes;
    out->xid = 0;
    rw_cursor c = rw_cursor_of(body);
    rw_outcome outcome = d->handler(decoder, header, &c, out, error);
    if (outcome != RW_FAILS && c.bad) return refuse(decoder, header, "its bytes end too early or do not fit; the log is damaged or of a kind not understood", error);
    if (outcome == RW_FAILS && error && !*error) return refuse(decoder, header, "its bytes do not fit; the log is damaged or of a kind not understood", error);
    return outcome;
}
