#include "base/nearest.h"

#include <string.h>

enum { LONGEST = 64 };

unsigned rw_edit_distance(const char *a, const char *b)
{
    size_t na = strlen(a), nb = strlen(b);
    if (na > LONGEST || nb > LONGEST) return G_MAXUINT;
    unsigned row[LONGEST + 1];
    for (size_t j = 0; j <= nb; j++) row[j] = (unsigned)j;
    for (size_t i = 1; i <= na; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= nb; j++) {
            unsigned above = row[j];
            unsigned same = g_ascii_tolower(a[i - 1]) == g_ascii_tolower(b[j - 1]) ? 0 : 1;
            row[j] = MIN(MIN(above, row[j - 1]) + 1, diagonal + same);
            diagonal = above;
        }
    }
    return row[nb];
}

const char *rw_nearest(const char *word, const char *const *candidates)
{
    const char *best = NULL;
    unsigned best_distance = G_MAXUINT;
    for (; *candidates; candidates++) {
        unsigned distance = rw_edit_distance(word, *candidates);
        if (distance >= best_distance) continue;
        best = *candidates;
        best_distance = distance;
    }
    /* Beyond a third of the word a suggestion is a guess; a slip of two letters is not, even in a short one. */
    unsigned near = MAX(2, (unsigned)strlen(word) / 3);
    return best && best_distance <= near && best_distance < strlen(best) ? best : NULL;
}
