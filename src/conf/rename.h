/* rename: other names at the target of a link, for whole schemas and for single tables.
 *
 * Text: "shop:shop_eu, shop.orders:shop2.orders_copy". A table's own entry wins over that of its schema. Names are compared byte for byte.
 * map gives a name of the source its name at the target, back the other way round; what no entry names keeps its name. Two tables of the source may
 * come out as one name: then that name does not come back as both (rw_renames_is_safe).
 * Names that are given back are borrowed from the entries or from the name that was asked for. Constant once made: any thread.
 * Refuses: globs, a name twice on one side, the system's schemas and ringway, a schema for a table.
 */
#pragma once
#include <glib.h>
#include <stdbool.h>

typedef struct {
    const char *schema, *table; /* table NULL: the schema */
} rw_name;

typedef struct {
    char *schema, *table;         /* at the source; table NULL: all of the schema */
    char *new_schema, *new_table; /* at the target */
} rw_rename;

typedef struct {
    rw_rename *at;
    unsigned n;
} rw_renames;

char *rw_renames_parse(rw_renames *renames, const char *text); /* NULL: done; else what is wrong, owned, and renames is empty */
void rw_renames_clear(rw_renames *renames);
char *rw_renames_print(const rw_renames *renames); /* owned */

rw_name rw_renames_map(const rw_renames *renames, rw_name name);
rw_name rw_renames_back(const rw_renames *renames, rw_name name);
bool rw_name_equal(rw_name a, rw_name b);
/* For statements, which write names in any case: an entry names it, its schema, or for a schema a table in it; on either side. */
bool rw_renames_concern(const rw_renames *renames, rw_name name);
bool rw_renames_have_word(const rw_renames *renames, const char *word); /* the same: what an entry renames, a schema or a table, is called so */
bool rw_renames_is_safe(const rw_renames *renames, rw_name table); /* no other table of the source has its name at the target */
bool rw_renames_is_inverse(const rw_renames *a, const rw_renames *b);
void rw_renames_invert(rw_renames *out, const rw_renames *of); /* owned */
