/* batch: transactions on their way from the reader of a link to its applier, with the memory that holds them.
 *
 * The reader appends, the applier takes; never both at once (flow/window/queue.h hands a batch over). Everything in it lives in its
 * arena and is freed at once. A transaction too large for one batch is spread over several: all but the last carry `continues`.
 * Transactions that end here without effect (dropped, filtered) are entries too: they move the position.
 */
#pragma once
#include "base/arena.h"
#include "change/mark.h"
#include "change/row.h"
#include "change/seen.h"
#include "change/statement.h"

typedef struct {
    uint64_t captured, filtered; /* row changes that come this way; those that a rule keeps back */
} rw_row_counts;

typedef struct {
    const char *gtid;           /* "" where the source has none */
    const char *file;           /* of the source's log */
    uint64_t start_bytes, end_bytes; /* offsets in file: its first event, and after its last */
    uint64_t commit_us;
    uint64_t top_us;            /* highest stamp in the source's log up to its end */
    uint64_t own_us;            /* of the last change of the source's own up to its end */
    const rw_seen *seen;        /* what the source had applied of others up to its end */
    const rw_author *author;    /* of a window that the source hands on: of its last change; each row has its own */
    unsigned first_row, n_rows; /* in this batch */
    const rw_statement *statement; /* DDL to execute before the rows; NULL mostly */
    rw_slice writers;           /* first piece of a large window that is handed on: conflict/writers.h, of all of it; data NULL: the author's */
    const rw_mark *mark;        /* of the place behind it; NULL: the source's log needs none */
    const char *intents;        /* open intents of other sessions in the log here (flow/route), NULL = none: kept in progress */
    rw_row_counts counts;       /* in this batch */
    bool partial;               /* what comes next is of the same transaction of the log: the position stays before it */
    bool dropped;               /* another site's, and not handed on; or at the target already */
    bool continued;             /* its beginning is in an earlier batch */
    bool continues;             /* its end is in a later batch */
    bool void_;                 /* the source died in the middle of it: what was applied of it is to be rolled back */
} rw_txn;

/* What names a transaction for `ringway skip`: its GTID, or where it begins. Owned. */
char *rw_txn_identity(const rw_txn *txn);

typedef struct {
    rw_arena *arena;
    GArray *txns;      /* rw_txn */
    GArray *rows;      /* rw_row */
    GPtrArray *tables; /* rw_table, referenced */
} rw_batch;

rw_batch *rw_batch_new(void);
void rw_batch_free(rw_batch *batch);
void rw_batch_reset(rw_batch *batch);
size_t rw_batch_bytes(const rw_batch *batch);
/* Keeps the table alive with the batch; consecutive rows of one table cost one comparison. */
void rw_batch_hold_table(rw_batch *batch, rw_table *table);
/* Images are copied; author and first must live as long as the batch. */
void rw_batch_add_row(rw_batch *batch, const rw_rows *rows, rw_slice before, rw_slice after, const rw_author *author, const rw_author *first);

static inline rw_txn *rw_batch_txn(const rw_batch *batch, unsigned i) { return &g_array_index(batch->txns, rw_txn, i); }
static inline rw_row *rw_batch_row(const rw_batch *batch, unsigned i) { return &g_array_index(batch->rows, rw_row, i); }
