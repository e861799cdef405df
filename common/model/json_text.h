/* JSON text to MySQL's binary JSON (column type 245), as the server makes it of the same text: keys sorted, the last of
 * several equal ones kept, whole numbers that fit 64 bits as integers, others as doubles. Pure.
 *
 * json_binary.h goes the other way. What MySQL itself shows of decimals, dates, times and bytes inside a document comes
 * back as numbers and strings (json_printed_to_binary knows decimals again): json_binary_same takes them for the same.
 */
#ifndef DRC_MODEL_JSON_TEXT_H
#define DRC_MODEL_JSON_TEXT_H

#include "common/base/buf.h"

/* Append the document. False, with `out` as it was, when the text is not JSON in UTF-8, nests more than 100 deep, or
 * holds what the binary form cannot (a number beyond a double, a key longer than 65535 bytes); *why (a constant; may be
 * NULL) then says so. */
bool json_text_to_binary(struct span text, struct buf *out, const char **why);

/* The same of a text that MySQL printed of a document. A number that no double is printed as was a DECIMAL, and is one
 * again, of the same digits. Dates, times and bytes were printed as strings, which is what they become. */
bool json_printed_to_binary(struct span text, struct buf *out, const char **why);

/* Do two binary documents say the same, as far as their texts tell? Space left between their parts does not count, nor
 * in which form a number or a string stands. A malformed document equals only its own bytes. */
bool json_binary_same(struct span a, struct span b);

/* Append the text in one form, by which texts can be told apart that say different things: keys sorted, no white space,
 * numbers with a point or an exponent as the double that they are, -0 as 0. False, with `out` as it was: no JSON. */
bool json_text_put_normal(struct span text, struct buf *out);

#endif
