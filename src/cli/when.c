#include "cli/when.h"

static char *print(GDateTime *time)
{
    return time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S") : NULL;
}

/* Exactly so many digits. */
static bool take(const char **text, unsigned digits, int *number)
{
    *number = 0;
    for (; digits > 0; digits--, (*text)++) {
        if (!g_ascii_isdigit(**text)) return false;
        *number = *number * 10 + g_ascii_digit_value(**text);
    }
    return true;
}

static bool take_after(const char **text, char before, int *number)
{
    if (**text != before) return false;
    (*text)++;
    return take(text, 2, number);
}

static char *calendar(const char *text)
{
    int year, month, day, hour = 0, minute = 0, second = 0;
    if (!take(&text, 4, &year) || !take_after(&text, '-', &month) || !take_after(&text, '-', &day)) return NULL;
    if (*text) {
        if (!take_after(&text, *text == 'T' ? 'T' : ' ', &hour) || !take_after(&text, ':', &minute)) return NULL;
        if (*text && !take_after(&text, ':', &second)) return NULL;
    }
    g_autoptr(GDateTime) time = *text || year < 1970 ? NULL : g_date_time_new_utc(year, month, day, hour, minute, second);
    return print(time);
}

static char *ago(const char *text, gint64 now_s)
{
    static const struct {
        char unit;
        gint64 seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    char *end = NULL;
    if (!g_ascii_isdigit(*text)) return NULL;
    guint64 n = g_ascii_strtoull(text, &end, 10);
    for (unsigned i = 0; i < G_N_ELEMENTS(units); i++) {
        if (*end != units[i].unit || end[1] || n > (guint64)(now_s / units[i].seconds)) continue;
        g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(now_s - (gint64)n * units[i].seconds);
        return print(time);
    }
    return NULL;
}

char *rw_when_parse(const char *text, gint64 now_s, GError **error)
{
    char *time = ago(text, now_s);
    if (!time) time = calendar(text);
    if (!time) rw_fail(error, RW_ERR_CONFIG, "time '%s': not understood; write 'YYYY-MM-DD HH:MM:SS' in UTC, or how long ago: 30m, 2h, 7d", text);
    return time;
}
