/* item: what the memory of last writers remembers a writer for: a row, a column of a row, the end of a row, an origin's part in it.
 *
 * An item is a 128-bit hash (XXH3, https://xxhash.com) of the table's name and the key's canonical text (change/value.h), so it is the same
 * whoever computes it from whichever log. 128 bits: two rows of one memory never share an item in practice (for 10^9 rows the chance
 * is below 10^-20). Pure functions, any thread.
 */
#pragma once
#include "base/slice.h"

typedef struct {
    uint64_t low, high;
} rw_item;

typedef enum {
    RW_ITEM_ROW,    /* who wrote the row last */
    RW_ITEM_COLUMN, /* who changed the column last; number: its place in the table */
    RW_ITEM_END,    /* who deleted the row last */
    RW_ITEM_ORIGIN, /* the last write of that site to the row */
    RW_ITEM_TABLE,  /* the last write of that site to any row of the table, if it has foreign keys */
} rw_item_kind;

rw_item rw_item_table(const char *schema, const char *table);
rw_item rw_item_row(rw_item table, rw_slice key);
rw_item rw_item_part(rw_item row, rw_item_kind kind, unsigned number);

static inline bool rw_item_equal(rw_item a, rw_item b) { return a.low == b.low && a.high == b.high; }
