/* What a logged statement does to its group, told by its first words. */
#include "common/binlog/event_query.h"

#include <ctype.h>
#include <strings.h>

/* Length of the opening of a versioned comment, or 0. */
static size_t versioned_len(const struct bytes *r)
{
    size_t left = bytes_left(r);
    if (left >= 3 && memcmp(r->p, "/*!", 3) == 0)
        return 3;
    return left >= 4 && memcmp(r->p, "/*M!", 4) == 0 ? 4 : 0;
}

/* Skip blanks and comments; of a versioned comment the inside is text. */
static void skip_noise(struct bytes *r)
{
    while (r->p < r->end) {
        size_t left = bytes_left(r);
        if (isspace(*r->p)) {
            r->p++;
        } else if (versioned_len(r) > 0) {
            r->p += versioned_len(r);
            while (r->p < r->end && isdigit(*r->p))
                r->p++;
        } else if (left >= 2 && r->p[0] == '/' && r->p[1] == '*') {
            const uint8_t *end = memmem(r->p + 2, left - 2, "*/", 2);
            r->p = end ? end + 2 : r->end;
        } else if (left >= 2 && r->p[0] == '*' && r->p[1] == '/') {
            r->p += 2;
        } else if (*r->p == '#' || (left >= 2 && r->p[0] == '-' && r->p[1] == '-')) {
            const uint8_t *end = memchr(r->p, '\n', left);
            r->p = end ? end + 1 : r->end;
        } else {
            break;
        }
    }
}

static bool word_byte(uint8_t c)
{
    return isalnum(c) || c == '_' || c == '$' || c >= 0x80;
}

/* The next word or quoted identifier (without its quotes); empty when something else comes. */
static struct span next_word(struct bytes *r)
{
    skip_noise(r);
    const uint8_t *start = r->p;
    if (r->p == r->end)
        return span_of(start, 0);
    if (*r->p == '`' || *r->p == '"') {
        uint8_t quote = *r->p++;
        while (r->p < r->end && (*r->p != quote || (r->p + 1 < r->end && r->p[1] == quote)))
            r->p += *r->p == quote ? 2 : 1; /* a doubled quote belongs to the name */
        struct span name = span_of(start + 1, (size_t)(r->p - start) - 1);
        if (r->p < r->end)
            r->p++;
        return name;
    }
    while (r->p < r->end && word_byte(*r->p))
        r->p++;
    return span_of(start, (size_t)(r->p - start));
}

static bool is_word(struct span s, const char *word)
{
    return s.n == strlen(word) && strncasecmp((const char *)s.p, word, s.n) == 0;
}

struct verb {
    const char *word;
    enum query_kind kind;
};

/* Statements told by their first word alone. */
static const struct verb first_words[] = {
    {"BEGIN",     QUERY_BEGIN       },
    {"COMMIT",    QUERY_COMMIT      },
    {"SAVEPOINT", QUERY_SAVEPOINT   },
    {"RELEASE",   QUERY_RELEASE     },
    {"INSERT",    QUERY_DML         },
    {"UPDATE",    QUERY_DML         },
    {"DELETE",    QUERY_DML         },
    {"REPLACE",   QUERY_DML         },
    {"LOAD",      QUERY_DML         },
    {"CALL",      QUERY_DML         },
    {"WITH",      QUERY_DML         },
    {"SELECT",    QUERY_DML         },
    {"DO",        QUERY_DML         },
    {"VALUES",    QUERY_DML         },
    {"EXECUTE",   QUERY_DML         },
    {"ROLLBACK",  QUERY_ROLLBACK    },
    {"XA",        QUERY_XA_START    },
    {"CREATE",    QUERY_CREATE_TABLE},
    {"DROP",      QUERY_TEMPORARY   },
    {"START",     QUERY_BEGIN       },
};

static const struct verb xa_words[] = {
    {"START",    QUERY_XA_START   },
    {"BEGIN",    QUERY_XA_START   },
    {"END",      QUERY_XA_END     },
    {"PREPARE",  QUERY_XA_PREPARE },
    {"COMMIT",   QUERY_XA_COMMIT  },
    {"ROLLBACK", QUERY_XA_ROLLBACK},
};

static enum query_kind find_verb(const struct verb *verbs, size_t count, struct span word)
{
    for (size_t i = 0; i < count; i++)
        if (is_word(word, verbs[i].word))
            return verbs[i].kind;
    return QUERY_OTHER;
}

/* ROLLBACK, ROLLBACK WORK, ROLLBACK [WORK] TO [SAVEPOINT] x */
static enum query_kind classify_rollback(struct bytes *r, struct span *name)
{
    struct span word = next_word(r);
    if (is_word(word, "WORK"))
        word = next_word(r);
    if (!is_word(word, "TO"))
        return QUERY_ROLLBACK;
    *name = next_word(r);
    struct bytes rest = *r;
    struct span after = next_word(&rest);
    if (is_word(*name, "SAVEPOINT") && after.n > 0)
        *name = after;
    return QUERY_ROLLBACK_TO;
}

/* CREATE and DROP: TEMPORARY may come after OR REPLACE. */
static enum query_kind classify_table(struct bytes *r, bool create)
{
    struct span word = next_word(r);
    if (is_word(word, "OR")) {
        (void)next_word(r);
        word = next_word(r);
    }
    if (is_word(word, "TEMPORARY"))
        return QUERY_TEMPORARY;
    return create && is_word(word, "TABLE") ? QUERY_CREATE_TABLE : QUERY_OTHER;
}

enum query_kind query_classify(struct span sql, struct span *name)
{
    struct bytes r = bytes_of(sql);
    struct span word = next_word(&r);
    struct span savepoint = {NULL, 0};
    enum query_kind kind = find_verb(first_words, sizeof first_words / sizeof first_words[0], word);
    if (word.n == 0 && r.p < r.end && *r.p == '(')
        kind = QUERY_DML; /* a query in parentheses */
    else if (kind == QUERY_BEGIN && is_word(word, "BEGIN") && is_word(next_word(&r), "NOT"))
        kind = QUERY_OTHER; /* a compound statement */
    else if (kind == QUERY_BEGIN && is_word(word, "START") && !is_word(next_word(&r), "TRANSACTION"))
        kind = QUERY_OTHER; /* START REPLICA … */
    else if (kind == QUERY_ROLLBACK)
        kind = classify_rollback(&r, &savepoint);
    else if (kind == QUERY_SAVEPOINT)
        savepoint = next_word(&r);
    else if (kind == QUERY_CREATE_TABLE || kind == QUERY_TEMPORARY)
        kind = classify_table(&r, kind == QUERY_CREATE_TABLE);
    else if (kind == QUERY_XA_START)
        kind = find_verb(xa_words, sizeof xa_words / sizeof xa_words[0], next_word(&r));
    if (name)
        *name = savepoint;
    return kind;
}
