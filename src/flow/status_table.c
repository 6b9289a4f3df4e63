#include "flow/status.h"

#include <string.h>

enum { COLUMNS = 8, GAP = 2 };

typedef struct {
    GPtrArray *cells; /* owned text, COLUMNS a row */
} grid;

static const struct {
    const char *title;
    bool right; /* numbers stand under each other */
} columns[COLUMNS] = {{"link"},         {"state"},        {"lag", true},    {"transactions", true}, {"rows applied", true},
                      {"conflicts", true}, {"window", true}, {"position"}};

/* Text from a server or another machine must not be able to steer the terminal; C1 controls do that, too. */
static char *printable(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *out = g_string_sized_new(strlen(valid));
    for (const char *c = valid; *c; c = g_utf8_next_char(c)) {
        gunichar character = g_utf8_get_char(c);
        g_string_append_unichar(out, g_unichar_isprint(character) ? character : ' ');
    }
    return g_string_free(out, FALSE);
}

static char *lag_text(double lag_s)
{
    const double minute = 60, hour = 60 * minute, day = 24 * hour;
    if (!(lag_s >= 0 && lag_s < 1e12)) return g_strdup("-"); /* not a number, too */
    if (lag_s < 10) return g_strdup_printf("%.1f s", lag_s);
    if (lag_s < 2 * minute) return g_strdup_printf("%.0f s", lag_s);
    if (lag_s < 2 * hour) return g_strdup_printf("%.0f min", lag_s / minute);
    if (lag_s < 2 * day) return g_strdup_printf("%.1f h", lag_s / hour);
    return g_strdup_printf("%.1f d", lag_s / day);
}

static char *position_text(const rw_source_pos *position)
{
    if (position->file && *position->file) return g_strdup_printf("%s:%" G_GUINT64_FORMAT, position->file, position->offset_bytes);
    return g_strdup(position->gtid && *position->gtid ? position->gtid : "-");
}

static void add_cell(grid *g, const char *text) { g_ptr_array_add(g->cells, printable(text)); }

static void add_count(grid *g, uint64_t n) { g_ptr_array_add(g->cells, g_strdup_printf("%" G_GUINT64_FORMAT, n)); }

static void add_row(grid *g, const rw_link_status *link)
{
    g_autofree char *lag = lag_text(link->lag_s), *position = position_text(&link->position);
    add_cell(g, link->name);
    add_cell(g, rw_link_state_name(link->state));
    add_cell(g, lag);
    add_count(g, link->transactions);
    add_count(g, link->applied);
    add_count(g, link->conflicts);
    add_count(g, link->window);
    add_cell(g, position);
}

/* Characters, not bytes; wide ones would stand a little off, and nothing else. */
static glong width_of(const char *text) { return g_utf8_strlen(text, -1); }

static void pad(GString *out, glong n)
{
    for (; n > 0; n--) g_string_append_c(out, ' ');
}

static void print_grid(const grid *g, GString *out)
{
    glong width[COLUMNS] = {0};
    for (guint i = 0; i < g->cells->len; i++) {
        glong w = width_of(g_ptr_array_index(g->cells, i));
        width[i % COLUMNS] = MAX(width[i % COLUMNS], w);
    }
    for (guint i = 0; i < g->cells->len; i++) {
        unsigned column = i % COLUMNS;
        const char *text = g_ptr_array_index(g->cells, i);
        glong fill = width[column] - width_of(text);
        if (columns[column].right) pad(out, fill);
        g_string_append(out, text);
        if (column == COLUMNS - 1) g_string_append_c(out, '\n');
        else pad(out, GAP + (columns[column].right ? 0 : fill));
    }
}

static void print_errors(const rw_status *status, GString *out)
{
    for (guint i = 0; i < status->sites->len; i++) {
        const rw_site_status *site = g_ptr_array_index(status->sites, i);
        if (site->reachable) continue;
        g_autofree char *name = printable(site->name), *host = site->host ? printable(site->host) : NULL;
        g_string_append_printf(out, "site %s: cannot be reached%s%s\n", name, host ? " at " : "", host ? host : "");
    }
    for (guint i = 0; i < status->links->len; i++) {
        const rw_link_status *link = g_ptr_array_index(status->links, i);
        if (!link->error) continue;
        g_autofree char *name = printable(link->name), *error = printable(link->error);
        g_string_append_printf(out, "%s: %s\n", name, error);
    }
}

static void print_tables(const rw_status *status, GString *out)
{
    for (guint i = 0; i < status->links->len; i++) {
        const rw_link_status *link = g_ptr_array_index(status->links, i);
        g_autofree char *name = printable(link->name);
        for (guint j = 0; j < link->tables->len; j++) {
            const rw_table_status *t = g_ptr_array_index(link->tables, j);
            if (!t->exact) continue;
            g_autofree char *table = printable(t->table), *why = printable(t->why ? t->why : "no reason given");
            g_string_append_printf(out, "%s: table %s takes the exact path: %s\n", name, table, why);
        }
    }
}

void rw_status_to_table(const rw_status *status, GString *out)
{
    grid g = {g_ptr_array_new_with_free_func(g_free)};
    for (unsigned i = 0; i < COLUMNS; i++) add_cell(&g, columns[i].title);
    for (guint i = 0; i < status->links->len; i++) add_row(&g, g_ptr_array_index(status->links, i));
    print_grid(&g, out);
    g_ptr_array_unref(g.cells);
    print_errors(status, out);
    print_tables(status, out);
}
