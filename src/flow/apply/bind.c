#include "flow/apply/bind.h"

#include "change/rows.h"
#include "server/charset.h"

/* Which types of the wire fit which types of the catalogue, and what makes them exact. */
typedef struct {
    rw_type wire;
    const char *types;  /* of the catalogue, between blanks */
    rw_literal literal;
    rw_compare compare;
    const char *select; /* format of the quoted name */
} fit;

#define TEXTS " tinytext text mediumtext longtext "
#define BLOBS " tinyblob blob mediumblob longblob "

static const fit fits[] = {
    {RW_T_TINY, " tinyint ", RW_LITERAL_BARE, RW_COMPARE_TEXT, "%s"},
    {RW_T_SHORT, " smallint ", RW_LITERAL_BARE, RW_COMPARE_TEXT, "%s"},
    {RW_T_INT24, " mediumint ", RW_LITERAL_BARE, RW_COMPARE_TEXT, "%s"},
    {RW_T_LONG, " int ", RW_LITERAL_BARE, RW_COMPARE_TEXT, "%s"},
    {RW_T_LONGLONG, " bigint ", RW_LITERAL_BARE, RW_COMPARE_TEXT, "%s"},
    {RW_T_NEWDECIMAL, " decimal ", RW_LITERAL_BARE, RW_COMPARE_TEXT, "%s"},
    {RW_T_FLOAT, " float ", RW_LITERAL_BARE, RW_COMPARE_NUMBER, "CAST(%s AS DOUBLE)"},
    {RW_T_DOUBLE, " double ", RW_LITERAL_BARE, RW_COMPARE_NUMBER, "%s"},
    {RW_T_YEAR, " year ", RW_LITERAL_QUOTED, RW_COMPARE_TEXT, "%s"},
    {RW_T_DATE, " date ", RW_LITERAL_QUOTED, RW_COMPARE_TEXT, "%s"},
    {RW_T_NEWDATE, " date ", RW_LITERAL_QUOTED, RW_COMPARE_TEXT, "%s"},
    {RW_T_TIME, " time ", RW_LITERAL_QUOTED, RW_COMPARE_TEXT, "%s"},
    {RW_T_TIME2, " time ", RW_LITERAL_QUOTED, RW_COMPARE_TEXT, "%s"},
    {RW_T_DATETIME, " datetime ", RW_LITERAL_QUOTED, RW_COMPARE_TEXT, "%s"},
    {RW_T_DATETIME2, " datetime ", RW_LITERAL_QUOTED, RW_COMPARE_TEXT, "%s"},
    {RW_T_TIMESTAMP, " timestamp ", RW_LITERAL_QUOTED, RW_COMPARE_TEXT, "%s"},
    {RW_T_TIMESTAMP2, " timestamp ", RW_LITERAL_QUOTED, RW_COMPARE_TEXT, "%s"},
    {RW_T_VARCHAR, " varchar varbinary ", RW_LITERAL_TEXT, RW_COMPARE_TEXT, "%s"},
    {RW_T_VAR_STRING, " varchar varbinary ", RW_LITERAL_TEXT, RW_COMPARE_TEXT, "%s"},
    {RW_T_STRING, " char binary ", RW_LITERAL_TEXT, RW_COMPARE_TEXT, "%s"},
    {RW_T_BLOB, TEXTS BLOBS, RW_LITERAL_TEXT, RW_COMPARE_TEXT, "%s"},
    {RW_T_BLOB, " json ", RW_LITERAL_TEXT, RW_COMPARE_JSON, "%s"},
    {RW_T_JSON, " json " TEXTS, RW_LITERAL_TEXT, RW_COMPARE_JSON, "%s"},
    {RW_T_ENUM, " enum ", RW_LITERAL_BARE, RW_COMPARE_TEXT, "CAST(%s AS UNSIGNED)"},
    {RW_T_SET, " set ", RW_LITERAL_BARE, RW_COMPARE_TEXT, "CAST(%s AS UNSIGNED)"},
    {RW_T_BIT, " bit ", RW_LITERAL_BARE, RW_COMPARE_TEXT, "CAST(%s AS UNSIGNED)"},
};

