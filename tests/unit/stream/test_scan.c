/* Windows of a topic, against librdkafka's own mock broker: where they begin, what a zombie wrote in between, what is
 * missing. */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "common/stream/scan.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/model/stream_kit.h"

#define TOPIC "drc.test.eu"
#define LAST 120 /* seq of the stream's last transaction */

static const struct epoch first = {1, 77}, second = {2, 78};

struct fixture {
    rd_kafka_t *rk;
    rd_kafka_mock_cluster_t *cluster;
    struct kafka_config config;
    int topics; /* made so far */
    char topic[40];
    struct scan *scan;
};

static int begin(void **state)
{
    static struct fixture f;
    char text[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_t *owner = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_dup(conf), text, sizeof text);
    assert_non_null(owner);
    f.cluster = rd_kafka_mock_cluster_new(owner, 1);
    assert_non_null(f.cluster);
    f.config = (struct kafka_config){.bootstrap = (char *)rd_kafka_mock_cluster_bootstraps(f.cluster), .single = true};
    assert_int_equal(rd_kafka_conf_set(conf, "bootstrap.servers", f.config.bootstrap, text, sizeof text),
                     RD_KAFKA_CONF_OK);
    assert_int_equal(rd_kafka_conf_set(conf, "linger.ms", "1", text, sizeof text), RD_KAFKA_CONF_OK);
    f.rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    assert_non_null(f.rk);
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

static void put(struct fixture *f, struct record rec)
{
    struct buf wire = {0};
    record_write(&rec, &wire);
    rd_kafka_resp_err_t code = rd_kafka_producev(f->rk, RD_KAFKA_V_TOPIC(f->topic), RD_KAFKA_V_PARTITION(0),
                                                 RD_KAFKA_V_VALUE(wire.data, wire.len),
                                                 RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    assert_int_equal(code, RD_KAFKA_RESP_ERR_NO_ERROR);
    buf_free(&wire);
}

static void put_data(struct fixture *f, struct epoch e, uint64_t from, uint64_t to)
{
    for (uint64_t seq = from; seq <= to; seq++)
        put(f, data_of(e, seq));
}

/* A topic of its own for each test, its stream announced. */
static void make_topic(struct fixture *f)
{
    (void)snprintf(f->topic, sizeof f->topic, TOPIC "%d", ++f->topics);
    assert_int_equal(rd_kafka_mock_topic_create(f->cluster, f->topic, 1, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
    put(f, record_of(RECORD_EPOCH, first, 0));
    put(f, record_of(RECORD_RESUME, first, 0));
}

static void open_scan(struct fixture *f)
{
    struct err err = {0};
    assert_int_equal(rd_kafka_flush(f->rk, 20000), RD_KAFKA_RESP_ERR_NO_ERROR);
    if (scan_open(&f->scan, &f->config, f->topic, &err))
        fail_msg("%s", err.text);
}

/* What a walk to the end comes to. */
struct walked {
    uint64_t first, last, taken, voids, breaks;
    struct scan_break broken; /* the last one */
};

static struct walked walk(struct scan *s)
{
    struct walked w = {0};
    struct scan_step step;
    struct err err = {0};
    int got;
    while ((got = scan_next(s, &step, &err)) > 0) {
        if (step.broken)
            w.broken = *step.broken;
        w.breaks += step.broken != NULL;
        w.voids += step.verdict == STREAM_VOID;
        if (step.verdict != STREAM_TAKE)
            continue;
        assert_true(w.taken == 0 || step.rec.seq > w.last); /* in order, none twice */
        w.first = w.taken++ == 0 ? step.rec.seq : w.first;
        w.last = step.rec.seq;
    }
    if (got < 0)
        fail_msg("%s", err.text);
    return w;
}

static void a_whole_stream_and_what_comes_later(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    make_topic(f);
    put_data(f, first, 1, LAST);
    open_scan(f);
    put_data(f, first, LAST + 1, LAST + 5);
    assert_int_equal(rd_kafka_flush(f->rk, 20000), RD_KAFKA_RESP_ERR_NO_ERROR);
    struct walked w = walk(f->scan);
    assert_int_equal(w.first, 1);
    assert_int_equal(w.last, LAST); /* the end is what it was when it was opened */
    assert_int_equal(w.taken, LAST);
    assert_int_equal(w.voids + w.breaks, 0);
    assert_int_equal(scan_start(f->scan), 0);
    assert_int_equal(scan_end(f->scan), LAST + 2);
    assert_true(scan_starts_at_low(f->scan));
    assert_false(scan_is_purged(f->scan));
    assert_int_equal(scan_stream(f->scan)->seq, LAST);

    assert_int_equal(scan_to_now(f->scan, &err), 0); /* and may be brought up to date */
    assert_int_equal(scan_from_seq(f->scan, LAST, &err), 0);
    w = walk(f->scan);
    assert_int_equal(w.last, LAST + 5);
    assert_true(w.first >= LAST && w.first <= LAST + 1);
    scan_close(&f->scan);
}

/* At most one transaction more than was asked for, and never one less; again and again with the same scan. */
static void a_window_begins_at_a_transaction(void **state)
{
    struct fixture *f = *state;
    make_topic(f);
    put_data(f, first, 1, LAST / 2);
    put(f, record_of(RECORD_HEARTBEAT, first, LAST / 2));
    put(f, record_of(RECORD_HEARTBEAT, first, LAST / 2));
    put_data(f, first, LAST / 2 + 1, LAST);
    open_scan(f);
    static const uint64_t after[] = {0, 1, 2, LAST / 2 - 1, LAST / 2, LAST / 2 + 1, LAST - 1, LAST};
    for (size_t i = 0; i < 2 * (sizeof after / sizeof *after); i++) {
        uint64_t seq = after[i / 2];
        struct err err = {0};
        struct position at = {0};
        struct gtid gtid = gtid_of(seq);
        position_init(&at, FLAVOR_MARIADB);
        if (seq > 0)
            position_add(&at, &gtid);
        assert_int_equal(i % 2 ? scan_from_position(f->scan, &at, &err) : scan_from_seq(f->scan, seq, &err), 0);
        struct walked w = walk(f->scan);
        assert_int_equal(w.breaks, 0);
        assert_int_equal(w.last, seq == LAST && w.taken == 0 ? 0 : LAST);
        assert_true(w.taken == 0 ? seq == LAST : w.first == seq + 1 || w.first == seq);
        position_free(&at);
    }
    scan_close(&f->scan);
}

/* A writer that was fenced, and writes on: its records are void wherever the window begins behind the epoch record. */
static void what_a_zombie_wrote_is_void(void **state)
{
    struct fixture *f = *state;
    make_topic(f);
    put_data(f, first, 1, 10);
    put(f, record_of(RECORD_EPOCH, second, 0));
    put_data(f, first, 11, 13);
    put(f, record_of(RECORD_RESUME, second, 10));
    put(f, data_of(first, 14));
    put_data(f, second, 11, 20);
    open_scan(f);
    struct walked w = walk(f->scan);
    assert_int_equal(w.taken, 20);
    assert_int_equal(w.last, 20);
    assert_int_equal(w.voids, 4);
    assert_int_equal(w.breaks, 0);
    scan_close(&f->scan);
}

/* Where a reader that applies would stop, it tells what is missing, and goes on. */
static void a_gap_is_told_and_passed(void **state)
{
    struct fixture *f = *state;
    struct gtid eight = gtid_of(8);
    make_topic(f);
    put_data(f, first, 1, 5);
    put_data(f, first, 9, 12);
    open_scan(f);
    struct walked w = walk(f->scan);
    assert_int_equal(w.breaks, 1);
    assert_int_equal(w.taken, 9);
    assert_int_equal(w.last, 12);
    assert_int_equal(w.broken.offset, 7);
    assert_int_equal(w.broken.after, 5);
    assert_int_equal(w.broken.before, 9);
    assert_true(gtid_eq(&w.broken.missing, &eight));
    assert_non_null(strstr(w.broken.why, "seq"));
    scan_close(&f->scan);
}

static void an_empty_window(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    make_topic(f);
    open_scan(f);
    struct walked w = walk(f->scan);
    assert_int_equal(w.taken + w.voids + w.breaks, 0);
    assert_int_equal(scan_from_seq(f->scan, 7, &err), 0);
    w = walk(f->scan);
    assert_int_equal(w.taken, 0);
    scan_close(&f->scan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_stream_and_what_comes_later),
        cmocka_unit_test(a_window_begins_at_a_transaction),
        cmocka_unit_test(what_a_zombie_wrote_is_void),
        cmocka_unit_test(a_gap_is_told_and_passed),
        cmocka_unit_test(an_empty_window),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
