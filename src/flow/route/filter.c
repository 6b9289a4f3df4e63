#include "flow/route/filter.h"

#include <string.h>

typedef struct {
    char *schema, *table; /* globs; table NULL in lists of schemas */
} pattern;

struct rw_filter {
    GPtrArray *schemas_allow, *schemas_deny, *tables_allow, *tables_deny; /* of pattern *; NULL = not given */
};

static const char *const system_schemas[] = {"mysql", "sys", "performance_schema", "information_schema", "ringway"};

static void pattern_free(gpointer data)
{
    pattern *p = data;
    g_free(p->schema);
    g_free(p->table);
    g_free(p);
}

static bool parse_schema(const char *text, pattern *out, GError **error)
{
    if (strchr(text, '.'))
        return rw_fail(error, RW_ERR_CONFIG, "schema pattern \"%s\": has a dot; put it among the tables, or write ? for a dot within a name", text);
    out->schema = g_strdup(text);
    return true;
}

static bool parse_table(const char *text, pattern *out, GError **error)
{
    const char *dot = strchr(text, '.');
    if (!dot || dot == text || !dot[1] || strchr(dot + 1, '.'))
        return rw_fail(error, RW_ERR_CONFIG, "table pattern \"%s\": is not schema.table; write both, with one dot between them (shop.* for all of shop, ? for a dot within a name)", text);
    out->schema = g_strndup(text, (size_t)(dot - text));
    out->table = g_strdup(dot + 1);
    return true;
}

static bool parse_list(const char *const *texts, bool tables, GPtrArray **out, GError **error)
{
    if (!texts || !*texts) return true;
    *out = g_ptr_array_new_with_free_func(pattern_free);
    for (; *texts; texts++) {
        pattern *p = g_new0(pattern, 1);
        g_ptr_array_add(*out, p);
        if (!**texts) return rw_fail(error, RW_ERR_CONFIG, "%s pattern: is empty; remove the spare comma", tables ? "table" : "schema");
        if (!(tables ? parse_table : parse_schema)(*texts, p, error)) return false;
    }
    return true;
}

rw_filter *rw_filter_new(const rw_filter_lists *lists, GError **error)
{
    g_autoptr(rw_filter) filter = g_new0(rw_filter, 1);
    if (lists && !(parse_list(lists->schemas_allow, false, &filter->schemas_allow, error) &&
                   parse_list(lists->schemas_deny, false, &filter->schemas_deny, error) &&
                   parse_list(lists->tables_allow, true, &filter->tables_allow, error) &&
                   parse_list(lists->tables_deny, true, &filter->tables_deny, error)))
        return NULL;
    return g_steal_pointer(&filter);
}

void rw_filter_free(rw_filter *filter)
{
    if (!filter) return;
    GPtrArray *lists[] = {filter->schemas_allow, filter->schemas_deny, filter->tables_allow, filter->tables_deny};
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        if (lists[i]) g_ptr_array_unref(lists[i]);
    g_free(filter);
}

/* A character of a name is a UTF-8 sequence: ? must not stop in the middle of one. */
static const char *next_char(const char *s)
{
    for (s++; ((unsigned char)*s & 0xc0) == 0x80; s++);
    return s;
}

/* On a mismatch only the last star takes more: earlier ones need not, so the cost is at most pattern times name. */
static bool glob(const char *p, const char *s)
{
    const char *star = NULL, *resume = NULL;
    while (*s) {
        if (*p == '*') {
            star = ++p;
            resume = s;
        } else if (*p == '?') {
            p++;
            s = next_char(s);
        } else if (*p == *s) {
            p++;
            s++;
        } else if (star) {
            p = star;
            s = resume = next_char(resume);
        } else {
            return false;
        }
    }
    while (*p == '*') p++;
    return !*p;
}

static bool is_all(const char *p) { return p[strspn(p, "*")] == '\0'; }

/* table NULL: the pattern's schema alone decides. all_tables: only patterns for every table of the schema count. */
static bool any_matches(const GPtrArray *list, const char *schema, const char *table, bool all_tables)
{
    for (unsigned i = 0; list && i < list->len; i++) {
        const pattern *p = g_ptr_array_index(list, i);
        if (!glob(p->schema, schema)) continue;
        if (all_tables ? is_all(p->table) : (!table || glob(p->table, table))) return true;
    }
    return false;
}

static bool schema_passes(const rw_filter *filter, const char *schema)
{
    for (size_t i = 0; i < G_N_ELEMENTS(system_schemas); i++)
        if (g_ascii_strcasecmp(schema, system_schemas[i]) == 0) return false;
    if (any_matches(filter->schemas_deny, schema, NULL, false)) return false;
    return !filter->schemas_allow || any_matches(filter->schemas_allow, schema, NULL, false);
}

bool rw_filter_table(const rw_filter *filter, const char *schema, const char *table)
{
    if (!schema_passes(filter, schema) || any_matches(filter->tables_deny, schema, table, false)) return false;
    return !filter->tables_allow || any_matches(filter->tables_allow, schema, table, false);
}

bool rw_filter_schema(const rw_filter *filter, const char *schema)
{
    if (!schema_passes(filter, schema) || any_matches(filter->tables_deny, schema, NULL, true)) return false;
    return !filter->tables_allow || any_matches(filter->tables_allow, schema, NULL, false);
}

bool rw_filter_whole_schema(const rw_filter *filter, const char *schema)
{
    if (!schema_passes(filter, schema) || any_matches(filter->tables_deny, schema, NULL, false)) return false;
    return !filter->tables_allow || any_matches(filter->tables_allow, schema, NULL, true);
}
