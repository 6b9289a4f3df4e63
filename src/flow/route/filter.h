/* filter: which schemas and tables a link replicates.
 *
 * In: four lists of globs (* any run, ? any one character), case-sensitive, NULL-terminated, NULL or empty = not given.
 *   schemas_allow  only these schemas           schemas_deny  not these
 *   tables_allow   only these "schema.table"    tables_deny   not these
 * A table passes if no list speaks against it; deny is stronger than allow. The systems' own schemas (mysql, sys,
 * performance_schema, information_schema, in any case) and ringway never pass, whatever the lists say.
 * Out: yes or no. Immutable once made: any thread. No cache: callers keep the answer per table.
 * Errors: class RW_ERR_CONFIG, naming the pattern. Refuses: an empty pattern, a table pattern without exactly one dot, a schema pattern with
 * one (for a name that holds a dot, write ? for it).
 */
#pragma once
#include "base/error.h"

typedef struct rw_filter rw_filter;

typedef struct {
    const char *const *schemas_allow, *const *schemas_deny, *const *tables_allow, *const *tables_deny; /* borrowed for the call */
} rw_filter_lists;

rw_filter *rw_filter_new(const rw_filter_lists *lists, GError **error); /* NULL on failure; lists NULL = everything but system schemas */
void rw_filter_free(rw_filter *filter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rw_filter, rw_filter_free)

bool rw_filter_table(const rw_filter *filter, const char *schema, const char *table);
/* Some table of that schema may pass: the schema must exist at the target (CREATE and ALTER DATABASE). */
bool rw_filter_schema(const rw_filter *filter, const char *schema);
/* Every table of that schema passes. DROP DATABASE needs this: with only some tables replicated it would take the target's others along. */
bool rw_filter_whole_schema(const rw_filter *filter, const char *schema);
