/* temporal: dates and times of every format, to text; a field out of its range is not a value. */
#include "base/cursor.h"
#include "change/text.h"

typedef struct {
    unsigned year, month, day, hour, minute, second, us;
} moment;

static char *put(char *to, unsigned n, unsigned digits)
{
    for (unsigned i = digits; i-- > 0; n /= 10) to[i] = (char)('0' + n % 10);
    return to + digits;
}

static char *put_fraction(char *to, unsigned us, unsigned digits)
{
    if (digits == 0) return to;
    *to++ = '.';
    for (unsigned i = digits; i < 6; i++) us /= 10;
    return put(to, us, digits);
}

static char *put_date(char *to, const moment *m)
{
    to = put(to, m->year, 4);
    *to++ = '-';
    to = put(to, m->month, 2);
    *to++ = '-';
    return put(to, m->day, 2);
}

static char *put_clock(char *to, const moment *m, unsigned digits)
{
    to = put(to, m->hour, m->hour > 99 ? 3 : 2);
    *to++ = ':';
    to = put(to, m->minute, 2);
    *to++ = ':';
    to = put(to, m->second, 2);
    return put_fraction(to, m->us, digits);
}

static bool date_fits(const moment *m) { return m->year <= 9999 && m->month <= 12 && m->day <= 31; }
static bool clock_fits(const moment *m, unsigned hours_max)
{
    return m->hour <= hours_max && m->minute < 60 && m->second < 60 && m->us < G_USEC_PER_SEC;
}

static bool date(GString *out, const moment *m)
{
    char text[16];
    if (!date_fits(m)) return false;
    g_string_append_len(out, text, put_date(text, m) - text);
    return true;
}

static bool datetime(GString *out, const moment *m, unsigned digits)
{
    char text[32], *to = text;
    if (!date_fits(m) || !clock_fits(m, 23)) return false;
    to = put_date(to, m);
    *to++ = ' ';
    to = put_clock(to, m, digits);
    g_string_append_len(out, text, to - text);
    return true;
}

static bool time_of(GString *out, bool negative, const moment *m, unsigned digits)
{
    enum { TIME_HOURS_MAX = 838 };
    char text[32], *to = text;
    if (!clock_fits(m, TIME_HOURS_MAX)) return false;
    if (negative) *to++ = '-';
    to = put_clock(to, m, digits);
    g_string_append_len(out, text, to - text);
    return true;
}

/* The fraction of the newer types: as many bytes as hold its pairs of digits. */
static bool fraction(rw_slice value, unsigned at, unsigned digits, unsigned *us)
{
    static const unsigned unit_us[] = {0, 10000, 100, 1};
    unsigned bytes = (digits + 1) / 2;
    if (digits > 6 || value.len != at + bytes) return false;
    *us = (unsigned)rw_load_be(value.data + at, bytes) * unit_us[bytes];
    return true;
}

bool rw_text_date(GString *out, rw_slice three)
{
    if (three.len != 3) return false;
    unsigned n = (unsigned)rw_load_le(three.data, 3);
    return date(out, &(moment){.year = n >> 9, .month = n >> 5 & 15, .day = n & 31});
}

bool rw_text_year(GString *out, rw_slice one)
{
    if (one.len != 1) return false;
    char text[4];
    put(text, one.data[0] ? 1900u + one.data[0] : 0, 4);
    g_string_append_len(out, text, 4);
    return true;
}

bool rw_text_time_old(GString *out, rw_slice three)
{
    if (three.len != 3) return false;
    int32_t n = (int32_t)((uint32_t)rw_load_le(three.data, 3) << 8) >> 8;
    unsigned t = (unsigned)(n < 0 ? -n : n);
    return time_of(out, n < 0, &(moment){.hour = t / 10000, .minute = t / 100 % 100, .second = t % 100}, 0);
}

bool rw_text_datetime_old(GString *out, rw_slice eight)
{
    if (eight.len != 8) return false;
    uint64_t n = rw_load_le(eight.data, 8);
    if (n > 99991231235959) return false;
    unsigned d = (unsigned)(n / 1000000), t = (unsigned)(n % 1000000);
    return datetime(out, &(moment){d / 10000, d / 100 % 100, d % 100, t / 10000, t / 100 % 100, t % 100, 0}, 0);
}

