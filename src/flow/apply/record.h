/* record: a verdict as a row of ringway.conflict, in the transaction of the verdict.
 *
 * In: all that is known of it; the rows as images, as cells of the target, or as texts. Out: INSERTs, executed at once in the open
 * transaction. Rows are JSON (rowjson.h); large values are shortened there and kept whole in ringway.conflict_value.
 * Owner: one thread. Errors: the session's.
 */
#pragma once
#include "change/batch.h"
#include "flow/apply/rowsql.h"

typedef struct {
    const char *link;
    const rw_binding *b;       /* of the rows below; NULL for texts */
    const rw_txn *txn;         /* of the source's log */
    const rw_author *author;   /* of the change */
    const char *kind, *policy, *verdict, *operation;
    const char *state;         /* NULL: settled */
    const char *reason;        /* may be NULL */
    bool own;                  /* the change is a delete that its site made itself (change.h): its GTID is that of the window it came with */
    rw_slice before, after;    /* images; data NULL: none */
    const rw_slice *cells;     /* the target's row; NULL: none, or not read */
    const rw_writer *current;  /* of the target's row; NULL: not known */
} rw_record;

/* Rows as texts; NULL: none. large: rw_large_values_new of each, may be NULL. */
typedef struct {
    const char *schema, *table, *key, *before, *incoming, *current;
    const GPtrArray *large_before, *large_incoming, *large_current;
} rw_record_texts;

bool rw_record_write(const rw_record *record, rw_row_scratch *scratch, rw_connection *target, GError **error);
bool rw_record_write_texts(const rw_record *record, const rw_record_texts *texts, rw_connection *target, GError **error);
void rw_record_trim_sql(unsigned keep_days, GString *sql); /* DELETE of what is too old, in small pieces */
void rw_record_trim_values_sql(GString *sql);              /* and of large values whose record is gone */
