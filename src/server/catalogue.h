/* catalogue: what a server's information_schema says about one table, as far as applying rows to it needs.
 *
 * In: a session and names. Out: an owned rw_catalogue_table, NULL with *error unset if there is no such table (or it is not visible).
 * One round trip. Errors: those of the session. Decides nothing about how a table is written: flow/apply/bind.h does.
 */
#pragma once
#include "server/connection.h"

typedef struct {
    char *name;
    char *data_type;  /* "int", "varchar" ... */
    char *charset;    /* NULL: not text */
    unsigned octets;  /* bytes at most, of text and binary */
    unsigned precision, scale; /* of DECIMAL; precision of times' fraction is fraction_digits */
    unsigned fraction_digits;
    bool is_unsigned, nullable, generated, zerofill;
} rw_catalogue_column;

typedef struct {
    rw_catalogue_column *columns;
    unsigned n_columns;
    unsigned *key;           /* column ordinals (from 0) of the primary key, else of a unique key without NULLs; in key order */
    unsigned n_key;          /* 0: none */
    char *key_name;
    bool key_has_prefix;     /* covers only the first characters of a column */
    bool *in_other_unique;   /* [n_columns]: part of another unique key */
    bool has_unique_expression; /* a unique key over expressions: which columns it depends on is not known */
    bool is_child, is_parent; /* of foreign keys */
    char *blind_triggers;    /* names of triggers that do not test @ringway, NULL if none */
    bool transactional;
} rw_catalogue_table;

rw_catalogue_table *rw_catalogue_load(rw_connection *connection, const char *schema, const char *table, GError **error);
void rw_catalogue_free(rw_catalogue_table *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rw_catalogue_table, rw_catalogue_free)
