/* kept_row: a row of ringway.conflict, read back, for a table of the catalogue; and a row of such a table, as it would be kept.
 *
 * In: the JSON text that rowjson.h writes. Out: rw_kept_row, owned. A large value has length and hash until rw_kept_row_fetch gets its
 * bytes from ringway.conflict_value. The other way round, without a binding: rw_kept_select_list, and rw_kept_row_json of its cells.
 * Bytes are those of the column, so literals and cells need a session with SET NAMES binary. Owner: one thread.
 * Errors: RW_ERR_STOP where a text is not such a row, a value does not fit its column's type, or a type is not handled; those of the
 * session. Nothing of a text gets into SQL but as a checked number or a quoted string.
 */
#pragma once
#include "server/catalogue.h"

typedef enum {
    RW_KEPT_NULL,
    RW_KEPT_NUMBER, /* stood there as a JSON number */
    RW_KEPT_TEXT,   /* as a string */
    RW_KEPT_HEX,
    RW_KEPT_LARGE,
    RW_KEPT_UNREADABLE,
} rw_kept_kind;

typedef struct {
    char *column;
    rw_kept_kind kind;
    GBytes *bytes;       /* NULL: SQL NULL, unreadable, or large and not fetched */
    uint64_t large_bytes;
    char *hash;          /* of a large value */
} rw_kept_value;

typedef struct {
    GPtrArray *values; /* rw_kept_value, in the order of the text */
} rw_kept_row;

rw_kept_row *rw_kept_row_parse(const char *json, GError **error);
void rw_kept_row_free(rw_kept_row *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rw_kept_row, rw_kept_row_free)
const rw_kept_value *rw_kept_row_get(const rw_kept_row *row, const char *column); /* NULL: it has none of that name */
/* The bytes of large values; side: "before", "incoming" or "current". */
bool rw_kept_row_fetch(rw_kept_row *row, rw_connection *connection, uint64_t conflict, const char *side, GError **error);

/* Both refuse a type that is not handled. */
bool rw_kept_select(const rw_catalogue_column *column, GString *sql, GError **error); /* expression whose cell rw_kept_equal compares */
bool rw_kept_literal(const rw_catalogue_column *column, const rw_kept_value *value, GString *sql, GError **error);
/* Of large values length and hash say it; their bytes only where one document may stand in several texts (JSON). */
bool rw_kept_equal(const rw_catalogue_column *column, const rw_kept_value *value, rw_slice cell);

/* Every column that is not generated, in table order; refuses a type that is not handled. Its cells as the text that is kept; key_only: all
 * where there is no key; large: rw_large_values_new, or NULL. */
bool rw_kept_select_list(const rw_catalogue_table *table, GString *sql, GError **error);
void rw_kept_row_json(const rw_catalogue_table *table, const rw_slice *cells, bool key_only, GString *out, GPtrArray *large);
void rw_kept_row_key(const rw_catalogue_table *table, const rw_slice *cells, GString *key); /* as rw_row_key makes it */
bool rw_kept_row_where(const rw_catalogue_table *table, const rw_slice *cells, GString *sql, GError **error); /* `a`=1 AND `b`='x' */
void rw_kept_value_json(const rw_catalogue_column *column, rw_slice cell, GString *out, GPtrArray *large); /* "name":value */
