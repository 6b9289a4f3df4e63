/* rowjson: a row as the JSON object that ringway.conflict keeps: {"id":1,"name":"x","price":"12.30","data":{"hex":"00ff"},"note":null}.
 *
 * In: a binding and either an image split into columns or the cells of SELECT select_list. Out: one object appended to the caller's text,
 * columns in table order, generated ones left out. kept_row.h reads it back. A value is
 *   a number                        integers, ENUM, SET, BIT (the last three as their number) of at most 53 bits: all programs read them exactly
 *   a string                        other numbers, dates, and text or binary whose own bytes are UTF-8 without NUL
 *   {"hex":"00ff"}                  other bytes
 *   {"bytes":123456,"xxh128":"..."} more than RW_JSON_WHOLE_BYTES: length and XXH3 hash; the whole value goes to `large`
 *   {"unreadable":true}             bytes of the log that are not a value of the column
 * FLOAT and DOUBLE are written with 17 digits from either side, so that equal numbers are equal strings.
 * Owner: one thread, by its scratch. No errors.
 */
#pragma once
#include "flow/apply/rowsql.h"

enum { RW_JSON_WHOLE_BYTES = 1000 };

/* A value that was shortened; owned. */
typedef struct {
    char *column;
    GBytes *value;
} rw_large_value;

GPtrArray *rw_large_values_new(void); /* rw_large_value; frees them */

/* columns or cells, the other NULL. large: rw_large_values_new, or NULL. key_only: all columns where there is no key. */
void rw_row_json(rw_row_scratch *scratch, const rw_binding *b, const rw_slice *columns, const rw_slice *cells, bool key_only, GString *out,
                 GPtrArray *large);

typedef enum { RW_JSON_INTEGER, RW_JSON_REAL, RW_JSON_TEXT } rw_json_form;
/* One value, for who has no binding. Without data: null. */
void rw_row_json_value(GString *out, rw_json_form form, const char *column, rw_slice value, GPtrArray *large);
void rw_row_json_string(GString *out, const char *text, size_t len); /* in quotes; UTF-8 */
char *rw_row_json_hash(rw_slice value);                              /* 32 hex digits, owned */
