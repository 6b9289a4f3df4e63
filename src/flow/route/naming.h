/* naming: what a link renames, as the router needs it.
 *
 * In: the renames of the link (conf/rename.h), borrowed; NULL: all names stay. Out: a table under its name at the target; does a statement touch, or
 * refer to, what is renamed? A statement is never rewritten.
 * Errors: RW_ERR_STOP for a table whose name at the target another table of the source has.
 */
#pragma once
#include "base/error.h"
#include "change/event.h"
#include "conf/rename.h"
#include "ddl/classify.h"

/* *named: a new reference; NULL if the name stays. */
bool rw_naming_table(const rw_renames *renames, const rw_table *table, rw_table **named, GError **error);
bool rw_naming_concerns(const rw_renames *renames, const rw_ddl *ddl, const rw_query *query);
