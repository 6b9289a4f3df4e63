#include "flow/route/naming.h"

#include "ddl/lexer.h"

bool rw_naming_table(const rw_renames *renames, const rw_table *table, rw_table **named, GError **error)
{
    *named = NULL;
    if (!renames) return true;
    rw_name name = {table->schema, table->name}, at_target = rw_renames_map(renames, name);
    if (!rw_renames_is_safe(renames, name)) {
        rw_name other = rw_renames_back(renames, at_target);
        return rw_fail(error, RW_ERR_STOP, "tables %s.%s and %s.%s of the source are both %s.%s at the target, as rename says; filter one of them, or correct rename, and "
                       "restart ringway run", name.schema, name.table, other.schema, other.table, at_target.schema, at_target.table);
    }
    if (!rw_name_equal(name, at_target)) *named = rw_table_named(table, at_target.schema, at_target.table);
    return true;
}

static bool touches(const rw_renames *renames, const rw_ddl *ddl)
{
    for (unsigned i = 0; i < ddl->n_objects; i++) {
        const rw_ddl_object *o = &ddl->objects[i];
        if (rw_renames_concern(renames, (rw_name){o->schema, *o->name ? o->name : NULL})) return true;
    }
    return false;
}

/* A foreign key's parent is no object of a statement. It would be looked for under its old name, and there may be a table of that name. So a word
 * that is one of the names is enough, whatever it stands for. */
static bool may_refer(const rw_renames *renames, const rw_query *q)
{
    uint64_t mode = q->has_sql_mode ? q->sql_mode : 0;
    rw_lexer lexer = rw_lexer_of(q->statement, (rw_lexer_mode){(mode & RW_SQL_MODE_ANSI_QUOTES) != 0, (mode & RW_SQL_MODE_NO_BACKSLASH_ESCAPES) != 0});
    g_autofree char *schema = g_strndup((const char *)q->schema.data, q->schema.len);
    bool refers = false, named = rw_renames_have_word(renames, schema);
    for (rw_token token = rw_lexer_next(&lexer); token.kind != RW_TOKEN_END && token.kind != RW_TOKEN_BAD; token = rw_lexer_next(&lexer)) {
        g_autofree char *word = token.kind == RW_TOKEN_WORD || token.kind == RW_TOKEN_QUOTED ? rw_token_name(token) : NULL;
        refers |= rw_token_is(token, "REFERENCES");
        named |= word && rw_renames_have_word(renames, word);
    }
    return refers && named;
}

bool rw_naming_concerns(const rw_renames *renames, const rw_ddl *ddl, const rw_query *query)
{
    return renames && (touches(renames, ddl) || may_refer(renames, query));
}
