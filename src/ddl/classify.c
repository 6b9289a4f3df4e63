#include "ddl/parse.h"

#include <glib.h>

typedef enum { CREATE, ALTER, DROP } verb;

typedef struct {
    const char *word, *what[3]; /* by verb; NULL: no such statement that we know */
    rw_ddl_kind kind;
    bool in_schema; /* OBJECT: its name has a schema */
    bool (*parse[3])(rw_ddl_parser *);
} noun;

#define NAMED(word) word, {"CREATE " word, "ALTER " word, "DROP " word}

static bool create_database(rw_ddl_parser *p)
{
    rw_ddl_skip_exists(p);
    return rw_ddl_take_database(p) && rw_ddl_skip_rest(p);
}

static bool at_database_option(const rw_ddl_parser *p)
{
    static const char *const words[] = {"DEFAULT", "CHARACTER", "CHARSET", "COLLATE", "ENCRYPTION", "READ", "COMMENT"};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (rw_ddl_is(p, words[i])) return true;
    return false;
}

static bool alter_database(rw_ddl_parser *p)
{
    rw_ddl_skip_exists(p);
    /* The name may be left out. Some options' words may be names, and then an option follows. */
    rw_ddl_parser ahead = *p;
    rw_ddl_advance(&ahead);
    bool named = !at_database_option(p) || (at_database_option(&ahead) && !rw_ddl_is(p, "DEFAULT"));
    if (!named) rw_ddl_add_default_database(p);
    else if (!rw_ddl_take_database(p)) return false;
    return rw_ddl_skip_rest(p);
}

static bool drop_database(rw_ddl_parser *p)
{
    rw_ddl_skip_exists(p);
    return rw_ddl_take_database(p) && rw_ddl_at_end(p);
}

static const noun nouns[] = {
    {NAMED("TABLE"), RW_DDL_TABLE, true, {rw_ddl_create_table, rw_ddl_alter_table, rw_ddl_drop_table}},
    {"TABLES", {NULL, NULL, "DROP TABLE"}, RW_DDL_TABLE, true, {NULL, NULL, rw_ddl_drop_table}},
    {"INDEX", {"CREATE INDEX", NULL, "DROP INDEX"}, RW_DDL_TABLE, true, {rw_ddl_create_index, NULL, rw_ddl_drop_index}},
    {NAMED("DATABASE"), RW_DDL_DATABASE, false, {create_database, alter_database, drop_database}},
    {"SCHEMA", {"CREATE DATABASE", "ALTER DATABASE", "DROP DATABASE"}, RW_DDL_DATABASE, false, {create_database, alter_database, drop_database}},
    {NAMED("USER"), RW_DDL_ACCOUNT, false, {0}},
    {NAMED("ROLE"), RW_DDL_ACCOUNT, false, {0}},
    {NAMED("VIEW"), RW_DDL_OBJECT, true, {0}},
    {NAMED("TRIGGER"), RW_DDL_OBJECT, true, {0}},
    {NAMED("PROCEDURE"), RW_DDL_OBJECT, true, {0}},
    {NAMED("FUNCTION"), RW_DDL_OBJECT, true, {0}},
    {NAMED("EVENT"), RW_DDL_OBJECT, true, {0}},
    {NAMED("SEQUENCE"), RW_DDL_OBJECT, true, {0}},
    {NAMED("PACKAGE"), RW_DDL_OBJECT, true, {0}},
    {NAMED("LIBRARY"), RW_DDL_OBJECT, true, {0}},
    {NAMED("SERVER"), RW_DDL_OBJECT, false, {0}},
    {NAMED("TABLESPACE"), RW_DDL_OBJECT, false, {0}},
    {"LOGFILE", {"CREATE LOGFILE GROUP", "ALTER LOGFILE GROUP", "DROP LOGFILE GROUP"}, RW_DDL_OBJECT, false, {0}},
    {"RESOURCE", {"CREATE RESOURCE GROUP", "ALTER RESOURCE GROUP", "DROP RESOURCE GROUP"}, RW_DDL_OBJECT, false, {0}},
    {"REFERENCE", {"CREATE SPATIAL REFERENCE SYSTEM", NULL, "DROP SPATIAL REFERENCE SYSTEM"}, RW_DDL_OBJECT, false, {0}},
    {"INSTANCE", {NULL, "ALTER INSTANCE", NULL}, RW_DDL_ADMIN, false, {0}},
};

/* [=] user[@host], as after DEFINER */
static bool skip_definer(rw_ddl_parser *p)
{
    rw_ddl_accept_char(p, '=');
    rw_ddl_advance(p);
    if (rw_ddl_accept_char(p, '(')) return rw_ddl_accept_char(p, ')');
    if (!rw_ddl_accept_char(p, '@')) return true;
    do rw_ddl_advance(p);
    while (rw_ddl_accept_char(p, '.'));
    return true;
}

