/* events: what the decoder's own files share; no one else includes it.
 *
 * A handler gets an event's body (header and CRC cut off) as a cursor, and fills `out`. It reads without checks: the dispatcher looks at
 * the cursor's sticky `bad` once, after the handler, and makes the error. A handler sets *error only for what it refuses to understand.
 */
#pragma once
#include "flow/decode/decoder.h"

enum { RW_HEADER_BYTES = 19 };
#define RW_EVENT_BYTES_MAX ((uint64_t)1 << 30 | 1 << 20) /* max_allowed_packet ends at 1 GiB on every server; and some room for headers */

typedef enum { RW_GIVES, RW_DROPS, RW_FAILS } rw_outcome;

typedef struct {
    uint32_t timestamp_s, server_id, length_bytes, log_pos;
    uint16_t flags;
    uint8_t type;
} rw_event_header;

enum { RW_FLAG_ARTIFICIAL = 0x20, RW_FLAG_IGNORABLE = 0x80 };

typedef struct rw_table_maps rw_table_maps;
typedef struct rw_payload rw_payload;

struct rw_decoder {
    rw_decoder_options options;
    bool have_format;         /* a FORMAT_DESCRIPTION event has been read */
    bool checksum;            /* events end in a CRC32, as the FORMAT_DESCRIPTION event fed last said */
    bool pending;             /* `header` and `body` wait for rw_decoder_next */
    bool statement_ended;     /* the ROWS event given last was its last: its tables go when the next event comes */
    bool failed;
    bool mariadb;             /* who wrote the log, where the same bytes mean another thing */
    uint8_t table_id_bytes;   /* 6; 4 in logs of early 5.1 */
    uint64_t offset_bytes;    /* in the file, after the event that was fed last */
    rw_event_header header;
    rw_slice body;
    rw_table_maps *maps;
    rw_payload *payload;
    GByteArray *inflated;     /* the body of MariaDB's compressed event that was fed last */
};

typedef rw_outcome rw_event_handler(rw_decoder *decoder, const rw_event_header *header, rw_cursor *body, rw_event *out, GError **error);

rw_event_handler rw_event_gtid, rw_event_gtid_tagged, rw_event_gtid_mariadb;             /* gtid_event.c */
rw_event_handler rw_event_query, rw_event_query_compressed;                              /* statement.c */
rw_event_handler rw_event_table_map;                                                     /* table_map.c */
rw_event_handler rw_event_rows;                                                          /* rows_event.c */
rw_event_handler rw_event_payload;                                                       /* payload.c */
rw_event_handler rw_event_format, rw_event_rotate, rw_event_heartbeat, rw_event_heartbeat_v2, rw_event_xid; /* control.c */

/* The name of an event type, for messages; and what an event means. */
const char *rw_event_name(uint8_t type);
rw_outcome rw_event_dispatch(rw_decoder *decoder, const rw_event_header *header, rw_slice body, bool inner, rw_event *out, GError **error);
rw_event_header rw_event_header_of(const uint8_t *bytes);

/* Does this FORMAT_DESCRIPTION event (whole, with header) carry a checksum algorithm, and which: 0 none, 1 CRC32, 255 undefined. */
uint8_t rw_format_checksum(rw_slice event, bool *present);

/* CRC32 of zlib's kind; as there, crc is 0 at first. */
uint32_t rw_crc32(uint32_t crc, const uint8_t *bytes, size_t n);

/* Table maps of the statement that is being read, and definitions seen before. */
rw_table_maps *rw_table_maps_new(void);
void rw_table_maps_free(rw_table_maps *maps);
void rw_table_maps_clear(rw_table_maps *maps); /* the statement has ended */
rw_table *rw_table_maps_find(const rw_table_maps *maps, uint64_t id);

/* Reads MariaDB's compressed tail of an event into decoder->inflated; false: corrupt. */
bool rw_inflate_tail(rw_decoder *decoder, rw_cursor *body, rw_slice *out);

/* MySQL's TRANSACTION_PAYLOAD. true: an inner event in *header and *body, until the next call. false: its end, or *error. */
void rw_payload_free(rw_payload *payload);
bool rw_payload_open(const rw_payload *payload);
bool rw_payload_next(rw_payload *payload, rw_event_header *header, rw_slice *body, GError **error);
