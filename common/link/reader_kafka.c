/* Reading a topic's one partition by explicit offsets.
 *
 * The simple consumer of librdkafka: it joins no group, so it needs no rights to one, and nothing but us decides
 * offsets. Its batches cannot be trusted around a seek (2.0.2: messages of the former position come late, and some of
 * the new one are purged with them), so each fetch has a queue of its own and every offset is checked: the offsets of a
 * stream's topic have no gaps. */
#include <assert.h>
#include <stdlib.h>

#include "common/base/mem.h"
#include "common/link/kafka.h"
#include "common/link/kafka_client.h"

static_assert(KAFKA_OFFSET_BEGINNING == RD_KAFKA_OFFSET_BEGINNING && KAFKA_OFFSET_END == RD_KAFKA_OFFSET_END,
              "the offsets that are not numbers are passed on as they are");

#define PARTITION 0
#define BATCH 256              /* messages taken from librdkafka's queue at once: for what is taken it fetches more */
#define BATCH_BYTES (1u << 20) /* and bytes, by the first one's size */
#define QUEUE_KBYTES "8192"    /* of librdkafka before it fetches no more */
#define QUEUE_BYTES (8192u << 10)
#define STALL_MS 5  /* without a message behind a full queue */
#define REFETCHES 3 /* of an offset that was passed over, before it counts as missing */

static const struct kafka_setting reader_settings[] = {
    {"auto.offset.reset",          "error",            true },
    {"check.crcs",                 "true",             true },
    {"isolation.level",            "read_uncommitted", true }, /* nothing may hide */
    {"enable.auto.commit",         "false",            true },
    {"enable.auto.offset.store",   "false",            true },
    {"enable.partition.eof",       "false",            true },
    {"receive.message.max.bytes",  "1000000000",       false},
    {"fetch.message.max.bytes",    "1048576",          false}, /* compressed: several times that in memory */
    {"queued.max.messages.kbytes", QUEUE_KBYTES,       false},
    {"fetch.error.backoff.ms",     "100",              false},
    {"fetch.wait.max.ms",          "100",              false}, /* a seek waits for the poll before it */
    {NULL,                         NULL,               false},
};

struct kafka_reader {
    struct kafka_client client;
    char *topic;
    rd_kafka_topic_t *handle;
    rd_kafka_queue_t *queue;
    rd_kafka_message_t *batch[BATCH];
    size_t count;       /* in batch */
    size_t next;        /* of batch; the one before it is in the caller's hands */
    int64_t due;        /* offset that comes next; negative: not known yet */
    unsigned refetches; /* since a due offset came */
    size_t run;         /* bytes that were taken since the queue was empty */
    bool started;
};

static void drop_batch(struct kafka_reader *r)
{
    for (size_t i = 0; i < r->count; i++)
        rd_kafka_message_destroy(r->batch[i]);
    r->count = r->next = 0;
}

static void stop_fetching(struct kafka_reader *r)
{
    drop_batch(r);
    if (r->started)
        rd_kafka_consume_stop(r->handle, PARTITION);
    r->started = false;
    if (r->queue)
        rd_kafka_queue_destroy(r->queue);
    r->queue = NULL;
}

static int start_fetching(struct kafka_reader *r, int64_t offset, struct err *err)
{
    r->due = offset;
    r->queue = rd_kafka_queue_new(r->client.rk);
    if (rd_kafka_consume_start_queue(r->handle, PARTITION, offset, r->queue) != 0)
        return kafka_error(&r->client, err, rd_kafka_last_error(), "reading the topic", NULL);
    r->started = true;
    return 0;
}

int kafka_reader_open(struct kafka_reader **out, const struct kafka_config *kafka, const char *topic, int64_t offset,
                      struct err *err)
{
    struct kafka_client_options options = {.type = RD_KAFKA_CONSUMER, .settings = reader_settings};
    struct kafka_reader *r = xcalloc(1, sizeof *r);
    *out = NULL;
    if (kafka_client_open(&r->client, kafka, &options, err) != 0)
        goto fail;
    r->topic = xstrdup(topic);
    r->handle = rd_kafka_topic_new(r->client.rk, topic, NULL);
    r->due = offset; /* fetched from the first read on: what seeks before that need not wait for the poll at the end */
    *out = r;
    return 0;
fail:
    kafka_reader_close(&r);
    return -1;
}

void kafka_reader_rest(struct kafka_reader *r)
{
    stop_fetching(r);
}

void kafka_reader_close(struct kafka_reader **reader)
{
    struct kafka_reader *r = *reader;
    if (!r)
        return;
    stop_fetching(r);
    if (r->handle)
        rd_kafka_topic_destroy(r->handle);
    kafka_client_close(&r->client);
    free(r->topic);
    free(r);
    *reader = NULL;
}

/* How many more to take with it. */
static size_t batch_size(const rd_kafka_message_t *first)
{
    size_t fit = BATCH_BYTES / (first->len + 1);
    return fit < BATCH - 1 ? fit : BATCH - 1;
}

/* Does the topic hold more, as far as the last answer of the broker tells? */
static bool has_more(const struct kafka_reader *r)
{
    int64_t low = 0, high = 0;
    return r->due >= 0 &&
           rd_kafka_get_watermark_offsets(r->client.rk, r->topic, PARTITION, &low, &high) ==
               RD_KAFKA_RESP_ERR_NO_ERROR &&
           high > r->due;
}