/* One word that may stand between the verb and the noun; false if there is none. */
static bool skip_modifier(rw_ddl_parser *p, bool *temporary)
{
    static const char *const words[] = {"ONLINE", "OFFLINE", "IGNORE", "UNIQUE", "FULLTEXT", "SPATIAL", "VECTOR", "AGGREGATE", "UNDO", "JSON",
                                        "RELATIONAL", "DUALITY", "MATERIALIZED"};
    if (rw_ddl_accept(p, "TEMPORARY")) return *temporary = true;
    if (rw_ddl_accept_pair(p, "OR", "REPLACE")) return true;
    if (rw_ddl_accept(p, "DEFINER")) return skip_definer(p);
    if (rw_ddl_accept(p, "ALGORITHM")) {
        rw_ddl_accept_char(p, '=');
        rw_ddl_advance(p);
        return true;
    }
    if (rw_ddl_accept_pair(p, "SQL", "SECURITY")) {
        rw_ddl_advance(p);
        return true;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (rw_ddl_accept(p, words[i])) return true;
    return false;
}

/* Best effort: the kind is certain without the name. */
static void take_object_names(rw_ddl_parser *p)
{
    rw_ddl_accept(p, "BODY");
    rw_ddl_skip_exists(p);
    rw_ddl_take_objects(p);
}

static bool is_loadable_function(const noun *n, const rw_ddl_parser *p)
{
    return strcmp(n->word, "FUNCTION") == 0 && rw_ddl_is(p, "RETURNS");
}

static void forget_objects(rw_ddl *ddl)
{
    for (unsigned i = 0; i < ddl->n_objects; i++) {
        g_free(ddl->objects[i].schema);
        g_free(ddl->objects[i].name);
    }
    g_clear_pointer(&ddl->objects, g_free);
    ddl->n_objects = 0;
}

/* false: no such statement. A temporary sequence is a sequence first. */
static bool mark_temporary(const noun *n, verb v, rw_ddl *out)
{
    if (strcmp(n->word, "SEQUENCE") == 0) {
        out->temporary = false;
        return true;
    }
    if (v == ALTER || strncmp(n->word, "TABLE", 5) != 0 || n->kind != RW_DDL_TABLE) return false;
    out->kind = RW_DDL_TEMPORARY;
    out->what = v == CREATE ? "CREATE TEMPORARY TABLE" : "DROP TEMPORARY TABLE";
    return true;
}

static bool classify_noun(rw_ddl_parser *p, verb v)
{
    rw_ddl *out = p->out;
    while (skip_modifier(p, &out->temporary));
    for (size_t i = 0; i < G_N_ELEMENTS(nouns); i++) {
        const noun *n = &nouns[i];
        if (!n->what[v] || !rw_ddl_accept(p, n->word)) continue;
        out->kind = n->kind;
        out->what = n->what[v];
        if (out->temporary && !mark_temporary(n, v, out)) return false;
        if (n->parse[v]) return n->parse[v](p);
        if (n->in_schema) take_object_names(p);
        if (is_loadable_function(n, p)) forget_objects(out);
        return true;
    }
    return false;
}

static bool known(rw_ddl_parser *p, rw_ddl_kind kind, const char *what)
{
    p->out->kind = kind;
    p->out->what = what;
    return true;
}

static bool at_tables(const rw_ddl_parser *p)
{
    rw_ddl_parser ahead = *p;
    if (!rw_ddl_accept(&ahead, "NO_WRITE_TO_BINLOG")) rw_ddl_accept(&ahead, "LOCAL");
    return rw_ddl_is(&ahead, "TABLE") || rw_ddl_is(&ahead, "TABLES") || rw_ddl_is(&ahead, "VIEW");
}

static bool create(rw_ddl_parser *p) { return classify_noun(p, CREATE); }
static bool alter(rw_ddl_parser *p) { return classify_noun(p, ALTER); }
static bool drop(rw_ddl_parser *p) { return classify_noun(p, DROP); }

static bool rename_any(rw_ddl_parser *p)
{
    if (rw_ddl_accept(p, "USER")) return known(p, RW_DDL_ACCOUNT, "RENAME USER");
    if (!rw_ddl_accept(p, "TABLE") && !rw_ddl_accept(p, "TABLES")) return false;
    return known(p, RW_DDL_TABLE, "RENAME TABLE") && rw_ddl_rename_table(p);
}

static bool truncate_any(rw_ddl_parser *p) { return known(p, RW_DDL_TABLE, "TRUNCATE TABLE") && rw_ddl_truncate_table(p); }

/* MariaDB's ANALYZE <statement> runs the statement. */
static bool analyze(rw_ddl_parser *p)
{
    return at_tables(p) ? known(p, RW_DDL_ADMIN, "ANALYZE TABLE") : known(p, RW_DDL_DML, "ANALYZE of a statement");
}

static bool optimize(rw_ddl_parser *p) { return at_tables(p) && known(p, RW_DDL_ADMIN, "OPTIMIZE TABLE"); }
static bool repair(rw_ddl_parser *p) { return at_tables(p) && known(p, RW_DDL_ADMIN, "REPAIR TABLE"); }
static bool check(rw_ddl_parser *p) { return at_tables(p) && known(p, RW_DDL_ADMIN, "CHECK TABLE"); }

static bool load(rw_ddl_parser *p)
{
    return rw_ddl_is(p, "INDEX") ? known(p, RW_DDL_ADMIN, "LOAD INDEX INTO CACHE") : known(p, RW_DDL_DML, "LOAD DATA");
}

static bool classify_verb(rw_ddl_parser *p);

static bool set(rw_ddl_parser *p)
{
    if (rw_ddl_accept(p, "PASSWORD")) return known(p, RW_DDL_ACCOUNT, "SET PASSWORD");
    if (rw_ddl_accept_pair(p, "DEFAULT", "ROLE")) return known(p, RW_DDL_ACCOUNT, "SET DEFAULT ROLE");
    if (!rw_ddl_accept(p, "STATEMENT")) return false;
    while (rw_ddl_more(p) && !(p->depth == 0 && rw_ddl_is(p, "FOR"))) rw_ddl_advance(p);
    /* One level only: the servers refuse more, and a recursion without end would be a way to crash us. */
    return rw_ddl_accept(p, "FOR") && !rw_ddl_is(p, "SET") && classify_verb(p);
}

static const struct {
    const char *word;
    bool (*parse)(rw_ddl_parser *);
    rw_ddl_kind kind; /* where parse is NULL: the word alone tells */
} verbs[] = {
    {"CREATE", create, 0},
    {"ALTER", alter, 0},
    {"DROP", drop, 0},
    {"RENAME", rename_any, 0},
    {"TRUNCATE", truncate_any, 0},
    {"SET", set, 0},
    {"ANALYZE", analyze, 0},
    {"OPTIMIZE", optimize, 0},
    {"REPAIR", repair, 0},
    {"CHECK", check, 0},
    {"LOAD", load, 0},
    {"FLUSH", NULL, RW_DDL_ADMIN},
    {"CHECKSUM", NULL, RW_DDL_ADMIN},
    {"CACHE", NULL, RW_DDL_ADMIN},
    {"GRANT", NULL, RW_DDL_ACCOUNT},
    {"REVOKE", NULL, RW_DDL_ACCOUNT},
    {"INSERT", NULL, RW_DDL_DML},
    {"UPDATE", NULL, RW_DDL_DML},
    {"DELETE", NULL, RW_DDL_DML},
    {"REPLACE", NULL, RW_DDL_DML},
    {"SELECT", NULL, RW_DDL_DML},
    {"WITH", NULL, RW_DDL_DML},
    {"VALUES", NULL, RW_DDL_DML},
    {"TABLE", NULL, RW_DDL_DML},
    {"CALL", NULL, RW_DDL_DML},
    {"DO", NULL, RW_DDL_DML},
    {"XA", NULL, RW_DDL_XA},
};

static bool classify_verb(rw_ddl_parser *p)
{
    while (rw_ddl_accept_char(p, '('));
    bool bracketed = p->depth > 0;
    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
        if (!rw_ddl_accept(p, verbs[i].word)) continue;
        if (!verbs[i].parse) return (!bracketed || verbs[i].kind == RW_DDL_DML) && known(p, verbs[i].kind, verbs[i].word);
        return !bracketed && verbs[i].parse(p);
    }
    return false;
}

void rw_ddl_classify_mode(rw_slice statement, const char *default_schema, uint64_t sql_mode, rw_ddl *out)
{
    rw_lexer_mode mode = {sql_mode & RW_SQL_MODE_ANSI_QUOTES, sql_mode & RW_SQL_MODE_NO_BACKSLASH_ESCAPES};
    *out = (rw_ddl){.what = "unknown statement"};
    rw_ddl_parser p = rw_ddl_parser_of(statement, default_schema, mode, out);
    bool understood = p.now.kind == RW_TOKEN_END ? known(&p, RW_DDL_ADMIN, "empty statement") : classify_verb(&p);
    if (!understood) {
        forget_objects(out);
        *out = (rw_ddl){.what = "unknown statement"};
    }
    out->executable_comment = p.lexer.executable;
}

void rw_ddl_classify(rw_slice statement, const char *default_schema, bool ansi_quotes, rw_ddl *out)
{
    rw_ddl_classify_mode(statement, default_schema, ansi_quotes ? RW_SQL_MODE_ANSI_QUOTES : 0, out);
}

void rw_ddl_clear(rw_ddl *ddl)
{
    forget_objects(ddl);
    *ddl = (rw_ddl){.what = "unknown statement"};
}
