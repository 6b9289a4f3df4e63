#include "base/grid.h"

static void test_widths(void)
{
    g_autoptr(rw_grid) grid = rw_grid_new(3);
    g_autoptr(GString) out = g_string_new(NULL);
    static const char *const cells[] = {"A", "NUMBER", "LAST", "längst", "7", "x", "", "12345678", ""};
    rw_grid_right(grid, 1);
    for (unsigned i = 0; i < G_N_ELEMENTS(cells); i++) rw_grid_add(grid, cells[i]);
    rw_grid_print(grid, out);
    g_assert_cmpstr(out->str, ==,
                    "A         NUMBER  LAST\n"
                    "längst         7  x\n"
                    "        12345678\n");
}

static void test_empty(void)
{
    g_autoptr(rw_grid) grid = rw_grid_new(2);
    g_autoptr(GString) out = g_string_new(NULL);
    rw_grid_print(grid, out);
    g_assert_cmpstr(out->str, ==, "");
    rw_grid_free(NULL);
}

/* Escape sequences, C1 controls and bytes that are not UTF-8. */
static void test_harmless(void)
{
    g_autofree char *text = rw_printable("a\x1b[1m\tb\xc2\x9b" "2Jc\n\xff");
    g_assert_cmpstr(text, ==, "a [1m b 2Jc \xef\xbf\xbd");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/grid/widths", test_widths);
    g_test_add_func("/base/grid/empty", test_empty);
    g_test_add_func("/base/grid/harmless", test_harmless);
    return g_test_run();
}
