/* settle_private: what the files of settle.h share: the change in hand, and what each of them does to it. */
#pragma once
#include "base/arena.h"
#include "flow/apply/author_list.h"
#include "flow/apply/record.h"
#include "flow/apply/settle.h"

/* One row change, or one half of a changed key. */
typedef struct {
    const rw_binding *b;
    const rw_txn *txn;        /* of the source's log */
    const rw_author *author, *first; /* of the change (change/row.h) */
    rw_op op;
    rw_slice before, after; /* images; data NULL: none */
    bool foreign_key_checks_off, unchecked, partly; /* change/row.h */
    rw_item row;
    char *where;            /* SQL of its key; arena */
    rw_slice *cells;        /* the row at the target; NULL: none; arena */
    bool equal;             /* it is as the change expects */
    rw_writer last, ended;  /* unseen */
    bool has_last, has_ended;
    unsigned unseen_rank;
} rw_case;

typedef enum { RW_ROW_FREE, RW_ROW_OWNED, RW_ROW_LOST, RW_ROW_LATE } rw_row_state; /* what earlier changes of the transaction made of the row */

/* What the server said to a write. */
typedef enum { RW_WROTE, RW_WRITE_FAILED, RW_WRITE_DUPLICATE, RW_WRITE_NO_PARENT, RW_WRITE_HAS_CHILDREN } rw_write_outcome;

struct rw_settle {
    rw_settle_options o;
    rw_arena *arena;       /* per transaction */
    GHashTable *states;    /* rw_item (arena) -> rw_row_state */
    rw_row_scratch scratch, other;
    rw_row_items items;
    GString *key, *sql;
    rw_settle_counts counts;
    rw_writers writers;
    rw_author_list authors; /* of writers */
    rw_clash clash;
    bool again;
    bool listing;          /* another link reads who wrote what */
    bool several;          /* rows of more than one site are in the window */
    unsigned announced;    /* in the log: whose rows come now */
    unsigned listed_txn;   /* in writers: of the change in hand */
    bool listing_over;     /* what is listed now is for the own link */
    bool large;            /* a transaction in pieces: nothing is listed, its row events tell */
    bool any_lost;         /* a row of the transaction was not written: others may miss it */
    bool fell;             /* the change in hand won its row, and lost it to a constraint */
    uint64_t removed;      /* rows recorded and deleted by the transaction of this site under way */
    uint64_t settled_before; /* the same, of all that were committed: rw_settle_take_removed */
    char *waited_for;      /* identity of the transaction that the gap was waited for */
    gint64 gap_until_us;
    uint64_t affected;     /* rows, by the last write */
};

static inline rw_slice rw_case_key_image(rw_slice before, rw_slice after) { return before.data ? before : after; }

/* settle_case.c */
char *rw_settle_where(rw_settle *s, const rw_binding *b, rw_slice image);
rw_slice *rw_settle_cells(rw_settle *s, const rw_binding *b, const char *where, GError **error); /* NULL with *error unset: no row */
bool rw_settle_read(rw_settle *s, rw_case *c, GError **error);
bool rw_settle_find(rw_settle *s, const rw_case *c, rw_item item, rw_writer *writer, bool *found, GError **error);
bool rw_settle_find_writers(rw_settle *s, rw_case *c, GError **error);
const char *rw_settle_kind(const rw_case *c);
void rw_settle_clear_clash(rw_settle *s);
rw_record rw_settle_record(const rw_settle *s, const rw_case *c);
bool rw_settle_stop(rw_settle *s, const rw_case *c, const char *kind, const char *why, GError **error); /* always false */

/* settle_write.c; *lost: a constraint took the row, which is settled and recorded */
rw_write_outcome rw_settle_execute(rw_settle *s, const rw_case *c, bool checks, GError **error); /* s->sql */
bool rw_settle_exact_sql(rw_settle *s, const rw_case *c); /* into s->sql */
bool rw_settle_delete_row(rw_settle *s, const rw_case *c, GError **error);
bool rw_settle_write_whole(rw_settle *s, const rw_case *c, bool *lost, GError **error);
bool rw_settle_write_columns(rw_settle *s, const rw_case *c, bool *lost, GError **error);
void rw_settle_list(rw_settle *s, const rw_case *c);

/* settle.c */
/* The memory is exact for all rows that are locked now. */
bool rw_settle_refresh(rw_settle *s, GError **error);
bool rw_settle_restart(rw_settle *s, const char *why, GError **error); /* rolls back; always false */
bool rw_settle_begin_own(rw_settle *s, GError **error);
bool rw_settle_commit_own(rw_settle *s, const char *done, GError **error); /* always false: the window begins anew */
bool rw_settle_wait_gap(rw_settle *s, const rw_case *c, bool bounded, bool *over, GError **error);
/* The row goes by a new change of this site: it is deleted here, and the others are told (change.h). */
bool rw_settle_lose(rw_settle *s, const rw_case *c, const rw_record *record, GError **error);

/* unique.c, foreign.c: a write was refused; true: settled (the row is not written). */
bool rw_settle_unique(rw_settle *s, const rw_case *c, char *const *wanted, GError **error);
bool rw_settle_no_parent(rw_settle *s, const rw_case *c, bool *force, GError **error); /* *force: write it without foreign key checks */
bool rw_settle_children(rw_settle *s, const rw_case *c, GError **error);
/* In a transaction of its own on the target: rows of tables that refer to the rows `where` of b go, theirs first; recorded. */
bool rw_foreign_delete_children(rw_settle *s, const rw_case *c, const char *schema, const char *table, const char *where, unsigned depth, GError **error);
