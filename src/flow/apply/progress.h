/* progress: position, exactly-once and loop mark in one: the rows of ringway.progress that one link writes on its target.
 *
 * rw_progress is where a link stands: advanced in memory with every transaction, written with every window as its first statement.
 * In: a target session that holds the link's lock. Out: SQL, or the state loaded from the last row.
 * The row's primary key is (source, lane, seq): a second writer that did not see ours fails on it.
 * Owner: one thread. Errors: those of the session; RW_ERR_CONFIG if the link was never initialised.
 */
#pragma once
#include "change/batch.h"
#include "change/origins.h"
#include "change/pos.h"
#include "conflict/last_writers.h"
#include "gtid/state.h"
#include "server/connection.h"

typedef struct {
    uint64_t transactions, captured, applied, filtered, discarded, ddl, conflicts, drift;
} rw_link_counts;

typedef struct {
    unsigned source, lane; /* lane: 0 while a link has one apply connection */
    uint64_t seq;          /* of the last row written */
    uint64_t first_seq;    /* of one from before the link's first transaction, which stays: where it began, or began anew */
    rw_source_pos pos;     /* pos.gtid is not kept current: gtid is */
    rw_gtid_state gtid;
    rw_history history;    /* of the source's log */
    uint64_t commit_us;
    rw_memory_place memory; /* in the target's log: from there on it must be read to rebuild the memory; file "": not known */
    char source_host[RW_IDENTITY_BYTES]; /* identity of the server whose log file and offset of pos mean; "": not known */
    char memory_host[RW_IDENTITY_BYTES]; /* the same for memory */
    char cluster[RW_CLUSTER_BYTES]; /* whose transactions mark counts; "": the source is none */
    rw_mark mark;           /* of pos */
    char *intents;
    rw_origins carries;     /* whose transactions the link brings; as loaded: brought until now */
    rw_link_counts counts;
    uint64_t unwritten_bytes; /* of the source's log passed since the last row was written */
} rw_progress;

void rw_progress_clear(rw_progress *progress);
bool rw_progress_load(rw_progress *progress, unsigned source, const rw_dialect *source_dialect, rw_connection *target, GError **error);
/* Moves past the transaction; past a partial one only what has been seen moves. Its rows are counted by who applies them. */
bool rw_progress_advance(rw_progress *progress, const rw_txn *txn, GError **error);
/* With the transaction the target comes to hold more of what the link brings, whether it has rows or none: the next row is to say so. */
bool rw_progress_tells(const rw_progress *progress, const rw_txn *txn);
/* What a window adds to its row. */
typedef struct {
    unsigned origin;
    const char *first_gtid, *last_gtid;
    rw_slice writers; /* conflict/writers.h; data NULL: none */
} rw_progress_window;

/* The INSERT of the next row, as `progress` stands; seq goes up. */
void rw_progress_insert_sql(rw_progress *progress, const rw_progress_window *window, GString *sql);
/* The row that was inserted before all of its window was known gets its final values. */
void rw_progress_update_sql(const rw_progress *progress, rw_slice writers, GString *sql);
/* A DELETE of rows that no one needs, now and then; appends nothing otherwise. true: appended. */
bool rw_progress_trim_sql(const rw_progress *progress, GString *sql);
