#include "server/charset.h"

#include <mysql.h>
#include <string.h>

static const char *const supported[] = {"ascii", "big5", "binary", "cp1251", "euckr", "gbk", "koi8r", "latin1", "latin2", "sjis", "ucs2", "utf16", "utf32", "utf8mb3", "utf8mb4"};

const char *rw_charset_plain(const char *name) { return strcmp(name, "utf8") == 0 ? "utf8mb3" : name; }

const char *rw_charset_name(uint16_t collation)
{
    if (collation == 63) return "binary";
    if (collation >= 255 && collation <= 323) return "utf8mb4";
    const MARIADB_CHARSET_INFO *info = mariadb_get_charset_by_nr(collation);
    return info ? rw_charset_plain(info->csname) : NULL;
}

bool rw_charset_supported(const char *name)
{
    for (unsigned i = 0; i < sizeof supported / sizeof *supported; i++)
        if (strcmp(supported[i], name) == 0) return true;
    return false;
}
