/* Text from one of the servers' character sets to another: those whose characters are told by rule. Pure.
 *
 * Known are utf8mb4, utf8mb3, ascii, latin1 (as the servers have it: Windows' 1252), ucs2, utf16, utf16le and utf32;
 * the tables of all others are the servers' own. */
#ifndef DRC_MODEL_CHARSET_H
#define DRC_MODEL_CHARSET_H

#include "common/base/buf.h"

struct charset;

/* By the server's name for it; NULL: not known here. */
const struct charset *charset_find(const char *name);
/* Bytes that one character takes at most. */
unsigned charset_widest(const struct charset *c);
/* Has `to` every character of `from`? */
bool charset_holds(const struct charset *to, const struct charset *from);
/* Append the text. False, with `out` as it was, when it is malformed or has a character that `to` has not. */
bool charset_convert(struct buf *out, const struct charset *to, const struct charset *from, struct span text);

#endif
