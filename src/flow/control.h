/* control: what was asked of a link, and what became of it: its row of ringway.link on the target.
 *
 * ringway pause, resume and skip write it, from wherever the database can be reached; the daemon polls it and records why it stopped.
 * Writes only when something changes. Errors: those of the session. Owner: one thread.
 */
#pragma once
#include "server/connection.h"

typedef struct {
    bool paused;
    uint64_t resumed; /* counts `ringway resume` */
    char *skip;       /* identity of a transaction, NULL = none */
    char *state, *error, *failed; /* as recorded */
} rw_control;

void rw_control_clear(rw_control *control);
/* Also makes the row, if it is not there. */
bool rw_control_load(rw_control *control, unsigned source, const char *link, rw_connection *target, GError **error);
bool rw_control_record(unsigned source, const char *state, const char *message, const char *failed, rw_connection *target, GError **error);

bool rw_control_pause(unsigned source, bool paused, rw_connection *target, GError **error);
bool rw_control_skip(unsigned source, const char *identity, rw_connection *target, GError **error);
