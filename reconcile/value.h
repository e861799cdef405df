/* One column's values in SQL: how they are read exactly, hashed without ambiguity, written as literals, shown. Pure.
 *
 * A column is compared with the other side's of its name, whose type may be another one: value_pair (value_pair.h)
 * chooses a form that both can be brought to. Exact means: by the stored value. Strings are compared by their bytes, or
 * by their characters where the character sets differ; floats by their bits (inside a WKB point, the one expression of
 * both flavours that shows them; text forms can lose the last bit), but for the sign of 0, which the servers do not
 * tell apart; members of ENUM and SET by number. */
#ifndef DRC_RECONCILE_VALUE_H
#define DRC_RECONCILE_VALUE_H

#include "common/base/buf.h"
#include "common/target/target_table.h"

enum value_class {
    VALUE_INTEGER,
    VALUE_DECIMAL,
    VALUE_TEXTUAL, /* dates, times, UUID, INET: text of digits and marks, never a comma; quoted as a literal */
    VALUE_MEMBER,  /* ENUM, SET, BIT: by number */
    VALUE_FLOAT,
    VALUE_STRING, /* with a character set, or bytes */
    VALUE_LONG,   /* the same, of any length */
    VALUE_GEOMETRY,
    VALUE_FIXED,    /* UUID, addresses: of one side its type, of the other bytes or text; by their digits */
    VALUE_DOCUMENT, /* JSON of one side, text of the other: no SQL of both tells what they say, so they are fetched */
};

/* A column of one side, and what brings its values to the form of the pair. */
struct value {
    const struct column *c;
    const struct target_column *tc;
    enum value_class class;
    const struct column *shown; /* whose numbers, members or digits the form has */
    uint16_t decimal;           /* VALUE_DECIMAL: precision<<8|scale to cast to; 0: as it is */
    const char *suffix;         /* VALUE_TEXTUAL: what its text lacks at the end; NULL: nothing */
    const uint16_t *members;    /* the form's number of each member, from 0; NULL: its own */
    bool recode;                /* by characters: in utf8mb4 */
    bool trim;                  /* without zeros at the end: BINARY(n) of different n */
    enum read_form fixed;       /* VALUE_FIXED: as what type */
};

/* Which class a column's values are of by themselves. */
enum value_class value_class_of(const struct column *c, const struct target_column *tc);

/* Can it be part of the key by which a table is walked? Floats cannot: no literal finds them surely. */
bool value_can_be_key(const struct value *v);
/* Do both sides' indexes have the pair's values in one order? */
bool value_same_order(const struct value pair[2]);

/* The expression to SELECT, whose bytes are what the functions below take as `text`. */
void value_put_read(struct buf *out, const struct value *v);
/* An expression that is equal for equal values only: never NULL, and such that a comma-separated list of them can be
 * read in one way only. Long values stand in it by a digest, so that it stays far below max_allowed_packet. Not for
 * documents. */
enum value_digest {
    VALUE_SHA2, /* SHA2-256 */
    VALUE_CRC   /* CRC-32 and CRC-32C, 64 bits together: MariaDB from 10.8 on */
};
void value_put_token(struct buf *out, const struct value *v, enum value_digest digest);
/* Of a VALUE_STRING: how many bytes value_put_read gives, below VALUE_NO_LENGTH; that where it is NULL. */
#define VALUE_NO_LENGTH 2097151
void value_put_length(struct buf *out, const struct value *v);
/* A literal that compares, as the column does, with it. `text` as read; not NULL. */
void value_put_literal(struct buf *out, const struct value *v, struct span text);
/* As JSON, in the form of cell_put_json; NULL (text.p is NULL) as null. */
void value_put_json(struct buf *out, const struct value *v, struct span text);

#endif
