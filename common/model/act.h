/* An operator's act: what somebody decided about a stream that had stopped, when and why.
 *
 * It travels in the resume record from which the stream goes on, so that every target reads it in order, behind the
 * fence of that record's epoch, and puts it into its journal. Pure. */
#ifndef DRC_MODEL_ACT_H
#define DRC_MODEL_ACT_H

#include "common/base/buf.h"
#include "common/base/bytes.h"

#define ACT_KIND_MOST 20u /* bytes of each, at most */
#define ACT_WHO_MOST 200u
#define ACT_WHY_MOST 250u
#define ACT_DETAILS_MOST (64u << 10)

/* The kind of act with which a rebuilt topic begins: readers must know it. */
#define ACT_REBUILD "rebuild"

struct act {
    struct span kind; /* "rebuild", "accept-branch", "accept-definition", "skip"; readers take any word */
    struct span who;  /* user@host */
    uint64_t at_us;
    struct span why;
    struct span details; /* a JSON object: what was given up or accepted */
};

void act_put(const struct act *a, struct buf *out);
/* The whole of `r`; spans point into it. Marks r bad when malformed: a part too long, no UTF-8, a kind that is no word.
 */
void act_read(struct act *out, struct bytes *r);

#endif
