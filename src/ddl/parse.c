#include "ddl/parse.h"

#include <glib.h>

rw_ddl_parser rw_ddl_parser_of(rw_slice statement, const char *default_schema, rw_lexer_mode mode, rw_ddl *out)
{
    rw_ddl_parser p = {.lexer = rw_lexer_of(statement, mode), .default_schema = default_schema ? default_schema : "", .out = out};
    p.start = p.lexer.p;
    p.now = rw_lexer_next(&p.lexer);
    return p;
}

void rw_ddl_advance(rw_ddl_parser *p)
{
    p->after_dot = rw_token_is_char(p->now, '.');
    p->after_open = rw_token_is_char(p->now, '(');
    if (p->after_open) p->depth++;
    if (rw_token_is_char(p->now, ')')) p->depth--;
    p->now = rw_lexer_next(&p->lexer);
}

bool rw_ddl_is(const rw_ddl_parser *p, const char *keyword) { return !p->after_dot && rw_token_is(p->now, keyword); }

bool rw_ddl_is_char(const rw_ddl_parser *p, char c) { return rw_token_is_char(p->now, c); }

bool rw_ddl_accept(rw_ddl_parser *p, const char *keyword)
{
    if (!rw_ddl_is(p, keyword)) return false;
    rw_ddl_advance(p);
    return true;
}

bool rw_ddl_accept_char(rw_ddl_parser *p, char c)
{
    if (!rw_ddl_is_char(p, c)) return false;
    rw_ddl_advance(p);
    return true;
}

bool rw_ddl_accept_pair(rw_ddl_parser *p, const char *first, const char *second)
{
    rw_ddl_parser ahead = *p;
    if (!rw_ddl_accept(&ahead, first) || !rw_ddl_accept(&ahead, second)) return false;
    *p = ahead;
    return true;
}

bool rw_ddl_is_pair(const rw_ddl_parser *p, const char *first, const char *second)
{
    rw_ddl_parser ahead = *p;
    return rw_ddl_accept_pair(&ahead, first, second);
}

void rw_ddl_skip_exists(rw_ddl_parser *p)
{
    rw_ddl_parser ahead = *p;
    if (!rw_ddl_accept(&ahead, "IF")) return;
    rw_ddl_accept(&ahead, "NOT");
    if (rw_ddl_accept(&ahead, "EXISTS")) *p = ahead;
}

void rw_ddl_skip_wait(rw_ddl_parser *p)
{
    rw_ddl_parser ahead = *p;
    if (rw_ddl_accept(p, "NOWAIT") || !rw_ddl_accept(&ahead, "WAIT") || ahead.now.kind != RW_TOKEN_NUMBER) return;
    rw_ddl_advance(&ahead);
    *p = ahead;
}

static char *take_name(rw_ddl_parser *p)
{
    char *name = rw_token_name(p->now);
    if (name) rw_ddl_advance(p);
    return name;
}

bool rw_ddl_skip_name(rw_ddl_parser *p)
{
    g_autofree char *name = take_name(p);
    return name != NULL;
}

/* Owns both. */
static void add_object(rw_ddl *out, char *schema, char *name)
{
    if ((out->n_objects & (out->n_objects - 1)) == 0)
        out->objects = g_renew(rw_ddl_object, out->objects, out->n_objects ? out->n_objects * 2 : 1);
    out->objects[out->n_objects++] = (rw_ddl_object){schema, name};
}

bool rw_ddl_take_object(rw_ddl_parser *p)
{
    g_autofree char *name = NULL, *schema = NULL;
    /* A dot before a lone name is an old client's way to say the default schema. */
    bool dotted = rw_ddl_accept_char(p, '.');
    if (!(name = take_name(p))) return false;
    if (!dotted && rw_ddl_accept_char(p, '.')) {
        schema = g_steal_pointer(&name);
        if (!(name = take_name(p))) return false;
    }
    if (rw_ddl_is_char(p, '.')) return false;
    if (!schema) schema = g_strdup(p->default_schema);
    add_object(p->out, g_steal_pointer(&schema), g_steal_pointer(&name));
    return true;
}

bool rw_ddl_take_objects(rw_ddl_parser *p)
{
    do {
        if (!rw_ddl_take_object(p)) return false;
    } while (rw_ddl_accept_char(p, ','));
    return true;
}

bool rw_ddl_take_database(rw_ddl_parser *p)
{
    char *schema = take_name(p);
    if (!schema) return false;
    add_object(p->out, schema, g_strdup(""));
    return true;
}

void rw_ddl_add_default_database(rw_ddl_parser *p) { add_object(p->out, g_strdup(p->default_schema), g_strdup("")); }

bool rw_ddl_more(const rw_ddl_parser *p)
{
    return p->now.kind != RW_TOKEN_END && p->now.kind != RW_TOKEN_BAD && p->depth >= 0 && !rw_ddl_is_char(p, ';');
}

bool rw_ddl_at_end(rw_ddl_parser *p)
{
    rw_ddl_accept_char(p, ';');
    return p->now.kind == RW_TOKEN_END && p->depth == 0;
}

bool rw_ddl_skip_rest(rw_ddl_parser *p)
{
    while (rw_ddl_more(p)) rw_ddl_advance(p);
    return rw_ddl_at_end(p);
}
