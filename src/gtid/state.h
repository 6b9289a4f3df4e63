/* state: where a reader of a log stands, in the GTIDs of whatever server that log comes from.
 *
 * The one type that the flow holds: a MySQL set, a MariaDB position, or nothing (a server without GTIDs). The kind comes from the
 * site's dialect descriptor, once; nobody else asks for it.
 * In: text of that kind; then the GTIDs of transactions in log order (rw_event.gtid.gtid). Out: text for the progress row and for
 * people; bytes for the dump request: MySQL's binary set for COM_BINLOG_DUMP_GTID, MariaDB's text for @slave_connect_state, none for none.
 * Owner: one thread at a time; a struct on the stack or in another, emptied by rw_gtid_state_clear. Do not copy it by assignment.
 * Errors: class RW_ERR_CONFIG. After an error the state is as it was (after a failed parse: empty, of kind none).
 * Refuses: a GTID of the other kind of server. Kind none holds nothing and takes any GTID without remembering it.
 */
#pragma once
#include "gtid/mariadb.h"
#include "gtid/set.h"

typedef enum { RW_GTID_NONE, RW_GTID_MYSQL, RW_GTID_MARIADB } rw_gtid_kind;

typedef struct {
    rw_gtid_kind kind;
    union {
        rw_gtid_set *set; /* MYSQL; owned */
        rw_gtid_pos *pos; /* MARIADB; owned */
    };
} rw_gtid_state;

/* out need not be initialised. text NULL or "" is the empty state. */
bool rw_gtid_state_parse(rw_gtid_state *out, rw_gtid_kind kind, const char *text, GError **error);
void rw_gtid_state_copy(rw_gtid_state *out, const rw_gtid_state *from); /* out need not be initialised */
void rw_gtid_state_clear(rw_gtid_state *state);                         /* leaves kind none */
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(rw_gtid_state, rw_gtid_state_clear)

/* gtid "" or NULL (an anonymous transaction) changes nothing. */
bool rw_gtid_state_advance(rw_gtid_state *state, const char *gtid, GError **error);
bool rw_gtid_state_contains(const rw_gtid_state *state, const char *gtid); /* kind none: false */
bool rw_gtid_state_covers(const rw_gtid_state *state, const rw_gtid_state *part); /* contains all of it; of two kinds, or kind none: false */
bool rw_gtid_state_is_empty(const rw_gtid_state *state);
char *rw_gtid_state_format(const rw_gtid_state *state); /* owned by the caller; "" if empty */
void rw_gtid_state_encode(const rw_gtid_state *state, GByteArray *out); /* appends the bytes of the dump request */
