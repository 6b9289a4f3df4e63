/* decimal: nine digits in four bytes, a rest of digits in as few bytes as hold it; for negative numbers every bit is turned over. */
#include "base/cursor.h"
#include "change/text.h"

enum { GROUP_DIGITS = 9, GROUP_BYTES = 4, PRECISION_MAX = 81, PACKED_BYTES_MAX = 48 };

static const uint8_t bytes_of_digits[GROUP_DIGITS + 1] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
static const uint32_t power[GROUP_DIGITS + 1] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};

static bool put_group(const uint8_t **p, unsigned digits, char **to)
{
    unsigned bytes = bytes_of_digits[digits];
    uint32_t n = (uint32_t)rw_load_be(*p, bytes);
    if (n >= power[digits]) return false;
    for (unsigned i = digits; i-- > 0; n /= 10) (*to)[i] = (char)('0' + n % 10);
    *p += bytes;
    *to += digits;
    return true;
}

bool rw_text_decimal(GString *out, unsigned precision, unsigned scale, rw_slice packed)
{
    if (precision < 1 || precision > PRECISION_MAX || scale > precision) return false;
    unsigned whole = precision - scale;
    size_t bytes = whole / GROUP_DIGITS * GROUP_BYTES + bytes_of_digits[whole % GROUP_DIGITS] + scale / GROUP_DIGITS * GROUP_BYTES +
                   bytes_of_digits[scale % GROUP_DIGITS];
    if (packed.len != bytes || bytes > PACKED_BYTES_MAX) return false;

    uint8_t plain[PACKED_BYTES_MAX];
    bool negative = !(packed.data[0] & 0x80);
    for (size_t i = 0; i < bytes; i++) plain[i] = packed.data[i] ^ (negative ? 0xff : 0);
    plain[0] ^= 0x80;

    char digits[PRECISION_MAX + 2], *to = digits;
    const uint8_t *p = plain;
    bool fits = put_group(&p, whole % GROUP_DIGITS, &to);
    for (unsigned i = 0; i < whole / GROUP_DIGITS; i++) fits = fits && put_group(&p, GROUP_DIGITS, &to);
    if (scale > 0) *to++ = '.';
    for (unsigned i = 0; i < scale / GROUP_DIGITS; i++) fits = fits && put_group(&p, GROUP_DIGITS, &to);
    if (!fits || !put_group(&p, scale % GROUP_DIGITS, &to)) return false;

    const char *from = digits;
    while (from < digits + whole && *from == '0') from++;
    if (negative) g_string_append_c(out, '-');
    if (from == digits + whole) g_string_append_c(out, '0');
    g_string_append_len(out, from, to - from);
    return true;
}
