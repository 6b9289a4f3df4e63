/* rowitems: what a row change means for the memory of last writers, as items (conflict/item.h).
 *
 * In: a binding and the images of a change. Out: each item, given to a visitor with what becomes of its entry. A changed key is the end of one
 * row and the beginning of another.
 *   written      what remembers that someone wrote: the table, the row, and what the table's policy needs besides
 *   overwritten  what is over with the source's own write to it
 * Errors: the visitor's; RW_ERR_STOP for bytes that do not fit. Owner: one thread, by its scratch.
 */
#pragma once
#include "base/error.h"
#include "flow/apply/rowsql.h"

typedef enum {
    RW_ENTRY_WRITTEN, /* this is its writer now */
    RW_ENTRY_ENDED,   /* the same, and there is no row any more */
    RW_ENTRY_ERASED,  /* nobody is, whoever was */
} rw_entry;

typedef bool (*rw_item_visitor)(void *user, rw_item item, rw_entry entry, GError **error);

typedef struct {
    rw_row_scratch before, after;
    GString *key;
    const rw_conf *conf; /* borrowed; for its sites */
    rw_item_visitor visit;
    void *user;
} rw_row_items;

void rw_row_items_init(rw_row_items *items, const rw_conf *conf, rw_item_visitor visit, void *user);
void rw_row_items_clear(rw_row_items *items);
bool rw_row_items_written(rw_row_items *items, const rw_binding *b, rw_slice before, rw_slice after, unsigned origin, GError **error);
bool rw_row_items_overwritten(rw_row_items *items, const rw_binding *b, rw_slice before, rw_slice after, unsigned origin, GError **error);
/* Of the row alone; false: the bytes do not fit. */
bool rw_row_items_row(rw_row_items *items, const rw_binding *b, rw_slice image, rw_item *row);
