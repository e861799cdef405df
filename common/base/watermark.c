/* Which sequence numbers are done: a contiguous watermark and sorted ranges above it. */
#include "common/base/watermark.h"

#include <assert.h>
#include <stdlib.h>

#include "common/base/mem.h"

void watermark_free(struct watermark *w)
{
    free(w->ranges);
    *w = (struct watermark){0};
}

/* Index of the first range whose last is at least seq; count when there is none. */
static size_t range_from(const struct watermark *w, uint64_t seq)
{
    size_t lo = 0, hi = w->count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (w->ranges[mid].last < seq)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

bool watermark_has(const struct watermark *w, uint64_t seq)
{
    if (seq <= w->low)
        return true;
    size_t i = range_from(w, seq);
    return i < w->count && w->ranges[i].first <= seq;
}

/* Replace ranges[at, at + gone) by `put` (NULL: by nothing). */
static void splice(struct watermark *w, size_t at, size_t gone, const struct watermark_range *put)
{
    size_t come = put ? 1 : 0;
    if (w->count + come - gone > w->cap) {
        w->cap = w->cap ? w->cap * 2 : 8;
        w->ranges = xreallocarray(w->ranges, w->cap, sizeof *w->ranges);
    }
    if (come != gone && at + gone < w->count)
        memmove(w->ranges + at + come, w->ranges + at + gone, (w->count - at - gone) * sizeof *w->ranges);
    if (put)
        w->ranges[at] = *put;
    w->count = w->count + come - gone;
}

void watermark_raise(struct watermark *w, uint64_t low)
{
    size_t gone = 0;
    if (low > w->low)
        w->low = low;
    while (gone < w->count && w->ranges[gone].first - 1 <= w->low) {
        if (w->ranges[gone].last > w->low)
            w->low = w->ranges[gone].last;
        gone++;
    }
    if (gone > 0)
        splice(w, 0, gone, NULL);
}

bool watermark_add(struct watermark *w, uint64_t first, uint64_t last)
{
    assert(first >= 1 && first <= last);
    bool fresh = first > w->low;
    if (last <= w->low)
        return false;
    if (!fresh)
        first = w->low + 1;
    size_t at = range_from(w, first - 1); /* one that ends just before joins as well */
    size_t end = at;
    struct watermark_range all = {first, last};
    /* first >= 1 in every range, so that first - 1 cannot wrap where last + 1 could. */
    for (; end < w->count && w->ranges[end].first - 1 <= last; end++) {
        const struct watermark_range *r = &w->ranges[end];
        if (r->first <= last && r->last >= first)
            fresh = false;
        if (r->first < all.first)
            all.first = r->first;
        if (r->last > all.last)
            all.last = r->last;
    }
    if (all.first == w->low + 1) {
        splice(w, at, end - at, NULL);
        w->low = all.last;
    } else {
        splice(w, at, end - at, &all);
    }
    return fresh;
}

void watermark_union(struct watermark *w, const struct watermark *other)
{
    assert(w != other);
    watermark_raise(w, other->low);
    for (size_t i = 0; i < other->count; i++)
        (void)watermark_add(w, other->ranges[i].first, other->ranges[i].last);
}

uint64_t watermark_high(const struct watermark *w)
{
    return w->count > 0 ? w->ranges[w->count - 1].last : w->low;
}

/* Each range as its distance from the number before it that is known done (at least 2, or it would touch; the first
 * may) and its length less one. */
void watermark_put_ranges(const struct watermark *w, struct buf *out)
{
    watermark_put_ranges_above(w, w->low, out);
}

void watermark_put_ranges_above(const struct watermark *w, uint64_t base, struct buf *out)
{
    uint64_t before = w->low;
    assert(base <= w->low);
    buf_put_varint(out, w->count + (base < w->low));
    if (base < w->low) {
        buf_put_varint(out, 1);
        buf_put_varint(out, w->low - base - 1);
    }
    for (size_t i = 0; i < w->count; i++) {
        buf_put_varint(out, w->ranges[i].first - before);
        buf_put_varint(out, w->ranges[i].last - w->ranges[i].first);
        before = w->ranges[i].last;
    }
}

void watermark_read_ranges(struct watermark *w, struct bytes *r)
{
    uint64_t before = w->low;
    uint64_t count = bytes_varint(r);
    w->count = 0;
    if (count > bytes_left(r) / 2) { /* two bytes a range at least: bounds what is allocated */
        bytes_fail(r);
        return;
    }
    for (uint64_t i = 0; i < count; i++) {
        uint64_t gap = bytes_varint(r);
        uint64_t more = bytes_varint(r);
        struct watermark_range range;
        if (r->bad || gap < (i == 0 ? 1 : 2) || __builtin_add_overflow(before, gap, &range.first) ||
            __builtin_add_overflow(range.first, more, &range.last)) {
            bytes_fail(r);
            w->count = 0;
            return;
        }
        if (gap == 1)
            w->low = range.last;
        else
            splice(w, w->count, 0, &range);
        before = range.last;
    }
}
