/* table: a table as the source's log describes it, at the time of the change.
 *
 * Made by the decoder from a TABLE_MAP event (wire types, metadata, and names, signs and character sets where the server wrote
 * them). Shared: counted, immutable once published, any thread. What the log does not say (has_* false) is filled in from the
 * target's catalogue when the table is bound (flow/apply/bind.h), never guessed here.
 * Source of the format: MySQL libs/mysql/binlog/event/rows_event.h (Table_map_event), MariaDB sql/log_event.h.
 */
#pragma once
#include "base/slice.h"

#include <glib.h>

/* The type codes of the wire (enum_field_types); internal twins (TIMESTAMP2 ...) are kept as they come. */
typedef enum {
    RW_T_DECIMAL = 0, RW_T_TINY = 1, RW_T_SHORT = 2, RW_T_LONG = 3, RW_T_FLOAT = 4, RW_T_DOUBLE = 5, RW_T_NULL = 6,
    RW_T_TIMESTAMP = 7, RW_T_LONGLONG = 8, RW_T_INT24 = 9, RW_T_DATE = 10, RW_T_TIME = 11, RW_T_DATETIME = 12,
    RW_T_YEAR = 13, RW_T_NEWDATE = 14, RW_T_VARCHAR = 15, RW_T_BIT = 16, RW_T_TIMESTAMP2 = 17, RW_T_DATETIME2 = 18,
    RW_T_TIME2 = 19, RW_T_TYPED_ARRAY = 20, RW_T_BLOB_COMPRESSED = 140, RW_T_VARCHAR_COMPRESSED = 141,
    RW_T_VECTOR = 242, RW_T_JSON = 245, RW_T_NEWDECIMAL = 246, RW_T_ENUM = 247, RW_T_SET = 248, RW_T_TINY_BLOB = 249,
    RW_T_MEDIUM_BLOB = 250, RW_T_LONG_BLOB = 251, RW_T_BLOB = 252, RW_T_VAR_STRING = 253, RW_T_STRING = 254,
    RW_T_GEOMETRY = 255,
} rw_type;

typedef struct {
    rw_type type;       /* ENUM and SET are already told apart from STRING, whose metadata hides them */
    uint16_t meta;      /* STRING, VARCHAR: bytes at most; BLOB, JSON ...: bytes of length; NEWDECIMAL: precision<<8|scale; TIME2 ...: fraction
                           digits; BIT: bits; ENUM, SET: bytes; FLOAT, DOUBLE: bytes */
    bool nullable;
    bool has_sign, is_unsigned;
    uint16_t charset;   /* collation id; 0 = the log does not say */
    const char *name;   /* NULL = the log does not say */
} rw_column;

typedef struct {
    gint refs;
    char *schema, *name;
    uint64_t hash;      /* of the whole definition: two maps with one hash are one table */
    unsigned n_columns;
    bool has_names;
    rw_column columns[];
} rw_table;

rw_table *rw_table_new(const char *schema, const char *name, unsigned n_columns); /* columns zeroed, one reference */
rw_table *rw_table_named(const rw_table *table, const char *schema, const char *name); /* the same under another name; one reference */
rw_table *rw_table_ref(rw_table *table);
void rw_table_unref(rw_table *table);
void rw_column_set_name(rw_column *column, rw_slice name);
