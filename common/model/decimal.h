/* DECIMAL as the servers store it (strings/decimal.c): groups of nine digits in four bytes, big-endian, sign bit
 * flipped, negative ones complemented; so values of one precision and scale compare by memcmp. Pure. */
#ifndef DRC_MODEL_DECIMAL_H
#define DRC_MODEL_DECIMAL_H

#include "common/base/buf.h"

/* Bytes of a value; 0 when precision and scale are impossible. */
size_t decimal_size(unsigned precision, unsigned scale);
/* "-12.50", all digits of the scale, "0" before the point. False, and nothing written, when the bytes are no value. */
bool decimal_put_text(struct span s, unsigned precision, unsigned scale, struct buf *out);
/* Append the value that a text without exponent says: "-12.5". False, with `out` as it was, when it is none or the
 * digits have no room in precision and scale. */
bool decimal_from_text(struct buf *out, struct span text, unsigned precision, unsigned scale);

#endif
