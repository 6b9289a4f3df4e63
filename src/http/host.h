/* host: may a request with this Host header be answered?
 *
 * A web page that a browser has loaded from elsewhere can have its own name point to a loopback address and then read what answers there
 * (DNS rebinding). The Host header still carries that page's name, so on a loopback address only local names are right.
 * In: the header's value, or NULL; the address as configured, and as number. The port does not matter: it may have been forwarded.
 * Any thread. No errors.
 */
#pragma once
#include <stdbool.h>

bool rw_http_host_is_local(const char *header, const char *configured, const char *numeric);
