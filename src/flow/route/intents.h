/* intents: which sessions in a log have announced a DDL statement that has not ended yet.
 *
 * Fed in log order with the rows of ringway.session and with server starts; asked for each DDL event. A statement belongs to a Ringway
 * if its session has an open intent there, unless it is about other tables: the log of a cluster's node holds statements of all nodes, and
 * their sessions have the same numbers. Connection ids start again with the server, so after a server start only the text counts:
 * a server that dies within a DDL statement may log it when it recovers (MariaDB's DDL log), in no session's name.
 * Serialised to text so that it travels with the position: a reader that starts between intent and statement must know it.
 * Owner: one thread. Errors: a serialised text that does not parse gives false.
 */
#pragma once
#include "base/slice.h"

#include <glib.h>

typedef struct rw_intents rw_intents;

/* Whose the announced statement is. */
typedef struct {
    unsigned origin; /* site number */
    uint64_t stamp_us;
} rw_announced;

rw_intents *rw_intents_new(void);
void rw_intents_free(rw_intents *intents);
/* The session of (source, lane) now has this connection id, and an intent for this statement, open or not. */
void rw_intents_note(rw_intents *intents, unsigned source, unsigned lane, uint64_t connection, bool open, rw_slice statement, rw_announced announced);
bool rw_intents_own(const rw_intents *intents, uint64_t connection, rw_slice statement, rw_announced *announced);
void rw_intents_server_started(rw_intents *intents);
char *rw_intents_format(const rw_intents *intents); /* NULL if none is open; owned */
bool rw_intents_parse(rw_intents *intents, const char *text); /* NULL: none */
