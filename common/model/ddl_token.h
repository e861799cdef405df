/* The tokenizer below ddl_text: words, quoted names, literals and signs of an SQL text, comments left out. Pure.
 *
 * Private to the model layer. */
#ifndef DRC_MODEL_DDL_TOKEN_H
#define DRC_MODEL_DDL_TOKEN_H

#include "common/base/arena.h"
#include "common/model/gtid.h"

enum token_kind {
    TOKEN_END,
    TOKEN_WORD,    /* keyword or unquoted name, number too */
    TOKEN_NAME,    /* quoted name */
    TOKEN_LITERAL, /* quoted string */
    TOKEN_SIGN,    /* any other single character */
};

struct token {
    enum token_kind kind;
    struct span text; /* without quotes, doubled quotes still doubled */
    uint8_t quote;    /* of a TOKEN_NAME */
};

/* Where the reading stands; `token` is the current one. */
struct token_reader {
    const uint8_t *p;
    const uint8_t *end;
    bool ansi_quotes;
    bool backslashes;       /* a backslash escapes in literals */
    bool maria;             /* text in a MariaDB comment is text: for MySQL it is a comment */
    bool wide;              /* the character set has two-byte characters whose second byte may look like ASCII */
    bool kana;              /* and bytes a1..df are characters of one byte there */
    unsigned version_depth; /* open versioned comments */
    struct token token;
};

/* `charset`: id of the collation that the text is in. Reads the first token. */
void token_open(struct token_reader *r, struct span text, enum flavor flavor, uint64_t sql_mode, uint16_t charset);
void token_next(struct token_reader *r);
/* Is the current token that keyword (unquoted, case-insensitive)? */
bool token_is(const struct token_reader *r, const char *word);
bool token_is_sign(const struct token_reader *r, char sign);
/* Step over the current token if it is that keyword or sign. */
bool token_skip(struct token_reader *r, const char *word);
bool token_skip_sign(struct token_reader *r, char sign);
/* The current token as a name, in the arena, quotes undone; false when it is none. Steps over it. */
bool token_take_name(struct token_reader *r, struct span *out, struct arena *a);

#endif
