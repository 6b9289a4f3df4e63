/* router: whose transaction is this, and where does it go?
 *
 * In: events of one source's log, in order. Out: what is to be done with each, and the head of the current transaction. A state machine
 * without I/O:
 *
 *     outside --GTID/BEGIN--> undecided --first row in ringway.progress--> dropped (a Ringway wrote it), or
 *                                 |                                        relayed (it did, and the link carries others' transactions, too)
 *                                 |-----first other row or statement----> forwarded
 *     any of them --COMMIT / end of a stand-alone statement--> outside        (ends)
 *     inside a transaction --the source's server starts anew--> outside       (void: the server died in the middle)
 *
 * Whose the rows of a relayed transaction are, and which of them go on, its progress row tells to who hands them on (flow/relay.h).
 * A DDL statement is a Ringway's if its session has an open intent in the log (intents.h): the intent says whose it is. Rows of schema ringway
 * never travel.
 * The stamp of each transaction, and what it had seen, are pure functions of the log (change/stamp.h, history.h).
 * A row of ringway.change in a Ringway's transaction is a change that no row event shows: one of the window's, which found the row as wanted, or
 * a delete that this site made itself, which is handed on as that delete, of an own transaction
 * right after the window's (with a stamp of its own, having seen the window).
 *
 * With `watch` it reads a target's log for the memory of last writers: it judges nothing, and hands on the rows of every transaction, a
 * Ringway's too, and what their progress rows say of their writers.
 * What a link renames has its name at the target from here on: behind the router only the relay
 * knows the source's, because lists of writers in its log go by it.
 * Owner: one thread. Errors: RW_ERR_STOP for what must not be guessed: row images that are not whole, statements in statement format,
 * objects other than tables, indexes and databases, savepoint rollbacks, a statement over filtered and replicated tables at once or over renamed ones,
 * two tables that get one name.
 * Does not know: targets, windows, how rows are written.
 */
#pragma once
#include "base/error.h"
#include "change/batch.h"
#include "change/pos.h"
#include "change/wanted.h"
#include "conf/conf.h"
#include "flow/route/filter.h"
#include "change/history.h"

typedef struct rw_router rw_router;

typedef enum {
    RW_ROUTE_NOTHING,
    RW_ROUTE_ROWS,      /* append the event's rows */
    RW_ROUTE_STATEMENT, /* append the statement */
    RW_ROUTE_CHANGE,    /* append the change of one row: change */
    RW_ROUTE_WRITERS,   /* a window begins, or (watching) ends: a progress row's writers, of link source */
    RW_ROUTE_VOID,      /* forget the current transaction */
} rw_route_action;

typedef struct {
    rw_route_action action;
    bool ends;           /* the transaction is complete with this event */
    rw_table *table;     /* for ROWS: the event's, under its name at the target */
    bool relayed;        /* the rows are a window's: each has an author of its own */
    bool filtered;       /* relayed rows that a rule keeps back: to be counted only */
    unsigned origin;     /* for ROWS of a window that holds those of several sites: whose these are; 0: it does not say */
    rw_statement statement; /* for STATEMENT; borrowed from the event and the router */
    struct {
        rw_table *table; /* the router's, under its name at the target */
        rw_table *here;  /* as the source calls it */
        bool own;        /* a delete that the site made itself; else one of the window's changes, which found the row as wanted */
        rw_slice image, after;
    } change;
    struct {
        unsigned source, origin; /* site numbers */
        uint64_t stamp_us;
        rw_slice text;   /* ringway.progress.writers; data NULL: none */
    } writers;
} rw_route;

typedef struct {
    const char *scope;       /* link name for the log */
    unsigned source;         /* site number */
    const rw_filter *filter; /* borrowed */
    const rw_renames *renames; /* borrowed; NULL = all names stay */
    const rw_conf *conf;     /* borrowed; for version columns; NULL = there are none */
    const char *file;        /* where reading starts */
    rw_history history;      /* of the source's log there */
    bool watch;
    bool cluster;            /* the log is one of several, each of a node that all can write to: what it says of times must be the same in each */
    rw_wanted wanted;        /* nothing, while watching */
    const char *intents;     /* open intents at that place; NULL = none */
    const char *skip;        /* identity (rw_txn_identity) of a transaction that is handed on unjudged, because it will be skipped; NULL = none */
} rw_router_start;

rw_router *rw_router_new(const rw_router_start *start, GError **error);
void rw_router_free(rw_router *router);
bool rw_router_event(rw_router *router, const rw_event *event, rw_route *route, GError **error);

/* The current (after `ends`: the just ended) transaction: gtid, file, offsets, times, author, dropped, filtered count, intents.
 * Strings are the router's until its next event. */
const rw_txn *rw_router_txn(const rw_router *router);
const rw_history *rw_router_history(const rw_router *router); /* of the log, up to the event that was routed last */
