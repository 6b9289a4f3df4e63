/* dialect: what differs between servers, as descriptors with capabilities; the only place that knows flavours.
 *
 * To add a server: one file with one descriptor, and its name in the list of dialect.c. A descriptor is constant data and pure
 * functions; sessions are opened by connection.h. Facts are from wire.md's table of commands, the servers' manuals and trials.
 */
#pragma once
#include "base/error.h"
#include "gtid/state.h"

typedef struct rw_connection rw_connection;

/* From where a dump begins. gtid set: by GTID; else by file and offset. */
typedef struct {
    const char *file;
    uint64_t offset_bytes;
    const rw_gtid_state *gtid; /* NULL or kind none: by file and offset */
    bool once;                 /* end at the end of the log instead of waiting */
} rw_dump_start;

enum { RW_IDENTITY_BYTES = 128 };

typedef struct {
    const char *name;                 /* as in status: "mysql", "mariadb" */
    rw_gtid_kind gtid_kind;           /* that its log can carry */
    const char *sql_log_place;        /* first two columns: file, offset */
    const char *sql_gtid;             /* one row: the GTID state of the log; "" if GTIDs are off */
    const char *identity;             /* SQL expression: names this server, stays over restarts; less than RW_IDENTITY_BYTES */
    const char *own_gtids;            /* SQL expression: what stands in the GTIDs of transactions that this server is the first to execute */
    const char *unfit;                /* SQL expression: why applications cannot write here now, in a few words; NULL if they can */
    const char *shares_gtids;         /* SQL expression: '1' if a transaction has the same GTID on all hosts of its site */
    const char *cluster;              /* SQL expression: names the cluster whose numbers stand in this server's XID events, the same at every node; NULL: none */
    const char *sql_cluster_number;   /* the highest number that this node has committed; NULL: no such servers */
    const char *sql_await_cluster;    /* from then on the session sees all that any node had committed; NULL: no such servers */
    const char *one_writer;           /* SQL expression: '1' if only one host of a site is meant to be written to */
    const char *sql_log_retention;    /* one row: seconds that a log file is kept after its last change (0: for ever), the setting that says so, bytes of all files (0: any) */
    const char *sql_apply_session;    /* settings of a session that writes, joined by ';' */
    const char *sql_apply_privileged; /* a setting that a session may lack the privilege for; NULL: none. See connection.h, annotates */
    const char *apply_privilege;      /* which one, for the advice */
    const char *sql_annotates;        /* '1' if the server annotates this session's row events; asked where the privilege is missing */
    const char *sql_splits_packets;   /* one row if the server is such as connection.h, splits_packets, says; NULL: never */
    const char *sql_dump_session;     /* settings of a session that reads the log; %d times: heartbeat period in ns */
    const char *upsert_head;          /* between the VALUES rows and the assignments */
    const char *upsert_value;         /* format of the value of a column in an assignment; %s: the quoted name */
    const char *json_equals;          /* SQL that compares a JSON column (%s) with a literal (%s) */
    const char *const *sql_mode_bits; /* name of each bit of a logged sql_mode, 64 entries, NULL where none */
    uint16_t foreign_collation;       /* what a collation id that this server does not know becomes for a session */
    bool (*knows_collation)(uint16_t id);
    /* What of a GTID state of this kind the server has not executed, as text, owned; NULL with *error unset: nothing. */
    char *(*missing)(rw_connection *connection, const rw_gtid_state *state, GError **error);
    /* *yes: it applies what another server sends it, or has received some that is not applied. RW_ERR_CONFIG: its user may not see that. */
    bool (*replicates)(rw_connection *connection, bool *yes, GError **error);
    bool (*start_dump)(rw_connection *connection, const rw_dump_start *start, GError **error);
} rw_dialect;

const rw_dialect *rw_dialect_find(const char *server_version); /* NULL: not supported */
/* The names of `mode_bits` (as logged by `source`) that `target` knows, joined by commas. Owned. */
char *rw_dialect_sql_mode(const rw_dialect *source, const rw_dialect *target, uint64_t mode_bits);
uint16_t rw_dialect_collation(const rw_dialect *target, uint16_t id);

extern const rw_dialect rw_dialect_mysql, rw_dialect_mariadb;
