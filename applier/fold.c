/* Folding of text: which characters are dropped, which become one.
 *
 * What the collations that we know take for equal goes far beyond case: "ae" and the ligature, "ss" and the sharp s, y
 * and u with dots (Swedish in latin1), i and j, v and w. Their common part is that vowels, half vowels and marks differ
 * and consonants stay. So of Latin text only digits and consonants count, each run of one of them once; spaces,
 * punctuation and control characters, of which some collations ignore a part, do not count. Cyrillic, Greek and CJK
 * letters equal nothing outside of their own script, apart from case and accents. Everything else, combining marks,
 * full-width forms, compatibility characters and contracting scripts, makes a text that may equal any. Collations of
 * single languages have rules of their own (Hungarian "ccs" equals "cscs"): those we do not know.
 */
#include "applier/fold.h"

#include <string.h>

#include "common/base/bytes.h"

/* ---- which rule ---- */

/* Names of collations without their character set, beside those that end in _bin. */
static const char *const known[] = {
    "general_ci",          "general_nopad_ci",     "general_mysql500_ci", "unicode_ci",    "unicode_nopad_ci",
    "unicode_520_ci",      "unicode_520_nopad_ci", "0900_ai_ci",          "0900_as_ci",    "0900_as_cs",
    "uca1400_ai_ci",       "uca1400_ai_cs",        "uca1400_as_ci",       "uca1400_as_cs", "uca1400_nopad_ai_ci",
    "uca1400_nopad_ai_cs", "uca1400_nopad_as_ci",  "uca1400_nopad_as_cs", "swedish_ci",    "swedish_nopad_ci",
};

/* In which bytes from 0x80 on only ever begin or continue a character that is not ASCII, and others only ever are ASCII
 * or continue one. */
static const char *const ascii_based[] = {"ascii", "latin2", "latin5", "latin7", "cp1250", "cp1251", "cp1256", "cp1257",
                                          "koi8r", "koi8u",  "greek",  "hebrew", "euckr",  "gb2312", "ujis"};

static bool is_one_of(const char *name, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(name, list[i]) == 0)
            return true;
    return false;
}

enum fold_rule fold_rule_of(const char *charset, const char *collation)
{
    if (!charset || strcmp(charset, "binary") == 0)
        return FOLD_BYTES;
    size_t n = collation ? strlen(collation) : 0;
    if (n > 4 && strcmp(collation + n - 4, "_bin") == 0)
        return FOLD_BINARY;
    size_t skip = strlen(charset);
    bool prefixed = n > skip && strncmp(collation, charset, skip) == 0 && collation[skip] == '_';
    const char *rest = prefixed ? collation + skip + 1 : NULL;
    /* utf8mb3 goes by the name utf8 in some answers. */
    if (!rest && n > 5 && strncmp(charset, "utf8", 4) == 0 && strncmp(collation, "utf8_", 5) == 0)
        rest = collation + 5;
    if (!rest || !is_one_of(rest, known, sizeof known / sizeof known[0]))
        return FOLD_UNKNOWN;
    if (strncmp(charset, "utf8", 4) == 0) /* there Swedish is a language's rule; in latin1 it is the default */
        return strncmp(rest, "swedish", 7) == 0 ? FOLD_UNKNOWN : FOLD_UTF8;
    if (strcmp(charset, "latin1") == 0)
        return FOLD_LATIN1;
    return is_one_of(charset, ascii_based, sizeof ascii_based / sizeof ascii_based[0]) ? FOLD_ASCII : FOLD_UNKNOWN;
}

/* ---- characters ---- */

#define DROPPED 0u
#define STRANGE UINT32_MAX

/* From U+0020 on: '\0' is dropped. */
static uint32_t fold_ascii(uint32_t c)
{
    static const char letters[26] = {0,   'b', 'c', 'd', 0,   'f', 'g', 'h', 0, 0, 'k', 'l', 'm',
                                     'n', 0,   'p', 'q', 'r', 's', 't', 0,   0, 0, 'x', 0,   'z'};
    if (c >= '0' && c <= '9')
        return c;
    uint32_t letter = (c | 0x20) - 'a';
    return c >= 'A' && letter < 26 ? (uint8_t)letters[letter] : DROPPED;
}

/* U+00C0 to U+017F as the ASCII letter to which they fold; '-': dropped, '!': strange. */
static const char latin[] = "-------c--------"  /* C0: the ligature AE is vowels */
                            "!n-----!------!s"  /* D0: eth, times, thorn are strange */
                            "-------c--------"  /* E0 */
                            "!n-----!------!-"  /* F0 */
                            "------ccccccccdd"  /* 100 */
                            "!!----------gggg"  /* 110 */
                            "gggghh!!--------"  /* 120 */
                            "------kk!llllll!"  /* 130: I with and without dots, J */
                            "!llnnnnnn!!!----"  /* 140 */
                            "----rrrrrrssssss"  /* 150: the ligature OE is vowels */
                            "sstttt!!--------"  /* 160 */
                            "---------zzzzzz!"; /* 170: W and Y are half vowels */