static const char as_number[] = "CAST(%s AS UNSIGNED)";

static const fit *find_fit(rw_type wire, const char *data_type)
{
    g_autofree char *word = g_strdup_printf(" %s ", data_type);
    for (size_t i = 0; i < G_N_ELEMENTS(fits); i++)
        if (fits[i].wire == wire && strstr(fits[i].types, word)) return &fits[i];
    return NULL;
}

static bool differs(const rw_table *t, const char *column, const char *what, GError **error)
{
    return rw_fail(error, RW_ERR_STOP, "table %s.%s: column %s: %s; make both sides' definitions equal, then resume", t->schema, t->name,
                   column, what);
}

/* Fractions of a second and decimals are rounded without a word where the target has fewer digits. */
static bool digits_agree(const rw_column *source, const rw_catalogue_column *target)
{
    switch (source->type) {
    case RW_T_NEWDECIMAL: return source->meta >> 8 == target->precision && (source->meta & 0xff) == target->scale;
    case RW_T_TIME2:
    case RW_T_DATETIME2:
    case RW_T_TIMESTAMP2: return source->meta == target->fraction_digits;
    default: return true;
    }
}

static bool charset_agrees(const rw_column *source, const rw_catalogue_column *target)
{
    const char *name = source->charset ? rw_charset_name(source->charset) : NULL;
    if (!name || source->type == RW_T_JSON || strcmp(target->data_type, "json") == 0) return true;
    return strcmp(name, target->charset ? rw_charset_plain(target->charset) : "binary") == 0;
}

static const char *exact_sql(const fit *f, const rw_catalogue_column *target, const rw_dialect *dialect)
{
    if (f->compare == RW_COMPARE_JSON) return dialect->json_equals;
    if (f->literal == RW_LITERAL_TEXT && target->charset) return "CAST(%s AS BINARY) <=> CAST(%s AS BINARY)";
    return strcmp(f->select, as_number) == 0 ? "CAST(%s AS UNSIGNED) <=> %s" : "%s <=> %s";
}

static bool bind_text(rw_bound_column *bound, const rw_table *t, const rw_catalogue_column *target, GError **error)
{
    bool json = strcmp(target->data_type, "json") == 0;
    const char *charset = json ? "utf8mb4" : target->charset ? rw_charset_plain(target->charset) : "binary";
    if (!rw_charset_supported(charset)) {
        g_autofree char *what = g_strdup_printf("character set %s is not supported yet", charset);
        return differs(t, target->name, what, error);
    }
    bound->introducer = g_strconcat("_", charset, NULL);
    if (!bound->source.charset) bound->source.charset = strcmp(charset, "binary") == 0 ? 63 : 45 /* any text */;
    return true;
}

static char *select_expression(const char *format, const char *name)
{
    const char *hole = strstr(format, "%s");
    return g_strdup_printf("%.*s%s%s", (int)(hole - format), format, name, hole + 2);
}

/* A log says of YEAR, too, that it is unsigned; catalogues do not. */
static bool sign_agrees(const rw_column *source, const rw_catalogue_column *target)
{
    switch (source->type) {
    case RW_T_TINY: case RW_T_SHORT: case RW_T_INT24: case RW_T_LONG: case RW_T_LONGLONG:
    case RW_T_FLOAT: case RW_T_DOUBLE: case RW_T_NEWDECIMAL: return !source->has_sign || source->is_unsigned == target->is_unsigned;
    default: return true;
    }
}

