/* From Kafka records to transactions in the schedule. */
#include "applier/intake.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

#include "common/base/backoff.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/link/kafka.h"

#define POLL_MS 200 /* how soon a stop is seen */

struct intake {
    struct intake_setup setup;
    struct kafka_reader *reader;
    struct stream stream;
    struct table_cache cache;
    struct watermark done; /* by the ledger: not to be done again */
    struct backoff backoff;
    bool from_start; /* the hint was out of range once already */
    pthread_t thread;
};

/* ---- reading ---- */

static int read_from_start(struct intake *in, struct err *err)
{
    int64_t low;
    int64_t high;
    if (in->from_start)
        return -1;
    in->from_start = true;
    log_notice("topic %s: the ledger's offset is not there any more, reading from the log's start (%s)",
               in->setup.topic, err->text);
    if (kafka_reader_bounds(in->reader, &low, &high, err))
        return -1;
    return kafka_reader_seek(in->reader, low, err);
}

/* 1: a record; 0: none just now; -1: fatal. What the world may mend is waited for here. */
static int read_raw(struct intake *in, struct kafka_record *raw, struct err *err)
{
    int got = kafka_reader_next(in->reader, raw, POLL_MS, err);
    if (got >= 0) {
        if (got > 0 && in->backoff.tries > 0) {
            backoff_reset(&in->backoff);
            log_notice("topic %s is readable again", in->setup.topic);
        }
        return got;
    }
    if (err->class == ERR_FATAL && err->code == KAFKA_OUT_OF_RANGE)
        return read_from_start(in, err);
    if (err->class != ERR_RETRY)
        return -1;
    if (in->backoff.tries == 0)
        log_warn("topic %s: %s; trying again", in->setup.topic, err->text);
    (void)stop_wait(in->setup.stop, backoff_next(&in->backoff));
    return 0;
}

/* ---- handing over ---- */

static int put(struct intake *in, struct txn *t)
{
    if (schedule_put(in->setup.schedule, t) == 0)
        return 0;
    txn_free(&t);
    return -1;
}

/* The fragments that were handed over are void. */
static int put_abandon(struct intake *in)
{
    struct txn *t = txn_new();
    t->abandon = true;
    return put(in, t);
}

/* By the ledger it is in effect already: it only takes its place in the order. */
static void empty_txn(struct txn *t)
{
    t->rows = NULL;
    t->rows_count = t->row_total = 0;
}

static int hand_over(struct intake *in, const struct record *rec, int64_t offset, struct err *err)
{
    struct txn *t = txn_new();
    if (txn_fill(t, rec, &in->cache, in->setup.tables, offset + 1, err)) {
        txn_free(&t);
        return -1;
    }
    if (watermark_has(&in->done, rec->seq))
        empty_txn(t);
    (void)put(in, t); /* refused: the stop is seen by the loop */
    return 0;
}

static int take_record(struct intake *in, const struct kafka_record *raw, struct err *err)
{
    struct record rec;
    enum stream_verdict verdict;
    if (record_read(&rec, raw->value, err) || stream_accept(&in->stream, &rec, &verdict, err))
        return -1;
    if (in->stream.open_dropped && put_abandon(in))
        return 0;
    if (verdict == STREAM_TAKE && hand_over(in, &rec, raw->offset, err))
        return -1;
    status_read(in->setup.status, &in->stream, raw->offset);
    return 0;
}

static void *run(void *context)
{
    struct intake *in = context;
    struct err err = {0};
    struct kafka_record raw;
    while (!stop_requested(in->setup.stop)) {
        int got = read_raw(in, &raw, &err);
        if (got == 0)
            continue;
        if (got > 0 && take_record(in, &raw, &err) == 0)
            continue;
        if (got > 0)
            (void)err_prefix(&err, "topic %s, offset %" PRId64, in->setup.topic, raw.offset);
        log_error("%s; what comes before it is applied, then the link stops", err.text);
        schedule_end(in->setup.schedule, &err);
        return NULL;
    }
    schedule_end(in->setup.schedule, NULL);
    return NULL;
}

/* ---- starting ---- */

int intake_start(struct intake **out, const struct intake_setup *setup, struct err *err)
{
    const struct ledger_state *from = setup->from;
    struct intake *in = xcalloc(1, sizeof *in);
    in->setup = *setup;
    in->backoff = backoff_make(100, 5000);
    watermark_union(&in->done, &from->done);
    stream_init_at(&in->stream, from->stream, from->epoch, from->instance, from->done.low, from->chain);
    if (kafka_reader_open(&in->reader, setup->kafka, setup->topic, from->offset, err))
        goto fail;
    if (pthread_create(&in->thread, NULL, run, in)) {
        (void)err_retry(err, "no thread to be had for the intake");
        goto fail;
    }
    *out = in;
    return 0;
fail:
    kafka_reader_close(&in->reader);
    stream_free(&in->stream);
    watermark_free(&in->done);
    free(in);
    return -1;
}

void intake_join(struct intake **in)
{
    if (!*in)
        return;
    (void)pthread_join((*in)->thread, NULL);
    kafka_reader_close(&(*in)->reader);
    stream_free(&(*in)->stream);
    table_cache_free(&(*in)->cache);
    watermark_free(&(*in)->done);
    free(*in);
    *in = NULL;
}
