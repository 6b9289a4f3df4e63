/* Each text is first written in one form, which is then compared token by token:
 *
 *   [ ] { } n t f       containers (an object's member is a string and a value), null, true, false
 *   " bytes END         a string, unescaped
 *   # bytes END         a number as written, because which numbers are equal depends on both
 *
 * Members stand in MySQL's order (shorter names first, then by bytes), so a text from a MySQL server is never sorted. Sorting moves what
 * an object holds, at most once for each of the containers around it; keeping text rather than a tree keeps memory near the input's.
 */
#include "change/json_text.h"

#include <glib.h>
#include <math.h>

enum { DEPTH_MAX = 100, END = 0xff /* no byte of UTF-8 */ };

typedef struct {
    size_t from, end; /* of its tokens in out */
    size_t name_bytes;
} member;

typedef struct {
    const uint8_t *p, *end;
    GString *out, *scratch;
    GArray *members; /* of every open object, the innermost's last */
    unsigned depth;
} parser;

static bool put_value(parser *p);

static int peek(const parser *p) { return p->p < p->end ? *p->p : -1; }
static void put(parser *p, uint8_t byte) { g_string_append_c(p->out, (char)byte); }

static void skip_space(parser *p)
{
    while (p->p < p->end && (*p->p == ' ' || *p->p == '\t' || *p->p == '\n' || *p->p == '\r')) p->p++;
}

static bool take(parser *p, uint8_t c)
{
    if (peek(p) != c) return false;
    p->p++;
    return true;
}

static bool take_after_space(parser *p, uint8_t c)
{
    skip_space(p);
    return take(p, c);
}

static bool hex4(parser *p, gunichar *unit)
{
    if (p->end - p->p < 4) return false;
    *unit = 0;
    for (unsigned i = 0; i < 4; i++) {
        int digit = g_ascii_xdigit_value((char)*p->p++);
        if (digit < 0) return false;
        *unit = *unit << 4 | (unsigned)digit;
    }
    return true;
}

/* After "\u". A code point beyond the first 65,536 is written as two units. */
static bool put_code_point(parser *p)
{
    enum { HIGH = 0xd800, LOW = 0xdc00, LOW_END = 0xe000 };
    gunichar c, low;
    if (!hex4(p, &c)) return false;
    if (c >= HIGH && c < LOW_END) {
        if (c >= LOW || !take(p, '\\') || !take(p, 'u') || !hex4(p, &low) || low < LOW || low >= LOW_END) return false;
        c = 0x10000 + ((c - HIGH) << 10) + (low - LOW);
    }
    g_string_append_unichar(p->out, c);
    return true;
}

static bool put_escape(parser *p)
{
    static const char plain[128] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                    ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    if (p->p == p->end) return false;
    uint8_t c = *p->p++;
    if (c == 'u') return put_code_point(p);
    if (c >= sizeof plain || !plain[c]) return false;
    g_string_append_c(p->out, plain[c]);
    return true;
}

static bool put_string(parser *p)
{
    if (!take(p, '"')) return false;
    put(p, '"');
    for (;;) {
        const uint8_t *from = p->p;
        while (p->p < p->end && *p->p != '"' && *p->p != '\\' && *p->p >= ' ') p->p++;
        g_string_append_len(p->out, (const char *)from, p->p - from);
        if (take(p, '"')) break;
        if (!take(p, '\\') || !put_escape(p)) return false;
    }
    put(p, END);
    return true;
}

static bool skip_digits(parser *p)
{
    const uint8_t *from = p->p;
    while (p->p < p->end && g_ascii_isdigit(*p->p)) p->p++;
    return p->p > from;
}

