#include "flow/conflicts.h"

#include "base/grid.h"
#include "flow/apply/kept_row.h"
#include "flow/apply/rowjson.h"

enum { SIDES = 3, SHOWN_CHARACTERS = 40, SECONDS_LENGTH = sizeof "YYYY-MM-DD HH:MM:SS" - 1 };

static const char *text_of(const rw_conflict_record *record, rw_conflict_column column)
{
    return record->text[column] && *record->text[column] ? record->text[column] : "-";
}

static char *table_of(const rw_conflict_record *record)
{
    const char *schema = record->text[RW_CONFLICT_SCHEMA], *table = record->text[RW_CONFLICT_TABLE];
    if (!table || !*table) return g_strdup_printf("%s%s(statement)", schema ? schema : "", schema && *schema ? " " : "");
    return g_strdup_printf("%s.%s", schema, table);
}

void rw_conflicts_to_table(const GPtrArray *records, uint64_t more, GString *out)
{
    static const char *const titles[] = {"SITE", "ID", "TIME (UTC)", "LINK", "TABLE", "KEY", "KIND", "POLICY", "VERDICT", "STATE"};
    static const rw_conflict_column last[] = {RW_CONFLICT_KEY, RW_CONFLICT_KIND, RW_CONFLICT_POLICY, RW_CONFLICT_VERDICT, RW_CONFLICT_STATE};
    g_autoptr(rw_grid) grid = rw_grid_new(G_N_ELEMENTS(titles));
    rw_grid_right(grid, 1);
    for (unsigned i = 0; i < G_N_ELEMENTS(titles); i++) rw_grid_add(grid, titles[i]);
    for (guint i = 0; i < records->len; i++) {
        const rw_conflict_record *record = g_ptr_array_index(records, i);
        g_autofree char *table = table_of(record), *at = g_strndup(text_of(record, RW_CONFLICT_AT), SECONDS_LENGTH);
        rw_grid_add(grid, record->site);
        rw_grid_add(grid, text_of(record, RW_CONFLICT_ID));
        rw_grid_add(grid, at);
        rw_grid_add(grid, text_of(record, RW_CONFLICT_LINK));
        rw_grid_add(grid, table);
        for (unsigned k = 0; k < G_N_ELEMENTS(last); k++) rw_grid_add(grid, text_of(record, last[k]));
    }
    rw_grid_print(grid, out);
    if (more) g_string_append_printf(out, "%" G_GUINT64_FORMAT " more; use --limit\n", more);
}

static void add_line(GString *out, const char *name, const char *text)
{
    g_autofree char *safe = rw_printable(text);
    g_string_append_printf(out, "%-10s %s\n", name, safe);
}

static char *time_of(const char *stamp_us)
{
    guint64 us = g_ascii_strtoull(stamp_us, NULL, 10);
    g_autoptr(GDateTime) seconds = g_date_time_new_from_unix_utc((gint64)(us / G_USEC_PER_SEC));
    g_autofree char *text = seconds ? g_date_time_format(seconds, "%Y-%m-%d %H:%M:%S") : NULL;
    return text ? g_strdup_printf("%s.%06u UTC", text, (unsigned)(us % G_USEC_PER_SEC)) : g_strdup(stamp_us);
}

static char *write_of(const rw_conf *conf, const char *origin, const char *stamp_us, const char *gtid)
{
    if (!origin || !stamp_us) return g_strdup("-");
    const rw_site_conf *site = rw_conf_site_by_id(conf, (unsigned)g_ascii_strtoull(origin, NULL, 10));
    g_autofree char *when = time_of(stamp_us);
    return g_strdup_printf("site %s, stamp %s%s%s", site ? site->name : origin, when, gtid && *gtid ? ", GTID " : "", gtid ? gtid : "");
}

