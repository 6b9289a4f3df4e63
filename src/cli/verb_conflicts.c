#include "base/nearest.h"
#include "cli/setup.h"
#include "cli/when.h"
#include "flow/conflicts.h"
#include "flow/resolve.h"

#include <stdio.h>
#include <string.h>

enum { DEFAULT_LIMIT = 100, MOST_LIMIT = 1000000 };

static const char *const states[] = {"settled", "skipped", "resolved", NULL};
static const char *const sides[] = {"source", "target", NULL};

static const rw_verb_option options[] = {
    {"site", 0, RW_ARG_TEXT, offsetof(rw_args, site), .value = "NAME", .help = "only what was recorded at this site"},
    {"table", 0, RW_ARG_TEXT, offsetof(rw_args, table), .value = "SCHEMA.TABLE", .help = "list: only of this table"},
    {"kind", 0, RW_ARG_TEXT, offsetof(rw_args, kind), .value = "KIND", .help = "list: only of this kind, such as update/update, unique, drift"},
    {"state", 0, RW_ARG_TEXT, offsetof(rw_args, state), .value = "STATE", .choices = states, .help = "list: settled, skipped or resolved"},
    {"since", 0, RW_ARG_TEXT, offsetof(rw_args, since), .value = "TIME",
     .help = "list: from this time on; 'YYYY-MM-DD HH:MM:SS' in UTC, or 30m, 2h, 7d ago"},
    {"until", 0, RW_ARG_TEXT, offsetof(rw_args, until), .value = "TIME", .help = "list: before this time"},
    {"limit", 0, RW_ARG_TEXT, offsetof(rw_args, limit), .value = "N", .help = "list: the newest N [100]"},
    {"json", 0, RW_ARG_FLAG, offsetof(rw_args, json), .help = "list, show: one JSON object instead of text"},
    {"whole", 0, RW_ARG_FLAG, offsetof(rw_args, whole), .help = "show: large values in full, not only their length and hash"},
    {"keep", 0, RW_ARG_TEXT, offsetof(rw_args, keep), .value = "source|target", .choices = sides, .help = "resolve: whose row is wanted"},
    {"force", 0, RW_ARG_FLAG, offsetof(rw_args, force), .help = "resolve: even if the row has changed since, or it was resolved before"},
    {NULL},
};

typedef struct {
    const char *name;
    const char *const *takes; /* options beside --site */
    bool wants_id;
    bool (*run)(const rw_args *args, const rw_conf *conf, GError **error);
} action;

static rw_connection *open_site(const rw_conf *conf, const rw_site_conf *site, unsigned read_timeout_s, GError **error)
{
    return rw_connection_open(site, (rw_connection_limits){conf->connect_timeout_s, read_timeout_s, conf->deadline_s}, error);
}

/* ---- list */

/* What failed at some sites, while others were asked: one error for all of them. */
typedef struct {
    GString *messages;
    int class;
} failures;

static void note_failure(failures *f, GError *failure)
{
    if (!f->messages->len) f->class = failure->code;
    else g_string_append(f->messages, "; ");
    g_string_append(f->messages, failure->message);
    g_error_free(failure);
}

static bool report(failures *f, GError **error)
{
    bool ok = !f->messages->len;
    if (!ok) rw_fail(error, (rw_error_class)f->class, "%s", f->messages->str);
    g_string_free(f->messages, TRUE);
    return ok;
}

static bool parse_limit(const char *text, unsigned *limit, GError **error)
{
    char *end = NULL;
    *limit = DEFAULT_LIMIT;
    if (!text) return true;
    guint64 n = g_ascii_strtoull(text, &end, 10);
    if (!g_ascii_isdigit(*text) || *end || n < 1 || n > MOST_LIMIT)
        return rw_fail(error, RW_ERR_CONFIG, "option --limit: cannot be '%s'; use a number from 1 to %d", text, MOST_LIMIT);
    *limit = (unsigned)n;
    return true;
}

typedef struct {
    rw_conflict_filter filter;
    char *schema, *since, *until;
} question;

static void clear_question(question *q)
{
    g_free(q->schema);
    g_free(q->since);
    g_free(q->until);
}

static bool parse_time(const char *text, char **time, GError **error)
{
    if (text) *time = rw_when_parse(text, g_get_real_time() / G_USEC_PER_SEC, error);
    return !text || *time;
}

