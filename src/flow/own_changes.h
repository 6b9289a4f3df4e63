/* own_changes: deletes that a site made itself with a window (flow/apply/change.h), kept until the window's end: they come right after it.
 *
 * A GArray of rw_own_change, freed with g_array_unref; the table is referenced, the image a copy. Owner: one thread.
 */
#pragma once
#include "base/slice.h"
#include "change/table.h"

typedef struct {
    rw_table *table;
    GBytes *image;
} rw_own_change;

GArray *rw_own_changes_new(void);
void rw_own_changes_add(GArray *changes, rw_table *table, rw_slice image);
static inline rw_slice rw_own_change_image(const rw_own_change *change)
{
    gsize len;
    const void *bytes = g_bytes_get_data(change->image, &len);
    return rw_slice_of(bytes, len);
}