/* Once its queue has been full, librdkafka looks only a second later whether it has room again (2.0.2), however soon it
 * was empty. So whoever has taken a full queue's bytes without a wait, and comes to its end while the topic holds more,
 * begins to fetch anew where he stands. */
static int fetch_again(struct kafka_reader *r, ssize_t *got, struct err *err)
{
    *got = rd_kafka_consume_batch_queue(r->queue, STALL_MS, r->batch, 1);
    if (*got > 0 || !has_more(r))
        return 0;
    stop_fetching(r);
    return start_fetching(r, r->due, err);
}

/* librdkafka waits until an array is full: so one message is waited for, and what else is there taken without waiting.
 */
static int fill_batch(struct kafka_reader *r, int timeout_ms, struct err *err)
{
    drop_batch(r);
    ssize_t n = rd_kafka_consume_batch_queue(r->queue, 0, r->batch, 1);
    if (n <= 0) {
        if (r->run >= QUEUE_BYTES && fetch_again(r, &n, err))
            return -1;
        r->run = 0;
        if (n <= 0)
            n = rd_kafka_consume_batch_queue(r->queue, timeout_ms, r->batch, 1);
        if (n <= 0)
            return 0;
    }
    r->count = (size_t)n;
    n = rd_kafka_consume_batch_queue(r->queue, 0, r->batch + 1, batch_size(r->batch[0]));
    r->count += n > 0 ? (size_t)n : 0;
    for (size_t i = 0; i < r->count; i++)
        r->run += r->batch[i]->len;
    r->client.down = false;
    return 0;
}

static int take_error(struct kafka_reader *r, const rd_kafka_message_t *m, struct err *err)
{
    if (m->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || m->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE) {
        int rc = err_fatal(err, EXIT_UNSAFE,
                           "kafka: topic %s: offset %lld is not there: the topic was truncated or recreated", r->topic,
                           (long long)m->offset);
        if (err)
            err->code = KAFKA_OUT_OF_RANGE;
        return rc;
    }
    return kafka_error(&r->client, err, m->err, r->topic, rd_kafka_message_errstr(m));
}

/* Something between was passed over: fetch it again. */
static int refetch(struct kafka_reader *r, int64_t got, struct err *err)
{
    int64_t due = r->due;
    if (++r->refetches > REFETCHES)
        return err_fatal(err, EXIT_UNSAFE, "kafka: topic %s: offset %lld is not there, the next one is %lld", r->topic,
                         (long long)due, (long long)got);
    stop_fetching(r);
    return start_fetching(r, due, err);
}

/* The next message of the batch, a new batch when it is used up. 1: *out; 0: none in time; -1: error. */
static int next_message(struct kafka_reader *r, const rd_kafka_message_t **out, int timeout_ms, struct err *err)
{
    if ((!r->started && start_fetching(r, r->due, err)) || (r->next == r->count && fill_batch(r, timeout_ms, err)))
        return -1;
    if (r->count > 0) {
        *out = r->batch[r->next++];
        return 1;
    }
    rd_kafka_poll(r->client.rk, 0); /* serves the error callback */
    if (!r->client.down)
        return 0;
    r->client.down = false;
    return kafka_error(&r->client, err, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, r->topic, NULL);
}

int kafka_reader_next(struct kafka_reader *r, struct kafka_record *out, int timeout_ms, struct err *err)
{
    const rd_kafka_message_t *m = NULL;
    for (;;) {
        int got = next_message(r, &m, timeout_ms, err);
        if (got <= 0)
            return got;
        if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR)
            return take_error(r, m, err);
        if (r->due < 0 || m->offset == r->due)
            break;
        if (m->offset > r->due && refetch(r, m->offset, err))
            return -1;
    }
    r->due = m->offset + 1;
    r->refetches = 0;
    *out = (struct kafka_record){
        .value = span_of(m->payload, m->len),
        .offset = m->offset,
        .timestamp_ms = rd_kafka_message_timestamp(m, NULL),
    };
    return 1;
}

int kafka_reader_bounds(struct kafka_reader *r, int64_t *low, int64_t *high, struct err *err)
{
    rd_kafka_resp_err_t code = kafka_ask_bounds(&r->client, r->topic, low, high);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    rd_kafka_poll(r->client.rk, 0);
    return kafka_error(&r->client, err, code, "asking for the topic's offsets", NULL);
}

int kafka_reader_offset_at(struct kafka_reader *r, int64_t *offset, int64_t time_ms, struct err *err)
{
    int64_t low;
    rd_kafka_resp_err_t code = kafka_ask_offset_at(&r->client, r->topic, time_ms, offset);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return kafka_error(&r->client, err, code, "asking for the offset of a time", NULL);
    return *offset >= 0 ? 0 : kafka_reader_bounds(r, &low, offset, err);
}

int kafka_reader_seek(struct kafka_reader *r, int64_t offset, struct err *err)
{
    /* Not rd_kafka_seek: it fails while the partition is still being looked up. */
    stop_fetching(r);
    return start_fetching(r, offset, err);
}
