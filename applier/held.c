/* The set of held bodies, and its form in the ledger. */
#include "applier/held.h"

#include <stdlib.h>

#include "common/base/mem.h"
#include "common/binlog/xid.h"

#define BODY_BYTES (2 + 3 * 10 + 8) /* at most, in the ledger, beside its name */

void held_body_free(struct held_body *b)
{
    buf_free(&b->xid);
    buf_free(&b->record);
    *b = (struct held_body){0};
}

void held_free(struct held *h)
{
    for (size_t i = 0; i < h->count; i++)
        held_body_free(&h->bodies[i]);
    free(h->bodies);
    *h = (struct held){0};
}

static struct held_body *append(struct held *h)
{
    if (h->count == h->cap) {
        h->cap = h->cap ? 2 * h->cap : 8;
        h->bodies = xreallocarray(h->bodies, h->cap, sizeof *h->bodies);
    }
    h->bodies[h->count] = (struct held_body){0};
    return &h->bodies[h->count++];
}

static size_t find(const struct held *h, struct span xid)
{
    size_t i = 0;
    while (i < h->count && !span_eq(buf_span(&h->bodies[i].xid), xid))
        i++;
    return i;
}

bool held_take(struct held *h, struct held_body *out, struct span xid)
{
    size_t i = find(h, xid);
    if (i == h->count)
        return false;
    *out = h->bodies[i];
    h->kept -= out->record.len;
    h->count--;
    memmove(&h->bodies[i], &h->bodies[i + 1], (h->count - i) * sizeof *h->bodies);
    return true;
}

static int check_room(const struct held *h, struct err *err)
{
    size_t most = 0;
    for (size_t i = 0; i < h->count; i++)
        most += h->bodies[i].xid.len + BODY_BYTES;
    if (most <= HELD_MOST_BYTES)
        return 0;
    return err_fatal(err, EXIT_UNSAFE, "%zu XA transactions are prepared at the source and undecided: too many to keep",
                     h->count);
}

int held_note(struct held *h, const struct record *rec, struct span bytes, int64_t offset, struct err *err)
{
    struct held_body former;
    if (rec->flags & RECORD_FIRST)
        h->open_offset = offset;
    if (!(rec->flags & RECORD_LAST))
        return 0;
    /* A source prepares a name again only when it knows nothing of the former one any more. */
    if (held_take(h, &former, rec->xid))
        held_body_free(&former);
    struct held_body *b = append(h);
    buf_put_span(&b->xid, rec->xid);
    b->seq = rec->seq;
    b->offset = h->open_offset;
    b->epoch = rec->epoch;
    b->instance = rec->instance;
    if ((rec->flags & RECORD_FIRST) && h->kept + bytes.n <= HELD_KEEP_BYTES) {
        buf_put_span(&b->record, bytes);
        h->kept += bytes.n;
    }
    return check_room(h, err);
}

void held_put(const struct held *h, struct buf *out)
{
    for (size_t i = 0; i < h->count; i++) {
        const struct held_body *b = &h->bodies[i];
        buf_put_sized(out, buf_span(&b->xid));
        buf_put_varint(out, b->seq);
        buf_put_varint(out, (uint64_t)b->offset);
        buf_put_varint(out, b->epoch);
        buf_put_le(out, b->instance, 8);
    }
}

/* One body off r, later than `above`; marks r bad when it is not so. */
static void read_body(struct held *h, struct bytes *r, uint64_t above)
{
    struct span xid = bytes_sized(r);
    uint64_t seq = bytes_varint(r);
    uint64_t offset = bytes_varint(r);
    uint64_t epoch = bytes_varint(r);
    uint64_t instance = bytes_u64(r);
    if (xid.n == 0 || xid.n > XID_MAX_LEN || seq <= above || offset > INT64_MAX || find(h, xid) < h->count)
        bytes_fail(r);
    if (r->bad)
        return;
    struct held_body *b = append(h);
    buf_put_span(&b->xid, xid);
    b->seq = seq;
    b->offset = (int64_t)offset;
    b->epoch = epoch;
    b->instance = instance;
}

int held_read(struct held *h, struct span bytes, struct err *err)
{
    struct bytes r = bytes_of(bytes);
    while (bytes_left(&r) > 0)
        read_body(h, &r, h->count > 0 ? h->bodies[h->count - 1].seq : 0);
    if (r.bad || bytes.n > HELD_MOST_BYTES)
        return err_fatal(err, EXIT_UNSAFE, "the ledger's set of prepared XA transactions is malformed (%zu bytes)",
                         bytes.n);
    return 0;
}
