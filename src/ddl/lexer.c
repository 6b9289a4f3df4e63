#include "ddl/lexer.h"

#include <glib.h>

rw_lexer rw_lexer_of(rw_slice statement, rw_lexer_mode mode)
{
    const uint8_t *p = statement.data ? statement.data : (const uint8_t *)"";
    return (rw_lexer){.p = p, .end = p + statement.len, .mode = mode};
}

static int peek(const rw_lexer *x, size_t ahead) { return (size_t)(x->end - x->p) > ahead ? x->p[ahead] : -1; }

static bool is_space(int c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static bool is_name_byte(int c) { return g_ascii_isalnum(c) || c == '_' || c == '$' || c >= 0x80; }

static void skip_line(rw_lexer *x)
{
    while (x->p < x->end && *x->p != '\n') x->p++;
}

/* After the opening slash-star. */
static void skip_block(rw_lexer *x)
{
    for (; x->p < x->end; x->p++) {
        if (*x->p != '*' || peek(x, 1) != '/') continue;
        x->p += 2;
        return;
    }
    x->bad = true;
}

/* After the opening slash-star: enters if it is executable, and past its version. Versions have five or six digits. */
static bool enter_executable(rw_lexer *x)
{
    size_t bang = peek(x, 0) == 'M' ? 1 : 0;
    if (peek(x, bang) != '!') return false;
    if (x->in_executable) x->bad = true;
    x->p += bang + 1;
    size_t digits = 0;
    while (digits < 6 && g_ascii_isdigit(peek(x, digits))) digits++;
    if (digits >= 5) x->p += digits;
    x->in_executable = x->executable = true;
    return true;
}

/* Two dashes begin a comment only before a space or a control character: 1--1 is arithmetic. */
static bool at_dash_comment(const rw_lexer *x)
{
    int after = peek(x, 2);
    return peek(x, 0) == '-' && peek(x, 1) == '-' && (after <= ' ' || after == 0x7f);
}

static void skip_blanks(rw_lexer *x)
{
    while (x->p < x->end && !x->bad) {
        if (is_space(*x->p)) {
            x->p++;
        } else if (*x->p == '#' || at_dash_comment(x)) {
            skip_line(x);
        } else if (*x->p == '/' && peek(x, 1) == '*') {
            x->p += 2;
            if (!enter_executable(x)) skip_block(x);
        } else if (x->in_executable && *x->p == '*' && peek(x, 1) == '/') {
            x->in_executable = false;
            x->p += 2;
        } else {
            return;
        }
    }
}

/* At the opening quote. A doubled quote stands for one; so does an escaped one in strings. */
static void skip_quoted(rw_lexer *x, bool escapes)
{
    uint8_t quote = *x->p++;
    while (x->p < x->end) {
        uint8_t c = *x->p++;
        if (c == '\\' && escapes && x->p < x->end) x->p++;
        if (c != quote) continue;
        if (peek(x, 0) != quote) return;
        x->p++;
    }
    x->bad = true;
}

static rw_token_kind scan(rw_lexer *x)
{
    uint8_t c = *x->p;
    if (c == '`' || (c == '"' && x->mode.ansi_quotes)) {
        skip_quoted(x, false);
        return RW_TOKEN_QUOTED;
    }
    if (c == '\'' || c == '"') {
        skip_quoted(x, !x->mode.no_backslash_escapes);
        return RW_TOKEN_STRING;
    }
    if (!is_name_byte(c)) {
        x->p++;
        return RW_TOKEN_PUNCT;
    }
    bool digits = true;
    for (; x->p < x->end && is_name_byte(*x->p); x->p++) digits = digits && g_ascii_isdigit(*x->p);
    return digits ? RW_TOKEN_NUMBER : RW_TOKEN_WORD;
}

rw_token rw_lexer_next(rw_lexer *x)
{
    skip_blanks(x);
    if (!x->bad && x->p == x->end && x->in_executable) x->bad = true;
    if (x->bad) return (rw_token){RW_TOKEN_BAD, {x->p, 0}};
    if (x->p == x->end) return (rw_token){RW_TOKEN_END, {x->p, 0}};
    const uint8_t *from = x->p;
    rw_token_kind kind = scan(x);
    if (x->bad) return (rw_token){RW_TOKEN_BAD, {from, 0}};
    return (rw_token){kind, {from, (size_t)(x->p - from)}};
}

bool rw_token_is(rw_token token, const char *keyword)
{
    size_t len = strlen(keyword);
    return token.kind == RW_TOKEN_WORD && token.text.len == len &&
           g_ascii_strncasecmp((const char *)token.text.data, keyword, len) == 0;
}

bool rw_token_is_char(rw_token token, char c) { return token.kind == RW_TOKEN_PUNCT && token.text.data[0] == (uint8_t)c; }

char *rw_token_name(rw_token token)
{
    const uint8_t *p = token.text.data;
    size_t len = token.text.len, n = 0;
    if (token.kind == RW_TOKEN_WORD || token.kind == RW_TOKEN_NUMBER) return g_strndup((const char *)p, len);
    if (token.kind != RW_TOKEN_QUOTED || len <= 2 || memchr(p, '\0', len)) return NULL;
    char *name = g_malloc(len);
    for (size_t i = 1; i + 1 < len; i++) {
        name[n++] = (char)p[i];
        if (p[i] == p[0]) i++;
    }
    name[n] = '\0';
    return name;
}
