/* Writing a topic's one partition: idempotent, all replicas, acks in order.
 *
 * librdkafka never gives a record up by itself (message.timeout.ms=0): while no broker answers, records wait, and who
 * watches the acks says so. A producer error is final for the writer, because with some of them (an idempotent producer
 * that lost its place) nothing but reading the topic's tail can tell what was written. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/mem.h"
#include "common/link/kafka.h"
#include "common/link/kafka_client.h"

#define PARTITION 0
#define FULL_WAIT_MS 50
/* Kafka's own bytes in a batch of one record: 61 of the batch, up to 36 of the record; the rest is for headers. */
#define OVERHEAD 1024u
#define LEAST_MAX_BYTES (16u * 1024u)

/* What is put is sent when kafka_writer_send says so: by no timer, and by no size that a flight comes to. One request
 * holds what the topic takes in one batch; the broker judges that compressed, librdkafka fills it uncompressed. */
#define NEVER_MS "60000"
#define NEVER_BYTES "100000000"
#define NEVER_MESSAGES "1000000"
#define USUAL_KBYTES 65536u

static const struct kafka_setting writer_settings[] = {
    {"enable.idempotence",           "true",         true },
    {"acks",                         "all",          true },
    {"request.required.acks",        "all",          true },
    {"message.timeout.ms",           "0",            true },
    {"delivery.timeout.ms",          "0",            true },
    {"enable.gapless.guarantee",     "false",        true }, /* experimental; a failed record ends the writer anyway */
    {"allow.auto.create.topics",     "false",        true },
    {"transactional.id",             NULL,           true },
    {"message.max.bytes",            NULL,           true }, /* follows the topic, see set_sizes */
    {"batch.size",                   NEVER_BYTES,    true },
    {"batch.num.messages",           NEVER_MESSAGES, true },
    {"linger.ms",                    NEVER_MS,       true },
    {"queue.buffering.max.ms",       NEVER_MS,       true },
    {"queue.buffering.max.messages", "100000",       false},
    {"queue.buffering.max.kbytes",   NULL,           false}, /* the same */
    {"compression.codec",            "lz4",          false},
    {NULL,                           NULL,           false},
};

#define SETTING_COUNT (sizeof writer_settings / sizeof *writer_settings)

struct kafka_writer {
    struct kafka_client client;
    rd_kafka_topic_t *handle;
    kafka_ack_fn *on_ack;
    void *context;
    size_t max_bytes; /* of the topic */
    size_t in_flight;
#ifdef DRC_FAULT_FATAL_PRODUCER
    size_t delivered;
#endif
    rd_kafka_resp_err_t failed; /* of the first delivery that failed */
};

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *client)
{
    (void)rk;
    struct kafka_writer *w = ((struct kafka_client *)client)->owner;
    w->in_flight--;
    w->client.down = false;
#ifdef DRC_FAULT_FATAL_PRODUCER
    w->delivered++;
#endif
    if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR && w->failed == RD_KAFKA_RESP_ERR_NO_ERROR)
        w->failed = m->err;
    /* After a failure nothing more is told: an ack means that all before it are there. */
    if (w->failed == RD_KAFKA_RESP_ERR_NO_ERROR)
        w->on_ack(w->context, m->offset >= 0 ? m->offset : -1, m->_private);
}

static int ask_max_bytes(size_t *out, const struct kafka_config *kafka, const char *topic, struct err *err)
{
    struct kafka_client client;
    struct kafka_client_options options = {.type = RD_KAFKA_CONSUMER};
    struct kafka_topic_setting setting = {.name = "max.message.bytes"};
    if (kafka_client_open(&client, kafka, &options, err) != 0)
        return -1;
    int rc = kafka_topic_settings(&client, topic, &setting, 1, err);
    kafka_client_close(&client);
    if (rc != 0)
        return -1;
    *out = strtoul(setting.value, NULL, 10);
    if (*out < LEAST_MAX_BYTES)
        return err_fatal(err, EXIT_BAD_CONFIG,
                         "topic %s takes records of %zu bytes at most, drc needs %u: raise max.message.bytes", topic,
                         *out, LEAST_MAX_BYTES);
    return 0;
}

/* The settings with the sizes that the topic decides, as texts in `text`: what it takes, and room for one such record
 * beside what is usual. */
static void set_sizes(struct kafka_setting out[SETTING_COUNT], char text[2][24], size_t max_bytes)
{
    size_t most = max_bytes < 1000000000u ? max_bytes : 1000000000u;
    memcpy(out, writer_settings, sizeof writer_settings);
    snprintf(text[0], sizeof text[0], "%zu", most);
    snprintf(text[1], sizeof text[1], "%zu", USUAL_KBYTES + most / 1024);
    for (size_t i = 0; i + 1 < SETTING_COUNT; i++) {
        if (strcmp(out[i].name, "message.max.bytes") == 0)
            out[i].value = text[0];
        if (strcmp(out[i].name, "queue.buffering.max.kbytes") == 0)
            out[i].value = text[1];
    }
}

