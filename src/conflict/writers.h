/* writers: which transaction wrote which row of a window, as bytes in ringway.progress.writers.
 *
 * A window that a link applied is one transaction in its target's log, but its rows were written by many transactions of its source, each
 * with a stamp and with what it had seen. Other links into that target read it for their memory of last writers. Only written with
 * more than two sites: with two there is no other link.
 * Items are given for all rows that the window's transactions wrote there, also where the row was as wanted already; without items (a large
 * transaction, alone in its window) the row events tell. Items that are over tell the window's own link what its source has overwritten: a
 * window that was settled row by row lists them, because a row that was as wanted already leaves no row event.
 * Format, version 1: u8 version, u8 kind, varint transactions; each: varint stamp, u8 sites, per site u8 origin, varint stamp;
 * then varint items; each: 16 bytes, varint transaction * 8 + erased * 4 + over * 2 + deletes. Varints are little-endian base 128.
 * Owner: one thread. Reading checks every length; false: not such bytes.
 */
#pragma once
#include "change/seen.h"
#include "conflict/item.h"

#include <glib.h>

typedef struct {
    uint64_t stamp_us;
    rw_seen seen;
} rw_window_txn;

typedef struct {
    rw_item item;
    uint32_t txn;
    bool deletes, over, erased; /* over: for the own link, erased: for the others; both: nobody is its writer now */
} rw_window_item;

typedef enum {
    RW_WRITERS_PLAIN,   /* no items: see the row events */
    RW_WRITERS_LISTED,  /* items for other links; for its own, see the row events */
    RW_WRITERS_SETTLED, /* items for all */
} rw_writers_kind;

typedef struct {
    GArray *txns;  /* rw_window_txn */
    GArray *items; /* rw_window_item */
    rw_writers_kind kind;
} rw_writers;

void rw_writers_init(rw_writers *writers);
void rw_writers_clear(rw_writers *writers); /* frees */
void rw_writers_reset(rw_writers *writers, rw_writers_kind kind);
void rw_writers_add_txn(rw_writers *writers, uint64_t stamp_us, const rw_seen *seen);
void rw_writers_add_item(rw_writers *writers, rw_item item, unsigned txn, bool deletes);
void rw_writers_add_erased(rw_writers *writers, rw_item item);
void rw_writers_add_over(rw_writers *writers, rw_item item);
void rw_writers_encode(const rw_writers *writers, GByteArray *out);
bool rw_writers_decode(rw_writers *writers, rw_slice bytes);
