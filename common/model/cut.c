/* The cut: a sorted list of watermarks, one a remote stream and partition, and its wire form. */
#include "common/model/cut.h"

#include <stdlib.h>

#include "common/base/mem.h"

/* A malformed length must not become memory: no pair has anywhere near so many streams. */
#define CUT_MAX_ENTRIES 1024

void cut_free(struct cut *c)
{
    for (size_t i = 0; i < c->count; i++)
        watermark_free(&c->entries[i].done);
    free(c->entries);
    *c = (struct cut){0};
}

static int entry_order(const struct cut_entry *e, const uint8_t stream[16], uint32_t partition)
{
    int order = memcmp(e->stream, stream, sizeof(e->stream));
    if (order != 0)
        return order;
    return (e->partition > partition) - (e->partition < partition);
}

/* Index of the entry, or of the place where it would stand. */
static size_t entry_place(const struct cut *c, const uint8_t stream[16], uint32_t partition, bool *found)
{
    size_t low = 0;
    size_t high = c->count;
    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = entry_order(&c->entries[middle], stream, partition);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct cut_entry *cut_entry_of(struct cut *c, const uint8_t stream[16], uint32_t partition)
{
    bool found;
    size_t at = entry_place(c, stream, partition, &found);
    if (found)
        return &c->entries[at];
    if (c->count == c->cap) {
        c->cap = c->cap ? c->cap * 2 : 4;
        c->entries = xreallocarray(c->entries, c->cap, sizeof(*c->entries));
    }
    struct cut_entry *e = &c->entries[at];
    memmove(e + 1, e, (c->count - at) * sizeof(*e));
    c->count++;
    *e = (struct cut_entry){.partition = partition};
    memcpy(e->stream, stream, sizeof(e->stream));
    return e;
}

bool cut_has(const struct cut *c, const uint8_t stream[16], uint32_t partition, uint64_t seq)
{
    bool found;
    size_t at = entry_place(c, stream, partition, &found);
    return found && watermark_has(&c->entries[at].done, seq);
}

void cut_put(const struct cut *c, struct buf *out)
{
    buf_put_varint(out, c->count);
    for (size_t i = 0; i < c->count; i++) {
        const struct cut_entry *e = &c->entries[i];
        buf_put(out, e->stream, sizeof(e->stream));
        buf_put_varint(out, e->partition);
        buf_put_varint(out, e->done.low);
        watermark_put_ranges(&e->done, out);
    }
}

/* One entry, which has to come after the last one. */
static void entry_read(struct cut *c, struct bytes *r)
{
    struct span stream = bytes_take(r, 16);
    uint64_t partition = bytes_varint(r);
    if (partition > UINT32_MAX)
        bytes_fail(r);
    if (r->bad)
        return;
    if (c->count > 0 && entry_order(&c->entries[c->count - 1], stream.p, (uint32_t)partition) >= 0) {
        bytes_fail(r);
        return;
    }
    struct cut_entry *e = cut_entry_of(c, stream.p, (uint32_t)partition);
    e->done.low = bytes_varint(r);
    watermark_read_ranges(&e->done, r);
}

void cut_read(struct cut *c, struct bytes *r)
{
    cut_free(c);
    uint64_t count = bytes_varint(r);
    if (count > CUT_MAX_ENTRIES)
        bytes_fail(r);
    for (uint64_t i = 0; i < count && !r->bad; i++)
        entry_read(c, r);
    if (r->bad)
        cut_free(c);
}
