/* The record builder's common part of each record, and the control records. */
#include <inttypes.h>

#include "common/base/clock.h"
#include "common/stream/builder_private.h"

int builder_put(struct builder *b, const struct record *rec, struct err *err)
{
    struct parcel *p = parcel_new(rec);
    if (p->bytes.len > b->settings.max_bytes) {
        size_t len = p->bytes.len;
        parcel_free(p);
        char gtid[GTID_TEXT_LEN];
        return err_fatal(err, EXIT_BAD_CONFIG,
                         "a record of %zu bytes (%s %s) is more than topic %s takes (%zu): kafka-configs.sh --alter "
                         "--entity-type topics --entity-name %s --add-config max.message.bytes=%zu",
                         len, record_kind_name(rec->kind), gtid_text(gtid, &rec->gtid), b->settings.topic,
                         b->settings.max_bytes, b->settings.topic, len + len / 8 + 4096);
    }
    b->counts.bytes += p->bytes.len;
    return b->settings.sink.put(b->settings.sink.context, p, err);
}

void builder_base_record(struct builder *b, struct record *out, enum record_kind kind)
{
    *out = (struct record){
        .kind = kind,
        .epoch = b->epoch,
        .instance = b->instance,
        .seq = b->seq,
        .chain = b->chain,
        .gtid = b->gtid,
        .stamp = b->stamp,
        .fingerprint = b->fingerprint,
    };
    memcpy(out->stream, b->stream, STREAM_UUID_LEN);
    if (b->cut_moved) {
        buf_clear(&b->cut_bytes);
        cut_put(&b->cut, &b->cut_bytes);
        b->cut_moved = false;
    }
    out->cut = buf_span(&b->cut_bytes);
}

void builder_numbered_record(struct builder *b, struct record *out, enum record_kind kind)
{
    struct txn *t = &b->txn;
    builder_base_record(b, out, kind);
    out->prev_seq = b->seq;
    out->prev_chain = b->chain;
    out->prev_gtid = b->gtid;
    out->seq = b->seq + 1;
    out->gtid = t->gtid;
    out->chain = chain_next(b->chain, &t->gtid);
    out->commit_us = t->commit_us;
    out->fingerprint = 0;
    if (t->stamp == 0)
        t->stamp = clock_stamp(t->commit_us, clock_wall_us(), b->stamp);
    out->stamp = t->stamp;
}

void builder_complete(struct builder *b, uint64_t chain, uint64_t fingerprint)
{
    b->seq++;
    b->chain = chain;
    b->gtid = b->txn.gtid;
    b->fingerprint = fingerprint;
    b->stamp = b->txn.stamp;
    b->txn.stamp = 0;
    b->counts.transactions++;
    position_copy(&b->before, &b->position);
    position_add(&b->position, &b->gtid);
}

static int put_control(struct builder *b, enum record_kind kind, uint64_t now_us, struct err *err)
{
    struct record rec;
    builder_base_record(b, &rec, kind);
    rec.commit_us = now_us;
    buf_clear(&b->position_bytes);
    position_put(&b->position, &b->position_bytes);
    rec.position = buf_span(&b->position_bytes);
    buf_clear(&b->before_bytes);
    position_put(&b->before, &b->before_bytes);
    rec.before = buf_span(&b->before_bytes);
    if (kind == RECORD_RESUME && b->permits.count > 0) {
        buf_clear(&b->permit_bytes);
        permits_put(&b->permits, &b->permit_bytes);
        rec.permits = buf_span(&b->permit_bytes);
    }
    if (kind == RECORD_HEARTBEAT) {
        buf_clear(&b->behind_bytes);
        record_put_behind(b->behind_us, &b->behind_bytes);
        rec.behind = buf_span(&b->behind_bytes);
    }
    b->unsaid = false;
    return builder_put(b, &rec, err);
}

void builder_note_behind(struct builder *b, uint64_t us)
{
    b->behind_us = us;
}

int builder_heartbeat(struct builder *b, uint64_t now_us, struct err *err)
{
    return put_control(b, RECORD_HEARTBEAT, now_us, err);
}

int builder_resume(struct builder *b, uint64_t now_us, struct err *err)
{
    return put_control(b, RECORD_RESUME, now_us, err);
}

int builder_renew(struct builder *b, uint64_t now_us, struct err *err)
{
    struct record rec;
    b->epoch++;
    builder_base_record(b, &rec, RECORD_EPOCH);
    rec.cut = (struct span){0}; /* the resume record carries it */
    rec.commit_us = now_us;
    rec.region = span_str(b->settings.region);
    if (builder_put(b, &rec, err) != 0)
        return -1;
    return builder_resume(b, now_us, err);
}
