#include "base/grid.h"

#include <string.h>

enum { GAP = 2 };

struct rw_grid {
    GPtrArray *cells;
    bool *right;
    unsigned columns;
};

rw_grid *rw_grid_new(unsigned columns)
{
    rw_grid *grid = g_new0(rw_grid, 1);
    *grid = (rw_grid){g_ptr_array_new_with_free_func(g_free), g_new0(bool, columns), columns};
    return grid;
}

void rw_grid_free(rw_grid *grid)
{
    if (!grid) return;
    g_ptr_array_unref(grid->cells);
    g_free(grid->right);
    g_free(grid);
}

void rw_grid_right(rw_grid *grid, unsigned column) { grid->right[column] = true; }

/* C1 controls steer terminals, too. */
char *rw_printable(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *out = g_string_sized_new(strlen(valid));
    for (const char *c = valid; *c; c = g_utf8_next_char(c)) {
        gunichar character = g_utf8_get_char(c);
        g_string_append_unichar(out, g_unichar_isprint(character) ? character : ' ');
    }
    return g_string_free(out, FALSE);
}

void rw_grid_add(rw_grid *grid, const char *text) { g_ptr_array_add(grid->cells, rw_printable(text)); }

static size_t width_of(const char *text) { return (size_t)g_utf8_strlen(text, -1); }

static void pad(GString *out, size_t n)
{
    for (; n > 0; n--) g_string_append_c(out, ' ');
}

static void end_line(GString *out)
{
    while (out->len && out->str[out->len - 1] == ' ') g_string_truncate(out, out->len - 1);
    g_string_append_c(out, '\n');
}

void rw_grid_print(const rw_grid *grid, GString *out)
{
    g_autofree size_t *width = g_new0(size_t, grid->columns);
    for (guint i = 0; i < grid->cells->len; i++) {
        size_t w = width_of(g_ptr_array_index(grid->cells, i));
        width[i % grid->columns] = MAX(width[i % grid->columns], w);
    }
    for (guint i = 0; i < grid->cells->len; i++) {
        unsigned column = i % grid->columns;
        const char *text = g_ptr_array_index(grid->cells, i);
        size_t fill = width[column] - width_of(text);
        if (column) pad(out, GAP);
        if (grid->right[column]) pad(out, fill);
        g_string_append(out, text);
        if (!grid->right[column]) pad(out, fill);
        if (column + 1 == grid->columns) end_line(out);
    }
}
