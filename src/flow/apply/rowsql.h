/* rowsql: a row image as SQL, as a key, and as an equal of a row that the target gave.
 *
 * In: a binding and an image split into columns (rw_image_split). Out: text appended to the caller's buffer. Values are exact: see
 * change/value.h for the text, bind.h for how each column is selected and written.
 * Errors: false when bytes do not fit their type (the caller stops the link). Owner: one thread, by its scratch.
 */
#pragma once
#include "change/event.h"
#include "flow/apply/bind.h"

typedef struct {
    GString *text;     /* of one value */
    rw_slice *columns; /* of one image */
    unsigned n_columns;
} rw_row_scratch;

void rw_row_scratch_init(rw_row_scratch *scratch);
void rw_row_scratch_clear(rw_row_scratch *scratch);
/* scratch->columns of the image; NULL: the bytes do not fit. */
const rw_slice *rw_row_split(rw_row_scratch *scratch, const rw_binding *b, rw_slice image);

/* RW_ERR_STOP for bytes that do not fit; always false. */
bool rw_row_misfit(const rw_binding *b, GError **error);

bool rw_row_key(rw_row_scratch *scratch, const rw_binding *b, const rw_slice *columns, GString *key); /* equal bytes = same row */
/* The same, and where there is no key, all of the row. */
bool rw_row_identity(rw_row_scratch *scratch, const rw_binding *b, const rw_slice *columns, GString *key);
bool rw_row_literal(rw_row_scratch *scratch, const rw_bound_column *column, rw_slice value, GString *sql);
bool rw_row_tuple(rw_row_scratch *scratch, const rw_binding *b, const rw_slice *columns, GString *sql);     /* written columns: (1,'a') */
bool rw_row_key_tuple(rw_row_scratch *scratch, const rw_binding *b, const rw_slice *columns, GString *sql); /* 1 or (1,2) */
bool rw_row_key_where(rw_row_scratch *scratch, const rw_binding *b, const rw_slice *columns, GString *sql); /* `a`=1 AND `b`=2 */
bool rw_row_exact_where(rw_row_scratch *scratch, const rw_binding *b, const rw_slice *columns, GString *sql); /* every column, byte for byte */
bool rw_row_assignments(rw_row_scratch *scratch, const rw_binding *b, const rw_slice *columns, GString *sql); /* `a`=1,`b`=2 */

/* cells: what SELECT select_list gave. *equal is the verdict. */
bool rw_row_compare(rw_row_scratch *scratch, const rw_binding *b, const rw_slice *columns, const rw_slice *cells, bool *equal);
/* The key of a selected row, as rw_row_key makes it. */
void rw_row_cells_key(const rw_binding *b, const rw_slice *cells, GString *key);
/* `a`=1 AND `b`='x', of a selected row. */
void rw_row_cells_where(const rw_binding *b, const rw_slice *cells, GString *sql);
/* The server may set it by itself (ON UPDATE CURRENT_TIMESTAMP) where an UPDATE does not name it. */
bool rw_row_sets_itself(const rw_bound_column *column);
/* An ENUM that holds the error value 0: written only outside strict mode. */
bool rw_row_has_enum_error(const rw_binding *b, const rw_slice *columns);
/* One change by the whole row: INSERT, or UPDATE or DELETE of the one row that is exactly `before`. */
bool rw_row_exact_change(rw_row_scratch *scratch, const rw_binding *b, rw_op op, rw_slice before, rw_slice after, GString *sql);
/* An UPDATE of the columns that a change touched, if they are as it found them; columns that add up get the difference. other: for the second image. */
bool rw_row_columns_change(rw_row_scratch *scratch, rw_row_scratch *other, const rw_binding *b, rw_slice before, rw_slice after, GString *sql);
bool rw_row_sum(rw_row_scratch *scratch, const rw_bound_column *column, rw_slice before, rw_slice after, GString *sql); /* column + after - before; NULL counts as 0 */
/* For people: {`id`: 1, `name`: 'x'}. columns or cells, the other NULL. Values longer than shown_bytes are cut (0: never). */
typedef struct {
    bool key_only;
    size_t shown_bytes;
} rw_row_view;
void rw_row_describe(rw_row_scratch *scratch, const rw_binding *b, const rw_slice *columns, const rw_slice *cells, rw_row_view view, GString *out);
