/* Texts of any character set as UTF-8, for lines that people read. */
#ifndef DRC_CTL_EVENTS_CHARSET_H
#define DRC_CTL_EVENTS_CHARSET_H

#include "common/base/buf.h"

/* Append `in`, which is of that collation; false, and nothing appended, where this system does not know the character
 * set, or the bytes are none of its characters. */
bool events_charset_to_utf8(struct buf *out, struct span in, unsigned collation);

#endif