static bool put_number(parser *p)
{
    const uint8_t *from = p->p;
    bool integer = true;
    take(p, '-');
    if (!take(p, '0') && !skip_digits(p)) return false;
    if (take(p, '.')) {
        integer = false;
        if (!skip_digits(p)) return false;
    }
    if (take(p, 'e') || take(p, 'E')) {
        integer = false;
        if (!take(p, '+')) take(p, '-');
        if (!skip_digits(p)) return false;
    }
    put(p, '#');
    size_t at = p->out->len;
    g_string_append_len(p->out, (const char *)from, p->p - from);
    /* Two numbers that no double holds would otherwise be one: infinity. */
    if (!integer && !isfinite(g_ascii_strtod(p->out->str + at, NULL))) return false;
    put(p, END);
    return true;
}

static bool put_literal(parser *p, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(p->end - p->p) < n || memcmp(p->p, word, n) != 0) return false;
    p->p += n;
    put(p, (uint8_t)word[0]);
    return true;
}

static int compare_names(const char *text, const member *a, const member *b)
{
    if (a->name_bytes != b->name_bytes) return a->name_bytes < b->name_bytes ? -1 : 1;
    return memcmp(text + a->from + 1, text + b->from + 1, a->name_bytes);
}

static int compare_members(gconstpointer a, gconstpointer b, gpointer text)
{
    const member *x = a, *y = b;
    int names = compare_names(text, x, y);
    if (names != 0) return names;
    return x->from < y->from ? -1 : x->from > y->from;
}

/* Puts the members from `first` on in order, without those that a later one of their name replaces. */
static void settle_members(parser *p, guint first)
{
    member *m = &g_array_index(p->members, member, first);
    size_t n = p->members->len - first, ordered = 1;
    while (ordered < n && compare_names(p->out->str, &m[ordered - 1], &m[ordered]) < 0) ordered++;
    if (ordered >= n) return;

    size_t from = m[0].from;
    g_qsort_with_data(m, (gint)n, sizeof *m, compare_members, p->out->str);
    g_string_truncate(p->scratch, 0);
    for (size_t i = 0; i < n; i++) {
        if (i + 1 < n && compare_names(p->out->str, &m[i], &m[i + 1]) == 0) continue;
        g_string_append_len(p->scratch, p->out->str + m[i].from, (gssize)(m[i].end - m[i].from));
    }
    g_string_truncate(p->out, from);
    g_string_append_len(p->out, p->scratch->str, (gssize)p->scratch->len);
}

static bool put_member(parser *p)
{
    member m = {.from = p->out->len};
    skip_space(p);
    if (!put_string(p)) return false;
    m.name_bytes = p->out->len - m.from - 2;
    if (!take_after_space(p, ':') || !put_value(p)) return false;
    m.end = p->out->len;
    g_array_append_val(p->members, m);
    return true;
}

static bool put_object(parser *p)
{
    guint first = p->members->len;
    put(p, *p->p++);
    if (!take_after_space(p, '}')) {
        do {
            if (!put_member(p)) return false;
        } while (take_after_space(p, ','));
        if (!take_after_space(p, '}')) return false;
        settle_members(p, first);
        g_array_set_size(p->members, first);
    }
    put(p, '}');
    return true;
}

static bool put_array(parser *p)
{
    put(p, *p->p++);
    if (!take_after_space(p, ']')) {
        do {
            if (!put_value(p)) return false;
        } while (take_after_space(p, ','));
        if (!take_after_space(p, ']')) return false;
    }
    put(p, ']');
    return true;
}

static bool put_container(parser *p, bool (*put_it)(parser *))
{
    if (p->depth == DEPTH_MAX) return false;
    p->depth++;
    bool good = put_it(p);
    p->depth--;
    return good;
}

static bool put_value(parser *p)
{
    skip_space(p);
    switch (peek(p)) {
    case '{': return put_container(p, put_object);
    case '[': return put_container(p, put_array);
    case '"': return put_string(p);
    case 'n': return put_literal(p, "null");
    case 't': return put_literal(p, "true");
    case 'f': return put_literal(p, "false");
    default: return put_number(p);
    }
}

