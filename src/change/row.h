/* row: one row change of one transaction, as images of the source's log.
 *
 * An image is: NULL bitmap (one bit a column, all columns present), then the packed values, just as in the log. Images are borrowed from
 * the batch's arena. Split an image into column slices with rw_image_split (change/rows.h); a slice with data == NULL is SQL NULL.
 */
#pragma once
#include "change/author.h"
#include "change/event.h"

typedef struct {
    rw_table *table;        /* borrowed from the batch */
    rw_slice before, after; /* data == NULL: none (insert has no before, delete no after) */
    const rw_author *author; /* who made it; borrowed from the batch */
    const rw_author *first;  /* who made the first of those that are folded into it where the source is not its origin; else author */
    uint32_t txn;           /* index in the batch */
    rw_op op;
    bool unchecked;              /* of ringway.change: the row goes whatever it is like */
    bool partly;                 /* `before` does not tell what the target holds: that may be newer */
    bool foreign_key_checks_off; /* the source checked none: its session said so, or a cascade of MySQL 9.6+ wrote it */
} rw_row;
