/* Becoming the stream's one writer: the claim of common/stream, and from where the source is read. */
#include "capture/takeover.h"

#include <inttypes.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/model/permit.h"
#include "common/model/way_out.h"
#include "common/stream/claim.h"
#include "common/stream/lost.h"

#define LOST_LOGGED 100u /* transactions, each a line */

/* A version 4 UUID, so that it reads like one. */
static int invent_stream(struct claim *c, const struct takeover_options *o, struct err *err)
{
    if (o->memory->had_stream)
        return err_stop(
            err, MSG_STOP_TOPIC_GONE,
            "topic %s is empty, but this process has written to it: it was deleted or recreated, and what it held may "
            "not have reached everyone. To go on from the targets' ledgers: " WAY_OUT_REBUILD,
            o->topic, o->region->name);
    if (claim_random(c->stream, sizeof c->stream, err) != 0)
        return -1;
    c->stream[6] = (uint8_t)((c->stream[6] & 0x0f) | 0x40);
    c->stream[8] = (uint8_t)((c->stream[8] & 0x3f) | 0x80);
    return 0;
}

/* A process whose epoch is not in force any more has been replaced while it was away. It must find that out before it
 * announces the next one, which would in turn drive out the one that came. */
static int check_memory(struct claim *c, const struct takeover_options *o, struct err *err)
{
    const struct takeover_memory *m = o->memory;
    struct stream s;
    if (!m->had_stream)
        return 0;
    if (memcmp(m->stream, c->stream, STREAM_UUID_LEN) != 0)
        return err_stop(err, MSG_STOP_TOPIC_RECREATED,
                        "topic %s holds another stream than this process wrote: it was recreated. To go on from the "
                        "targets' ledgers: " WAY_OUT_REBUILD_OVER,
                        o->topic, o->region->name);
    if (readback_state(&c->rb, &s, c->low, c->high, err) != 0)
        return -1;
    int rc = 0;
    if (s.has_epoch && s.instance != m->instance)
        rc = err_stop(err, MSG_STOP_CAPTURE_FENCED,
                      "fenced by a newer instance: epoch %" PRIu64
                      " in topic %s was announced by another one, our last was %" PRIu64,
                      s.epoch, o->topic, m->epoch);
    stream_free(&s);
    return rc;
}

static int announce(void *context, int64_t *offset, const struct record *rec, struct err *err)
{
    return sender_announce(context, offset, rec, err);
}

static int take_epoch(struct claim *c, struct stream *out, const struct takeover_options *o, struct err *err)
{
    bool empty;
    if (claim_look(c, &empty, err) != 0)
        return -1;
    if ((empty ? invent_stream(c, o, err) : check_memory(c, o, err)) != 0)
        return -1;
    return claim_take(c, out, announce, o->sender, err);
}

/* ---- where to go on ---- */

/* What is read first must not contain more than what is read second: ledger, then position. */
static int start_now(struct stream *s, const struct takeover_options *o, struct err *err)
{
    if (source_ledger_cut(o->source, &s->cut, &s->stamp, err) != 0)
        return -1;
    return source_settled(o->source, &s->position, err);
}

/* From an older place the ledger would claim too much; an empty cut claims nothing, which is safe. The greatest stamp
 * cannot be claimed too great. */
