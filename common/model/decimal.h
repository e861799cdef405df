/* DECIMAL as the servers store it: groups of nine digits in four bytes, big-endian, sign bit flipped, negative ones
 * complemented; so values of one precision and scale compare by memcmp. Pure. */
#ifndef DRC_MODEL_DECIMAL_H
#define DRC_MODEL_DECIMAL_H

#include "common/base/buf.h"

/* Bytes of a value; 0 when precision and scale are impossible. */
size_t decimal_size(unsigned precision, unsigned scale);
/* "-12.50", all digits of the scale, "0" before the point. False, and nothing written, when the bytes are no value. */
bool decimal_put_text(struct span s, unsigned precision, unsigned scale, struct buf *out);

#endif
