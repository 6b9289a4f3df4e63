#include "conf/rename.h"

#include <string.h>

void rw_renames_clear(rw_renames *r)
{
    for (unsigned i = 0; i < r->n; i++) {
        g_free(r->at[i].schema);
        g_free(r->at[i].table);
        g_free(r->at[i].new_schema);
        g_free(r->at[i].new_table);
    }
    g_free(r->at);
    *r = (rw_renames){NULL, 0};
}

bool rw_name_equal(rw_name a, rw_name b) { return strcmp(a.schema, b.schema) == 0 && g_strcmp0(a.table, b.table) == 0; }

static rw_name old_of(const rw_rename *e) { return (rw_name){e->schema, e->table}; }
static rw_name new_of(const rw_rename *e) { return (rw_name){e->new_schema, e->new_table}; }

/* --- names --- */

typedef rw_name (*side)(const rw_rename *e);

static rw_name translate(const rw_renames *r, side from, side to, rw_name name)
{
    rw_name found = name;
    for (unsigned i = 0; i < r->n; i++) {
        rw_name a = from(&r->at[i]), b = to(&r->at[i]);
        if (rw_name_equal(a, name)) return b;
        if (!a.table && strcmp(a.schema, name.schema) == 0) found.schema = b.schema;
    }
    return found;
}

rw_name rw_renames_map(const rw_renames *r, rw_name name) { return translate(r, old_of, new_of, name); }
rw_name rw_renames_back(const rw_renames *r, rw_name name) { return translate(r, new_of, old_of, name); }

static bool concerns(rw_name entry, rw_name name)
{
    if (g_ascii_strcasecmp(entry.schema, name.schema) != 0) return false;
    return !entry.table || !name.table || g_ascii_strcasecmp(entry.table, name.table) == 0;
}

bool rw_renames_have_word(const rw_renames *r, const char *word)
{
    for (unsigned i = 0; i < r->n; i++) {
        const rw_rename *e = &r->at[i];
        if (g_ascii_strcasecmp(e->table ? e->table : e->schema, word) == 0 || g_ascii_strcasecmp(e->table ? e->new_table : e->new_schema, word) == 0) return true;
    }
    return false;
}

bool rw_renames_concern(const rw_renames *r, rw_name name)
{
    for (unsigned i = 0; i < r->n; i++)
        if (concerns(old_of(&r->at[i]), name) || concerns(new_of(&r->at[i]), name)) return true;
    return false;
}

bool rw_renames_is_safe(const rw_renames *r, rw_name table) { return rw_name_equal(rw_renames_back(r, rw_renames_map(r, table)), table); }

/* --- lists --- */

static bool has(const rw_renames *r, rw_name from, rw_name to)
{
    for (unsigned i = 0; i < r->n; i++)
        if (rw_name_equal(old_of(&r->at[i]), from) && rw_name_equal(new_of(&r->at[i]), to)) return true;
    return false;
}

bool rw_renames_is_inverse(const rw_renames *a, const rw_renames *b)
{
    for (unsigned i = 0; i < a->n; i++)
        if (!has(b, new_of(&a->at[i]), old_of(&a->at[i]))) return false;
    return a->n == b->n;
}

void rw_renames_invert(rw_renames *out, const rw_renames *of)
{
    *out = (rw_renames){g_new0(rw_rename, of->n), of->n};
    for (unsigned i = 0; i < of->n; i++) {
        const rw_rename *e = &of->at[i];
        out->at[i] = (rw_rename){g_strdup(e->new_schema), g_strdup(e->new_table), g_strdup(e->schema), g_strdup(e->table)};
    }
}

/* --- text --- */

static char *check_name(const char *text)
{
    static const char *const own[] = {"ringway", "mysql", "sys", "information_schema", "performance_schema"};
    const char *dot = strchr(text, '.');
    if (!*text || dot == text || (dot && (!dot[1] || strchr(dot + 1, '.')))) return g_strdup("a name is schema, or schema.table");
    if (strpbrk(text, "*?`'\"")) return g_strdup_printf("%s: names only, without * and ? and quotes", text);
    g_autofree char *schema = g_strndup(text, dot ? (size_t)(dot - text) : strlen(text));
    for (unsigned i = 0; i < G_N_ELEMENTS(own); i++)
        if (g_ascii_strcasecmp(schema, own[i]) == 0) return g_strdup_printf("%s belongs to each site", schema);
    return NULL;
}

