/* server: the status page (GET /) and the status as JSON (GET /status), read-only.
 *
 * In: an address and a function that gives the JSON. address: a name or number to listen on, NULL or "": 127.0.0.1; port 0: any free one.
 * Owner: the caller, who stops it; after rw_http_stop status_json is not called any more.
 * Thread: one of its own, which calls status_json(user), so that must be safe beside the caller's threads; it gives g_malloc'd text,
 * or NULL for "not now" (503). All signals are blocked in that thread.
 * Errors: RW_ERR_CONFIG, naming the address: not found, in use, not permitted.
 * Refuses: methods but GET and HEAD (405), other paths (404), more than 32 connections, requests with bodies; on a loopback address
 * also requests whose Host is neither that address nor localhost (403), so that no web site can read the status by way of DNS
 * (rebinding). It asks for no password: on other addresses it shows the status to whoever can connect.
 */
#pragma once
#include "base/error.h"

typedef struct rw_http rw_http;
typedef char *(*rw_http_status_fn)(void *user);

rw_http *rw_http_start(const char *address, unsigned port, rw_http_status_fn status_json, void *user, GError **error);
unsigned rw_http_port(const rw_http *http); /* that it listens on */
void rw_http_stop(rw_http *http);           /* NULL: nothing */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rw_http, rw_http_stop)
