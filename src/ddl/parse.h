/* parse: what the statement parsers of this folder share: one token of view, backtracking by copying the struct, names, ends.
 *
 * In: a statement, its default schema, the rw_ddl to fill in (borrowed). Errors: false = not understood; the caller of the statement
 * parser throws away what was filled in. Private to this folder; one thread.
 */
#pragma once
#include "ddl/classify.h"
#include "ddl/lexer.h"

typedef struct {
    rw_lexer lexer;
    rw_token now;
    bool after_dot, after_open; /* the token before was "." or "(" */
    int depth;                  /* of parentheses */
    const uint8_t *start;
    const char *default_schema;
    rw_ddl *out;
} rw_ddl_parser;

rw_ddl_parser rw_ddl_parser_of(rw_slice statement, const char *default_schema, rw_lexer_mode mode, rw_ddl *out);

void rw_ddl_advance(rw_ddl_parser *p);
bool rw_ddl_is(const rw_ddl_parser *p, const char *keyword); /* never after a dot: there every word is a name */
bool rw_ddl_is_char(const rw_ddl_parser *p, char c);
bool rw_ddl_accept(rw_ddl_parser *p, const char *keyword);
bool rw_ddl_accept_char(rw_ddl_parser *p, char c);
bool rw_ddl_accept_pair(rw_ddl_parser *p, const char *first, const char *second); /* both or none */
bool rw_ddl_is_pair(const rw_ddl_parser *p, const char *first, const char *second);

void rw_ddl_skip_exists(rw_ddl_parser *p); /* IF [NOT] EXISTS */
void rw_ddl_skip_wait(rw_ddl_parser *p);   /* WAIT n, NOWAIT */
bool rw_ddl_skip_name(rw_ddl_parser *p);
bool rw_ddl_take_object(rw_ddl_parser *p); /* [schema.]name, added to the objects */
bool rw_ddl_take_objects(rw_ddl_parser *p); /* one or more, with commas */
bool rw_ddl_take_database(rw_ddl_parser *p);
void rw_ddl_add_default_database(rw_ddl_parser *p);

bool rw_ddl_more(const rw_ddl_parser *p); /* neither at the end, nor at what the lexer does not understand */
bool rw_ddl_at_end(rw_ddl_parser *p);     /* a semicolon may stand before it; parentheses are closed */
bool rw_ddl_skip_rest(rw_ddl_parser *p);  /* to the end, which must be a sound one */

/* table.c: after the words that name the statement. */
bool rw_ddl_create_table(rw_ddl_parser *p);
bool rw_ddl_alter_table(rw_ddl_parser *p);
bool rw_ddl_drop_table(rw_ddl_parser *p);
bool rw_ddl_rename_table(rw_ddl_parser *p);
bool rw_ddl_truncate_table(rw_ddl_parser *p);
bool rw_ddl_create_index(rw_ddl_parser *p);
bool rw_ddl_drop_index(rw_ddl_parser *p);
