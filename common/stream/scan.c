/* Walking a topic's records, and finding where to begin. */
#include "common/stream/scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/mem.h"

#define READ_TIMEOUT_MS 10000 /* the broker says that records are there, and they do not come */

struct scan {
    struct kafka_reader *reader;
    char *topic;
    int64_t low; /* as of scan_open, or scan_to_now */
    int64_t high;
    int64_t start;
    int64_t next;
    bool seeked;
    bool joined; /* the stream below has a base */
    struct stream stream;
    struct scan_break broken;
};

int scan_open(struct scan **out, const struct kafka_config *kafka, const char *topic, struct err *err)
{
    struct scan *s = xcalloc(1, sizeof *s);
    *out = NULL;
    s->topic = xstrdup(topic);
    if (kafka_reader_open(&s->reader, kafka, topic, KAFKA_OFFSET_END, err) ||
        kafka_reader_bounds(s->reader, &s->low, &s->high, err)) {
        (void)err_prefix(err, "topic %s", topic);
        scan_close(&s);
        return -1;
    }
    s->start = s->next = s->low;
    *out = s;
    return 0;
}

int scan_to_now(struct scan *s, struct err *err)
{
    if (kafka_reader_bounds(s->reader, &s->low, &s->high, err))
        return err_prefix(err, "topic %s", s->topic);
    return 0;
}

void scan_close(struct scan **scan)
{
    struct scan *s = *scan;
    if (!s)
        return;
    kafka_reader_close(&s->reader);
    stream_free(&s->stream);
    free(s->topic);
    free(s);
    *scan = NULL;
}

const struct stream *scan_stream(const struct scan *s)
{
    return &s->stream;
}

const char *scan_topic(const struct scan *s)
{
    return s->topic;
}

bool scan_is_purged(const struct scan *s)
{
    return s->low > 0;
}

int64_t scan_start(const struct scan *s)
{
    return s->start;
}

bool scan_starts_at_low(const struct scan *s)
{
    return s->start == s->low;
}

int64_t scan_end(const struct scan *s)
{
    return s->high;
}

/* ---- where to begin ---- */

/* A record that is there: 1; 0: only offsets without one are left before the end; -1. */
static int read_one(struct scan *s, struct kafka_record *raw, struct record *rec, struct err *err)
{
    int got = kafka_reader_next(s->reader, raw, READ_TIMEOUT_MS, err);
    if (got < 0)
        return -1;
    if (got == 0)
        return err_retry(err, "topic %s: no record from offset %" PRId64 " on within %d s", s->topic, s->next,
                         READ_TIMEOUT_MS / 1000);
    s->next = raw->offset + 1;
    if (raw->offset >= s->high)
        return 0;
    return record_read(rec, raw->value, err) ? err_prefix(err, "topic %s, offset %" PRId64, s->topic, raw->offset) : 1;
}

static void begin_at(struct scan *s, int64_t offset)
{
    s->start = s->next = offset;
    s->seeked = false;
    s->joined = false;
}

int scan_from_time(struct scan *s, uint64_t since_us, uint64_t slack_us, struct err *err)
{
    int64_t offset;
    uint64_t from_us = since_us > slack_us ? since_us - slack_us : 0;
    if (kafka_reader_offset_at(s->reader, &offset, (int64_t)(from_us / 1000), err))
        return -1;
    begin_at(s, offset < s->low ? s->low : offset > s->high ? s->high : offset);
    return 0;
}

/* Is what the record says behind us, when we begin after that seq or position? */
struct beginning {
    uint64_t seq;
    const struct position *position; /* NULL: by seq */
};

static bool is_before(const struct beginning *b, const struct record *rec)
{
    if (!b->position)
        return rec->seq <= b->seq;
    return rec->gtid.flavor == FLAVOR_NONE || position_has(b->position, &rec->gtid);
}