static bool bind_column(rw_bound_column *bound, const rw_table *t, const rw_column *source, const rw_catalogue_column *target,
                        const rw_dialect *dialect, GError **error)
{
    bound->source = *source;
    bound->source.name = NULL;
    const fit *f = find_fit(source->type, target->data_type);
    const char *problem = rw_column_problem(source);
    if (problem) return differs(t, target->name, problem, error);
    if (!f) {
        g_autofree char *what = g_strdup_printf("wire type %d of the source does not fit type %s of the target, or is not supported yet",
                                                (int)source->type, target->data_type);
        return differs(t, target->name, what, error);
    }
    if (!sign_agrees(source, target)) return differs(t, target->name, "one side is UNSIGNED, the other is not", error);
    if (!digits_agree(source, target)) return differs(t, target->name, "precision differs between source and target", error);
    if (f->literal == RW_LITERAL_TEXT && !charset_agrees(source, target)) return differs(t, target->name, "character set differs between source and target", error);
    bound->source.is_unsigned = target->is_unsigned;
    bound->literal = f->literal;
    bound->compare = f->compare;
    bound->generated = target->generated;
    bound->exact = exact_sql(f, target, dialect);
    GString *name = g_string_new(NULL);
    rw_sql_name(name, target->name);
    bound->quoted = g_string_free(name, FALSE);
    bound->select = select_expression(target->zerofill ? "%s+0" : f->select, bound->quoted);
    return f->literal != RW_LITERAL_TEXT || bind_text(bound, t, target, error);
}

static int target_ordinal(const rw_catalogue_table *target, const rw_table *source, unsigned i)
{
    if (!source->has_names) return i < target->n_columns ? (int)i : -1;
    for (unsigned k = 0; k < target->n_columns; k++)
        if (g_ascii_strcasecmp(target->columns[k].name, source->columns[i].name) == 0) return (int)k;
    return -1;
}

static bool bind_columns(rw_binding *b, const rw_catalogue_table *target, const rw_dialect *dialect, unsigned *target_of, GError **error)
{
    const rw_table *t = b->source;
    for (unsigned i = 0; i < b->n_columns; i++) {
        int ordinal = target_ordinal(target, t, i);
        if (ordinal < 0)
            return rw_fail(error, RW_ERR_STOP,
                           "table %s.%s: the source has %u columns, the target %u, and column %u%s%s is not on the target; make both sides' "
                           "definitions equal, then resume", t->schema, t->name, t->n_columns, target->n_columns, i + 1,
                           t->has_names ? " " : "", t->has_names ? t->columns[i].name : "");
        target_of[i] = b->columns[i].target = (unsigned)ordinal;
        if (!bind_column(&b->columns[i], t, &t->columns[i], &target->columns[ordinal], dialect, error)) return false;
        b->columns[i].in_other_unique = target->in_other_unique[ordinal];
    }
    return true;
}

static void take_key(rw_binding *b, const rw_catalogue_table *target, const unsigned *target_of)
{
    b->key = g_new0(unsigned, target->n_key + 1);
    for (unsigned k = 0; k < target->n_key; k++) {
        unsigned i = 0;
        while (i < b->n_columns && target_of[i] != target->key[k]) i++;
        if (i == b->n_columns) {
            b->n_key = 0;
            return;
        }
        b->key[b->n_key++] = i;
    }
    b->key_name = g_strdup(target->key_name);
}

static const char prefix_key[] = "the key covers only the beginning of a column", float_key[] = "a key column is a floating-point number";

/* What makes rows hard to tell comes first: it decides more than the path. */
static const char *hazard(const rw_binding *b, const rw_catalogue_table *target)
{
    if (b->n_key == 0) return "no primary key, and no unique key without NULLs";
    if (target->key_has_prefix) return prefix_key;
    for (unsigned k = 0; k < b->n_key; k++)
        if (b->columns[b->key[k]].compare != RW_COMPARE_TEXT) return float_key;
    if (target->is_child || target->is_parent) return "foreign keys";
    return b->n_columns != target->n_columns ? "source and target have different columns" : NULL;
}

