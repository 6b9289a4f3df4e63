/* client: asks a running Ringway over HTTP; as small as that needs.
 *
 * In: address (name or number, IPv6 without brackets), port, absolute path, and a time limit in ms for the whole exchange once the
 * name is resolved. Out: the body of a 200 answer, owned, NUL-terminated. Thread: any; blocks at most that long.
 * Errors: RW_ERR_UNREACHABLE for whatever is not a whole answer 200 in time: nobody listens, silence, another status, cut off.
 * Refuses: answers over 16 MiB, bodies with NUL bytes, redirections, transfer codings (it asks as HTTP/1.0, which has none).
 */
#pragma once
#include "base/error.h"

char *rw_http_get(const char *address, unsigned port, const char *path, unsigned timeout_ms, GError **error);
