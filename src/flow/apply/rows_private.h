/* rows_private: what rows.c (gather, guard, check) and write.c (write) share. */
#pragma once
#include "flow/apply/author_list.h"
#include "flow/apply/rows.h"
#include "flow/window/fold.h"

enum { RW_STATEMENT_ROWS = 500, RW_STATEMENT_BYTES = 512 * 1024 };

typedef enum { RW_STEP_OTHER, RW_STEP_PROGRESS, RW_STEP_PLACE, RW_STEP_GUARD, RW_STEP_DELETE, RW_STEP_UPSERT, RW_STEP_INSERT, RW_STEP_EXACT } rw_step_kind;

/* What a statement of the script is for. */
typedef struct {
    rw_step_kind kind;
    unsigned table;    /* number in the window */
    uint64_t expected; /* affected rows */
} rw_step;

struct rw_rows_apply {
    rw_tables *tables;
    rw_trouble *trouble;
    const gint *stop;
    rw_script *script;
    rw_fold *fold;
    GArray *exact; /* unsigned: rows of the batch, in order */
    GArray *steps; /* rw_step, by tag */
    GString *key, *old_key;
    rw_row_scratch scratch, other; /* other: for two images at once */
    rw_row_items listing;
    rw_writers writers;
    rw_author_list authors; /* of writers */
    unsigned listed_txn;
    unsigned origins[RW_SITES_MAX], n_origins, announced; /* whose rows are in the window; the last one that was said */
    bool piece, says_origin; /* of a large transaction; the log says whose rows come next */
    bool hands_on;          /* links out of the target hand on what is written here */
    const rw_batch *batch;
    rw_connection *target;
    rw_target_pos place; /* of the target's log, as last asked for */
    bool permissive;
    bool twice;          /* a transaction changed a row more than once, and policy and hands_on want each change to be seen */
};

bool rw_rows_end_step(rw_rows_apply *a, rw_step s, GError **error);
bool rw_rows_write(rw_rows_apply *a, GError **error); /* appends to the script; what the exact path did is known when it returns */