static bool parse_question(const rw_args *args, question *q, GError **error)
{
    const char *dot = args->table ? strchr(args->table, '.') : NULL;
    if (args->table && (!dot || dot == args->table || !dot[1]))
        return rw_fail(error, RW_ERR_CONFIG, "option --table: cannot be '%s'; write SCHEMA.TABLE", args->table);
    if (!parse_limit(args->limit, &q->filter.limit, error) || !parse_time(args->since, &q->since, error) ||
        !parse_time(args->until, &q->until, error))
        return false;
    if (dot) q->schema = g_strndup(args->table, (size_t)(dot - args->table));
    q->filter.schema = q->schema;
    q->filter.table = dot ? dot + 1 : NULL;
    q->filter.kind = args->kind;
    q->filter.state = args->state;
    q->filter.since = q->since;
    q->filter.until = q->until;
    q->filter.rows = args->json;
    return true;
}

static gint by_time(gconstpointer a, gconstpointer b)
{
    const rw_conflict_record *x = *(const rw_conflict_record *const *)a, *y = *(const rw_conflict_record *const *)b;
    int order = g_strcmp0(x->text[RW_CONFLICT_AT], y->text[RW_CONFLICT_AT]);
    if (!order) order = strcmp(x->site, y->site);
    return order ? order : x->id < y->id ? -1 : x->id > y->id;
}

static GPtrArray *ask_all(const rw_args *args, const rw_conf *conf, const rw_conflict_filter *filter, uint64_t *total, failures *f)
{
    GPtrArray *records = rw_conflict_records_new();
    for (unsigned i = 0; i < conf->n_sites; i++) {
        GError *failure = NULL;
        uint64_t here = 0;
        if (rw_site_is_gone(&conf->sites[i]) || (args->site && strcmp(args->site, conf->sites[i].name) != 0)) continue;
        g_autoptr(rw_connection) site = open_site(conf, &conf->sites[i], conf->deadline_s, &failure);
        if (!site || !rw_conflicts_list(site, filter, records, &here, &failure)) note_failure(f, failure);
        else *total += here;
    }
    g_ptr_array_sort(records, by_time);
    return records;
}

static bool list(const rw_args *args, const rw_conf *conf, GError **error)
{
    question q = {.filter = {.limit = 0}};
    failures f = {g_string_new(NULL), 0};
    uint64_t total = 0;
    bool ok = parse_question(args, &q, error);
    if (ok) {
        g_autoptr(GPtrArray) records = ask_all(args, conf, &q.filter, &total, &f);
        if (records->len > q.filter.limit) g_ptr_array_remove_range(records, 0, records->len - q.filter.limit);
        g_autoptr(GString) table = g_string_new(NULL);
        g_autofree char *json = args->json ? rw_conflicts_to_json(records) : NULL;
        if (!json && total) rw_conflicts_to_table(records, total - MIN(total, records->len), table);
        if (!json && !total && !f.messages->len) g_string_append(table, "no conflicts\n");
        fputs(json ? json : table->str, stdout);
        if (json) putchar('\n');
    }
    clear_question(&q);
    return report(&f, ok ? error : NULL) && ok;
}

/* ---- one record */

typedef struct {
    const rw_site_conf *site; /* NULL: not said */
    uint64_t id;
} reference;

static const rw_site_conf *find_site(const rw_conf *conf, const char *text, const char *name, GError **error)
{
    const rw_site_conf *site = rw_conf_site(conf, name);
    if (site) return site;
    const char *near = rw_nearest(name, conf->site_names);
    g_autofree char *all = g_strjoinv(", ", (char **)conf->site_names);
    if (near) rw_fail(error, RW_ERR_CONFIG, "conflict %s: there is no site '%s'; did you mean '%s'?", text, name, near);
    else rw_fail(error, RW_ERR_CONFIG, "conflict %s: there is no site '%s'; %s has %s", text, name, conf->path, all);
    return NULL;
}

