/* topology: from the configuration's sites and shape to directed links, and whose transactions each of them carries.
 *
 * A transaction goes to each site along one way: the shortest from where it was made; of equals the one over the link that comes first. So a
 * link carries the source's own transactions, and those of every other site for whose ways it is needed; never the target's. From this
 * follows what a pair, a mesh, a ring, a star, or the links of [link] sections (topology = links) hand on: there is no other rule. The model
 * (tests/model/shapes.py) has the same one.
 * What is left of a site that is gone (heir in its section) begins at its heir.
 * A site that is being added (copy_of) is in no shape: it hangs behind the one whose copy it is, which brings everything.
 * A read_only site is the source of no link.
 * In: a checked configuration, borrowed. Out: links in a fixed order, with indexes into conf->sites; free with g_ptr_array_unref. Any thread.
 * Errors: RW_ERR_CONFIG: too few or too many sites for the shape; topology = links without a [link] section; a [link] section that the shape
 * does not have; renames that do not fit together (renames.h).
 * To add a shape: one row in the table of topology.c, and its name in conf/options.c.
 */
#pragma once
#include "change/origins.h"
#include "conf/conf.h"

typedef struct {
    unsigned source, target; /* indexes into conf->sites */
    char *name;              /* "source->target"; owned by the link */
    rw_origins carries;      /* site numbers */
} rw_topology_link;

/* of rw_topology_link *; NULL on failure */
GPtrArray *rw_topology_links(const rw_conf *conf, GError **error);
