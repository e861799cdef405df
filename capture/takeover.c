/* Becoming the stream's one writer.
 *
 * Kafka keeps no promise between two producers, so the topic itself settles who writes. Everyone who wants to write
 * appends an epoch record with a number higher than any it has seen; readers follow the highest number. What a former
 * writer still has in flight lands behind our epoch record and counts for nothing, so what is before it is all there
 * will ever be of the past, and can be read back and continued. */
#include "capture/takeover.h"

#include <inttypes.h>
#include <openssl/rand.h>

#include "capture/readback.h"
#include "common/base/log.h"

#define ATTEMPTS 20

struct attempt {
    const struct takeover_options *o;
    struct readback rb;
    int64_t low;
    int64_t high;
    uint8_t stream[STREAM_UUID_LEN];
    uint64_t highest; /* epoch number seen so far */
    uint64_t number;  /* that we announced */
    uint64_t instance;
    int64_t offset; /* of our epoch record */
};

static int random_bytes(void *out, size_t n, struct err *err)
{
    if (RAND_bytes(out, (int)n) != 1)
        return err_retry(err, "no random numbers to be had from the system");
    return 0;
}

/* A version 4 UUID, so that it reads like one. */
static int invent_stream(struct attempt *a, struct err *err)
{
    const struct takeover_memory *m = a->o->memory;
    if (m->had_stream)
        return err_fatal(
            err, EXIT_UNSAFE,
            "topic %s is empty, but this process has written to it: it was deleted or recreated, and what it held "
            "may not have reached everyone; start again to begin a new stream",
            a->o->topic);
    if (random_bytes(a->stream, sizeof a->stream, err) != 0)
        return -1;
    a->stream[6] = (uint8_t)((a->stream[6] & 0x0f) | 0x40);
    a->stream[8] = (uint8_t)((a->stream[8] & 0x3f) | 0x80);
    return 0;
}

/* A process whose epoch is not in force any more has been replaced while it was away. It must find that out before it
 * announces the next one, which would in turn drive out the one that came. */
static int check_memory(struct attempt *a, struct err *err)
{
    const struct takeover_memory *m = a->o->memory;
    struct stream s;
    if (!m->had_stream)
        return 0;
    if (memcmp(m->stream, a->stream, STREAM_UUID_LEN) != 0)
        return err_fatal(err, EXIT_UNSAFE, "topic %s holds another stream than this process wrote: it was recreated",
                         a->o->topic);
    if (readback_state(&a->rb, &s, a->low, a->high, err) != 0)
        return -1;
    int rc = 0;
    if (s.has_epoch && s.instance != m->instance)
        rc = err_fatal(err, EXIT_DENIED,
                       "fenced by a newer instance: epoch %" PRIu64
                       " in topic %s was announced by another one, our last was %" PRIu64,
                       s.epoch, a->o->topic, m->epoch);
    stream_free(&s);
    return rc;
}

static int look(struct attempt *a, struct err *err)
{
    struct readback_glance glance;
    if (kafka_reader_bounds(a->rb.reader, &a->low, &a->high, err) != 0 ||
        readback_glance(&a->rb, &glance, a->low, a->high, err) != 0)
        return -1;
    if (!glance.any)
        return invent_stream(a, err);
    memcpy(a->stream, glance.stream, STREAM_UUID_LEN);
    a->highest = glance.highest;
    return check_memory(a, err);
}

static int announce(struct attempt *a, struct err *err)
{
    struct record rec = {.kind = RECORD_EPOCH, .instance = a->instance, .region = span_str(a->o->region->name)};
    memcpy(rec.stream, a->stream, STREAM_UUID_LEN);
    a->number = a->highest + 1;
    rec.epoch = a->number;
    return sender_announce(a->o->sender, &a->offset, &rec, err);
}

/* 1: the epoch is ours; 0: somebody was there first, a->highest and a->stream know better now; -1. */
static int read_back(struct attempt *a, struct stream *out, struct err *err)
{
    if (readback_state(&a->rb, out, a->low, a->offset, err) != 0)
        return -1;
    bool other = out->has_epoch && memcmp(out->uuid, a->stream, STREAM_UUID_LEN) != 0;
    if (out->highest_epoch >= a->number || other) {
        a->highest = out->highest_epoch > a->number ? out->highest_epoch : a->number;
        memcpy(a->stream, out->has_epoch ? out->uuid : a->stream, STREAM_UUID_LEN);
        stream_free(out);
        return 0;
    }
    if (out->based || a->low == 0)
        return 1;
    err_fatal(err, EXIT_UNSAFE,
              "topic %s begins at offset %" PRId64 " and has no record left that says where the stream stands: its "
              "retention is too short, or it was truncated; a new stream needs a new topic",
              a->o->topic, a->low);
    stream_free(out);
    return -1;
}

static int take_epoch(struct attempt *a, struct stream *out, struct err *err)
{
    for (int i = 0; i < ATTEMPTS; i++) {
        if (announce(a, err) != 0)
            return -1;
        if (a->offset < 0) { /* it is somewhere, but "before it" cannot be told */
            a->highest = a->number;
            continue;
        }
        int rc = read_back(a, out, err);
        if (rc != 0)
            return rc < 0 ? -1 : 0;
        log_info("epoch %" PRIu64 " was announced by another instance, going above it", a->highest);
    }
    return err_retry(err, "topic %s: %d epoch records written, and each time somebody else was first", a->o->topic,
                     ATTEMPTS);
}

