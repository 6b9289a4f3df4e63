/* event: one meaning of the binary log, after decoding and before routing.
 *
 * A struct filled by the decoder; slices and the rows iterator point into the packet and hold until the decoder is asked for the next.
 * Both dialects' event types are already folded into these kinds; what no stage needs (PREVIOUS_GTIDS, GTID_LIST, ANNOTATE ...)
 * never becomes one.
 */
#pragma once
#include "base/cursor.h"
#include "change/table.h"

typedef enum {
    RW_EVENT_FORMAT,    /* a log begins (or a dump starts inside one) */
    RW_EVENT_ROTATE,    /* the log goes on in another file */
    RW_EVENT_HEARTBEAT, /* the peer lives; place.* valid if file.data */
    RW_EVENT_GTID,      /* a transaction or stand-alone statement begins */
    RW_EVENT_BEGIN,     /* Query 'BEGIN' (MySQL; MariaDB says it in the GTID event) */
    RW_EVENT_QUERY,     /* any other statement text: DDL, or DML in statement format */
    RW_EVENT_ROWS,      /* row changes of one table */
    RW_EVENT_COMMIT,    /* XID, or Query 'COMMIT' */
    RW_EVENT_ROLLBACK,  /* Query 'ROLLBACK' */
    RW_EVENT_SAVEPOINT, /* Query 'SAVEPOINT x' / 'ROLLBACK TO x' / 'RELEASE SAVEPOINT x': statement holds the text */
} rw_event_kind;

typedef enum { RW_INSERT, RW_UPDATE, RW_DELETE } rw_op;

typedef struct {
    rw_table *table; /* borrowed from the decoder; ref to keep */
    rw_op op;
    bool full_before, full_after; /* the images carry every column */
    rw_slice before_present, after_present; /* bitmaps of columns in the images, 1 bit a column */
    bool foreign_key_checks_off, unique_checks_off;
    rw_cursor rest;  /* rows not yet taken: use rw_rows_next (change/rows.h) */
} rw_rows;

typedef struct {
    rw_slice schema, statement;
    uint32_t thread_id;
    uint16_t error_code;
    bool has_flags2, has_sql_mode, has_charset, has_time_zone;
    uint32_t flags2;       /* OPTION_* bits as logged: 1<<26 no foreign key checks, 1<<27 relaxed unique checks, 1<<14 auto_is_null */
    uint64_t sql_mode;     /* bits as logged, of the source's dialect */
    uint16_t charset_client, collation_connection, collation_server; /* collation ids */
    rw_slice time_zone;
} rw_query;

typedef struct {
    rw_event_kind kind;
    uint8_t type_code;     /* of the wire, for messages */
    uint32_t timestamp_s;  /* 0 = artificial */
    uint32_t server_id;
    uint32_t size_bytes;       /* of the event in the log */
    uint64_t end_offset_bytes; /* file offset after this event; inside a compressed payload, of the payload; counted where the log says 0 */
    uint64_t xid;              /* COMMIT: the number in an XID event; 0: it is a Query 'COMMIT' */
    union {
        struct { uint16_t version; bool server_started; rw_slice server_version; } format; /* server_started: first log after a start */
        struct { rw_slice file; uint64_t offset_bytes; } place;                            /* ROTATE, HEARTBEAT */
        struct {
            char gtid[160];       /* text: "uuid:n", "uuid:tag:n", "domain-server-seq"; "" = anonymous */
            uint64_t commit_us;   /* time of commit, on a replica that at its primary; whole seconds if no better; wall µs */
            bool standalone;      /* MariaDB FL_STANDALONE: no COMMIT follows, one statement is all */
            bool ddl;             /* MariaDB FL_DDL */
            bool group;           /* a COMMIT ends it and no BEGIN follows (MariaDB without FL_STANDALONE) */
        } gtid;
        rw_query query;           /* BEGIN, QUERY, SAVEPOINT */
        rw_rows rows;
    };
} rw_event;
