/* lexer: the words of an SQL statement, without its comments.
 *
 * In: statement bytes as logged, borrowed. Out: tokens that point into them. The inside of an executable comment (slash-star-bang,
 * and slash-star-M-bang) counts as text: a server blanks the bang of those that it did not execute before it logs the statement.
 * No allocation, no copies (rw_token_name makes one). One thread.
 * Errors: a string, quoted name or comment that does not end, or an executable comment within another, gives RW_TOKEN_BAD, for ever.
 * Expects a character set in which no byte of a longer character is ASCII (utf8, latin1, ...; not gbk, big5, sjis, cp932, gb18030):
 * the caller checks. Does not know: keywords, statements.
 * Source of the format: MySQL manual, "Language Structure"; MariaDB Knowledge Base, "Comment Syntax".
 */
#pragma once
#include "base/slice.h"

typedef enum {
    RW_TOKEN_END,
    RW_TOKEN_WORD,   /* keyword or bare identifier */
    RW_TOKEN_QUOTED, /* identifier in `...`, or in "..." under ANSI_QUOTES; text includes the quotes */
    RW_TOKEN_STRING, /* '...', or "..." without ANSI_QUOTES; text includes the quotes */
    RW_TOKEN_NUMBER, /* digits only */
    RW_TOKEN_PUNCT,  /* one byte */
    RW_TOKEN_BAD,
} rw_token_kind;

typedef struct {
    rw_token_kind kind;
    rw_slice text;
} rw_token;

typedef struct {
    bool ansi_quotes;          /* sql_mode ANSI_QUOTES */
    bool no_backslash_escapes; /* sql_mode NO_BACKSLASH_ESCAPES */
} rw_lexer_mode;

typedef struct {
    const uint8_t *p, *end;
    rw_lexer_mode mode;
    bool in_executable; /* between the bang and its star-slash */
    bool executable;    /* there was one: other server versions may read the statement differently */
    bool bad;
} rw_lexer;

rw_lexer rw_lexer_of(rw_slice statement, rw_lexer_mode mode);
rw_token rw_lexer_next(rw_lexer *lexer);

bool rw_token_is(rw_token token, const char *keyword); /* an unquoted word, in any case; keyword in upper case */
bool rw_token_is_char(rw_token token, char c);
/* The identifier that a WORD, QUOTED or NUMBER token stands for, without quotes; owned; NULL if it is none, is empty or holds a NUL. */
char *rw_token_name(rw_token token);
