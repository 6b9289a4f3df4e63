/* applier_private: what the files of applier.h share: the window under way, its transaction at the target (applier_tx.c), and
 * transactions that are too large for one batch (applier_large.c). */
#pragma once
#include "flow/apply/applier.h"
#include "flow/apply/pace.h"
#include "flow/apply/trouble.h"

struct rw_applier {
    rw_applier_options o;
    rw_tables *tables;
    rw_trouble trouble;
    rw_rows_apply *rows;
    rw_settle *settle;
    unsigned limit;       /* transactions a window may hold now, as locks allow */
    rw_pace pace;         /* and as the time */
    unsigned single_left; /* so many transactions go one by one: one of them met something */
    bool settling;        /* the next transaction is settled row by row */
    bool streaming;
    bool past_statement;  /* a statement has come */
    char *settle_large, *wants_settled;  /* identities of large transactions */
    rw_progress next;     /* of the window under way */
    GByteArray *writers;
    char *failed;
    unsigned window;
    gint64 written_us;    /* monotonic: when a progress row was written last */
    uint64_t told_us;     /* stamp of the source's last own change that a progress row tells */
    gint64 waiting_since_us; /* monotonic: for the time of the next transaction (delay_s); 0 = it does not wait */
    char *accept, *skip;  /* identities; skip until it is done; owned: what the options point to is the control row's */
};

/* applier.c */
bool rw_applier_fail_at(rw_applier *a, const rw_txn *txn, GError *cause, GError **error); /* takes cause; always false */
bool rw_applier_rollback(rw_applier *a, GError **error);
void rw_applier_passed(rw_applier *a, unsigned n); /* so many transactions are done: the next ones may go together again */
bool rw_applier_run_statement(rw_applier *a, const rw_txn *txn, GError **error);

/* applier_tx.c: statements are gathered for one round trip, and sent by the one that needs an answer */
void rw_applier_copy_progress(rw_progress *to, const rw_progress *from);
void rw_applier_adopt_next(rw_applier *a, const rw_txn *first); /* committed; first: of the window, NULL = none */
bool rw_applier_is_skipped(const rw_applier *a, const rw_txn *txn);
bool rw_applier_advance_next(rw_applier *a, const rw_txn *txn, GError **error);
void rw_applier_count_settled(rw_applier *a);
bool rw_applier_begin(rw_applier *a, const rw_txn *first, const rw_txn *last, const rw_writers *writers, GError **error);
bool rw_applier_close_skip(rw_applier *a, GError **error);
bool rw_applier_close_statement(rw_applier *a, GError **error);
bool rw_applier_record_skip(rw_applier *a, const rw_batch *batch, const rw_txn *txn, GError **error);
bool rw_applier_write_window(rw_applier *a, const rw_batch *batch, unsigned i, unsigned n, unsigned n_rows, GError **error);
bool rw_applier_commit(rw_applier *a, GError **error);

/* applier_large.c */
bool rw_applier_run_piece(rw_applier *a, const rw_batch *batch, unsigned i, GError **error);
