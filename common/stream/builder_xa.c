/* The record builder's part of XA: bodies that wait, and what ends them.
 *
 * MySQL says at the beginning of a body that it is one, and only at its end that XA COMMIT ... ONE PHASE left nothing
 * to wait for. By then fragments may be out, as parts of a body that is held: so its end follows at once, under the
 * same GTID. Where nothing is out yet it is a transaction like any other. */
#include "common/stream/builder_private.h"

int builder_xa_start(struct builder *b, const struct item *item, struct err *err)
{
    (void)err;
    b->txn.held = true;
    buf_clear(&b->txn.xid);
    buf_put_span(&b->txn.xid, item->xid);
    return 0;
}

static uint64_t end_fingerprint(struct span xid, uint8_t flags)
{
    return hash64(xid, flags);
}

static int put_end(struct builder *b, uint8_t flags, struct span xid, struct err *err)
{
    struct record rec;
    builder_numbered_record(b, &rec, RECORD_XA_END);
    rec.flags = flags;
    rec.xid = xid;
    rec.fingerprint = end_fingerprint(xid, flags);
    if (builder_put(b, &rec, err) != 0)
        return -1;
    builder_complete(b, rec.chain, rec.fingerprint);
    return 0;
}

static int not_the_last(const struct builder *b, struct err *err)
{
    char text[GTID_TEXT_LEN];
    return gate_end(b->gate, gtid_text(text, &b->txn.gtid), err);
}

int builder_xa_end(struct builder *b, const struct item *item, struct err *err)
{
    struct txn *t = &b->txn;
    uint8_t flags = (uint8_t)(RECORD_FIRST | RECORD_LAST | (item->kind == ITEM_XA_COMMIT ? RECORD_COMMIT : 0));
    int rc = 0;
    if (t->gate == GATE_PUBLISH)
        rc = put_end(b, flags, item->xid, err);
    else if (t->gate == GATE_COMPARE && !gate_matches(b->gate, end_fingerprint(item->xid, flags)))
        rc = not_the_last(b, err);
    builder_close_group(b);
    return rc;
}

/* ---- one phase ---- */

/* The topic ends with this transaction as a whole, or with its body, whose end is still to be written, or with that. */
static int compare_one_phase(struct builder *b, uint8_t flags, struct err *err)
{
    struct txn *t = &b->txn;
    struct span xid = buf_span(&t->xid);
    if (gate_has_rows(b->gate, &t->hash, true) || gate_matches(b->gate, end_fingerprint(xid, flags)))
        return 0;
    txn_hash_xid(&t->hash, xid);
    return gate_has_rows(b->gate, &t->hash, true) ? put_end(b, flags, xid, err) : not_the_last(b, err);
}

int builder_xa_one_phase(struct builder *b, struct err *err)
{
    const uint8_t flags = RECORD_FIRST | RECORD_LAST | RECORD_COMMIT;
    struct txn *t = &b->txn;
    if (t->gate == GATE_COMPARE)
        return compare_one_phase(b, flags, err);
    if (t->fragments > 0) {
        txn_hash_xid(&t->hash, buf_span(&t->xid));
        return builder_flush(b, true, err) != 0 ? -1 : put_end(b, flags, buf_span(&t->xid), err);
    }
    t->held = false;
    buf_clear(&t->xid);
    return t->body.len > 0 ? builder_flush(b, true, err) : 0;
}
