/* status: what the links publish, and its three forms: structs, the JSON of `ringway status --json`, the table of `ringway status`.
 *
 * In: numbers and texts that the links keep; the JSON of a daemon, which may come from a newer version: members it does not know are
 * ignored. Out: owned structs, g_free'd text. Plain data, one thread at a time: a link copies its status out under its own lock
 * (rw_link_status_copy). Errors: RW_ERR_STOP for a text that is not a status. Refuses to print control characters in the table.
 * Source of the JSON: the manual, "status --json".
 */
#pragma once
#include "base/error.h"
#include "change/pos.h"

typedef enum {
    RW_LINK_CATCHING_UP, /* behind: windows are full */
    RW_LINK_RUNNING,
    RW_LINK_PAUSED,   /* by the user */
    RW_LINK_RETRYING, /* waits after an error that passes by itself */
    RW_LINK_STOPPED,  /* an error that needs the user */
    RW_LINK_DOWN,     /* no daemon runs it: read from the databases */
    RW_LINK_STANDBY,  /* another process runs it; this one waits */
} rw_link_state;

typedef struct {
    char *table; /* schema.table */
    bool exact;  /* else folded */
    char *why;   /* NULL: nothing to say */
} rw_table_status;

typedef struct {
    char *name, *source, *target;
    rw_link_state state;
    char *error;            /* NULL: none */
    char *warning;          /* it goes on, but not for ever; NULL: none */
    rw_source_pos position; /* members NULL: none yet */
    double lag_s;           /* below 0: not known */
    unsigned delay_s;       /* asked for */
    uint64_t transactions, captured, applied, filtered, discarded, conflicts, drift, ddl, retries;
    uint64_t local_writes;  /* transactions of applications at a target that is read_only */
    unsigned window;        /* source transactions in the last window */
    GPtrArray *tables;      /* rw_table_status; those that take the exact path */
} rw_link_status;

typedef struct {
    char *name;
    unsigned id;
    char *flavour, *version, *host; /* NULL: not known */
    bool reachable;
} rw_site_status;

typedef struct {
    char *name;
    GPtrArray *sites; /* rw_site_status */
    GPtrArray *links; /* rw_link_status */
} rw_status;

const char *rw_link_state_name(rw_link_state state); /* as in JSON: "catching_up" */

rw_link_status *rw_link_status_new(const char *name, const char *source, const char *target); /* down, lag not known, all counts 0 */
rw_link_status *rw_link_status_copy(const rw_link_status *link);
void rw_link_status_free(rw_link_status *link);
void rw_link_status_set_error(rw_link_status *link, const char *error); /* copied; NULL: none */
void rw_link_status_add_table(rw_link_status *link, const char *table, bool exact, const char *why); /* copied */

rw_site_status *rw_site_status_new(const char *name, unsigned id);
void rw_site_status_free(rw_site_status *site);

rw_status *rw_status_new(const char *name); /* its arrays free what is added to them */
void rw_status_free(rw_status *status);

char *rw_status_to_json(const rw_status *status); /* one line, no newline */
rw_status *rw_status_from_json(const char *text, GError **error);
void rw_status_to_table(const rw_status *status, GString *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(rw_link_status, rw_link_status_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rw_site_status, rw_site_status_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rw_status, rw_status_free)