int kafka_writer_open(struct kafka_writer **out, const struct kafka_config *kafka, const char *topic,
                      kafka_ack_fn *on_ack, void *context, struct err *err)
{
    struct kafka_setting settings[SETTING_COUNT];
    char text[2][24];
    struct kafka_client_options options = {.type = RD_KAFKA_PRODUCER, .settings = settings, .on_delivery = on_delivery};
    struct kafka_writer *w = xcalloc(1, sizeof *w);
    *out = NULL;
    w->on_ack = on_ack;
    w->context = context;
    if (ask_max_bytes(&w->max_bytes, kafka, topic, err) != 0)
        goto fail;
    set_sizes(settings, text, w->max_bytes);
    if (kafka_client_open(&w->client, kafka, &options, err) != 0)
        goto fail;
    w->client.owner = w;
    w->handle = rd_kafka_topic_new(w->client.rk, topic, NULL);
    *out = w;
    return 0;
fail:
    kafka_writer_close(&w);
    return -1;
}

void kafka_writer_close(struct kafka_writer **writer)
{
    struct kafka_writer *w = *writer;
    if (!w)
        return;
    if (w->client.rk) /* or destroying waits for what can be delivered only when the broker comes back */
        rd_kafka_purge(w->client.rk,
                       RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
    if (w->handle)
        rd_kafka_topic_destroy(w->handle);
    kafka_client_close(&w->client);
    free(w);
    *writer = NULL;
}

static int check_failed(struct kafka_writer *w, struct err *err)
{
    char text[300];
    rd_kafka_resp_err_t code = rd_kafka_fatal_error(w->client.rk, text, sizeof text);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return kafka_error(&w->client, err, code, "the producer lost its place", text);
    /* It fitted when the topic was asked: its limit was lowered since. */
    if (w->failed == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE || w->failed == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE)
        return err_retry(err,
                         "kafka: a record of up to %zu bytes is more than the topic takes now: its limits are asked "
                         "for again",
                         w->max_bytes);
    if (w->failed != RD_KAFKA_RESP_ERR_NO_ERROR)
        return kafka_error(&w->client, err, w->failed, "a record could not be written", NULL);
    return 0;
}

int kafka_writer_poll(struct kafka_writer *w, int timeout_ms, struct err *err)
{
    (void)rd_kafka_poll(w->client.rk, timeout_ms);
    return check_failed(w, err);
}

/* rd_kafka_flush makes linger.ms zero for as long as it lasts: so what was put in one go becomes full batches, and a
 * lone record does not linger. */
int kafka_writer_send(struct kafka_writer *w, int timeout_ms, struct err *err)
{
    if (w->in_flight > 0)
        (void)rd_kafka_flush(w->client.rk, timeout_ms);
    else
        (void)rd_kafka_poll(w->client.rk, 0);
    return check_failed(w, err);
}

static rd_kafka_headers_t *make_headers(const struct kafka_header *headers, size_t count)
{
    rd_kafka_headers_t *out = rd_kafka_headers_new(count);
    for (size_t i = 0; i < count; i++)
        rd_kafka_header_add(out, headers[i].name, -1, headers[i].value.p, (ssize_t)headers[i].value.n);
    return out;
}

static rd_kafka_resp_err_t produce(struct kafka_writer *w, struct span value, rd_kafka_headers_t *headers, void *tag)
{
    return rd_kafka_producev(w->client.rk, RD_KAFKA_V_RKT(w->handle), RD_KAFKA_V_PARTITION(PARTITION),
                             RD_KAFKA_V_VALUE((void *)(uintptr_t)value.p, value.n), RD_KAFKA_V_HEADERS(headers),
                             RD_KAFKA_V_OPAQUE(tag), RD_KAFKA_V_END);
}

/* Test builds only: the error after which nothing but the topic's tail can tell what was written. */
static void break_down(struct kafka_writer *w)
{
#ifdef DRC_FAULT_FATAL_PRODUCER
    if (w->delivered >= 500)
        rd_kafka_test_fatal_error(w->client.rk, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "a test asks for it");
#else
    (void)w;
#endif
}

int kafka_writer_put(struct kafka_writer *w, struct span value, const struct kafka_header *headers, size_t header_count,
                     void *tag, struct err *err)
{
    rd_kafka_headers_t *list = make_headers(headers, header_count);
    break_down(w);
    rd_kafka_resp_err_t code = produce(w, value, list, tag);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        w->in_flight++;
        return 0;
    }
    rd_kafka_headers_destroy(list); /* taken over on success only */
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL && w->in_flight == 0)
        return err_fatal(err, EXIT_BAD_CONFIG,
                         "kafka.properties: queue.buffering.max.kbytes has no room for a record of %zu bytes, raise it",
                         value.n);
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        return kafka_writer_send(w, FULL_WAIT_MS, err) != 0 ? -1 : 1;
    return check_failed(w, err) != 0 ? -1 : kafka_error(&w->client, err, code, "writing a record", NULL);
}

size_t kafka_writer_in_flight(const struct kafka_writer *w)
{
    return w->in_flight;
}

size_t kafka_writer_max_bytes(const struct kafka_writer *w)
{
    return w->max_bytes - OVERHEAD;
}

const char *kafka_writer_trouble(const struct kafka_writer *w)
{
    return w->client.last != RD_KAFKA_RESP_ERR_NO_ERROR ? w->client.last_text : "it does not say why";
}
