/* nearest: the name that was probably meant.
 *
 * In: what was written, and the names that are valid (borrowed). Out: the borrowed candidate at the least edit distance (Levenshtein,
 * case ignored), or NULL if none is near enough to be worth naming. Any thread. No errors. Refuses words of over 64 bytes: NULL.
 */
#pragma once
#include <glib.h>

unsigned rw_edit_distance(const char *a, const char *b);
const char *rw_nearest(const char *word, const char *const *candidates); /* NULL-terminated */
