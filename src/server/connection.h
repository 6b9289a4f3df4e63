/* connection: one session with one server; the only user of libmariadb (with dialect descriptors' dump commands).
 *
 * In: a site of the configuration, and which of its hosts (endpoint.h chooses). Out: results as slices that live until the result is freed.
 * Owner: one thread; rw_connection_cancel alone may be called from any thread, and makes the owner's call fail at once.
 * Errors: RW_ERR_RETRY for what passes by itself (lost connection, deadlock, lock wait, read-only, shutdown), RW_ERR_CONFIG for
 * refused credentials and TLS, RW_ERR_STOP for the rest; the server's number is in rw_connection_errno.
 * No password reaches an error message. Refuses: servers that no dialect claims; sessions without TLS to other machines unless
 * the site says ssl_mode = disabled.
 */
#pragma once
#include "base/error.h"
#include "base/slice.h"
#include "change/mark.h"
#include "conf/conf.h"
#include "server/dialect.h"

#include <mysql.h>

typedef struct {
    unsigned connect_timeout_s;
    unsigned read_timeout_s; /* 0: wait for ever, as a long statement may take hours; a dead peer is found by TCP */
    unsigned dead_peer_s;    /* TCP gives up on a silent peer after this long */
} rw_connection_limits;

struct rw_connection {
    MYSQL *mysql;
    const rw_dialect *dialect;
    char *site;         /* name, for messages */
    unsigned host;      /* of the site's hosts */
    char *address;      /* of that host */
    char identity[RW_IDENTITY_BYTES]; /* of the server that answered there */
    bool shares_gtids;  /* transactions have the same GTIDs on all hosts of its site */
    char cluster[RW_CLUSTER_BYTES]; /* whose node it is; "": none whose transactions have numbers (change/mark.h) */
    bool one_writer;    /* of the hosts of its site, one is meant to be written to */
    char *unfit;        /* why applications could not write there when the session began; NULL: they could */
    char *version;
    uint32_t thread_id; /* the server's connection id */
    uint64_t max_packet_bytes;
    gint64 used_us;     /* monotonic: when something was sent last */
    bool annotates;     /* the server copies each packet's text into its log, per statement: send statements one by one */
    bool splits_packets; /* the server may commit a part of a packet that holds a transaction: send statements one by one */
};

/* A fetched result; rows are read in order. */
typedef struct rw_result rw_result;

/* A session with this host of the site, whatever its state. */
rw_connection *rw_connection_open_host(const rw_site_conf *site, unsigned host, rw_connection_limits limits, GError **error);
/* A session with the site: with its only host, else with the first one that can be written to (endpoint.h). */
rw_connection *rw_connection_open(const rw_site_conf *site, rw_connection_limits limits, GError **error);
void rw_connection_close(rw_connection *connection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rw_connection, rw_connection_close)
void rw_connection_cancel(rw_connection *connection);
unsigned rw_connection_errno(const rw_connection *connection);
/* RW_ERR_* of the last failure of this session, message "<what>: <server's words>". Always false. */
bool rw_connection_fail(rw_connection *connection, const char *what, GError **error);

bool rw_connection_run(rw_connection *connection, const char *sql, GError **error);  /* results are dropped */
bool rw_connection_runf(rw_connection *connection, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);
uint64_t rw_connection_affected(rw_connection *connection); /* rows changed (found, for an UPDATE) by the last rw_connection_run */
/* Sends one packet of one or more statements without waiting. Then rw_connection_next_result for each. */
bool rw_connection_send(rw_connection *connection, rw_slice sql, GError **error);
/* The next statement's result: *result NULL if it has no rows. false: it failed (the rest of the packet was not run). */
bool rw_connection_next_result(rw_connection *connection, rw_result **result, uint64_t *affected, GError **error);
bool rw_connection_has_more(rw_connection *connection);
/* A sign of life if nothing was sent for a second: for sessions that the server ends when they are silent. */
bool rw_connection_keep(rw_connection *connection, GError **error);

rw_result *rw_connection_query(rw_connection *connection, const char *sql, GError **error);
rw_result *rw_connection_queryf(rw_connection *connection, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* cells[n]: data NULL is SQL NULL. false at the end. */
bool rw_result_next(rw_result *result, rw_slice *cells, unsigned n);
void rw_result_free(rw_result *result);
uint64_t rw_cell_number(rw_slice cell); /* SQL NULL is 0 */
char *rw_cell_text(rw_slice cell);      /* owned; SQL NULL is NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rw_result, rw_result_free)
/* The first cell of the first row, owned; NULL with *error unset: no row or NULL. */
char *rw_connection_value(rw_connection *connection, const char *sql, GError **error);

/* What stands in the GTIDs of transactions that this server is the first to execute; owned. */
char *rw_connection_own_gtids(rw_connection *connection, GError **error);

/* Appends 'text' quoted for a session whose character_set_client is binary or an ASCII superset. */
void rw_sql_quote(GString *sql, rw_slice text);
void rw_sql_hex(GString *sql, rw_slice bytes); /* x'00ff' */
void rw_sql_name(GString *sql, const char *name); /* `name` */
