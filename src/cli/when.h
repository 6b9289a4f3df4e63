/* when: a time as people write it on the command line.
 *
 * In: 'YYYY-MM-DD', with ' HH:MM' or ' HH:MM:SS' if wanted (or a T between), in UTC; or how long ago: 90s, 30m, 2h, 7d. now_s: seconds since
 * 1970. Out: owned 'YYYY-MM-DD HH:MM:SS' in UTC; NULL on error. Errors: RW_ERR_CONFIG saying what may be written. Any thread.
 */
#pragma once
#include "base/error.h"

char *rw_when_parse(const char *text, gint64 now_s, GError **error);
