/* Finding a base near a topic's end, and following the stream from there. */
#include "common/target/tail.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/base/mem.h"

#define FIRST_SPAN 64         /* records before the end where the search begins */
#define FAR_BEHIND 20000      /* records to read from where finding a new base is cheaper than reading on */
#define READ_TIMEOUT_MS 10000 /* the broker says that records are there, and they do not come */
#define NEAR_HINT 256         /* records after a ledger's hint among which its next transaction is looked for */

/* Read one record that the broker says is there. */
static int read_one(struct tail *t, struct kafka_record *raw, struct record *rec, struct err *err)
{
    int got = kafka_reader_next(t->reader, raw, READ_TIMEOUT_MS, err);
    if (got < 0)
        return -1;
    if (got == 0)
        return err_retry(err, "topic %s: no record from offset %" PRId64 " on within %d s", t->topic, t->next,
                         READ_TIMEOUT_MS / 1000);
    t->next = raw->offset + 1;
    t->records++;
    t->bytes += raw->value.n;
    if (record_read(rec, raw->value, err))
        return err_prefix(err, "topic %s, offset %" PRId64, t->topic, raw->offset);
    return 0;
}

static bool is_base(const struct tail *t, const struct record *rec)
{
    return (rec->kind == RECORD_RESUME || rec->kind == RECORD_HEARTBEAT) && rec->epoch >= t->least_epoch;
}

/* Without a base the first control record becomes it; what came before says nothing. */
static int accept_record(struct tail *t, const struct record *rec, int64_t offset, struct err *err)
{
    enum stream_verdict verdict;
    if (!t->stream.based && !is_base(t, rec))
        return 0;
    if (!t->stream.based)
        stream_init_at(&t->stream, rec->stream, rec->epoch, rec->instance, rec->seq, rec->chain);
    if (stream_accept(&t->stream, rec, &verdict, err))
        return err_prefix(err, "topic %s, offset %" PRId64, t->topic, offset);
    return 0;
}

static int read_to(struct tail *t, int64_t high, struct err *err)
{
    while (t->next < high) {
        struct kafka_record raw;
        struct record rec = {0};
        if (read_one(t, &raw, &rec, err) || accept_record(t, &rec, raw.offset, err))
            return -1;
    }
    return 0;
}

/* Go through start..high-1. 1: a base was found and all after it fits; 0: there is none; -1: error, also when what
 * follows the base contradicts it. */
static int try_from(struct tail *t, int64_t start, int64_t high, struct err *err)
{
    if (kafka_reader_seek(t->reader, start, err))
        return -1;
    t->next = start;
    stream_free(&t->stream);
    stream_init(&t->stream, start == 0);
    return read_to(t, high, err) ? -1 : t->stream.based ? 1 : 0;
}

static int find_base(struct tail *t, struct err *err)
{
    int64_t low = 0, high = 0;
    if (kafka_reader_bounds(t->reader, &low, &high, err))
        return -1;
    for (int64_t span = FIRST_SPAN;; span *= 2) {
        int64_t start = high - span > low ? high - span : low;
        int found = try_from(t, start, high, err);
        if (found > 0 || (found == 0 && start == low))
            return 0;
        if (found < 0 && (err->class == ERR_RETRY || start == low))
            return -1;
    }
}

int tail_open(struct tail **out, const struct kafka_config *kafka, const char *topic, uint64_t least_epoch,
              struct err *err)
{
    struct tail *t = xcalloc(1, sizeof *t);
    t->topic = xstrdup(topic);
    t->least_epoch = least_epoch;
    if (kafka_reader_open(&t->reader, kafka, topic, KAFKA_OFFSET_END, err) || find_base(t, err)) {
        tail_close(&t);
        return -1;
    }
    *out = t;
    return 0;
}

void tail_close(struct tail **tail)
{
    if (!*tail)
        return;
    kafka_reader_close(&(*tail)->reader);
    stream_free(&(*tail)->stream);
    free((*tail)->topic);
    free(*tail);
    *tail = NULL;
}

int tail_catch_up(struct tail *t, struct err *err)
{
    int64_t low = 0, high = 0;
    if (kafka_reader_bounds(t->reader, &low, &high, err))
        return -1;
    if (high - t->next > FAR_BEHIND)
        return find_base(t, err);
    return read_to(t, high, err);
}

int tail_next(struct tail *t, int timeout_ms, struct err *err)
{
    struct kafka_record raw;
    struct record rec;
    int got = kafka_reader_next(t->reader, &raw, timeout_ms, err);
    if (got <= 0)
        return got;
    t->next = raw.offset + 1;
    if (record_read(&rec, raw.value, err))
        return err_prefix(err, "topic %s, offset %" PRId64, t->topic, raw.offset);
    return accept_record(t, &rec, raw.offset, err) ? -1 : 1;
}

void tail_rest(struct tail *t)
{
    kafka_reader_rest(t->reader);
}

/* A record of a void epoch may carry the same seq: it is the same transaction, read by another writer. */
static int search_commit_time(struct tail *t, uint64_t *commit_us, uint64_t seq, int64_t offset, int64_t high,
                              struct err *err)
{
    if (kafka_reader_seek(t->reader, offset, err))
        return -1;
    for (int i = 0; i < NEAR_HINT && offset < high; i++) {
        struct kafka_record raw;
        struct record rec = {0};
        int got = kafka_reader_next(t->reader, &raw, READ_TIMEOUT_MS, err);
        if (got <= 0)
            return got;
        offset = raw.offset + 1;
        if (record_read(&rec, raw.value, err))
            return -1;
        bool numbered = rec.kind == RECORD_DATA || rec.kind == RECORD_DDL || rec.kind == RECORD_XA_END;
        if (numbered && rec.seq == seq) {
            *commit_us = rec.commit_us;
            return 1;
        }
    }
    return 0;
}

int tail_commit_time(struct tail *t, uint64_t *commit_us, uint64_t seq, int64_t offset, struct err *err)
{
    int64_t low = 0, high = 0;
    if (kafka_reader_bounds(t->reader, &low, &high, err))
        return -1;
    int found = search_commit_time(t, commit_us, seq, offset < low ? low : offset, high, err);
    struct err again = {0};
    if (kafka_reader_seek(t->reader, t->next, &again)) {
        if (found >= 0)
            *err = again;
        return -1;
    }
    return found;
}