static bool parse_reference(const rw_args *args, const rw_conf *conf, reference *ref, GError **error)
{
    const char *text = args->operands[1], *slash = strchr(text, '/'), *digits = slash ? slash + 1 : text;
    char *end = NULL;
    *ref = (reference){.id = g_ascii_strtoull(digits, &end, 10)};
    if (!g_ascii_isdigit(*digits) || *end || !ref->id || ref->id == G_MAXUINT64)
        return rw_fail(error, RW_ERR_CONFIG, "conflict '%s': not a number; write ID or SITE/ID as in: ringway conflicts list", text);
    g_autofree char *name = slash ? g_strndup(text, (size_t)(slash - text)) : g_strdup(args->site);
    if (slash && args->site && strcmp(name, args->site) != 0)
        return rw_fail(error, RW_ERR_CONFIG, "conflict %s: --site says %s; keep one of them", text, args->site);
    if (name) ref->site = find_site(conf, text, name, error);
    return ref->site || !name;
}

static bool has_record(const rw_conf *conf, const rw_site_conf *site, uint64_t id, bool *has, GError **error)
{
    GError *failure = NULL;
    g_autoptr(rw_connection) c = open_site(conf, site, conf->deadline_s, &failure);
    g_autoptr(rw_conflict_record) record = c ? rw_conflicts_load(c, id, false, &failure) : NULL;
    *has = record != NULL;
    if (!failure) return true;
    rw_fail(error, (rw_error_class)failure->code, "%s; if you mean another site's, write SITE/%" G_GUINT64_FORMAT, failure->message, id);
    g_error_free(failure);
    return false;
}

/* A number alone must be enough: each site counts for itself. */
static bool find_record(const rw_conf *conf, const char *verb, reference *ref, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);
    const rw_site_conf *found = NULL;
    unsigned n = 0;
    for (unsigned i = 0; !ref->site && i < conf->n_sites; i++) {
        bool has;
        if (rw_site_is_gone(&conf->sites[i])) continue;
        if (!has_record(conf, &conf->sites[i], ref->id, &has, error)) return false;
        if (!has) continue;
        found = &conf->sites[i];
        g_string_append_printf(names, "%s%s/%" G_GUINT64_FORMAT, n++ ? ", " : "", found->name, ref->id);
    }
    if (n > 1)
        return rw_fail(error, RW_ERR_CONFIG, "conflict %" G_GUINT64_FORMAT ": more than one site has it; write one of %s", ref->id, names->str);
    if (found) ref->site = found;
    if (ref->site) return true;
    return rw_fail(error, RW_ERR_CONFIG, "conflicts %s: no site has a conflict %" G_GUINT64_FORMAT "; see: ringway conflicts list", verb, ref->id);
}

static bool print_record(const rw_args *args, const rw_conf *conf, rw_connection *site, const rw_conflict_record *record, GError **error)
{
    g_autoptr(GHashTable) values = args->whole ? rw_conflicts_values(site, record->id, error) : NULL;
    if (args->whole && !values) return false;
    g_autoptr(GString) page = g_string_new(NULL);
    g_autofree char *json = args->json ? rw_conflict_to_json(record, values) : NULL;
    if (!json) rw_conflict_to_page(record, values, conf, page);
    fputs(json ? json : page->str, stdout);
    if (json) putchar('\n');
    return true;
}

static bool show(const rw_args *args, const rw_conf *conf, GError **error)
{
    reference ref;
    GError *failure = NULL;
    if (!parse_reference(args, conf, &ref, error) || !find_record(conf, "show", &ref, error)) return false;
    g_autoptr(rw_connection) site = open_site(conf, ref.site, conf->deadline_s, error);
    if (!site) return false;
    g_autoptr(rw_conflict_record) record = rw_conflicts_load(site, ref.id, false, &failure);
    if (record) return print_record(args, conf, site, record, error);
    if (failure) g_propagate_error(error, failure);
    else rw_fail(error, RW_ERR_CONFIG, "conflict %s/%" G_GUINT64_FORMAT ": there is none of that number; see: ringway conflicts list",
                 ref.site->name, ref.id);
    return false;
}

static bool resolve(const rw_args *args, const rw_conf *conf, GError **error)
{
    reference ref;
    if (!args->keep) return rw_fail(error, RW_ERR_CONFIG, "conflicts resolve: needs --keep; write --keep source, or --keep target");
    if (!parse_reference(args, conf, &ref, error) || !find_record(conf, "resolve", &ref, error)) return false;
    g_autoptr(rw_connection) site = open_site(conf, ref.site, 0, error);
    if (!site) return false;
    rw_resolve_order order = {ref.id, strcmp(args->keep, "source") == 0, args->force, conf->lock_wait_s};
    g_autoptr(GString) told = g_string_new(NULL);
    if (!rw_resolve(site, &order, told, error)) return false;
    puts(told->str);
    return true;
}

