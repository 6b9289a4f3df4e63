/* renames: does what the links rename fit together?
 *
 * A table is one table at all sites, under one name at each. So the link back has the same renames the other way round; it is the same name
 * whatever way links lead to a site; the filters let it pass both ways; and what settles conflicts of a table is the same under all of its names.
 * In: a configuration and its links. Errors: RW_ERR_CONFIG, with the line in the file.
 */
#pragma once
#include "conf/conf.h"

bool rw_topology_check_renames(const rw_conf *conf, const GPtrArray *links, GError **error);
