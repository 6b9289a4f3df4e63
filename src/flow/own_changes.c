#include "flow/own_changes.h"

static void clear(gpointer data)
{
    rw_own_change *change = data;
    rw_table_unref(change->table);
    g_bytes_unref(change->image);
}

GArray *rw_own_changes_new(void)
{
    GArray *changes = g_array_new(FALSE, FALSE, sizeof(rw_own_change));
    g_array_set_clear_func(changes, clear);
    return changes;
}

void rw_own_changes_add(GArray *changes, rw_table *table, rw_slice image)
{
    const rw_own_change change = {rw_table_ref(table), g_bytes_new(image.data, image.len)};
    g_array_append_val(changes, change);
}