static void append_head(GString *out, const rw_conflict_record *record, const rw_conf *conf)
{
    char *const *t = record->text;
    g_autofree char *table = table_of(record), *at = g_strconcat(text_of(record, RW_CONFLICT_AT), " UTC", NULL);
    g_autofree char *write = write_of(conf, t[RW_CONFLICT_ORIGIN], t[RW_CONFLICT_STAMP], t[RW_CONFLICT_GTID]);
    g_autofree char *incoming = g_strdup_printf("%s, %s:%s", write, text_of(record, RW_CONFLICT_FILE), text_of(record, RW_CONFLICT_OFFSET));
    g_autofree char *present = write_of(conf, t[RW_CONFLICT_CURRENT_ORIGIN], t[RW_CONFLICT_CURRENT_STAMP], t[RW_CONFLICT_CURRENT_GTID]);
    g_string_append_printf(out, "conflict   %s/%" G_GUINT64_FORMAT "\n", record->site, record->id);
    add_line(out, "time", at);
    add_line(out, "link", text_of(record, RW_CONFLICT_LINK));
    add_line(out, "table", table);
    add_line(out, "key", text_of(record, RW_CONFLICT_KEY));
    add_line(out, "kind", text_of(record, RW_CONFLICT_KIND));
    add_line(out, "operation", text_of(record, RW_CONFLICT_OPERATION));
    add_line(out, "policy", text_of(record, RW_CONFLICT_POLICY));
    add_line(out, "verdict", text_of(record, RW_CONFLICT_VERDICT));
    add_line(out, "state", text_of(record, RW_CONFLICT_STATE));
    add_line(out, "incoming", incoming);
    add_line(out, "present", present);
    if (t[RW_CONFLICT_REASON]) add_line(out, "reason", t[RW_CONFLICT_REASON]);
    if (!t[RW_CONFLICT_RESOLVED_AT]) return;
    g_autofree char *resolved = g_strdup_printf("%s UTC, kept %s", t[RW_CONFLICT_RESOLVED_AT], text_of(record, RW_CONFLICT_RESOLVED_KEEP));
    add_line(out, "resolved", resolved);
}

static void append_bytes(GString *out, GBytes *bytes, bool text)
{
    gsize len;
    const guint8 *data = g_bytes_get_data(bytes, &len);
    if (text) {
        rw_row_json_string(out, (const char *)data, len);
        return;
    }
    g_string_append(out, "0x");
    for (gsize i = 0; i < len; i++) g_string_append_printf(out, "%02x", data[i]);
}

static bool is_text(GBytes *bytes)
{
    gsize len;
    const char *data = g_bytes_get_data(bytes, &len);
    return !len || (!memchr(data, '\0', len) && g_utf8_validate(data, (gssize)len, NULL));
}

/* whole: the bytes of a large value, or NULL. */
static char *value_text(const rw_kept_value *value, GBytes *whole)
{
    GString *out = g_string_new(NULL);
    switch (value->kind) {
    case RW_KEPT_NULL: g_string_append(out, "NULL"); break;
    case RW_KEPT_NUMBER: g_string_append_len(out, g_bytes_get_data(value->bytes, NULL), (gssize)g_bytes_get_size(value->bytes)); break;
    case RW_KEPT_TEXT: append_bytes(out, value->bytes, true); break;
    case RW_KEPT_HEX: append_bytes(out, value->bytes, false); break;
    case RW_KEPT_LARGE:
        if (whole) append_bytes(out, whole, is_text(whole));
        else g_string_append_printf(out, "%" G_GUINT64_FORMAT " bytes, xxh128 %s", value->large_bytes, value->hash);
        break;
    case RW_KEPT_UNREADABLE: g_string_append(out, "(unreadable)"); break;
    }
    return g_string_free(out, FALSE);
}

/* The rows of a record side by side. */
typedef struct {
    rw_kept_row *row[SIDES]; /* NULL: no row, or not in a form to be taken apart */
    GHashTable *values;      /* whole ones, or NULL */
} comparison;

