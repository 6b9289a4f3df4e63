#include "base/grid.h"
#include "flow/status.h"

static const struct {
    const char *title;
    bool right; /* numbers stand under each other */
} columns[] = {{"link"},         {"state"},        {"lag", true},    {"transactions", true}, {"rows applied", true},
               {"conflicts", true}, {"window", true}, {"position"}};

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

static void add_count(rw_grid *g, uint64_t n)
{
    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, n);
    rw_grid_add(g, text);
}

static void add_row(rw_grid *g, const rw_link_status *link)
{
    g_autofree char *lag = lag_text(link->lag_s), *position = position_text(&link->position);
    rw_grid_add(g, link->name);
    rw_grid_add(g, rw_link_state_name(link->state));
    rw_grid_add(g, lag);
    add_count(g, link->transactions);
    add_count(g, link->applied);
    add_count(g, link->conflicts);
    add_count(g, link->window);
    rw_grid_add(g, position);
}

static void print_errors(const rw_status *status, GString *out)
{
    for (guint i = 0; i < status->sites->len; i++) {
        const rw_site_status *site = g_ptr_array_index(status->sites, i);
        if (site->reachable) continue;
        g_autofree char *name = rw_printable(site->name), *host = site->host ? rw_printable(site->host) : NULL;
        g_string_append_printf(out, "site %s: cannot be reached%s%s\n", name, host ? " at " : "", host ? host : "");
    }
    for (guint i = 0; i < status->links->len; i++) {
        const rw_link_status *link = g_ptr_array_index(status->links, i);
        if (!link->error) continue;
        g_autofree char *name = rw_printable(link->name), *error = rw_printable(link->error);
        g_string_append_printf(out, "%s: %s\n", name, error);
    }
}

static void print_notes(const rw_status *status, GString *out)
{
    for (guint i = 0; i < status->links->len; i++) {
        const rw_link_status *link = g_ptr_array_index(status->links, i);
        g_autofree char *name = rw_printable(link->name), *target = rw_printable(link->target), *warning = link->warning ? rw_printable(link->warning) : NULL;
        if (warning) g_string_append_printf(out, "%s: warning: %s\n", name, warning);
        if (link->local_writes)
            g_string_append_printf(out, "%s: applications wrote at %s, which is read_only: %" G_GUINT64_FORMAT " transaction%s, which no other site gets\n", name, target,
                                   link->local_writes, link->local_writes == 1 ? "" : "s");
    }
}

static void print_tables(const rw_status *status, GString *out)
{
    for (guint i = 0; i < status->links->len; i++) {
        const rw_link_status *link = g_ptr_array_index(status->links, i);
        g_autofree char *name = rw_printable(link->name);
        for (guint j = 0; j < link->tables->len; j++) {
            const rw_table_status *t = g_ptr_array_index(link->tables, j);
            if (!t->exact) continue;
            g_autofree char *table = rw_printable(t->table), *why = rw_printable(t->why ? t->why : "no reason given");
            g_string_append_printf(out, "%s: table %s takes the exact path: %s\n", name, table, why);
        }
    }
}

void rw_status_to_table(const rw_status *status, GString *out)
{
    g_autoptr(rw_grid) g = rw_grid_new(G_N_ELEMENTS(columns));
    for (unsigned i = 0; i < G_N_ELEMENTS(columns); i++) {
        rw_grid_add(g, columns[i].title);
        if (columns[i].right) rw_grid_right(g, i);
    }
    for (guint i = 0; i < status->links->len; i++) add_row(g, g_ptr_array_index(status->links, i));
    rw_grid_print(g, out);
    print_errors(status, out);
    print_notes(status, out);
    print_tables(status, out);
}
