#include "ddl/parse.h"

#include <glib.h>

/* At START TRANSACTION, which the server puts among the options of the table. */
static bool take_start_transaction(rw_ddl_parser *p)
{
    rw_ddl *out = p->out;
    const uint8_t *from = p->now.text.data;
    /* No server writes it there, and what is left of the comment might read as something else; nor twice. */
    if (p->lexer.in_executable || out->start_transaction) return false;
    rw_ddl_advance(p);
    const uint8_t *to = p->now.text.data + p->now.text.len;
    rw_ddl_advance(p);
    out->start_transaction = true;
    out->cut_offset_bytes = (size_t)(from - p->start);
    out->cut_length_bytes = (size_t)(to - from);
    return true;
}

/* SELECT is reserved, so it begins a query wherever it stands; the other words do so only where a query can begin. */
static bool at_query(const rw_ddl_parser *p)
{
    if (rw_ddl_is(p, "SELECT")) return true;
    if (p->depth > 0 && !p->after_open) return false;
    return rw_ddl_is(p, "VALUES") || rw_ddl_is(p, "TABLE") || (rw_ddl_is(p, "WITH") && !rw_ddl_is_pair(p, "WITH", "SYSTEM"));
}

/* MariaDB's SEQUENCE=1 among the table's options. */
static bool at_sequence_option(const rw_ddl_parser *p)
{
    rw_ddl_parser ahead = *p;
    if (p->depth || !rw_ddl_accept(&ahead, "SEQUENCE")) return false;
    rw_ddl_accept_char(&ahead, '=');
    return ahead.now.kind == RW_TOKEN_NUMBER && !rw_slice_is(ahead.now.text, "0");
}

static bool create_table_body(rw_ddl_parser *p)
{
    while (rw_ddl_more(p)) {
        if (p->depth == 0 && rw_ddl_is_pair(p, "START", "TRANSACTION")) {
            if (!take_start_transaction(p)) return false;
            continue;
        }
        if (at_query(p)) p->out->create_select = true;
        if (at_sequence_option(p)) {
            p->out->kind = RW_DDL_OBJECT;
            p->out->what = "CREATE SEQUENCE";
            p->out->temporary = false;
        }
        rw_ddl_advance(p);
    }
    return rw_ddl_at_end(p);
}

bool rw_ddl_create_table(rw_ddl_parser *p)
{
    rw_ddl_skip_exists(p);
    if (!rw_ddl_take_object(p)) return false;
    if (rw_ddl_accept(p, "LIKE")) return rw_ddl_take_object(p) && rw_ddl_at_end(p);
    rw_ddl_parser ahead = *p;
    if (rw_ddl_accept_char(&ahead, '(') && rw_ddl_accept(&ahead, "LIKE")) {
        *p = ahead;
        return rw_ddl_take_object(p) && rw_ddl_accept_char(p, ')') && rw_ddl_at_end(p);
    }
    return create_table_body(p);
}

/* At RENAME: to another name of the table, unless it renames a part of it. */
static bool alter_rename(rw_ddl_parser *p)
{
    rw_ddl_advance(p);
    if (rw_ddl_is(p, "COLUMN") || rw_ddl_is(p, "INDEX") || rw_ddl_is(p, "KEY")) return true;
    if (!rw_ddl_accept(p, "TO") && !rw_ddl_accept(p, "AS")) rw_ddl_accept_char(p, '=');
    return rw_ddl_take_object(p);
}

/* EXCHANGE PARTITION x WITH TABLE t; MariaDB: CONVERT PARTITION x TO TABLE t, CONVERT TABLE t TO PARTITION x */
static bool accept_other_table(rw_ddl_parser *p)
{
    return rw_ddl_accept_pair(p, "WITH", "TABLE") || rw_ddl_accept_pair(p, "TO", "TABLE") || rw_ddl_accept_pair(p, "CONVERT", "TABLE");
}

bool rw_ddl_alter_table(rw_ddl_parser *p)
{
    rw_ddl_skip_exists(p);
    if (!rw_ddl_take_object(p)) return false;
    rw_ddl_skip_wait(p);
    while (rw_ddl_more(p)) {
        if (p->depth == 0 && rw_ddl_is(p, "RENAME")) {
            if (!alter_rename(p)) return false;
        } else if (p->depth == 0 && accept_other_table(p)) {
            if (!rw_ddl_take_object(p)) return false;
        } else {
            rw_ddl_advance(p);
        }
    }
    return rw_ddl_at_end(p);
}

bool rw_ddl_drop_table(rw_ddl_parser *p)
{
    rw_ddl_skip_exists(p);
    if (!rw_ddl_take_objects(p)) return false;
    rw_ddl_skip_wait(p);
    if (!rw_ddl_accept(p, "RESTRICT")) rw_ddl_accept(p, "CASCADE");
    return rw_ddl_at_end(p);
}

bool rw_ddl_rename_table(rw_ddl_parser *p)
{
    rw_ddl_skip_exists(p);
    do {
        if (!rw_ddl_take_object(p)) return false;
        rw_ddl_skip_wait(p);
        if (!rw_ddl_accept(p, "TO") || !rw_ddl_take_object(p)) return false;
    } while (rw_ddl_accept_char(p, ','));
    return rw_ddl_at_end(p);
}

bool rw_ddl_truncate_table(rw_ddl_parser *p)
{
    rw_ddl_accept(p, "TABLE");
    if (!rw_ddl_take_object(p)) return false;
    rw_ddl_skip_wait(p);
    if (!rw_ddl_accept_pair(p, "DROP", "STORAGE")) rw_ddl_accept_pair(p, "REUSE", "STORAGE");
    return rw_ddl_at_end(p);
}

bool rw_ddl_create_index(rw_ddl_parser *p)
{
    rw_ddl_skip_exists(p);
    if (!rw_ddl_skip_name(p)) return false;
    if (rw_ddl_accept(p, "USING") || rw_ddl_accept(p, "TYPE")) rw_ddl_advance(p);
    if (!rw_ddl_accept(p, "ON") || !rw_ddl_take_object(p) || !rw_ddl_is_char(p, '(')) return false;
    return rw_ddl_skip_rest(p);
}

bool rw_ddl_drop_index(rw_ddl_parser *p)
{
    rw_ddl_skip_exists(p);
    return rw_ddl_skip_name(p) && rw_ddl_accept(p, "ON") && rw_ddl_take_object(p) && rw_ddl_skip_rest(p);
}
