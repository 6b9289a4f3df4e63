/* rows: iterate the row images of a ROWS event, and split an image into columns.
 *
 * Borrowed slices into the event; no allocation. Errors: false with *bad = true when the bytes do not fit the table's definition
 * (a column type that has no length rule counts as not fitting: rw_column_problem names it).
 */
#pragma once
#include "change/row.h"

/* Takes the next change off rows->rest. before/after hold whole images, data == NULL where the op has none. Where the event's images
 * are not full, their NULL bitmaps have a bit for each present column only, and rw_image_split does not fit them. */
bool rw_rows_next(rw_rows *rows, rw_slice *before, rw_slice *after, bool *bad);

/* columns[table->n_columns]: data == NULL is SQL NULL. A value's slice excludes length prefixes of strings and blobs. false: the bytes do not fit. */
bool rw_image_split(const rw_table *table, rw_slice image, rw_slice *columns);

/* Appends an image whose columns are those of `with` where chosen, else those of `image`; with.data NULL: SQL NULL there. false: the bytes do not fit. */
bool rw_image_mix(const rw_table *table, rw_slice image, rw_slice with, const bool *chosen, GByteArray *out);

/* NULL if rows of this column can be walked and its values rendered; else why not, naming the type. */
const char *rw_column_problem(const rw_column *column);
