/* json: MySQL's binary JSON, as MySQL prints it: ", " and ": " between, keys in stored order, doubles in the fewest digits that read back.
 *
 * Offsets in a document may point anywhere, also many at one place, which would make a small document print for ever: so every value,
 * key and string is paid for out of a budget of as many bytes as the document has; an honest document never shares any.
 */
#include "base/cursor.h"
#include "change/table.h"
#include "change/text.h"

enum {
    SMALL_OBJECT = 0, LARGE_OBJECT = 1, SMALL_ARRAY = 2, LARGE_ARRAY = 3, LITERAL = 4, INT16 = 5, UINT16 = 6, INT32 = 7, UINT32 = 8,
    INT64 = 9, UINT64 = 10, DOUBLE = 11, STRING = 12, OPAQUE = 15,
    DEPTH_MAX = 100,
};

typedef struct {
    GString *out;
    size_t budget;
    unsigned depth;
} printer;

static bool put_value(printer *p, uint8_t type, rw_slice value);

static bool pay(printer *p, size_t bytes)
{
    if (bytes > p->budget) return false;
    p->budget -= bytes;
    return true;
}

/* Seven bits a byte, the lowest first; the first bit says that more follow. */
static uint64_t varlen(rw_cursor *c)
{
    enum { BYTES_MAX = 5 };
    uint64_t n = 0;
    for (unsigned i = 0; i < BYTES_MAX; i++) {
        uint8_t b = rw_cursor_u8(c);
        n |= (uint64_t)(b & 0x7f) << 7 * i;
        if (!(b & 0x80)) return n;
    }
    c->bad = true;
    return 0;
}

static void put_quoted(GString *out, rw_slice text)
{
    static const char hex[] = "0123456789abcdef", shorthand[32] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    g_string_append_c(out, '"');
    size_t plain = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t ch = text.data[i];
        if (ch >= ' ' && ch != '"' && ch != '\\') continue;
        g_string_append_len(out, (const char *)text.data + plain, (gssize)(i - plain));
        plain = i + 1;
        char escape[6] = {'\\', ch >= ' ' ? (char)ch : shorthand[ch]};
        if (escape[1]) {
            g_string_append_len(out, escape, 2);
            continue;
        }
        memcpy(escape + 1, "u00", 3);
        escape[4] = hex[ch >> 4];
        escape[5] = hex[ch & 15];
        g_string_append_len(out, escape, 6);
    }
    g_string_append_len(out, (const char *)text.data + plain, (gssize)(text.len - plain));
    g_string_append_c(out, '"');
}

/* The fewest digits that read back as d, the nearest such; at a power of two the neighbour below is nearer than the one above, so the
 * number one up may serve where the nearest of that length does not. */
static void shortest(double d, char *digits, unsigned *n, int *exponent)
{
    enum { DIGITS_KEPT = 15, DIGITS_EXACT = 17 };
    const double normal_min = 2.2250738585072014e-308; /* from here on 15 digits are always kept, so a shorter form is the same with zeros */
    char text[40], up[48];
    for (int count = d < normal_min ? 1 : DIGITS_KEPT; count <= DIGITS_EXACT; count++) {
        char format[8] = {'%', '.', (char)('0' + (count - 1) / 10), (char)('0' + (count - 1) % 10), 'e'};
        g_ascii_formatd(text, sizeof text, format, d);
        if (g_ascii_strtod(text, NULL) == d) break;
        if (count < DIGITS_KEPT) continue;
        memcpy(up, text, sizeof text);
        char *last = strchr(up, 'e') - 1;
        if (*last == '9') continue;
        ++*last;
        if (g_ascii_strtod(up, NULL) != d) continue;
        memcpy(text, up, sizeof text);
        break;
    }
    const char *e = strchr(text, 'e');
    *n = 0;
    for (const char *c = text; c < e; c++)
        if (*c != '.') digits[(*n)++] = *c;
    while (*n > 1 && digits[*n - 1] == '0') --*n;
    *exponent = (int)g_ascii_strtoll(e + 1, NULL, 10);
}

