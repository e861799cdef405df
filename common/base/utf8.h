/* Text for people and JSON out of bytes of any origin. Pure. */
#ifndef DRC_BASE_UTF8_H
#define DRC_BASE_UTF8_H

#include "common/base/buf.h"

bool utf8_valid(struct span s);
/* One character (a Unicode scalar value), 1 to 4 bytes. */
void utf8_put_char(struct buf *out, uint32_t c);
/* Take one off a span that is not empty: its number, or UINT32_MAX, and nothing taken, when the bytes are no UTF-8. */
uint32_t utf8_take_char(struct span *s);
/* `s` as the inside of a JSON string: quotes, backslashes and control characters escaped; bytes that are no UTF-8
 * become U+FFFD (a caller that must be lossless uses hex or base64 instead). */
void utf8_put_json(struct buf *out, struct span s);
/* For one log line: control characters and non-UTF-8 as \xHH, cut at `max` bytes with "...". */
void utf8_put_printable(struct buf *out, struct span s, size_t max);

#endif
