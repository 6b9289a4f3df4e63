#include "server/dialect.h"

#include <string.h>

/* MySQL's version strings carry no name: it is what is left. */
const rw_dialect *rw_dialect_find(const char *version)
{
    char *end;
    unsigned major = (unsigned)g_ascii_strtoull(version, &end, 10), minor = *end == '.' ? (unsigned)g_ascii_strtoull(end + 1, NULL, 10) : 0;
    unsigned number = major * 1000 + minor;
    if (strstr(version, "MariaDB")) return number >= 10005 ? &rw_dialect_mariadb : NULL;
    return number >= 8002 && major < 10 ? &rw_dialect_mysql : NULL;
}

static bool knows_mode(const rw_dialect *dialect, const char *name)
{
    for (unsigned bit = 0; bit < 64; bit++)
        if (dialect->sql_mode_bits[bit] && strcmp(dialect->sql_mode_bits[bit], name) == 0) return true;
    return false;
}

char *rw_dialect_sql_mode(const rw_dialect *source, const rw_dialect *target, uint64_t mode_bits)
{
    GString *modes = g_string_new(NULL);
    for (unsigned bit = 0; bit < 64; bit++) {
        const char *name = mode_bits >> bit & 1 ? source->sql_mode_bits[bit] : NULL;
        if (!name || !knows_mode(target, name)) continue;
        if (modes->len) g_string_append_c(modes, ',');
        g_string_append(modes, name);
    }
    return g_string_free(modes, FALSE);
}

uint16_t rw_dialect_collation(const rw_dialect *target, uint16_t id)
{
    return target->knows_collation(id) ? id : target->foreign_collation;
}