static uint32_t fold_latin(uint32_t c)
{
    char letter = latin[c - 0xc0];
    return letter == '-' ? DROPPED : letter == '!' ? STRANGE : (uint8_t)letter;
}

/* Basic Russian letters in one case; the short i and the io with the letters that they are taken for. */
static uint32_t fold_cyrillic(uint32_t c)
{
    if (c == 0x401 || c == 0x451)
        return 0x435;
    uint32_t lower = c < 0x430 ? c + 0x20 : c;
    return lower == 0x439 ? 0x438 : lower;
}

static uint32_t fold_greek(uint32_t c)
{
    return c == 0x3c2 ? 0x3c3 : c < 0x3b1 ? c + 0x20 : c;
}

static uint32_t fold_char(uint32_t c)
{
    if (c < 0x80)
        return fold_ascii(c);
    if (c >= 0xc0 && c <= 0x17f)
        return fold_latin(c);
    if (c == 0x401 || c == 0x451 || (c >= 0x410 && c <= 0x44f))
        return fold_cyrillic(c);
    if ((c >= 0x391 && c <= 0x3a9 && c != 0x3a2) || (c >= 0x3b1 && c <= 0x3c9))
        return fold_greek(c);
    if ((c >= 0x4e00 && c <= 0x9fa5) || (c >= 0xac00 && c <= 0xd7a3))
        return c;
    return STRANGE;
}

/* ---- texts ---- */

/* One character of UTF-8 that the server has checked. False: it is none. */
static bool next_utf8(struct bytes *r, uint32_t *out)
{
    uint8_t first = bytes_u8(r);
    unsigned more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    static const uint8_t mask[4] = {0x7f, 0x1f, 0x0f, 0x07};
    uint32_t c = first & mask[more];
    for (unsigned i = 0; i < more; i++)
        c = c << 6 | (bytes_u8(r) & 0x3f);
    *out = c;
    return !r->bad;
}

/* One byte of a character set whose characters above ASCII we know in the case of latin1 only, and there the letters.
 */
static bool next_byte(struct bytes *r, bool is_latin1, uint32_t *out)
{
    *out = bytes_u8(r);
    return *out < 0x80 || (is_latin1 && *out >= 0xc0);
}

static bool put_folded(struct buf *out, enum fold_rule rule, struct span text)
{
    struct bytes r = bytes_of(text);
    uint32_t before = DROPPED;
    while (bytes_left(&r) > 0) {
        uint32_t c;
        if (!(rule == FOLD_UTF8 ? next_utf8(&r, &c) : next_byte(&r, rule == FOLD_LATIN1, &c)))
            return false;
        c = fold_char(c);
        if (c == STRANGE)
            return false;
        if (c == DROPPED || (c == before && c > '9'))
            continue;
        before = c;
        if (c < 0x80)
            buf_put_u8(out, (uint8_t)c);
        else
            buf_put_le(out, c | 0x800000, 3);
    }
    return true;
}

static struct span without_end(struct span text, uint8_t a, uint8_t b)
{
    while (text.n > 0 && (text.p[text.n - 1] == a || text.p[text.n - 1] == b))
        text.n--;
    return text;
}

bool fold_put(struct buf *out, enum fold_rule rule, struct span text)
{
    switch (rule) {
    case FOLD_BYTES:
        buf_put_span(out, without_end(text, 0, 0));
        return true;
    case FOLD_BINARY: /* a space of two or four bytes has zeros in it */
        buf_put_span(out, without_end(text, ' ', 0));
        return true;
    case FOLD_UTF8:
    case FOLD_LATIN1:
    case FOLD_ASCII:
        return put_folded(out, rule, text);
    case FOLD_UNKNOWN:
        break;
    }
    return true;
}

bool fold_prefix(struct span *out, enum fold_rule rule, struct span text, unsigned n)
{
    size_t used = 0;
    *out = text;
    if (rule == FOLD_UNKNOWN || text.n <= n) /* a character has one byte at least */
        return true;
    if (rule == FOLD_BYTES || rule == FOLD_LATIN1) {
        out->n = n;
        return true;
    }
    if (rule == FOLD_ASCII) {
        for (size_t i = 0; i < n; i++)
            if (text.p[i] >= 0x80)
                return false;
        out->n = n;
        return true;
    }
    if (rule != FOLD_UTF8)
        return false;
    struct bytes r = bytes_of(text);
    uint32_t c;
    for (unsigned i = 0; i < n && bytes_left(&r) > 0; i++) {
        if (!next_utf8(&r, &c))
            return false;
        used = (size_t)(r.p - text.p);
    }
    out->n = used;
    return true;
}
