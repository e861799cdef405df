/* The list of anchors, and its form in the ledger. */
#include "common/target/anchors.h"

#include <stdlib.h>

#include "common/base/mem.h"

#define MOST 256u /* beyond it every second one goes: an older one serves as well, it only costs reading more */

static void free_one(struct anchor *a)
{
    buf_free(&a->position);
    buf_free(&a->before);
    buf_free(&a->cut);
}

void anchors_free(struct anchors *a)
{
    for (size_t i = 0; i < a->count; i++)
        free_one(&a->list[i]);
    free(a->list);
    *a = (struct anchors){0};
}

static struct anchor *append(struct anchors *a)
{
    if (a->count == a->cap) {
        a->cap = a->cap ? 2 * a->cap : 4;
        a->list = xreallocarray(a->list, a->cap, sizeof *a->list);
    }
    a->list[a->count] = (struct anchor){0};
    return &a->list[a->count++];
}

static void remove_at(struct anchors *a, size_t i)
{
    free_one(&a->list[i]);
    a->count--;
    memmove(&a->list[i], &a->list[i + 1], (a->count - i) * sizeof *a->list);
}

void anchors_note(struct anchors *a, const struct stream *s)
{
    if (s->position.flavor == FLAVOR_NONE)
        return;
    /* At the same seq the newer one is further in the source. */
    while (a->count > 0 && a->list[a->count - 1].seq >= s->seq)
        remove_at(a, a->count - 1);
    struct anchor *one = append(a);
    one->seq = s->seq;
    one->chain = s->chain;
    one->stamp = s->stamp;
    one->fingerprint = s->fingerprint;
    one->gtid = s->gtid;
    position_put(&s->position, &one->position);
    position_put(&s->before, &one->before);
    cut_put(&s->cut, &one->cut);
}

static bool is_needed(const struct anchors *a, size_t i, const uint64_t *open, size_t n)
{
    if (i + 1 == a->count)
        return true;
    for (size_t k = 0; k < n; k++)
        if (a->list[i].seq < open[k])
            return open[k] <= a->list[i + 1].seq;
    return false;
}

void anchors_keep(struct anchors *a, const uint64_t *open, size_t n)
{
    for (size_t i = a->count; i > 0; i--)
        if (!is_needed(a, i - 1, open, n))
            remove_at(a, i - 1);
    for (size_t i = 1; a->count > MOST && i + 1 < a->count; i++)
        remove_at(a, i);
}

bool anchors_reach(const struct anchors *a, uint64_t seq)
{
    return a->count > 0 && a->list[0].seq < seq;
}

void anchors_put(const struct anchors *a, struct buf *out)
{
    for (size_t i = 0; i < a->count; i++) {
        const struct anchor *one = &a->list[i];
        buf_put_varint(out, one->seq);
        buf_put_le(out, one->chain, 8);
        buf_put_le(out, one->stamp, 8);
        buf_put_le(out, one->fingerprint, 8);
        gtid_put(&one->gtid, out);
        buf_put_sized(out, buf_span(&one->position));
        buf_put_sized(out, buf_span(&one->before));
        buf_put_sized(out, buf_span(&one->cut));
    }
}

void anchors_read(struct anchors *a, struct bytes *r)
{
    while (bytes_left(r) > 0) {
        uint64_t seq = bytes_varint(r);
        if (a->count > 0 && seq <= a->list[a->count - 1].seq)
            bytes_fail(r);
        struct anchor *one = append(a);
        one->seq = seq;
        one->chain = bytes_u64(r);
        one->stamp = bytes_u64(r);
        one->fingerprint = bytes_u64(r);
        gtid_read(&one->gtid, r);
        buf_put_span(&one->position, bytes_sized(r));
        buf_put_span(&one->before, bytes_sized(r));
        buf_put_span(&one->cut, bytes_sized(r));
    }
}

bool anchor_stream(const struct anchor *a, struct stream *out)
{
    struct bytes position = bytes_of(buf_span(&a->position));
    struct bytes before = bytes_of(buf_span(&a->before));
    struct bytes cut = bytes_of(buf_span(&a->cut));
    *out = (struct stream){
        .based = true,
        .seq = a->seq,
        .chain = a->chain,
        .stamp = a->stamp,
        .fingerprint = a->fingerprint,
        .gtid = a->gtid,
    };
    position_read(&out->position, &position);
    position_read(&out->before, &before);
    cut_read(&out->cut, &cut);
    if (!position.bad && !before.bad && !cut.bad && out->position.flavor != FLAVOR_NONE)
        return true;
    stream_free(out);
    return false;
}
