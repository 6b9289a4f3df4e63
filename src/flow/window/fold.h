/* fold: the net change of each row over a window.
 *
 * In: row changes in source order, each as (table number, key bytes, before-image, after-image). Out: one rw_net per key: the first
 * before-image, the last after-image, and the numbers of both changes. Cost linear in changes; memory is kept from window to window.
 * Keys and images are borrowed and must live as long as the window; the fold copies keys into its own arena.
 * Owner: one thread. Knows nothing of columns: who calls decides what a key's bytes are (equal bytes = same row).
 */
#pragma once
#include "base/arena.h"

typedef struct {
    rw_slice key;
    rw_slice before; /* what must be there before the window; data NULL: no row */
    rw_slice after;  /* what is there after it; data NULL: no row */
    rw_slice image;  /* the last that the row had; never NULL */
    uint64_t hash;
    unsigned table;
    unsigned first, last;    /* numbers of the changes (the caller's) that changed the row first, and last */
    unsigned next;   /* entry of the same table; RW_FOLD_NONE ends */
    bool seen;       /* free for the caller: the guard found its row */
} rw_net;

#define RW_FOLD_NONE UINT32_MAX

typedef struct rw_fold rw_fold;

rw_fold *rw_fold_new(void);
void rw_fold_free(rw_fold *fold);
void rw_fold_reset(rw_fold *fold);
void rw_fold_change(rw_fold *fold, unsigned table, rw_slice key, rw_slice before, rw_slice after, unsigned number);
rw_net *rw_fold_find(rw_fold *fold, unsigned table, rw_slice key);
/* Each table's changes in the order of their key bytes, instead of that in which their rows were first touched: a server that meets keys in
 * order finds neighbours in pages that it has just read. */
void rw_fold_sort(rw_fold *fold);
unsigned rw_fold_first(const rw_fold *fold, unsigned table); /* RW_FOLD_NONE: no change of that table */
rw_net *rw_fold_at(rw_fold *fold, unsigned entry);
