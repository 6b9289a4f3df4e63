/* json_put: a text as the member of a JSON object that is being built. NULL becomes null, and bytes that are no UTF-8 are replaced:
 * json-glib writes them as they are, and a name or a message of a server may hold any. No errors. */
#pragma once
#include <json-glib/json-glib.h>

void rw_json_put_string(JsonBuilder *json, const char *name, const char *value);
