#include "http/host.h"

#include <glib.h>
#include <string.h>

/* Owned: the name without port and brackets; NULL if that is not its form. */
static char *name_of(const char *header)
{
    const char *name = header, *end = strchr(header, ':'), *port = end;
    if (header[0] == '[') {
        name = header + 1;
        end = strchr(name, ']');
        if (!end) return NULL;
        port = end + 1;
    }
    if (!port) return g_strdup(name);
    if (*port && (*port != ':' || port[1 + strspn(port + 1, "0123456789")])) return NULL;
    return g_strndup(name, (gsize)(end - name));
}

bool rw_http_host_is_local(const char *header, const char *configured, const char *numeric)
{
    g_autofree char *name = header ? name_of(header) : NULL;
    if (!name || !*name) return false;
    const char *const local[] = {"localhost", "127.0.0.1", "::1", configured, numeric};
    for (size_t i = 0; i < G_N_ELEMENTS(local); i++)
        if (g_ascii_strcasecmp(name, local[i]) == 0) return true;
    return false;
}
