/* Bytes of any origin as text of an HTML page or of a quoted attribute. Pure. */
#ifndef DRC_BASE_HTML_H
#define DRC_BASE_HTML_H

#include "common/base/buf.h"

/* & < > " ' as entities; control characters (but line feed and tab) and bytes that are no UTF-8 as U+FFFD. So nothing
 * of it is markup, wherever in an element's text or in a quoted attribute it stands; not for script and style elements.
 */
void html_put_text(struct buf *out, struct span s);
/* The same, cut before the character that would go beyond `max` bytes of s; "…" tells that it was. */
void html_put_cut(struct buf *out, struct span s, size_t max);
/* 1234567 as 1,234,567. */
void html_put_number(struct buf *out, uint64_t n);

#endif
