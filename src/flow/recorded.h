/* recorded: the status of a link as its target's database tells it, for when no daemon answers.
 *
 * In: a session with the target. Out: rw_link_status; state down if no session holds the link's lock, unless it is recorded as stopped or
 * paused. Lag is not known from here. Errors: those of the session. Reads only.
 */
#pragma once
#include "flow/status.h"
#include "server/connection.h"

bool rw_recorded_status(rw_link_status *status, const char *topology, unsigned source, rw_connection *target, GError **error);
