/* charset: names of character sets, from the collation numbers of the wire. Pure; any thread.
 * Source: libmariadb's table of collations, and MySQL's numbers 255 to 323, which it does not have (all utf8mb4). */
#pragma once
#include <stdbool.h>
#include <stdint.h>

const char *rw_charset_name(uint16_t collation);     /* NULL: not known */
const char *rw_charset_plain(const char *name);      /* one name per set: utf8 is utf8mb3 */
bool rw_charset_supported(const char *plain_name);   /* columns of it arrive byte for byte: proved by tests/live */