static bool is_key(const rw_binding *b, unsigned column)
{
    for (unsigned k = 0; k < b->n_key; k++)
        if (b->key[k] == column) return true;
    return false;
}

static void append_item(GString *list, const char *item)
{
    if (list->len) g_string_append_c(list, ',');
    g_string_append(list, item);
}

static char *upsert_tail(const rw_binding *b, const rw_dialect *dialect)
{
    GString *tail = g_string_new(NULL);
    for (unsigned i = 0; i < b->n_columns; i++) {
        const rw_bound_column *c = &b->columns[i];
        if (c->generated || is_key(b, i)) continue;
        const char *hole = strstr(dialect->upsert_value, "%s");
        g_autofree char *item = g_strdup_printf("%s=%.*s%s%s", c->quoted, (int)(hole - dialect->upsert_value), dialect->upsert_value,
                                                c->quoted, hole + 2);
        append_item(tail, item);
    }
    if (!tail->len) {
        g_string_free(tail, TRUE);
        return NULL;
    }
    g_string_prepend(tail, dialect->upsert_head);
    return g_string_free(tail, FALSE);
}

static void write_lists(rw_binding *b, const rw_dialect *dialect)
{
    g_autoptr(GString) selected = g_string_new(NULL);
    g_autoptr(GString) written = g_string_new(NULL);
    g_autoptr(GString) key = g_string_new(NULL);
    g_autoptr(GString) name = g_string_new(NULL);
    for (unsigned i = 0; i < b->n_columns; i++) {
        if (b->columns[i].generated) continue;
        b->n_selected++;
        append_item(selected, b->columns[i].select);
        append_item(written, b->columns[i].quoted);
    }
    for (unsigned k = 0; k < b->n_key; k++) append_item(key, b->columns[b->key[k]].quoted);
    rw_sql_name(name, b->source->schema);
    g_string_append_c(name, '.');
    rw_sql_name(name, b->source->name);
    b->quoted = g_strdup(name->str);
    b->select_list = g_strdup(selected->str);
    b->write_list = g_strdup(written->str);
    b->key_tuple = b->n_key > 1 ? g_strdup_printf("(%s)", key->str) : g_strdup(key->str);
    b->upsert_tail = upsert_tail(b, dialect);
}

static bool is_exact_number(const rw_bound_column *c)
{
    switch (c->source.type) {
    case RW_T_TINY: case RW_T_SHORT: case RW_T_INT24: case RW_T_LONG: case RW_T_LONGLONG: case RW_T_NEWDECIMAL: return true;
    default: return false;
    }
}

static bool refuse_policy(const rw_table *t, const rw_policy *policy, const char *why, const char *column, GError **error)
{
    return rw_fail(error, RW_ERR_STOP, "table %s.%s: conflict = %s cannot hold: %s%s; choose another policy for it, then restart ringway run", t->schema,
                   t->name, policy->name, why, column);
}

static bool bind_adding(rw_binding *b, const char *name, GError **error)
{
    for (unsigned i = 0; i < b->n_columns; i++) {
        rw_bound_column *c = &b->columns[i];
        g_autofree char *quoted = g_strdup_printf("`%s`", name);
        if (g_ascii_strcasecmp(c->quoted, quoted) != 0) continue;
        if (!is_exact_number(c) || c->generated) return refuse_policy(b->source, b->policy, "only integers and DECIMALs add up to the same everywhere, not column ", name, error);
        if (is_key(b, i)) return refuse_policy(b->source, b->policy, "a key cannot add up: column ", name, error);
        c->adds = true;
        return true;
    }
    return refuse_policy(b->source, b->policy, "there is no column ", name, error);
}

