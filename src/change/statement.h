/* statement: one DDL statement as the source logged it, with the session state that gives it its meaning.
 * Strings are borrowed from the batch's arena. */
#pragma once
#include "base/slice.h"

typedef struct {
    rw_slice text;          /* as logged; in a batch, without what is to be cut */
    size_t cut_offset_bytes, cut_length_bytes; /* words that only the log has (MySQL's START TRANSACTION); length 0: none */
    const char *schema;     /* default database, "" for none */
    const char *what;       /* its kind, for messages: "CREATE TABLE" (static) */
    bool has_flags2, has_sql_mode, has_charset;
    uint32_t flags2;
    uint64_t sql_mode;      /* bits of the source's dialect */
    uint16_t charset_client, collation_connection, collation_server;
    const char *time_zone;  /* NULL: the log does not say */
    uint32_t timestamp_s;
    uint16_t error_code;    /* that the source's execution ended with */
    bool drops_default_schema; /* the default schema may be gone, or not there yet, when it runs */
} rw_statement;
