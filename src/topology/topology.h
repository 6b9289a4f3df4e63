/* topology: from the names of sites and the name of a shape to directed links.
 *
 * In: site names in the order of the configuration (a ring's order), NULL-terminated, borrowed. Out: links as indexes into that list,
 * with their names ("east->west"); free with g_ptr_array_unref. Any thread.
 * Errors: class RW_ERR_CONFIG: a shape that is unknown or not there yet, too few or too many sites, a name that is empty or there twice.
 * Does not know: overrides of links, what is forwarded along them.
 * To add a shape: one row in the table of topology.c.
 */
#pragma once
#include "base/error.h"

typedef struct {
    unsigned source, target; /* indexes into the sites */
    char *name;              /* "source->target"; owned by the link */
} rw_topology_link;

/* of rw_topology_link *; NULL on failure */
GPtrArray *rw_topology_links(const char *topology, const char *const *sites, GError **error);