/* ---- which of them */

static const char *const list_takes[] = {"table", "kind", "state", "since", "until", "limit", "json", NULL};
static const char *const show_takes[] = {"json", "whole", NULL};
static const char *const resolve_takes[] = {"keep", "force", NULL};

static const action actions[] = {
    {"list", list_takes, false, list},
    {"show", show_takes, true, show},
    {"resolve", resolve_takes, true, resolve},
};

static const action *find_action(const char *name, GError **error)
{
    const char *names[G_N_ELEMENTS(actions) + 1] = {NULL};
    for (unsigned i = 0; i < G_N_ELEMENTS(actions); i++) {
        names[i] = actions[i].name;
        if (name && strcmp(name, names[i]) == 0) return &actions[i];
    }
    const char *near = name ? rw_nearest(name, names) : NULL;
    if (!name) rw_fail(error, RW_ERR_CONFIG, "conflicts: nothing to do; write list, show ID or resolve ID");
    else if (near) rw_fail(error, RW_ERR_CONFIG, "conflicts: cannot '%s'; did you mean '%s'?", name, near);
    else rw_fail(error, RW_ERR_CONFIG, "conflicts: cannot '%s'; write list, show ID or resolve ID", name);
    return NULL;
}

static bool is_given(const rw_args *args, const rw_verb_option *option)
{
    const char *field = (const char *)args + option->field;
    return option->kind == RW_ARG_FLAG ? *(const bool *)field : *(char *const *)field != NULL;
}

static bool check_usage(const rw_args *args, const action *a, GError **error)
{
    for (const rw_verb_option *o = options; o->name; o++)
        if (is_given(args, o) && strcmp(o->name, "site") != 0 && !g_strv_contains(a->takes, o->name))
            return rw_fail(error, RW_ERR_CONFIG, "conflicts %s: does not take --%s; see: ringway conflicts --help", a->name, o->name);
    if (a->wants_id && !args->operands[1])
        return rw_fail(error, RW_ERR_CONFIG, "conflicts %s: which one? write: ringway conflicts %s ID", a->name, a->name);
    if (!a->wants_id && args->operands[1])
        return rw_fail(error, RW_ERR_CONFIG, "conflicts %s: does not know what to do with '%s'; see: ringway conflicts --help", a->name,
                       args->operands[1]);
    return true;
}

static int run(const rw_args *args, GError **error)
{
    const action *a = find_action(args->operands[0], error);
    if (!a || !check_usage(args, a, error)) return RW_EXIT_USAGE;
    g_autoptr(rw_conf) conf = rw_cli_conf(args, error);
    if (!conf || !rw_cli_check_names(args, conf, error)) return RW_EXIT_USAGE;
    return a->run(args, conf, error) ? RW_EXIT_DONE : RW_EXIT_FOUND;
}

extern const rw_verb rw_verb_conflicts;
const rw_verb rw_verb_conflicts = {
    .name = "conflicts",
    .summary = "Lists conflicts, shows one whole, decides one again",
    .usage = "list | show ID | resolve ID --keep source|target",
    .options = options,
    .max_operands = 2,
    .manual = "Every conflict, every row that drifted and every change that was skipped is kept in ringway.conflict at the site where it was "
              "met. list asks all sites and shows the newest last. Each site has numbers of its own: where an ID alone is not enough, write "
              "SITE/ID.\n\n"
              "show prints the three rows side by side: before, which the change expected, incoming, which it would leave, and current, which "
              "was there; columns in which they differ are marked. It also prints when and where both writes were made.\n\n"
              "resolve writes the row of the source (incoming) or of the target (current) at the site that keeps the record, as an application "
              "would: the change goes to all sites. No row in the record means that the row is deleted. If something else is there by now it "
              "refuses with exit code 1 and shows it; --force writes over it. That is so, too, for a row that was added up (verdict add): it is "
              "neither of the two. A conflict that was resolved already is left as it is. Where two sites "
              "recorded one conflict, the other site's record keeps its state.",
    .run = run,
};
