/* Sources of a Content-Security-Policy: what a page may run is named by the hash of its text. */
#ifndef DRC_LINK_CSP_H
#define DRC_LINK_CSP_H

#include "common/base/buf.h"

/* "'sha256-…'" of an inline script or style. */
void csp_put_hash(struct buf *out, struct span text);
/* A policy that allows this script and this style, each whole and inline, and nothing else: no address is fetched,
 * nothing is sent. Either may be empty. */
void csp_put_policy(struct buf *out, struct span script, struct span style);

#endif