static void split_name(const char *text, char **schema, char **table)
{
    const char *dot = strchr(text, '.');
    *schema = g_strndup(text, dot ? (size_t)(dot - text) : strlen(text));
    *table = dot ? g_strdup(dot + 1) : NULL;
}

static char *parse_entry(rw_rename *e, const char *text)
{
    g_auto(GStrv) sides = g_strsplit(text, ":", -1);
    if (g_strv_length(sides) != 2) return g_strdup_printf("'%s': write OLD:NEW", text);
    for (unsigned i = 0; i < 2; i++) {
        char *why = check_name(g_strstrip(sides[i]));
        if (why) return why;
    }
    if (!strchr(sides[0], '.') != !strchr(sides[1], '.')) return g_strdup_printf("'%s': write SCHEMA:SCHEMA or SCHEMA.TABLE:SCHEMA.TABLE", text);
    if (strcmp(sides[0], sides[1]) == 0) return g_strdup_printf("'%s': the same name", text);
    split_name(sides[0], &e->schema, &e->table);
    split_name(sides[1], &e->new_schema, &e->new_table);
    return NULL;
}

static char *shown(rw_name name) { return name.table ? g_strdup_printf("%s.%s", name.schema, name.table) : g_strdup(name.schema); }

/* A table that takes the name which another one gets by its schema. */
static char *check_against_schemas(const rw_renames *r, const rw_rename *e)
{
    for (unsigned i = 0; e->table && i < r->n; i++) {
        const rw_rename *s = &r->at[i];
        rw_name other = {s->schema, e->new_table};
        if (s->table || strcmp(s->new_schema, e->new_schema) != 0 || rw_name_equal(other, old_of(e)) || !rw_name_equal(rw_renames_map(r, other), new_of(e))) continue;
        g_autofree char *a = shown(old_of(e)), *b = shown(other), *both = shown(new_of(e));
        return g_strdup_printf("%s and %s would both be %s", a, b, both);
    }
    return NULL;
}

static char *check_entry(const rw_renames *r, unsigned i)
{
    for (unsigned k = 0; k < i; k++) {
        g_autofree char *before = shown(old_of(&r->at[k])), *after = shown(new_of(&r->at[k]));
        if (rw_name_equal(old_of(&r->at[k]), old_of(&r->at[i]))) return g_strdup_printf("%s stands there twice", before);
        if (!rw_name_equal(new_of(&r->at[k]), new_of(&r->at[i]))) continue;
        g_autofree char *other = shown(old_of(&r->at[i]));
        return g_strdup_printf("%s and %s would both be %s", before, other, after);
    }
    return check_against_schemas(r, &r->at[i]);
}

static char *parse_all(rw_renames *r, char **entries)
{
    r->at = g_new0(rw_rename, g_strv_length(entries) + 1);
    for (char **entry = entries; *entry; entry++) {
        if (!*g_strstrip(*entry)) continue;
        char *why = parse_entry(&r->at[r->n++], *entry);
        if (why) return why;
    }
    for (unsigned i = 0; i < r->n; i++) {
        char *why = check_entry(r, i);
        if (why) return why;
    }
    return NULL;
}

char *rw_renames_parse(rw_renames *r, const char *text)
{
    g_auto(GStrv) entries = g_strsplit(text, ",", -1);
    *r = (rw_renames){NULL, 0};
    char *why = parse_all(r, entries);
    if (why) rw_renames_clear(r);
    return why;
}

char *rw_renames_print(const rw_renames *r)
{
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < r->n; i++) {
        g_autofree char *before = shown(old_of(&r->at[i])), *after = shown(new_of(&r->at[i]));
        g_string_append_printf(text, "%s%s:%s", i ? ", " : "", before, after);
    }
    return g_string_free(text, FALSE);
}