/* NULL: not JSON. */
static GString *tokens_of(rw_slice text)
{
    if (text.len == 0 || !g_utf8_validate_len((const char *)text.data, text.len, NULL)) return NULL;
    parser p = {.p = text.data, .end = text.data + text.len};
    p.out = g_string_sized_new(text.len);
    p.scratch = g_string_new(NULL);
    p.members = g_array_new(FALSE, FALSE, sizeof(member));
    bool good = put_value(&p);
    skip_space(&p);
    good = good && p.p == p.end;
    g_array_unref(p.members);
    g_string_free(p.scratch, TRUE);
    if (good) return p.out;
    g_string_free(p.out, TRUE);
    return NULL;
}

typedef struct {
    rw_slice digits; /* of an integer, without its sign; data == NULL: not an integer */
    bool negative;
    double value;
} number;

/* `text` ends with END, where strtod stops. */
static number number_of(rw_slice text)
{
    number n = {.negative = text.data[0] == '-', .value = g_ascii_strtod((const char *)text.data, NULL)};
    rw_slice digits = {text.data + n.negative, text.len - n.negative};
    for (size_t i = 0; i < digits.len; i++)
        if (!g_ascii_isdigit(digits.data[i])) return n;
    n.digits = digits;
    if (digits.data[0] == '0') n.negative = false; /* the only zero among integers */
    return n;
}

/* A server that parses keeps an integer of 64 bits as such, a longer one as a double. */
static bool fits_64_bits(const number *n, uint64_t *magnitude)
{
    enum { DIGITS_MAX = 20 };
    *magnitude = 0;
    if (n->digits.len > DIGITS_MAX) return false;
    for (size_t i = 0; i < n->digits.len; i++)
        if (__builtin_mul_overflow(*magnitude, 10, magnitude) ||
            __builtin_add_overflow(*magnitude, (uint64_t)(n->digits.data[i] - '0'), magnitude))
            return false;
    return !n->negative || *magnitude <= UINT64_C(1) << 63;
}

static bool integer_equals_double(const number *n, double d)
{
    const double two_to_64 = 18446744073709551616.0;
    uint64_t magnitude;
    if (!fits_64_bits(n, &magnitude)) return n->value == d;
    double size = n->negative ? -d : d;
    return size >= 0 && size < two_to_64 && size == floor(size) && (uint64_t)size == magnitude;
}

static bool numbers_equal(rw_slice a, rw_slice b)
{
    if (rw_slice_equal(a, b)) return true;
    number x = number_of(a), y = number_of(b);
    if (x.digits.data && y.digits.data) return x.negative == y.negative && rw_slice_equal(x.digits, y.digits);
    if (x.digits.data) return integer_equals_double(&x, y.value);
    if (y.digits.data) return integer_equals_double(&y, x.value);
    return x.value == y.value;
}

/* What stands between the kind of a token and its END; moves behind it. */
static rw_slice take_body(rw_slice *tokens)
{
    const uint8_t *from = tokens->data + 1, *end = memchr(from, END, tokens->len - 1);
    tokens->len -= (size_t)(end + 1 - tokens->data);
    tokens->data = end + 1;
    return (rw_slice){from, (size_t)(end - from)};
}

static bool tokens_equal(rw_slice a, rw_slice b)
{
    while (a.len > 0 && b.len > 0) {
        uint8_t kind = a.data[0];
        if (kind != b.data[0]) return false;
        if (kind == '"' || kind == '#') {
            rw_slice x = take_body(&a), y = take_body(&b);
            if (kind == '"' ? !rw_slice_equal(x, y) : !numbers_equal(x, y)) return false;
        } else {
            a = (rw_slice){a.data + 1, a.len - 1};
            b = (rw_slice){b.data + 1, b.len - 1};
        }
    }
    return a.len == b.len;
}

bool rw_json_text_equal(rw_slice a, rw_slice b)
{
    if (rw_slice_equal(a, b)) return true;
    if (!a.data || !b.data) return false;
    GString *x = tokens_of(a), *y = x ? tokens_of(b) : NULL;
    bool equal = y && tokens_equal(rw_slice_of(x->str, x->len), rw_slice_of(y->str, y->len));
    if (x) g_string_free(x, TRUE);
    if (y) g_string_free(y, TRUE);
    return equal;
}
