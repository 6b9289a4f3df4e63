/* writers: which transaction wrote which row of a window, as bytes in ringway.progress.writers.
 *
 * A window that a link applied is one transaction in its target's log, but its rows were written by many transactions of its source, each
 * with an origin, a stamp and what it had seen. Other links into that target read it for their memory of last writers, and links out of it to
 * hand the rows on as what they are. Only written with more than two sites: with two there is nobody else.
 * Items are given for all rows that the window's transactions wrote there, also where the row was as wanted already; without items (a large
 * transaction, alone in its window, and at the beginning of one that is settled) the row events tell. The list is in the order of the changes: of a row that
 * several transactions wrote, the first entry is the first one. Items that are over tell the window's own link what its source has overwritten: a
 * window that was settled row by row lists them, because a row that was as wanted already leaves no row event.
 * Format, version 2: u8 version, u8 kind, varint transactions; each: u8 origin, varint stamp, u8 sites, per site u8 origin, varint stamp;
 * then varint items; each: 16 bytes, varint transaction * 8 + erased * 4 + over * 2 + deletes. Varints are little-endian base 128.
 * Owner: one thread. Reading checks every length; false: not such bytes.
 */
#pragma once
#include "change/author.h"
#include "conflict/item.h"

#include <glib.h>

typedef struct {
    unsigned origin;
    uint64_t stamp_us;
    rw_seen seen;
} rw_window_txn;

typedef struct {
    rw_item item;
    uint32_t txn;
    bool deletes, over, erased; /* over: for the own link, erased: for the others; both: nobody is its writer now */
} rw_window_item;

typedef enum {
    RW_WRITERS_PLAIN,   /* see the row events; items, if there are any, only tell whose a row is */
    RW_WRITERS_LISTED,  /* items for other links; for its own, see the row events */
    RW_WRITERS_SETTLED, /* items for all */
} rw_writers_kind;

/* Of an item: the first and the last transaction of the window that wrote it. */
typedef struct {
    rw_item item;
    uint32_t first, last;
} rw_written;

typedef struct {
    GArray *txns;  /* rw_window_txn */
    GArray *items; /* rw_window_item */
    GArray *index; /* rw_written, by item; after rw_writers_sort */
    rw_writers_kind kind;
} rw_writers;

void rw_writers_init(rw_writers *writers);
void rw_writers_clear(rw_writers *writers); /* frees */
void rw_writers_reset(rw_writers *writers, rw_writers_kind kind);
void rw_writers_add_txn(rw_writers *writers, const rw_author *author);
void rw_writers_add_item(rw_writers *writers, rw_item item, unsigned txn, bool deletes);
void rw_writers_add_erased(rw_writers *writers, rw_item item);
void rw_writers_add_over(rw_writers *writers, rw_item item);
void rw_writers_encode(const rw_writers *writers, GByteArray *out);
bool rw_writers_decode(rw_writers *writers, rw_slice bytes);
void rw_writers_sort(rw_writers *writers); /* for find */
/* Whose an item is. What is not in the list came with the last transaction: a cascade of the server, for instance. There must be one. */
rw_written rw_writers_find(const rw_writers *writers, rw_item item);
