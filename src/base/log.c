#include "base/log.h"

#include <unistd.h>

/* The one registry of the log: set before threads start, read-only after. */
static struct {
    rw_log_level most;
    bool json;
} setup = {RW_LOG_INFO, false};

static const char *const level_names[] = {"error", "warning", "info", "debug"};

void rw_log_setup(rw_log_level most, bool json)
{
    setup.most = most;
    setup.json = json;
}

static void append_escaped(GString *line, const char *s, bool json)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c < 0x20 || c == 0x7f) g_string_append_printf(line, "\\u%04x", c);
        else if (json && (c == '"' || c == '\\')) g_string_append_printf(line, "\\%c", c);
        else g_string_append_c(line, (char)c);
    }
}

void rw_log(rw_log_level level, const char *scope, const char *format, ...)
{
    if (level > setup.most) return;
    va_list args;
    va_start(args, format);
    g_autofree char *raw = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *message = g_utf8_make_valid(raw, -1);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *when = g_date_time_format(now, "%Y-%m-%dT%H:%M:%S.%f");
    when[23] = '\0'; /* milliseconds are enough */
    g_autoptr(GString) line = g_string_new(NULL);
    if (setup.json) {
        g_string_append_printf(line, "{\"time\":\"%sZ\",\"level\":\"%s\"", when, level_names[level]);
        if (scope) {
            g_string_append(line, ",\"scope\":\"");
            append_escaped(line, scope, true);
            g_string_append_c(line, '"');
        }
        g_string_append(line, ",\"message\":\"");
        append_escaped(line, message, true);
        g_string_append(line, "\"}\n");
    } else {
        g_string_append_printf(line, "%sZ %-7s ", when, level_names[level]);
        if (scope) g_string_append_printf(line, "[%s] ", scope);
        append_escaped(line, message, false);
        g_string_append_c(line, '\n');
    }
    if (write(STDERR_FILENO, line->str, line->len) < 0) return; /* nobody to tell */
}