/* With an exponent if there are more than 15 digits before the point and none behind, or more than 14 zeros after it; ".0" where
 * nothing else shows that it is not an integer. */
static bool put_double(GString *out, double d)
{
    enum { EXPONENT_MAX = 14, EXPONENT_MIN = -15 };
    char digits[32];
    unsigned n;
    int exponent;
    if (!__builtin_isfinite(d)) return false;
    if (__builtin_signbit(d)) g_string_append_c(out, '-');
    shortest(__builtin_fabs(d), digits, &n, &exponent);
    if ((exponent > EXPONENT_MAX && (int)n <= exponent + 1) || exponent < EXPONENT_MIN) {
        g_string_append_c(out, digits[0]);
        if (n > 1) g_string_append_c(out, '.');
        g_string_append_len(out, digits + 1, (gssize)n - 1);
        g_string_append_c(out, 'e');
        rw_text_signed(out, exponent);
        return true;
    }
    if (exponent < 0) g_string_append_c(out, '0');
    for (int i = 0; i <= exponent; i++) g_string_append_c(out, i < (int)n ? digits[i] : '0');
    g_string_append_c(out, '.');
    for (int i = -1; i > exponent; i--) g_string_append_c(out, '0');
    int from = exponent < 0 ? 0 : exponent + 1;
    if (from < (int)n) g_string_append_len(out, digits + from, (int)n - from);
    else g_string_append_c(out, '0');
    return true;
}

/* In lines of 76 letters, as MySQL has it. */
static void put_base64(GString *out, rw_slice data)
{
    enum { LINE_BYTES = 76 / 4 * 3 };
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < data.len; i += 3) {
        uint8_t three[3] = {0};
        size_t n = MIN(data.len - i, 3);
        memcpy(three, data.data + i, n);
        if (i > 0 && i % LINE_BYTES == 0) g_string_append(out, "\\n");
        g_string_append_c(out, letters[three[0] >> 2]);
        g_string_append_c(out, letters[(three[0] & 3) << 4 | three[1] >> 4]);
        g_string_append_c(out, n > 1 ? letters[(three[1] & 15) << 2 | three[2] >> 6] : '=');
        g_string_append_c(out, n > 2 ? letters[three[2] & 63] : '=');
    }
}

static bool put_opaque(printer *p, rw_slice value)
{
    rw_cursor c = rw_cursor_of(value);
    uint8_t type = rw_cursor_u8(&c);
    rw_slice data = rw_cursor_take(&c, varlen(&c));
    if (c.bad || !pay(p, data.len)) return false;
    if (type == RW_T_NEWDECIMAL)
        return data.len >= 2 && rw_text_decimal(p->out, data.data[0], data.data[1], (rw_slice){data.data + 2, data.len - 2});
    g_string_append_c(p->out, '"');
    int64_t packed = data.len == 8 ? (int64_t)rw_load_le(data.data, 8) : -1;
    bool fits = data.len == 8;
    if (type == RW_T_DATE) fits = fits && rw_text_json_date(p->out, packed);
    else if (type == RW_T_TIME) fits = fits && rw_text_json_time(p->out, packed);
    else if (type == RW_T_DATETIME || type == RW_T_TIMESTAMP) fits = fits && rw_text_json_datetime(p->out, packed);
    else {
        g_string_append(p->out, "base64:type");
        rw_text_unsigned(p->out, type);
        g_string_append_c(p->out, ':');
        put_base64(p->out, data);
        fits = true;
    }
    g_string_append_c(p->out, '"');
    return fits;
}

static bool put_literal(GString *out, uint8_t literal)
{
    static const char *const names[] = {"null", "true", "false"};
    if (literal >= G_N_ELEMENTS(names)) return false;
    g_string_append(out, names[literal]);
    return true;
}

