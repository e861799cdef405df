/* Columns, cells and bytes made for tests of the model. */
#ifndef DRC_TESTS_UNIT_MODEL_CELLS_H
#define DRC_TESTS_UNIT_MODEL_CELLS_H

#include "common/model/cell.h"

#define MAX_HEX 2048

struct hex {
    uint8_t bytes[MAX_HEX];
    struct span span;
};

/* "00ff 1a" as bytes; blanks are skipped. */
static inline struct span hex_read(struct hex *h, const char *text)
{
    size_t n = 0, digits = 0;
    for (; *text; text++) {
        if (*text == ' ')
            continue;
        uint8_t v = (uint8_t)(*text <= '9' ? *text - '0' : *text - 'a' + 10);
        h->bytes[n] = (uint8_t)(digits % 2 ? h->bytes[n] << 4 | v : v);
        n += digits++ % 2;
    }
    return h->span = span_of(h->bytes, n);
}

static inline struct column column_of(enum column_type type, unsigned meta)
{
    return (struct column){.name = span_of("c", 1),
                           .type = (uint8_t)type,
                           .meta = (uint16_t)meta,
                           .nullable = true,
                           .key_order = COLUMN_NO_KEY};
}

static inline struct column column_unsigned(enum column_type type)
{
    struct column c = column_of(type, 0);
    c.is_unsigned = true;
    return c;
}

static inline struct column column_text(enum column_type type, unsigned meta, unsigned collation)
{
    struct column c = column_of(type, meta);
    c.collation = (uint16_t)collation;
    return c;
}

#endif
