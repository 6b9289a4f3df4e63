/* classify: what kind of statement a logged text is, and which tables or databases it touches.
 *
 * In: the statement of a QUERY event (borrowed for the call only), its default schema (NULL or "" = none) and what of its sql_mode
 * changes the words. Out: a struct with owned names, to be cleared.
 * Never fails, never guesses: what is not understood to its end, as far as that decides the answer, is RW_DDL_UNKNOWN with no objects.
 * "Touches": changes or replaces. Tables that are only read or referred to (FOREIGN KEY ... REFERENCES, CREATE TABLE ... SELECT)
 * are not listed; the model of CREATE TABLE x LIKE y is, because the target must have the same one.
 * Names are as written: whoever compares them knows lower_case_table_names. Any thread.
 * Does not know: whether the statement may run, where, and what for. Expects a character set as lexer.h says.
 * Source of the grammar: MySQL and MariaDB manuals, "Data Definition Statements"; sql/sql_yacc.yy of both.
 */
#pragma once
#include "base/slice.h"

typedef enum {
    RW_DDL_UNKNOWN,
    RW_DDL_TABLE,     /* CREATE/ALTER/DROP/RENAME/TRUNCATE TABLE, CREATE/DROP INDEX */
    RW_DDL_DATABASE,  /* CREATE/ALTER/DROP DATABASE */
    RW_DDL_TEMPORARY, /* CREATE/DROP TEMPORARY TABLE */
    RW_DDL_ADMIN,     /* no change of data or definition: FLUSH, ANALYZE TABLE ...; also a text of comments only */
    RW_DDL_ACCOUNT,   /* users, roles, privileges */
    RW_DDL_OBJECT,    /* views, triggers, routines, events, sequences, servers, tablespaces ... */
    RW_DDL_DML,       /* a row change (or what may hide one) in statement format */
    RW_DDL_XA,
} rw_ddl_kind;

typedef struct {
    char *schema; /* owned; "" = the statement names none and there is no default */
    char *name;   /* owned; "" = the database itself */
} rw_ddl_object;

typedef struct {
    rw_ddl_kind kind;
    const char *what; /* static, for messages: "CREATE TABLE", "DROP VIEW", "unknown statement" */
    /* TABLE, TEMPORARY, DATABASE: all that it touches. OBJECT: the thing itself where it lives in a schema (not servers, tablespaces,
     * loadable functions ...). Else none. In the statement's order, new names too, repeats possible. */
    rw_ddl_object *objects;
    unsigned n_objects;
    bool temporary;         /* CREATE or DROP TEMPORARY TABLE: what kind TEMPORARY says */
    bool create_select;     /* CREATE TABLE ... SELECT (or VALUES, TABLE, WITH): the text itself writes rows */
    bool start_transaction; /* MySQL 8.0.21+: CREATE TABLE ... START TRANSACTION: its rows follow in the same transaction */
    size_t cut_offset_bytes, cut_length_bytes; /* of START TRANSACTION and the blanks before it: cut it to run the statement */
    /* TABLE, TEMPORARY, DATABASE: holds an executable comment, so it may mean something else to a server of another version. */
    bool executable_comment;
} rw_ddl;

/* sql_mode bits, the same in both dialects' Query events */
#define RW_SQL_MODE_ANSI_QUOTES UINT64_C(0x4)
#define RW_SQL_MODE_NO_BACKSLASH_ESCAPES UINT64_C(0x100000)

/* out need not be initialised. */
void rw_ddl_classify(rw_slice statement, const char *default_schema, bool ansi_quotes, rw_ddl *out);
/* The same, for whoever has the sql_mode at hand (rw_query): strings under NO_BACKSLASH_ESCAPES end elsewhere. */
void rw_ddl_classify_mode(rw_slice statement, const char *default_schema, uint64_t sql_mode, rw_ddl *out);
void rw_ddl_clear(rw_ddl *ddl);
