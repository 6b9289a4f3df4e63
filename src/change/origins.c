#include "change/origins.h"

#include <string.h>

enum { HIGHEST = 255 };

rw_origins rw_origins_minus(const rw_origins *set, const rw_origins *other)
{
    rw_origins rest = *set;
    for (unsigned i = 0; i < G_N_ELEMENTS(rest.bits); i++) rest.bits[i] &= ~other->bits[i];
    return rest;
}

bool rw_origins_is_empty(const rw_origins *set)
{
    const rw_origins nobody = {0};
    return memcmp(set, &nobody, sizeof nobody) == 0;
}

bool rw_origins_is_only(const rw_origins *set, unsigned origin)
{
    rw_origins only = {0};
    rw_origins_add(&only, origin);
    for (unsigned i = 0; i < G_N_ELEMENTS(set->bits); i++)
        if (set->bits[i] != only.bits[i]) return false;
    return true;
}

bool rw_origins_parse(rw_origins *set, const char *text)
{
    *set = (rw_origins){0};
    while (text && *text) {
        char *end;
        guint64 origin = g_ascii_strtoull(text, &end, 10);
        if (!g_ascii_isdigit(*text) || origin < 1 || origin > HIGHEST || (*end && (*end != ',' || !end[1]))) return false;
        rw_origins_add(set, (unsigned)origin);
        text = *end ? end + 1 : end;
    }
    return true;
}

char *rw_origins_format(const rw_origins *set)
{
    GString *text = g_string_new(NULL);
    for (unsigned origin = 1; origin <= HIGHEST; origin++)
        if (rw_origins_has(set, origin)) g_string_append_printf(text, "%s%u", text->len ? "," : "", origin);
    return g_string_free(text, FALSE);
}
