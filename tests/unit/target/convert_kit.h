/* Columns by a few words, cells from texts and back: for tests of conversions. */
#ifndef DRC_TESTS_UNIT_TARGET_CONVERT_KIT_H
#define DRC_TESTS_UNIT_TARGET_CONVERT_KIT_H

#include <stdlib.h>

#include "common/model/column_type.h"
#include "common/model/compressed.h"
#include "common/model/json_text.h"
#include "common/target/cell_encode.h"
#include "common/target/convert_rules.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/model/cells.h"

#define UTF8MB4 45
#define UTF8MB3 33
#define LATIN1 8
#define ASCII 11
#define UTF16 54
#define UTF16LE 56
#define UTF32 60
#define UCS2 35
#define CP1251 51

#define TEXT(type, bytes, collation) column_text(COLUMN_##type, bytes, collation)
#define BYTES(type, bytes) column_text(COLUMN_##type, bytes, COLLATION_BINARY)
#define PLAIN(type, meta) column_of(COLUMN_##type, meta)
#define WITHOUT_SIGN(type) column_unsigned(COLUMN_##type)
#define DECIMAL(precision, scale) column_of(COLUMN_NEWDECIMAL, (precision) << 8 | (scale))

/* "2026-01-31 23:59:58.25", "-838:59:59": what is not there is 0. */
static inline struct cell_time time_of_text(const char *text)
{
    struct cell_time t = {0};
    char fraction[7] = "000000";
    bool is_date = strlen(text) >= 10 && text[4] == '-';
    t.negative = *text == '-';
    text += t.negative;
    if (is_date) {
        t.year = (uint32_t)strtoul(text, NULL, 10);
        t.month = (uint32_t)strtoul(text + 5, NULL, 10);
        t.day = (uint32_t)strtoul(text + 8, NULL, 10);
        text += text[10] ? 11 : 10;
    }
    char *end = (char *)(uintptr_t)text;
    uint32_t *const parts[] = {&t.hour, &t.minute, &t.second};
    for (size_t i = 0; i < 3 && *end; i++)
        *parts[i] = (uint32_t)strtoul(end + (*end == ':'), &end, 10);
    for (size_t i = 0; *end == '.' && end[1 + i]; i++)
        fraction[i] = end[1 + i];
    t.microsecond = (uint32_t)strtoul(fraction, NULL, 10);
    return t;
}

/* A cell of the column; of strings the text is its bytes. */
static inline struct span put_value(const struct column *c, struct span text, struct buf *out)
{
    struct buf doc = {0};
    const char *word = (const char *)text.p;
    float single;
    double twice;
    switch (column_info(c)->kind) {
    case KIND_INTEGER:
    case KIND_MEMBER:
        cell_encode_integer(out, c, *word == '-' ? (uint64_t)strtoll(word, NULL, 10) : strtoull(word, NULL, 10));
        break;
    case KIND_FLOAT:
        single = strtof(word, NULL);
        twice = strtod(word, NULL);
        buf_put(out, c->type == COLUMN_FLOAT ? (const void *)&single : (const void *)&twice, c->meta);
        break;
    case KIND_DECIMAL:
        assert_true(cell_encode_decimal(out, c, text));
        break;
    case KIND_BIT:
        buf_put_be(out, strtoull(word, NULL, 10), (c->meta + 7u) / 8);
        break;
    case KIND_TEMPORAL: {
        struct cell_time t = time_of_text(word);
        cell_encode_time(out, c, &t);
        break;
    }
    case KIND_JSON:
        assert_true(json_text_to_binary(text, &doc, NULL));
        cell_encode_bytes(out, c, buf_span(&doc));
        break;
    default:
        cell_encode_bytes(out, c, text);
        break;
    }
    buf_free(&doc);
    return buf_span(out);
}

/* What the cell says: of strings the bytes, else its text. False: it is no whole cell of the column. */
static inline bool put_meaning(const struct column *c, struct span cell, struct buf *out)
{
    struct cell v = {.data = cell};
    struct bytes r = bytes_of(cell);
    if (cell_length(c, &r) != cell.n || r.bad)
        return false;
    if (c->type == COLUMN_VARCHAR_COMPRESSED || c->type == COLUMN_BLOB_COMPRESSED)
        return compressed_unpack(cell_payload(c, &v), out);
    if (column_info(c)->kind != KIND_STRING && column_info(c)->kind != KIND_BYTES)
        return cell_put_text(c, &v, out);
    buf_put_span(out, cell_payload(c, &v));
    return true;
}

/* Convert one value by the rule that the pair has. NULL when no rule fits; otherwise whether the value did. */
static inline const struct convert_rule *convert_value(bool *fits, struct buf *meaning, const struct column *from,
                                                       const struct column *to, enum read_form form, struct span text)
{
    struct arena a = {0};
    struct buf why = {0}, in = {0}, out = {0};
    const char *phrase = NULL;
    struct convert_pair p = convert_pair_of(from, to, form, &a);
    const struct convert_rule *rule = convert_rule_for(&p, &a, &why);
    assert_int_equal(rule == NULL, why.len > 0);
    if (rule) {
        struct span cell = put_value(from, text, &in);
        *fits = true;
        if (rule->convert)
            *fits = rule->convert(&p, cell, &out, &phrase);
        else
            buf_put_span(&out, cell);
        assert_int_equal(*fits, phrase == NULL);
        if (*fits)
            assert_true(put_meaning(to, buf_span(&out), meaning));
    }
    buf_free(&why);
    buf_free(&in);
    buf_free(&out);
    arena_free(&a);
    return rule;
}

#endif
