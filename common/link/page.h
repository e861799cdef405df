/* The status page of a daemon: one HTML document that needs nothing but itself, made from statuses. Pure.
 *
 * A daemon knows itself, and those of its pair that answer on this host; what nobody here knows, the page says so. All
 * that comes from anywhere is escaped. */
#ifndef DRC_LINK_PAGE_H
#define DRC_LINK_PAGE_H

#include <jansson.h>

#include "common/base/log.h"
#include "common/link/trail.h"

/* A daemon of the pair. */
struct page_member {
    bool is_capture;
    const char *from;     /* the region that is captured, or applied from */
    const char *to;       /* the applier's */
    const json_t *status; /* NULL: it does not answer on this host */
    const char *trouble;  /* why, where it is here and does not answer; NULL: it is not here */
    const struct trail *trail;
};

struct page {
    const char *pair;
    const char *program; /* whose page it is: "drc-applier eu:us" */
    const char *host;
    size_t self; /* the member whose page it is */
    const struct page_member *members;
    size_t count;
    const struct log_recent *lines; /* the oldest first */
    size_t line_count;
    uint64_t now_us; /* since 1970 */
};

void page_put(struct buf *out, const struct page *p);
/* The Content-Security-Policy that goes with it: its own script and style, by their hashes, and itself to be fetched
 * again. */
void page_put_policy(struct buf *out);

/* Why it is not ready, in one line; "" when it is: the stream stands, and how far it is behind is known. */
void page_put_unready(struct buf *out, const json_t *status);

#endif
