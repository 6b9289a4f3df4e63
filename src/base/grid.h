/* grid: a table for a terminal: cells in columns, each as wide as its widest cell.
 *
 * In: cells, row by row. Out: text. Cells are made harmless: what comes from a server must not be able to steer the terminal.
 * Owner: one thread. No errors. Widths are counted in characters: wide ones stand a little off.
 */
#pragma once
#include <glib.h>
#include <stdbool.h>

typedef struct rw_grid rw_grid;

rw_grid *rw_grid_new(unsigned columns);
void rw_grid_free(rw_grid *grid);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rw_grid, rw_grid_free)
void rw_grid_right(rw_grid *grid, unsigned column); /* numbers stand under each other */
void rw_grid_add(rw_grid *grid, const char *text);  /* the next cell; copied */
void rw_grid_print(const rw_grid *grid, GString *out);

char *rw_printable(const char *text); /* owned; what is not printable becomes a blank */
