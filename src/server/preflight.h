/* preflight: settings of a site without which replication would lose or repeat changes.
 *
 * A table of variables with the values that are right and the cure; asked once per session. Out: RW_ERR_CONFIG naming variable, value, cure.
 * To add a check: one row in preflight.c. Does not write to the server.
 */
#pragma once
#include "server/connection.h"

bool rw_preflight(rw_connection *connection, GError **error);
/* What is allowed but risky in a source's settings; owned, NULL: nothing. */
char *rw_preflight_advice(rw_connection *connection);
/* For a site whose log does not show our row: what is known to hide it. Owned; never NULL. */
char *rw_preflight_hidden_because(rw_connection *connection);
