/* A reader whose queue in librdkafka has been full goes on as soon as the queue is empty: librdkafka itself looks again
 * only a second later (2.0.2). Against its own mock broker, which gives one batch a fetch. */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/link/kafka.h"
#include "tests/unit/cmocka_all.h"

#define TOPIC "drc.test.eu"
#define RECORD_BYTES 20000
#define BATCH 50  /* records, a MiB unpacked */
#define ROUND 600 /* records, more than a queue holds */
#define ROUNDS 4
#define FILL_MS 300  /* for the queue to become full: where that is not enough a round shows nothing */
#define STALL_MS 400 /* of the second some is over by then; a loaded machine may be slow once, not each time */

struct broker {
    rd_kafka_t *owner;
    rd_kafka_mock_cluster_t *cluster;
    struct kafka_config config;
};

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char text[512];
    if (rd_kafka_conf_set(conf, name, value, text, sizeof text) != RD_KAFKA_CONF_OK)
        fail_msg("%s", text);
}

static rd_kafka_t *producer(rd_kafka_conf_t *conf)
{
    char text[512];
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    if (!rk)
        fail_msg("%s", text);
    return rk;
}

/* Records that pack well, so that the broker, which keeps 5 MiB, keeps all of them. */
static void produce(const struct broker *b, int count)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char *value = xcalloc(1, RECORD_BYTES);
    set(conf, "bootstrap.servers", b->config.bootstrap);
    set(conf, "compression.type", "lz4");
    set(conf, "linger.ms", "20");
    set(conf, "batch.num.messages", "50");
    set(conf, "batch.size", "2000000");
    rd_kafka_t *rk = producer(conf);
    for (int i = 0; i < count; i++) {
        assert_int_equal(rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(TOPIC), RD_KAFKA_V_PARTITION(0),
                                           RD_KAFKA_V_VALUE(value, RECORD_BYTES),
                                           RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END),
                         RD_KAFKA_RESP_ERR_NO_ERROR);
        if (i % BATCH == BATCH - 1)
            assert_int_equal(rd_kafka_flush(rk, 20000), RD_KAFKA_RESP_ERR_NO_ERROR);
    }
    rd_kafka_destroy(rk);
    free(value);
}

static int begin(void **state)
{
    static struct broker b;
    b.owner = producer(rd_kafka_conf_new());
    b.cluster = rd_kafka_mock_cluster_new(b.owner, 1);
    assert_non_null(b.cluster);
    assert_int_equal(rd_kafka_mock_topic_create(b.cluster, TOPIC, 1, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
    b.config = (struct kafka_config){.bootstrap = (char *)rd_kafka_mock_cluster_bootstraps(b.cluster), .single = true};
    produce(&b, ROUNDS * ROUND);
    *state = &b;
    return 0;
}

static int end(void **state)
{
    struct broker *b = *state;
    rd_kafka_mock_cluster_destroy(b->cluster);
    rd_kafka_destroy(b->owner);
    return 0;
}

static void read_one(struct kafka_reader *reader, int64_t offset)
{
    struct kafka_record record;
    struct err err = {0};
    int got = kafka_reader_next(reader, &record, 20000, &err);
    if (got != 1)
        fail_msg("offset %lld: %d, %s", (long long)offset, got, err.text);
    assert_int_equal(record.offset, offset);
}

static void a_queue_that_was_full_is_not_waited_for(void **state)
{
    struct broker *b = *state;
    struct kafka_reader *reader;
    struct err err = {0};
    int stalls = 0;
    if (kafka_reader_open(&reader, &b->config, TOPIC, 0, &err))
        fail_msg("%s", err.text);
    for (int round = 0; round < ROUNDS; round++) {
        clock_sleep_ms(FILL_MS);
        uint64_t begun = clock_mono_ms();
        for (int i = 0; i < ROUND; i++)
            read_one(reader, round * ROUND + i);
        stalls += clock_mono_ms() - begun > STALL_MS;
    }
    kafka_reader_close(&reader);
    assert_in_range(stalls, 0, ROUNDS / 2); /* a busy machine has some of its own */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_queue_that_was_full_is_not_waited_for),
    };
    return cmocka_run_group_tests_name("reader_stall", tests, begin, end);
}
