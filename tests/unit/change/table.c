#include "change/table.h"

static void test_new(void)
{
    rw_table *table = rw_table_new("shop", "t", 3);
    g_assert_cmpstr(table->schema, ==, "shop");
    g_assert_cmpstr(table->name, ==, "t");
    g_assert_cmpuint(table->n_columns, ==, 3);
    for (unsigned i = 0; i < 3; i++) g_assert_null(table->columns[i].name);
    g_assert_false(table->has_names);
    rw_table_unref(table);
    rw_table_unref(NULL);
}

static void test_names(void)
{
    rw_table *table = rw_table_new("s", "t", 1);
    rw_column_set_name(&table->columns[0], rw_slice_of("first!", 5));
    g_assert_cmpstr(table->columns[0].name, ==, "first");
    rw_column_set_name(&table->columns[0], rw_slice_str("second"));
    g_assert_cmpstr(table->columns[0].name, ==, "second");
    rw_table_unref(table);
}

static gpointer hold(gpointer data)
{
    for (int i = 0; i < 10000; i++) rw_table_unref(rw_table_ref(data));
    return NULL;
}

static void test_shared(void)
{
    rw_table *table = rw_table_new("s", "t", 0);
    GThread *threads[4];
    for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++) threads[i] = g_thread_new("hold", hold, table);
    for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++) g_thread_join(threads[i]);
    g_assert_cmpint(table->refs, ==, 1);
    rw_table_unref(table);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/change/table/new", test_new);
    g_test_add_func("/change/table/names", test_names);
    g_test_add_func("/change/table/shared", test_shared);
    return g_test_run();
}