static char *side_text(const comparison *c, unsigned side, const char *column)
{
    const rw_kept_value *value = c->row[side] ? rw_kept_row_get(c->row[side], column) : NULL;
    if (!value) return g_strdup("-");
    g_autofree char *key = rw_conflict_value_name(rw_conflict_sides[side], column);
    return value_text(value, c->values ? g_hash_table_lookup(c->values, key) : NULL);
}

static bool differs(const comparison *c, char *const *texts)
{
    const char *first = NULL;
    for (unsigned side = 0; side < SIDES; side++) {
        if (!c->row[side]) continue;
        if (first && strcmp(first, texts[side]) != 0) return true;
        first = texts[side];
    }
    return false;
}

static bool is_long(const char *text) { return g_utf8_strlen(text, -1) > SHOWN_CHARACTERS; }

/* What is too long for the table stands below it, in full. */
static void append_column(const comparison *c, const char *column, rw_grid *grid, GString *below)
{
    char *texts[SIDES];
    bool any_long = false;
    for (unsigned side = 0; side < SIDES; side++) {
        texts[side] = side_text(c, side, column);
        any_long |= is_long(texts[side]);
    }
    rw_grid_add(grid, differs(c, texts) ? "*" : "");
    rw_grid_add(grid, column);
    for (unsigned side = 0; side < SIDES; side++) rw_grid_add(grid, is_long(texts[side]) ? "(below)" : texts[side]);
    if (any_long) {
        g_autofree char *name = rw_printable(column);
        g_string_append_printf(below, "\n%s\n", name);
        for (unsigned side = 0; side < SIDES; side++) {
            g_autofree char *safe = rw_printable(texts[side]);
            g_string_append_printf(below, "  %-9s %s\n", rw_conflict_sides[side], safe);
        }
    }
    for (unsigned side = 0; side < SIDES; side++) g_free(texts[side]);
}

/* All names, in the order of the first row that has them. */
static GPtrArray *column_names(const comparison *c)
{
    GPtrArray *names = g_ptr_array_new();
    for (unsigned side = 0; side < SIDES; side++)
        for (guint i = 0; c->row[side] && i < c->row[side]->values->len; i++) {
            char *name = ((rw_kept_value *)g_ptr_array_index(c->row[side]->values, i))->column;
            if (!g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL)) g_ptr_array_add(names, name);
        }
    return names;
}

static void append_comparison(GString *out, const comparison *c, char *const *kept)
{
    static const char *const titles[SIDES] = {"BEFORE", "INCOMING", "CURRENT"};
    g_autoptr(rw_grid) grid = rw_grid_new(2 + SIDES);
    g_autoptr(GString) below = g_string_new(NULL);
    g_autoptr(GPtrArray) names = column_names(c);
    rw_grid_add(grid, "");
    rw_grid_add(grid, "COLUMN");
    for (unsigned side = 0; side < SIDES; side++) {
        g_autofree char *none = g_strconcat(titles[side], " (no row)", NULL);
        rw_grid_add(grid, kept[side] ? titles[side] : none);
    }
    for (guint i = 0; i < names->len; i++) append_column(c, g_ptr_array_index(names, i), grid, below);
    g_string_append_c(out, '\n');
    if (names->len) rw_grid_print(grid, out);
    g_string_append(out, below->str);
}

void rw_conflict_to_page(const rw_conflict_record *record, GHashTable *values, const rw_conf *conf, GString *out)
{
    char *const *kept = &record->text[RW_CONFLICT_BEFORE];
    comparison c = {.values = values};
    bool any = false;
    for (unsigned side = 0; side < SIDES; side++) {
        c.row[side] = kept[side] ? rw_kept_row_parse(kept[side], NULL) : NULL;
        any |= c.row[side] != NULL;
    }
    append_head(out, record, conf);
    if (any) append_comparison(out, &c, kept);
    for (unsigned side = 0; side < SIDES; side++) {
        if (kept[side] && !c.row[side]) {
            g_autofree char *safe = rw_printable(kept[side]);
            g_string_append_printf(out, "\n%s\n  %s\n", rw_conflict_sides[side], safe);
        }
        rw_kept_row_free(c.row[side]);
    }
}
