/* Reading a topic by offsets, against librdkafka's own mock broker: after every seek exactly the records that follow.
 *
 * Also when the client loses some of them, as 2.0.2 does around a seek: a function in its place does so on purpose. */
#include <dlfcn.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <pthread.h>

#include "common/base/stop.h"
#include "common/link/kafka.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/random.h"

#define TOPIC "drc.test.eu"
#define RECORDS 3000

/* What the client loses before we see it. */
static struct {
    int64_t always; /* that offset, every time; -1: none */
    unsigned every; /* each so-manieth message, once; 0: none */
    unsigned seen;
} losses = {.always = -1};

static bool is_lost(const rd_kafka_message_t *m)
{
    losses.seen++;
    return m->offset == losses.always || (losses.every > 0 && losses.seen % losses.every == 0);
}

/* Stands before librdkafka's own. */
ssize_t rd_kafka_consume_batch_queue(rd_kafka_queue_t *rkqu, int timeout_ms, rd_kafka_message_t **rkmessages,
                                     size_t rkmessages_size)
{
    ssize_t (*real)(rd_kafka_queue_t *, int, rd_kafka_message_t **, size_t);
    *(void **)&real = dlsym(RTLD_NEXT, "rd_kafka_consume_batch_queue");
    for (;;) {
        ssize_t got = real(rkqu, timeout_ms, rkmessages, rkmessages_size);
        ssize_t kept = 0;
        for (ssize_t i = 0; i < got; i++) {
            if (rkmessages[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR && is_lost(rkmessages[i]))
                rd_kafka_message_destroy(rkmessages[i]);
            else
                rkmessages[kept++] = rkmessages[i];
        }
        if (got <= 0 || kept > 0) /* else it would go on waiting: what is lost inside ends no wait */
            return got > 0 ? kept : got;
    }
}

struct fixture {
    rd_kafka_t *rk;
    rd_kafka_mock_cluster_t *cluster;
    struct kafka_config config;
};

static void produce(struct fixture *f, int first, int count)
{
    for (int i = first; i < first + count; i++) {
        char value[32];
        int n = snprintf(value, sizeof value, "record %d", i);
        rd_kafka_resp_err_t code = rd_kafka_producev(f->rk, RD_KAFKA_V_TOPIC(TOPIC), RD_KAFKA_V_PARTITION(0),
                                                     RD_KAFKA_V_VALUE(value, (size_t)n),
                                                     RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
        assert_int_equal(code, RD_KAFKA_RESP_ERR_NO_ERROR);
    }
    assert_int_equal(rd_kafka_flush(f->rk, 20000), RD_KAFKA_RESP_ERR_NO_ERROR);
}

static int begin(void **state)
{
    static struct fixture f;
    char text[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    assert_int_equal(rd_kafka_conf_set(conf, "linger.ms", "1", text, sizeof text), RD_KAFKA_CONF_OK);
    assert_int_equal(rd_kafka_conf_set(conf, "batch.num.messages", "50", text, sizeof text), RD_KAFKA_CONF_OK);
    rd_kafka_t *owner = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_dup(conf), text, sizeof text);
    assert_non_null(owner);
    f.cluster = rd_kafka_mock_cluster_new(owner, 1);
    assert_non_null(f.cluster);
    assert_int_equal(rd_kafka_mock_topic_create(f.cluster, TOPIC, 1, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
    f.config = (struct kafka_config){.bootstrap = (char *)rd_kafka_mock_cluster_bootstraps(f.cluster), .single = true};
    assert_int_equal(rd_kafka_conf_set(conf, "bootstrap.servers", f.config.bootstrap, text, sizeof text),
                     RD_KAFKA_CONF_OK);
    f.rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    assert_non_null(f.rk);
    produce(&f, 0, RECORDS);
    *state = &f;
    return 0;
}

static int end(void **state)
{
    struct fixture *f = *state;
    rd_kafka_t *owner = rd_kafka_mock_cluster_handle(f->cluster);
    rd_kafka_destroy(f->rk);
    rd_kafka_mock_cluster_destroy(f->cluster);
    rd_kafka_destroy(owner);
    return 0;
}

/* The next record must be this one. */
static void expect_record(struct kafka_reader *reader, int64_t offset)
{
    struct kafka_record record;
    struct err err = {0};
    char value[32];
    int got = kafka_reader_next(reader, &record, 20000, &err);
    if (got != 1)
        fail_msg("offset %lld: %d, %s", (long long)offset, got, err.text);
    assert_int_equal(record.offset, offset);
    (void)snprintf(value, sizeof value, "record %lld", (long long)offset);
    assert_true(span_is(record.value, value));
}

static void every_record_once_and_in_order(void **state)
{
    struct fixture *f = *state;
    struct kafka_reader *reader;
    struct err err = {0};
    if (kafka_reader_open(&reader, &f->config, TOPIC, KAFKA_OFFSET_BEGINNING, &err))
        fail_msg("%s", err.text);
    for (int64_t i = 0; i < RECORDS; i++)
        expect_record(reader, i);
    kafka_reader_close(&reader);
}

static void after_a_seek_exactly_what_follows(void **state)
{
    struct fixture *f = *state;
    struct random r = random_start("seeks");
    struct kafka_reader *reader;
    struct err err = {0};
    int64_t low, high;
    assert_int_equal(kafka_reader_open(&reader, &f->config, TOPIC, KAFKA_OFFSET_END, &err), 0);
    assert_int_equal(kafka_reader_bounds(reader, &low, &high, &err), 0);
    assert_int_equal(low, 0);
    assert_true(high >= RECORDS);
    for (int round = 0; round < 60; round++) {
        int64_t at = (int64_t)random_below(&r, RECORDS);
        int64_t count = (int64_t)random_below(&r, 400);
        if (kafka_reader_seek(reader, at, &err))
            fail_msg("%s", err.text);
        for (int64_t i = at; i < at + count && i < RECORDS; i++)
            expect_record(reader, i);
    }
    kafka_reader_close(&reader);
}

/* A writer that goes on and on while others read. */
struct writing {
    struct fixture *f;
    struct stop *stop;
};

static void *keep_writing(void *arg)
{
    struct writing *w = arg;
    for (int n = RECORDS; !stop_wait(w->stop, 1); n += 5)
        produce(w->f, n, 5);
    return NULL;
}

/* As tools find a stream's end: from the end of a growing topic some records back, and on from there. */
static void what_comes_in_meanwhile_is_not_taken_for_what_was_asked(void **state)
{
    struct writing w = {.f = *state, .stop = stop_new()};
    struct random r = random_start("tails");
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, keep_writing, &w), 0);
    for (int round = 0; round < 4; round++) {
        struct kafka_reader *reader;
        struct err err = {0};
        int64_t low, high;
        assert_int_equal(kafka_reader_open(&reader, &w.f->config, TOPIC, KAFKA_OFFSET_END, &err), 0);
        for (int seeks = 0; seeks < 10; seeks++) { /* each waits for the poll before it, 100 ms */
            (void)stop_wait(w.stop, (unsigned)random_below(&r, 30));
            assert_int_equal(kafka_reader_bounds(reader, &low, &high, &err), 0);
            int64_t from = high - 64 - (int64_t)random_below(&r, 300);
            assert_int_equal(kafka_reader_seek(reader, from, &err), 0);
            for (int64_t i = from; i < high; i++)
                expect_record(reader, i);
        }
        kafka_reader_close(&reader);
    }
    stop_request(w.stop, "enough");
    (void)pthread_join(thread, NULL);
    stop_free(&w.stop);
}

static void what_the_client_loses_is_fetched_again(void **state)
{
    struct fixture *f = *state;
    struct kafka_reader *reader;
    struct err err = {0};
    losses.seen = 0;
    losses.every = 701;
    assert_int_equal(kafka_reader_open(&reader, &f->config, TOPIC, 0, &err), 0);
    for (int64_t i = 0; i < RECORDS; i++)
        expect_record(reader, i);
    losses.every = 0;
    kafka_reader_close(&reader);
}

static void what_stays_lost_is_told(void **state)
{
    struct fixture *f = *state;
    struct kafka_reader *reader;
    struct kafka_record record;
    struct err err = {0};
    losses.always = 50;
    assert_int_equal(kafka_reader_open(&reader, &f->config, TOPIC, 0, &err), 0);
    for (int64_t i = 0; i < 50; i++)
        expect_record(reader, i);
    int got = 0;
    for (int i = 0; got == 0 && i < 20; i++)
        got = kafka_reader_next(reader, &record, 1000, &err);
    losses.always = -1;
    assert_int_equal(got, -1);
    assert_int_equal(err.class, ERR_FATAL);
    assert_non_null(strstr(err.text, "offset 50 is not there"));
    kafka_reader_close(&reader);
}

static void an_offset_that_is_not_there_is_told(void **state)
{
    struct fixture *f = *state;
    struct kafka_reader *reader;
    struct kafka_record record;
    struct err err = {0};
    assert_int_equal(kafka_reader_open(&reader, &f->config, TOPIC, 1000000, &err), 0);
    int got = 0;
    for (int i = 0; got == 0 && i < 20; i++)
        got = kafka_reader_next(reader, &record, 1000, &err);
    assert_int_equal(got, -1);
    assert_int_equal(err.class, ERR_FATAL);
    assert_int_equal(err.code, KAFKA_OUT_OF_RANGE);
    kafka_reader_close(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_record_once_and_in_order),
        cmocka_unit_test(after_a_seek_exactly_what_follows),
        cmocka_unit_test(what_comes_in_meanwhile_is_not_taken_for_what_was_asked),
        cmocka_unit_test(what_the_client_loses_is_fetched_again),
        cmocka_unit_test(what_stays_lost_is_told),
        cmocka_unit_test(an_offset_that_is_not_there_is_told),
    };
    return cmocka_run_group_tests_name("reader_kafka", tests, begin, end);
}