/* The first record from `offset` on that says where the stream is. 1, 0: there is none before the end, -1. */
static int probe(struct scan *s, struct record *rec, int64_t offset, struct err *err)
{
    struct kafka_record raw;
    if (kafka_reader_seek(s->reader, offset, err))
        return -1;
    s->next = offset;
    while (s->next < s->high) {
        int got = read_one(s, &raw, rec, err);
        if (got <= 0)
            return got;
        if (rec->kind != RECORD_EPOCH)
            return 1;
    }
    return 0;
}

/* Seqs and positions only grow along a topic, but for records that are void; so one record earlier is where to begin.
 */
static int search(struct scan *s, const struct beginning *b, struct err *err)
{
    int64_t low = s->low, high = s->high;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        struct record rec;
        int got = probe(s, &rec, middle, err);
        if (got < 0)
            return -1;
        if (got > 0 && is_before(b, &rec))
            low = s->next;
        else
            high = middle;
    }
    begin_at(s, low > s->low ? low - 1 : low);
    return 0;
}

int scan_from_seq(struct scan *s, uint64_t seq, struct err *err)
{
    const struct beginning b = {.seq = seq};
    return search(s, &b, err);
}

int scan_from_position(struct scan *s, const struct position *position, struct err *err)
{
    const struct beginning b = {.position = position};
    return search(s, &b, err);
}

/* ---- walking ---- */

static bool is_control(const struct record *rec)
{
    return rec->kind == RECORD_RESUME || rec->kind == RECORD_HEARTBEAT;
}

/* Take the record as the stream's base, if it can be one. */
static bool join(struct scan *s, const struct record *rec)
{
    if (rec->kind == RECORD_EPOCH || (!is_control(rec) && rec->fragment > 0))
        return false;
    uint64_t seq = is_control(rec) ? rec->seq : rec->prev_seq;
    uint64_t chain = is_control(rec) ? rec->chain : rec->prev_chain;
    stream_free(&s->stream);
    stream_init_at(&s->stream, rec->stream, rec->epoch, rec->instance, seq, chain);
    s->joined = true;
    return true;
}

static void note_break(struct scan *s, const struct scan_step *step, const struct err *why)
{
    const struct record *rec = &step->rec;
    struct scan_break *b = &s->broken;
    *b = (struct scan_break){.offset = step->offset, .after = s->stream.seq};
    b->before = is_control(rec) ? rec->seq + 1 : rec->seq;
    if (is_control(rec) && rec->seq > b->after)
        b->missing = rec->gtid;
    else if (!is_control(rec) && rec->prev_seq > b->after)
        b->missing = rec->prev_gtid;
    (void)snprintf(b->why, sizeof b->why, "%.299s", why->text);
}

/* What a reader that came here makes of it. */
static void judge(struct scan *s, struct scan_step *step)
{
    struct err err = {0};
    step->broken = NULL;
    step->verdict = STREAM_VOID;
    if (!s->joined && !join(s, &step->rec))
        return;
    if (stream_accept(&s->stream, &step->rec, &step->verdict, &err) == 0)
        return;
    note_break(s, step, &err);
    step->broken = &s->broken;
    step->verdict = STREAM_VOID;
    s->joined = false;
    if (join(s, &step->rec) && stream_accept(&s->stream, &step->rec, &step->verdict, &err) != 0) {
        step->verdict = STREAM_VOID;
        s->joined = false;
    }
}

static int begin(struct scan *s, struct err *err)
{
    if (kafka_reader_seek(s->reader, s->start, err))
        return -1;
    s->next = s->start;
    s->seeked = true;
    if (s->start == 0) {
        stream_free(&s->stream);
        stream_init(&s->stream, true);
        s->joined = true;
    }
    return 0;
}

int scan_next(struct scan *s, struct scan_step *out, struct err *err)
{
    struct kafka_record raw;
    if (!s->seeked && begin(s, err))
        return -1;
    int got = s->next >= s->high ? 0 : read_one(s, &raw, &out->rec, err);
    if (got == 0)
        kafka_reader_rest(s->reader);
    if (got <= 0)
        return got;
    out->offset = raw.offset;
    out->written_ms = raw.timestamp_ms;
    judge(s, out);
    return 1;
}
