/* Comparing what was published with what a source has. */
#include "common/stream/lost.h"

#include <stdlib.h>

#include "common/base/mem.h"

#define FIRST_WINDOW 1024 /* records */

struct search {
    struct lost *out;
    const struct position *position;
};

void lost_free(struct lost *l)
{
    free(l->list);
    position_free(&l->kept_before);
    *l = (struct lost){0};
}

static void note_lost(struct lost *l, const struct lost_txn *t)
{
    if (!l->list)
        l->list = xcalloc(LOST_MOST, sizeof *l->list);
    if (l->count == LOST_MOST)
        memmove(l->list, l->list + 1, --l->count * sizeof *l->list);
    l->list[l->count++] = *t;
    l->total++;
}

static int each(void *context, const struct stream *s, const struct record *rec, enum stream_verdict verdict,
                struct err *err)
{
    struct search *search = context;
    struct lost *l = search->out;
    const struct lost_txn t = {.seq = rec->seq, .gtid = rec->gtid, .commit_us = rec->commit_us};
    (void)err;
    if (verdict != STREAM_TAKE || !(rec->flags & RECORD_LAST))
        return 0;
    if (!position_has(search->position, &rec->gtid)) {
        note_lost(l, &t);
        return 0;
    }
    l->has_kept = true;
    l->kept = t;
    l->kept_fingerprint = rec->fingerprint;
    position_meet(&l->kept_before, &s->before, search->position);
    return 0;
}

static int search_from(struct search *search, struct readback *rb, int64_t from, int64_t high, struct err *err)
{
    struct stream s;
    lost_free(search->out);
    stream_init(&s, from == 0);
    int rc = readback_walk(rb, &s, from, high, each, search, err);
    stream_free(&s);
    return rc;
}

/* A window is large enough when a larger one finds no more, beside something that is not lost. */
int lost_read(struct lost *out, struct readback *rb, const struct position *position, int64_t low, int64_t high,
              struct err *err)
{
    struct search search = {.out = out, .position = position};
    uint64_t before = UINT64_MAX;
    *out = (struct lost){0};
    for (int64_t window = FIRST_WINDOW;; window *= 4) {
        int64_t from = high - window > low ? high - window : low;
        if (search_from(&search, rb, from, high, err) != 0) {
            lost_free(out);
            return -1;
        }
        if (from == low || (out->has_kept && out->total == before))
            return 0;
        before = out->total;
    }
}
