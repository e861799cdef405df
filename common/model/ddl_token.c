/* Tokens of an SQL text as the servers' lexer would cut them, as far as statements about tables need it. */
#include "common/model/ddl_token.h"

#include <strings.h>

/* Bits of sql_mode, the same in both flavours. */
#define MODE_ANSI_QUOTES UINT64_C(4)
#define MODE_NO_BACKSLASH_ESCAPES (UINT64_C(1) << 20)

/* Collations of character sets in which a byte like '\' or '`' may be the second half of a character. */
enum wide_collation {
    BIG5_CHINESE = 1,
    SJIS_JAPANESE = 13,
    GBK_CHINESE = 28,
    BIG5_BIN = 84,
    GBK_BIN = 87,
    SJIS_BIN = 88,
    CP932_JAPANESE = 95,
    CP932_BIN = 96,
    GB18030_CHINESE = 248,
    GB18030_BIN = 249,
    GB18030_UNICODE = 250,
};

static void set_charset(struct token_reader *r, uint16_t collation)
{
    switch (collation) {
    case SJIS_JAPANESE:
    case SJIS_BIN:
    case CP932_JAPANESE:
    case CP932_BIN:
        r->kana = true;
        r->wide = true;
        break;
    case BIG5_CHINESE:
    case BIG5_BIN:
    case GBK_CHINESE:
    case GBK_BIN:
    case GB18030_CHINESE:
    case GB18030_BIN:
    case GB18030_UNICODE:
        r->wide = true;
        break;
    default:
        break;
    }
}

/* Bytes of the character at p, which is before the end. */
static size_t char_len(const struct token_reader *r, const uint8_t *p)
{
    if (!r->wide || *p < 0x81 || (r->kana && *p >= 0xa1 && *p <= 0xdf) || r->end - p < 2)
        return 1;
    return 2;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(uint8_t c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || c >= 0x80;
}

/* Does the text go on with `s`? */
static bool looking_at(const struct token_reader *r, const char *s)
{
    size_t n = strlen(s);
    return (size_t)(r->end - r->p) >= n && memcmp(r->p, s, n) == 0;
}

static void skip_line(struct token_reader *r)
{
    const uint8_t *newline = memchr(r->p, '\n', (size_t)(r->end - r->p));
    r->p = newline ? newline + 1 : r->end;
}

static void skip_block_comment(struct token_reader *r)
{
    r->p += 2;
    while (r->p < r->end && !looking_at(r, "*/"))
        r->p++;
    if (r->p < r->end)
        r->p += 2;
}

/* Step into a versioned comment: what a server executed is text, and what it did not it has made a plain comment before
 * it logged the statement. A version has five or six digits. */
static void enter_versioned(struct token_reader *r, size_t introducer)
{
    size_t digits = 0;
    r->p += introducer;
    while (digits < 6 && digits < (size_t)(r->end - r->p) && is_digit(r->p[digits]))
        digits++;
    if (digits >= 5)
        r->p += digits;
    r->version_depth++;
}

/* One comment, or one end of a versioned one; false when there is none here. */
static bool skip_comment(struct token_reader *r)
{
    if (looking_at(r, "#")) {
        skip_line(r);
    } else if (looking_at(r, "--") && (r->end - r->p == 2 || is_space(r->p[2]) || r->p[2] < ' ')) {
        skip_line(r);
    } else if (looking_at(r, "/*!")) {
        enter_versioned(r, 3);
    } else if (r->maria && looking_at(r, "/*M!")) {
        enter_versioned(r, 4);
    } else if (looking_at(r, "/*")) {
        skip_block_comment(r);
    } else if (r->version_depth > 0 && looking_at(r, "*/")) {
        r->p += 2;
        r->version_depth--;
    } else {
        return false;
    }
    return true;
}

/* From after the opening quote to after the closing one, a doubled quote being none. */
static struct span take_quoted(struct token_reader *r, uint8_t quote, bool backslashes)
{
    const uint8_t *start = ++r->p;
    while (r->p < r->end) {
        if (*r->p == quote && (r->end - r->p < 2 || r->p[1] != quote)) {
            struct span text = {start, (size_t)(r->p - start)};
            r->p++;
            return text;
        }
        bool two = *r->p == quote || (backslashes && *r->p == '\\' && r->end - r->p > 1);
        r->p += two ? 2 : char_len(r, r->p);
    }
    return (struct span){start, (size_t)(r->end - start)};
}

void token_next(struct token_reader *r)
{
    while (r->p < r->end && (is_space(*r->p) || skip_comment(r)))
        if (r->p < r->end && is_space(*r->p))
            r->p++;
    r->token = (struct token){
        .text = {r->p, 0}
    };
    if (r->p == r->end)
        return;
    uint8_t c = *r->p;
    if (c == '`' || (c == '"' && r->ansi_quotes)) {
        r->token = (struct token){TOKEN_NAME, take_quoted(r, c, false), c};
    } else if (c == '\'' || c == '"') {
        r->token = (struct token){TOKEN_LITERAL, take_quoted(r, c, r->backslashes), c};
    } else if (is_word(c)) {
        const uint8_t *start = r->p;
        while (r->p < r->end && is_word(*r->p))
            r->p += char_len(r, r->p);
        r->token = (struct token){
            TOKEN_WORD, {start, (size_t)(r->p - start)},
             0
        };
    } else {
        r->token = (struct token){
            TOKEN_SIGN, {r->p, 1},
             0
        };
        r->p++;
    }
}

void token_open(struct token_reader *r, struct span text, enum flavor flavor, uint64_t sql_mode, uint16_t charset)
{
    *r = (struct token_reader){
        .p = text.p,
        .end = text.p + text.n,
        .maria = flavor != FLAVOR_MYSQL,
        .ansi_quotes = (sql_mode & MODE_ANSI_QUOTES) != 0,
        .backslashes = (sql_mode & MODE_NO_BACKSLASH_ESCAPES) == 0,
    };
    set_charset(r, charset);
    token_next(r);
}

bool token_is(const struct token_reader *r, const char *word)
{
    return r->token.kind == TOKEN_WORD && r->token.text.n == strlen(word) &&
           strncasecmp((const char *)r->token.text.p, word, r->token.text.n) == 0;
}

bool token_is_sign(const struct token_reader *r, char sign)
{
    return r->token.kind == TOKEN_SIGN && r->token.text.p[0] == (uint8_t)sign;
}

bool token_skip(struct token_reader *r, const char *word)
{
    if (!token_is(r, word))
        return false;
    token_next(r);
    return true;
}

bool token_skip_sign(struct token_reader *r, char sign)
{
    if (!token_is_sign(r, sign))
        return false;
    token_next(r);
    return true;
}

/* A quoted name's text, each doubled quote made one. */
static struct span unquote(const struct token_reader *r, struct arena *a)
{
    struct span text = r->token.text;
    uint8_t *to = arena_alloc(a, text.n);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        size_t len = char_len(r, text.p + i);
        to[n++] = text.p[i];
        if (len == 2 && i + 1 < text.n)
            to[n++] = text.p[++i];
        else if (text.p[i] == r->token.quote)
            i++;
    }
    return (struct span){to, n};
}

bool token_take_name(struct token_reader *r, struct span *out, struct arena *a)
{
    if (r->token.text.n == 0 || (r->token.kind != TOKEN_WORD && r->token.kind != TOKEN_NAME))
        return false;
    *out = r->token.kind == TOKEN_NAME ? unquote(r, a) : arena_copy(a, r->token.text);
    token_next(r);
    return true;
}