static int start_at(struct stream *s, const struct takeover_options *o, struct err *err)
{
    const char *gtid = o->region->start.gtid ? o->region->start.gtid : "";
    struct position have = {0};
    struct buf text = {0};
    struct cut unused;
    if (source_ledger_cut(o->source, &unused, &s->stamp, err) != 0)
        return -1;
    cut_free(&unused);
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

/* One line for each, so that all of them are told; the error has the newest. */
static void log_lost(const struct lost *l, const char *topic)
{
    char gtid[GTID_TEXT_LEN], at[CLOCK_TEXT_LEN];
    size_t first = l->count > LOST_LOGGED ? l->count - LOST_LOGGED : 0;
    for (size_t i = first; i < l->count; i++)
        log_event(MSG_PUBLISHED_LOST, log_str("gtid", gtid_text(gtid, &l->list[i].gtid)),
                  log_u64("seq", l->list[i].seq), log_str("topic", topic),
                  log_str("committed", clock_text(at, l->list[i].commit_us)));
}

static int tell_lost(const struct stream *s, struct claim *c, const struct takeover_options *o,
                     const struct position *have, struct err *err)
{
    struct buf topic = {0}, source = {0};
    struct lost lost;
    if (lost_read(&lost, &c->rb, have, c->low, c->offset, err) != 0)
        return -1;
    log_lost(&lost, o->topic);
    position_put_text(&s->position, &topic);
    position_put_text(have, &source);
    int rc = err_stop(
        err, MSG_STOP_SOURCE_LOST,
        "the source lost transactions: topic %s has come to %s, the source only to \"%s\" (%" PRIu64
        " published transactions less, named above); it may have been restored, failed over to a replica that lagged, "
        "or had RESET MASTER. Point regions.%s at a server that has them, or give them up: " WAY_OUT_BRANCH,
        o->topic, buf_cstr(&topic), buf_cstr(&source), lost.total, o->region->name, o->region->name);
    buf_free(&topic);
    buf_free(&source);
    lost_free(&lost);
    return rc;
}

/* A resume record's permits must be ones that we understand. */
static int check_permits(const struct stream *s, const struct takeover_options *o, struct err *err)
{
    struct bytes r = bytes_of(buf_span(&s->permits));
    struct permits permits = {0};
    permits_read(&permits, &r);
    permits_free(&permits);
    return r.bad ? err_fatal(err, EXIT_UNSAFE, "topic %s: malformed permits of %zu bytes in the newest resume record",
                             o->topic, s->permits.len)
                 : 0;
}

static int check_source_has(const struct stream *s, struct claim *c, const struct takeover_options *o, struct err *err)
{
    struct position have = {0};
    if (source_logged(o->source, &have, err) != 0)
        return -1;
    int rc = position_covers(&have, &s->position) ? 0 : tell_lost(s, c, o, &have, err);
    position_free(&have);
    return rc;
}

static void log_start(const struct stream *s, const struct takeover_options *o, bool fresh)
{
    char gtid[GTID_TEXT_LEN];
    struct buf position = {0}, stream = {0};
    position_put_text(&s->position, &position);
    buf_put_hex(&stream, span_of(s->uuid, STREAM_UUID_LEN));
    log_event(fresh ? MSG_STREAM_NEW : MSG_STREAM_RESUMED, log_str("topic", o->topic),
              log_str("stream", buf_cstr(&stream)), log_u64("epoch", s->epoch), log_u64("seq", s->seq),
              log_str("gtid", gtid_text(gtid, &s->gtid)), log_str("position", buf_cstr(&position)));
    buf_free(&position);
    buf_free(&stream);
}

/* The epoch is ours: is the past that the topic tells the source's too, or where does a new stream begin? */
static int go_on(struct stream *s, struct claim *c, const struct takeover_options *o, struct err *err)
{
    bool fresh = s->position.flavor == FLAVOR_NONE;
    memcpy(s->uuid, c->stream, STREAM_UUID_LEN);
    s->epoch = c->number;
    s->instance = c->instance;
    if (source_settle(o->source, fresh ? NULL : &s->position, o->own_host, err) != 0)
        return -1;
    if ((fresh ? start_new(s, o, err) : check_source_has(s, c, o, err)) != 0 || check_permits(s, o, err) != 0)
        return -1;
    log_start(s, o, fresh);
    *o->memory = (struct takeover_memory){.had_stream = true, .epoch = c->number, .instance = c->instance};
    memcpy(o->memory->stream, c->stream, STREAM_UUID_LEN);
    status_epoch(o->status, s->uuid, s->epoch, s->instance, s->seq);
    return 0;
}

int takeover(struct stream *out, const struct takeover_options *o, struct err *err)
{
    struct claim c;
    int rc = claim_open(&c, &o->region->kafka, o->topic, o->region->name, o->stop, o->memory->instance, err);
    if (rc == 0)
        rc = take_epoch(&c, out, o, err);
    if (rc == 0 && go_on(out, &c, o, err) != 0) {
        stream_free(out);
        rc = -1;
    }
    claim_close(&c);
    return rc;
}
