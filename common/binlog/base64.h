/* Base64 as the BINLOG statement takes it: standard alphabet, padded, no line breaks. Pure. */
#ifndef DRC_BINLOG_BASE64_H
#define DRC_BINLOG_BASE64_H

#include "common/base/buf.h"

/* Length of the text for n bytes. */
size_t base64_len(size_t n);
/* Append the text. */
void base64_put(struct buf *out, struct span in);
/* Append one text for both, as if the second stood behind the first. */
void base64_put_joined(struct buf *out, struct span first, struct span second);
/* Append the bytes; white space is skipped. False when `text` is no base64. */
bool base64_read(struct buf *out, struct span text);

#endif