/* Policies that look beyond the last write need a row that can be found again. */
static bool bind_policy(rw_binding *b, const rw_conf *conf, GError **error)
{
    const rw_policy_conf *chosen = rw_conf_table_conflict(conf, b->source->schema, b->source->name);
    b->policy = rw_policy_find(chosen->name);
    b->drift = rw_conf_table_drift(conf, b->source->schema, b->source->name);
    b->item = rw_item_table(b->source->schema, b->source->name);
    b->settles = b->n_key && !(b->why && (b->why == prefix_key || b->why == float_key));
    if (b->policy->remembers && !b->settles) return refuse_policy(b->source, b->policy, "rows cannot be told apart by a key: ", b->why ? b->why : "", error);
    if (!b->settles) b->policy = rw_policy_find("error");
    for (char **name = b->policy->adds ? chosen->arguments : NULL; name && *name; name++)
        if (!bind_adding(b, *name, error)) return false;
    return true;
}

rw_binding *rw_bind(rw_table *source, rw_connection *connection, rw_bind_options options, GError **error)
{
    GError *failure = NULL;
    g_autoptr(rw_catalogue_table) target = rw_catalogue_load(connection, source->schema, source->name, &failure);
    if (failure) {
        g_propagate_error(error, failure);
        return NULL;
    }
    if (!target) {
        rw_fail(error, RW_ERR_STOP, "table %s.%s is not on the target, or its user may not see it; create it there and resume, or filter it",
                source->schema, source->name);
        return NULL;
    }
    if (!target->transactional) {
        rw_fail(error, RW_ERR_STOP, "table %s.%s is not transactional on the target, so exactly-once cannot hold; ALTER TABLE ... ENGINE = InnoDB there, then resume",
                source->schema, source->name);
        return NULL;
    }
    bool ignore = options.ignore_triggers || rw_conf_table_triggers(options.conf, source->schema, source->name) == RW_TRIGGERS_IGNORE;
    if (target->blind_triggers && !ignore) {
        rw_fail(error, RW_ERR_STOP,
                "table %s.%s has triggers on the target that do not test @ringway (%s): they would fire again for replicated rows; make them do "
                "nothing when @ringway = 1, or set triggers = ignore in [table %s.%s], then resume",
                source->schema, source->name, target->blind_triggers, source->schema, source->name);
        return NULL;
    }
    g_autoptr(rw_binding) b = g_malloc0(sizeof *b + source->n_columns * sizeof b->columns[0]);
    b->source = rw_table_ref(source);
    b->n_columns = source->n_columns;
    g_autofree unsigned *target_of = g_new0(unsigned, source->n_columns + 1);
    if (!bind_columns(b, target, options.dialect, target_of, error)) return NULL;
    take_key(b, target, target_of);
    b->unique_expression = target->has_unique_expression;
    b->has_foreign_keys = target->is_child || target->is_parent;
    b->why = hazard(b, target);
    b->path = b->why ? RW_PATH_EXACT : RW_PATH_FOLDED;
    write_lists(b, options.dialect);
    return bind_policy(b, options.conf, error) ? g_steal_pointer(&b) : NULL;
}

unsigned rw_binding_rank(const rw_binding *b, const rw_conf *conf, unsigned site)
{
    if (!(b->policy->remembers & RW_REMEMBERS_ORIGINS)) return 0;
    const rw_policy_conf *policy = rw_conf_table_conflict(conf, b->source->schema, b->source->name);
    const rw_site_conf *its = rw_conf_site_by_id(conf, site);
    unsigned rank = 0;
    while (policy->arguments && policy->arguments[rank] && (!its || strcmp(policy->arguments[rank], its->name) != 0)) rank++;
    return rank;
}

void rw_binding_free(rw_binding *b)
{
    if (!b) return;
    for (unsigned i = 0; i < b->n_columns; i++) {
        g_free(b->columns[i].quoted);
        g_free(b->columns[i].select);
        g_free(b->columns[i].introducer);
    }
    rw_table_unref(b->source);
    g_free(b->quoted);
    g_free(b->key);
    g_free(b->select_list);
    g_free(b->write_list);
    g_free(b->key_tuple);
    g_free(b->key_name);
    g_free(b->upsert_tail);
    g_free(b);
}