static bool put_scalar(printer *p, uint8_t type, rw_slice value)
{
    rw_cursor c = rw_cursor_of(value);
    switch (type) {
    case LITERAL: return value.len > 0 && put_literal(p->out, value.data[0]);
    case INT16: rw_text_signed(p->out, (int16_t)rw_cursor_u16(&c)); return !c.bad;
    case UINT16: rw_text_unsigned(p->out, rw_cursor_u16(&c)); return !c.bad;
    case INT32: rw_text_signed(p->out, (int32_t)rw_cursor_u32(&c)); return !c.bad;
    case UINT32: rw_text_unsigned(p->out, rw_cursor_u32(&c)); return !c.bad;
    case INT64: rw_text_signed(p->out, (int64_t)rw_cursor_u64(&c)); return !c.bad;
    case UINT64: rw_text_unsigned(p->out, rw_cursor_u64(&c)); return !c.bad;
    case DOUBLE: {
        double d;
        uint64_t bits = rw_cursor_u64(&c);
        memcpy(&d, &bits, sizeof d);
        return !c.bad && put_double(p->out, d);
    }
    case STRING: {
        rw_slice text = rw_cursor_take(&c, varlen(&c));
        if (c.bad || !pay(p, text.len)) return false;
        put_quoted(p->out, text);
        return true;
    }
    case OPAQUE: return put_opaque(p, value);
    default: return false;
    }
}

static bool is_inlined(uint8_t type, bool large)
{
    return type == LITERAL || type == INT16 || type == UINT16 || (large && (type == INT32 || type == UINT32));
}

/* Small values stand in their entry, others at an offset from the start of what contains them. */
static bool put_entry(printer *p, rw_slice container, rw_cursor *entries, bool large)
{
    unsigned width = large ? 4 : 2;
    uint8_t type = rw_cursor_u8(entries);
    rw_slice inlined = rw_cursor_take(entries, width);
    if (entries->bad || !pay(p, 1)) return false;
    if (is_inlined(type, large)) return put_value(p, type, inlined);
    uint64_t offset = rw_load_le(inlined.data, width);
    if (offset >= container.len) return false;
    return put_value(p, type, (rw_slice){container.data + offset, container.len - offset});
}

static bool put_key(printer *p, rw_slice container, rw_cursor *keys, bool large)
{
    uint64_t offset = rw_cursor_le(keys, large ? 4 : 2);
    uint16_t length = rw_cursor_u16(keys);
    if (keys->bad || offset > container.len || container.len - offset < length || !pay(p, length)) return false;
    put_quoted(p->out, (rw_slice){container.data + offset, length});
    g_string_append(p->out, ": ");
    return true;
}

static bool put_container(printer *p, bool object, bool large, rw_slice value)
{
    unsigned width = large ? 4 : 2;
    rw_cursor c = rw_cursor_of(value);
    uint64_t count = rw_cursor_le(&c, width), bytes = rw_cursor_le(&c, width);
    if (c.bad || bytes > value.len || bytes < 2 * width) return false;
    rw_slice container = {value.data, bytes};
    c.end = value.data + bytes;
    rw_cursor keys = rw_cursor_of(rw_cursor_take(&c, object ? count * (width + 2) : 0));
    rw_cursor entries = rw_cursor_of(rw_cursor_take(&c, count * (width + 1)));
    if (c.bad) return false;

    g_string_append_c(p->out, object ? '{' : '[');
    for (uint64_t i = 0; i < count; i++) {
        if (i > 0) g_string_append(p->out, ", ");
        if (object && !put_key(p, container, &keys, large)) return false;
        if (!put_entry(p, container, &entries, large)) return false;
    }
    g_string_append_c(p->out, object ? '}' : ']');
    return true;
}

static bool put_value(printer *p, uint8_t type, rw_slice value)
{
    if (type > LARGE_ARRAY) return put_scalar(p, type, value);
    if (++p->depth > DEPTH_MAX) return false;
    bool fits = put_container(p, type <= LARGE_OBJECT, type == LARGE_OBJECT || type == LARGE_ARRAY, value);
    p->depth--;
    return fits;
}

bool rw_text_json(GString *out, rw_slice document)
{
    if (document.len == 0) return put_literal(out, 0); /* an empty value, which only an old ALTER leaves, reads as null */
    printer p = {out, document.len, 0};
    return put_value(&p, document.data[0], (rw_slice){document.data + 1, document.len - 1});
}
