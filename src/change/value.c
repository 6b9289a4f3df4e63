#include "change/value.h"

#include "base/cursor.h"
#include "change/text.h"

enum { BINARY_CHARSET = 63, FLOAT_TEXT_BYTES = 32 };

void rw_text_unsigned(GString *out, uint64_t n)
{
    char digits[20];
    unsigned i = sizeof digits;
    do digits[--i] = (char)('0' + n % 10); while (n /= 10);
    g_string_append_len(out, digits + i, (gssize)(sizeof digits - i));
}

void rw_text_signed(GString *out, int64_t n)
{
    if (n < 0) g_string_append_c(out, '-');
    rw_text_unsigned(out, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
}

static bool integer(const rw_column *column, rw_slice value, unsigned bytes, GString *out)
{
    if (value.len != bytes) return false;
    uint64_t n = rw_load_le(value.data, bytes);
    unsigned shift = 64 - 8 * bytes;
    if (column->is_unsigned) rw_text_unsigned(out, n);
    else rw_text_signed(out, (int64_t)(n << shift) >> shift);
    return true;
}

static bool number(rw_slice value, unsigned bytes, bool big_endian, GString *out)
{
    if (value.len != bytes || bytes > 8) return false;
    rw_text_unsigned(out, big_endian ? rw_load_be(value.data, bytes) : rw_load_le(value.data, bytes));
    return true;
}

/* Infinity and NaN cannot be stored. */
static bool floating(double d, GString *out)
{
    char text[FLOAT_TEXT_BYTES];
    if (!__builtin_isfinite(d)) return false;
    g_string_append(out, g_ascii_formatd(text, sizeof text, "%.17g", d));
    return true;
}

static bool float4(rw_slice value, GString *out)
{
    float f;
    if (value.len != sizeof f) return false;
    uint32_t bits = (uint32_t)rw_load_le(value.data, sizeof f);
    memcpy(&f, &bits, sizeof f);
    return floating((double)f, out);
}

static bool float8(rw_slice value, GString *out)
{
    double d;
    if (value.len != sizeof d) return false;
    uint64_t bits = rw_load_le(value.data, sizeof d);
    memcpy(&d, &bits, sizeof d);
    return floating(d, out);
}

static bool bytes(rw_slice value, GString *out)
{
    if (value.len > 0) g_string_append_len(out, (const char *)value.data, (gssize)value.len);
    return true;
}

static bool fixed_string(const rw_column *column, rw_slice value, GString *out)
{
    static const char zeros[64];
    if (value.len > column->meta) return false;
    bytes(value, out);
    if (column->charset != BINARY_CHARSET) return true;
    for (size_t left = column->meta - value.len; left > 0; left -= MIN(left, sizeof zeros))
        g_string_append_len(out, zeros, (gssize)MIN(left, sizeof zeros));
    return true;
}

bool rw_value_text(const rw_column *column, rw_slice value, GString *out)
{
    if (!value.data) return false;
    switch (column->type) {
    case RW_T_TINY: return integer(column, value, 1, out);
    case RW_T_SHORT: return integer(column, value, 2, out);
    case RW_T_INT24: return integer(column, value, 3, out);
    case RW_T_LONG: return integer(column, value, 4, out);
    case RW_T_LONGLONG: return integer(column, value, 8, out);
    case RW_T_FLOAT: return float4(value, out);
    case RW_T_DOUBLE: return float8(value, out);
    case RW_T_NEWDECIMAL: return rw_text_decimal(out, column->meta >> 8, column->meta & 0xff, value);
    case RW_T_BIT: return number(value, (column->meta + 7u) / 8, true, out);
    case RW_T_ENUM: case RW_T_SET: return number(value, column->meta, false, out);
    case RW_T_DATE: case RW_T_NEWDATE: return rw_text_date(out, value);
    case RW_T_YEAR: return rw_text_year(out, value);
    case RW_T_TIME: return rw_text_time_old(out, value);
    case RW_T_DATETIME: return rw_text_datetime_old(out, value);
    case RW_T_TIMESTAMP: return rw_text_timestamp(out, value, 0, false);
    case RW_T_TIMESTAMP2: return rw_text_timestamp(out, value, column->meta, true);
    case RW_T_TIME2: return rw_text_time2(out, value, column->meta);
    case RW_T_DATETIME2: return rw_text_datetime2(out, value, column->meta);
    case RW_T_STRING: return fixed_string(column, value, out);
    case RW_T_VARCHAR: case RW_T_VAR_STRING: case RW_T_TINY_BLOB: case RW_T_MEDIUM_BLOB: case RW_T_LONG_BLOB: case RW_T_BLOB:
        return bytes(value, out);
    case RW_T_JSON: return rw_text_json(out, value);
    default: return false;
    }
}
