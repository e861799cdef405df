/* Text brought to a form that is equal wherever a server may find two texts equal. Pure.
 *
 * A hash of a key must never tell apart what the server's comparison takes for one value, so the form is coarser than
 * any collation it is used for: two texts that no server confuses may well have one form. That costs parallelism, and
 * is the only thing that it costs. */
#ifndef DRC_APPLIER_FOLD_H
#define DRC_APPLIER_FOLD_H

#include "common/base/buf.h"

enum fold_rule {
    FOLD_BYTES,  /* byte strings: zeros at the end do not count (BINARY(n) loses them in the binlog) */
    FOLD_BINARY, /* text compared by its code points: only spaces at its end may not count */
    FOLD_UTF8,   /* UTF-8 under a collation that we know */
    FOLD_LATIN1,
    FOLD_ASCII,   /* of another character set, in which bytes below 0x80 are ASCII, under one that we know */
    FOLD_UNKNOWN, /* nothing can be said: all texts have one form */
};

/* By the names that the server gives: NULL for a column without a character set. */
enum fold_rule fold_rule_of(const char *charset, const char *collation);

/* Append the form of `text`. False: it holds characters of which we do not know what they are equal to, so that it may
 * equal any other text; what was appended then means nothing. */
bool fold_put(struct buf *out, enum fold_rule rule, struct span text);

/* The first `n` characters of a text as its character set counts them. False: they cannot be told. */
bool fold_prefix(struct span *out, enum fold_rule rule, struct span text, unsigned n);

#endif
