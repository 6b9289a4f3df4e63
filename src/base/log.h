/* log: one line per event worth knowing, to stderr, as text or as a JSON object per line.
 *
 * In: a level, the scope (a link or site name, or NULL), a printf message. Thread-safe; a line is written by one write(2), so lines
 * of threads do not mix. Refuses nothing; control characters in a message are escaped, so a value from a row cannot forge a line.
 */
#pragma once
#include <glib.h>
#include <stdbool.h>

typedef enum { RW_LOG_ERROR, RW_LOG_WARNING, RW_LOG_INFO, RW_LOG_DEBUG } rw_log_level;

void rw_log_setup(rw_log_level most, bool json);
void rw_log(rw_log_level level, const char *scope, const char *format, ...) G_GNUC_PRINTF(3, 4);
