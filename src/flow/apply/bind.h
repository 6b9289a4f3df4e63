/* bind: how a table of the source's log is written to the target's table of the same name.
 *
 * In: the source's table map and the target's catalogue, as they are at this place in the log: DDL travels in the same stream, so
 * the target's definition is the source's of that time. Columns are matched by name where the log has names, else by place.
 * Out: rw_binding: per source column the expressions to select, compare and write it, and the path that the table takes, with the reason.
 * What the log does not say (sign, character set) is taken from the target. What both say must agree: RW_ERR_STOP otherwise.
 * Refuses: tables that are not there, columns that are not there, types that differ or are not handled yet, triggers that do not test
 * @ringway (unless told), tables that are not transactional, policies that do not fit the table (delta of a column that is not an exact number).
 * Owner: one thread. Bindings hold their source table; they are dropped after every DDL statement.
 */
#pragma once
#include "change/table.h"
#include "conf/conf.h"
#include "conflict/item.h"
#include "conflict/policy.h"
#include "server/catalogue.h"

typedef enum { RW_PATH_FOLDED, RW_PATH_EXACT } rw_path;
typedef enum { RW_LITERAL_BARE, RW_LITERAL_QUOTED, RW_LITERAL_TEXT } rw_literal;
typedef enum { RW_COMPARE_TEXT, RW_COMPARE_NUMBER, RW_COMPARE_JSON } rw_compare;

typedef struct {
    rw_column source;   /* sign and charset known; name is the target's (borrowed from quoted's owner) */
    char *quoted;       /* `name` */
    char *select;       /* expression whose text is rw_value_text's */
    const char *exact;  /* SQL that is true if the column (%1$s quoted) is exactly the literal (%2$s) */
    char *introducer;   /* "_utf8mb4" for RW_LITERAL_TEXT */
    rw_literal literal;
    rw_compare compare;
    bool generated;     /* the target computes it: neither written nor compared */
    bool in_other_unique;
    bool adds;          /* policy delta: concurrent changes add up */
    unsigned target;    /* its place in the target's table */
} rw_bound_column;

typedef struct {
    rw_table *source;
    char *quoted;           /* `schema`.`table` */
    rw_path path;
    const char *why;        /* of RW_PATH_EXACT; static */
    unsigned *key, n_key;   /* source column ordinals; n_key 0: none */
    bool unique_expression, has_foreign_keys;
    char *select_list;      /* every compared column, in source order */
    unsigned n_selected;    /* columns in it */
    char *write_list;       /* every written column */
    char *key_tuple;        /* "`a`" or "(`a`,`b`)" */
    char *key_name;         /* for FORCE INDEX */
    char *upsert_tail;      /* ON DUPLICATE KEY UPDATE ... ; NULL: every column is in the key */
    bool settles;           /* a row is found by its key: its conflicts can be settled; else policy is `error` */
    const rw_policy *policy; /* for conflicts */
    rw_drift drift;
    rw_item item;           /* of the table, for the memory of last writers */
    unsigned n_columns;
    rw_bound_column columns[];
} rw_binding;

typedef struct {
    const rw_dialect *dialect; /* of the target */
    const rw_conf *conf;       /* policy, drift, triggers of the table */
    bool ignore_triggers;      /* whatever the configuration says */
} rw_bind_options;

rw_binding *rw_bind(rw_table *source, rw_connection *target, rw_bind_options options, GError **error);
/* Of the sites that the table's policy lists, the first is 0; 0 for policies without ranks. */
unsigned rw_binding_rank(const rw_binding *binding, const rw_conf *conf, unsigned site);
void rw_binding_free(rw_binding *binding);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rw_binding, rw_binding_free)