/* ---- where to go on ---- */

/* What is read first must not contain more than what is read second: ledger, then position. */
static int start_now(struct stream *s, const struct takeover_options *o, struct err *err)
{
    return source_ledger_cut(o->source, &s->cut, err) != 0 || source_settled(o->source, &s->position, err) != 0 ? -1
                                                                                                                : 0;
}

/* From an older place the ledger would claim too much; an empty cut claims nothing, which is safe. */
static int start_at(struct stream *s, const struct takeover_options *o, struct err *err)
{
    const char *gtid = o->region->start.gtid ? o->region->start.gtid : "";
    struct position have = {0};
    struct buf text = {0};
    if (source_position(o->source, &have, err) != 0)
        return -1;
    int rc = 0;
    if (position_parse(&s->position, have.flavor, span_str(gtid), NULL) != 0) {
        rc = err_fatal(err, EXIT_BAD_CONFIG,
                       "regions.%s.start.gtid is %s, which is no position of the %s server that is there",
                       o->region->name, gtid, flavor_name(have.flavor));
    } else if (!position_covers(&have, &s->position)) {
        position_put_text(&have, &text);
        rc = err_fatal(err, EXIT_BAD_CONFIG, "regions.%s.start.gtid is %s, but the source has come to \"%s\" only",
                       o->region->name, gtid, buf_cstr(&text));
    }
    buf_free(&text);
    position_free(&have);
    return rc;
}

static int start_new(struct stream *s, const struct takeover_options *o, struct err *err)
{
    position_free(&s->position);
    if ((o->region->start.kind == START_NOW ? start_now(s, o, err) : start_at(s, o, err)) != 0)
        return -1;
    position_copy(&s->before, &s->position);
    return 0;
}

static int check_source_has(const struct stream *s, const struct takeover_options *o, struct err *err)
{
    struct position have = {0};
    if (source_logged(o->source, &have, err) != 0)
        return -1;
    int rc = 0;
    if (!position_covers(&have, &s->position)) {
        struct buf topic = {0}, source = {0};
        position_put_text(&s->position, &topic);
        position_put_text(&have, &source);
        rc = err_fatal(
            err, EXIT_UNSAFE,
            "the source lost transactions: topic %s has come to %s, the source only to \"%s\" (%" PRIu64
            " transactions less); it may have been restored, failed over to a replica that lagged, or had RESET "
            "MASTER: compare both sides (drc-reconcile), then start with a new topic",
            o->topic, buf_cstr(&topic), buf_cstr(&source), position_distance(&s->position, &have));
        buf_free(&topic);
        buf_free(&source);
    }
    position_free(&have);
    return rc;
}

static void log_start(const struct stream *s, const struct takeover_options *o, bool fresh)
{
    char gtid[GTID_TEXT_LEN];
    struct buf position = {0}, stream = {0};
    position_put_text(&s->position, &position);
    buf_put_hex(&stream, span_of(s->uuid, STREAM_UUID_LEN));
    log_notice("%s: stream=%s topic=%s epoch=%" PRIu64 " seq=%" PRIu64 " gtid=%s position=%s",
               fresh ? "new stream" : "resumed", buf_cstr(&stream), o->topic, s->epoch, s->seq,
               gtid_text(gtid, &s->gtid), buf_cstr(&position));
    buf_free(&position);
    buf_free(&stream);
}

/* The epoch is ours: is the past that the topic tells the source's too, or where does a new stream begin? */
static int go_on(struct stream *s, const struct attempt *a, struct err *err)
{
    const struct takeover_options *o = a->o;
    bool fresh = s->position.flavor == FLAVOR_NONE;
    memcpy(s->uuid, a->stream, STREAM_UUID_LEN);
    s->epoch = a->number;
    s->instance = a->instance;
    if ((fresh ? start_new(s, o, err) : check_source_has(s, o, err)) != 0)
        return -1;
    log_start(s, o, fresh);
    *o->memory = (struct takeover_memory){.had_stream = true, .epoch = a->number, .instance = a->instance};
    memcpy(o->memory->stream, a->stream, STREAM_UUID_LEN);
    status_epoch(o->status, s->uuid, s->epoch, s->instance);
    return 0;
}

int takeover(struct stream *out, const struct takeover_options *o, struct err *err)
{
    struct attempt a = {
        .o = o, .rb = {.topic = o->topic, .stop = o->stop},
             .instance = o->memory->instance
    };
    int rc = kafka_reader_open(&a.rb.reader, &o->region->kafka, o->topic, KAFKA_OFFSET_BEGINNING, err);
    if (rc == 0 && a.instance == 0)
        rc = random_bytes(&a.instance, sizeof a.instance, err);
    if (rc == 0)
        rc = look(&a, err);
    if (rc == 0)
        rc = take_epoch(&a, out, err);
    kafka_reader_close(&a.rb.reader);
    if (rc == 0 && go_on(out, &a, err) != 0) {
        stream_free(out);
        rc = -1;
    }
    return rc;
}