/* Days since 1970 to a date of the Gregorian calendar, counting years from March so that a leap day ends one. */
static moment from_days(unsigned days)
{
    unsigned z = days + 719468, era = z / 146097, day_of_era = z % 146097;
    unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned from_march = (5 * day_of_year + 2) / 153, month = from_march < 10 ? from_march + 3 : from_march - 9;
    return (moment){.year = era * 400 + year_of_era + (month <= 2), .month = month, .day = day_of_year - (153 * from_march + 2) / 5 + 1};
}

bool rw_text_timestamp(GString *out, rw_slice value, unsigned digits, bool big_endian)
{
    enum { DAY_S = 86400 };
    moment m = {0};
    unsigned us;
    if (!fraction(value, 4, digits, &us)) return false;
    uint32_t seconds = (uint32_t)(big_endian ? rw_load_be(value.data, 4) : rw_load_le(value.data, 4));
    if (seconds == 0 && us > 0) return false;
    if (seconds > 0) m = from_days(seconds / DAY_S); /* 0 stands for the zero date */
    m.hour = seconds % DAY_S / 3600;
    m.minute = seconds / 60 % 60;
    m.second = seconds % 60;
    m.us = us;
    return datetime(out, &m, digits);
}

/* Whole and fraction are one number with a sign, moved up so that it sorts as bytes. */
bool rw_text_time2(GString *out, rw_slice packed, unsigned digits)
{
    static const unsigned unit_us[] = {1, 10000, 100, 1};
    unsigned bytes = (digits + 1) / 2;
    if (digits > 6 || packed.len != 3 + bytes) return false;
    int64_t n = (int64_t)rw_load_be(packed.data, 3 + bytes) - ((int64_t)1 << (23 + 8 * bytes));
    uint64_t t = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    unsigned clock = (unsigned)(t >> 8 * bytes), part = (unsigned)(t & (((uint64_t)1 << 8 * bytes) - 1));
    moment m = {.hour = clock >> 12 & 0x3ff, .minute = clock >> 6 & 63, .second = clock & 63, .us = part * unit_us[bytes]};
    return clock >> 22 == 0 && time_of(out, n < 0, &m, digits);
}

static bool unpack_datetime(uint64_t n, moment *m)
{
    unsigned year_month = (unsigned)(n >> 22);
    *m = (moment){.year = year_month / 13, .month = year_month % 13, .day = n >> 17 & 31,
                  .hour = n >> 12 & 31, .minute = n >> 6 & 63, .second = n & 63};
    return n >> 40 == 0;
}

bool rw_text_datetime2(GString *out, rw_slice packed, unsigned digits)
{
    const uint64_t zero = (uint64_t)1 << 39;
    moment m;
    unsigned us;
    if (!fraction(packed, 5, digits, &us)) return false;
    uint64_t n = rw_load_be(packed.data, 5);
    if (n < zero || !unpack_datetime(n - zero, &m)) return false;
    m.us = us;
    return datetime(out, &m, digits);
}

bool rw_text_json_datetime(GString *out, int64_t packed)
{
    moment m;
    if (packed < 0 || !unpack_datetime((uint64_t)packed >> 24, &m)) return false;
    m.us = packed & 0xffffff;
    return datetime(out, &m, 6);
}

bool rw_text_json_date(GString *out, int64_t packed)
{
    moment m;
    return packed >= 0 && unpack_datetime((uint64_t)packed >> 24, &m) && date(out, &m);
}

bool rw_text_json_time(GString *out, int64_t packed)
{
    uint64_t t = packed < 0 ? 0 - (uint64_t)packed : (uint64_t)packed;
    unsigned clock = (unsigned)(t >> 24 & 0x3fffff);
    moment m = {.hour = clock >> 12, .minute = clock >> 6 & 63, .second = clock & 63, .us = t & 0xffffff};
    return t >> 46 == 0 && time_of(out, packed < 0, &m, 6);
}
