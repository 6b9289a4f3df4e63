/* tables: the bindings of a link, found by the source's table, and numbered within a window.
 *
 * A binding is made at the first row of a table and dropped by forget (after DDL, or when the target no longer agrees).
 * Owner: one thread. Errors: those of rw_bind.
 */
#pragma once
#include "conf/conf.h"
#include "flow/apply/bind.h"

typedef struct rw_tables rw_tables;

rw_tables *rw_tables_new(const rw_conf *conf, bool ignore_triggers); /* conf borrowed; ignore_triggers: nothing will be written */
void rw_tables_free(rw_tables *tables);
void rw_tables_forget(rw_tables *tables);
void rw_tables_begin_window(rw_tables *tables);
/* The table's number in this window. */
bool rw_tables_number(rw_tables *tables, rw_table *table, rw_connection *target, unsigned *number, GError **error);
const rw_binding *rw_tables_at(const rw_tables *tables, unsigned number);
unsigned rw_tables_in_window(const rw_tables *tables);
void rw_tables_foreach(const rw_tables *tables, void (*visit)(void *user, const rw_binding *binding), void *user);
