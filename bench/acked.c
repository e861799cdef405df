/* Commit-to-ack latency: writes transactions at a steady rate to a source and watches for them in its topic.
 *
 * acked SOURCE_PORT USER RATE ROWS SECONDS SKIP BOOTSTRAP TOPIC: RATE transactions a second of ROWS rows each into
 * bench.latency of the source on 127.0.0.1 for SECONDS seconds; the first SKIP do not count. A record is seen when a
 * consumer gets it, which is never before all replicas have it, that is, not before its ack. Prints what steady_finish
 * says. Password: DRC_BENCH_PASSWORD. */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/steady.h"
#include "common/model/record.h"

#define POLL_MS 100

struct watcher {
    rd_kafka_t *kafka;
    rd_kafka_topic_t *topic;
    struct table_cache cache;
    struct arena arena;
};

static int open_topic(struct watcher *w, const char *bootstrap, const char *topic)
{
    char text[300];
    const char *const settings[][2] = {
        {"bootstrap.servers",      bootstrap},
        {"fetch.wait.max.ms",      "100"    },
        {"fetch.error.backoff.ms", "1"      },
    };
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], text, sizeof text) != RD_KAFKA_CONF_OK)
            return -1;
    w->kafka = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
    if (!w->kafka)
        return -1;
    w->topic = rd_kafka_topic_new(w->kafka, topic, NULL);
    return rd_kafka_consume_start(w->topic, 0, RD_KAFKA_OFFSET_BEGINNING);
}

static void close_topic(struct watcher *w)
{
    if (w->topic) {
        rd_kafka_consume_stop(w->topic, 0);
        rd_kafka_topic_destroy(w->topic);
    }
    if (w->kafka)
        rd_kafka_destroy(w->kafka);
    table_cache_free(&w->cache);
    arena_free(&w->arena);
}

/* The first column of a record's first row is the number of its transaction. */
static int see(struct watcher *w, struct steady *s, struct span value, uint64_t now)
{
    struct err err = {0};
    struct record rec;
    struct body_reader body;
    struct rows rows;
    if (record_read(&rec, value, &err) != 0)
        goto bad;
    if (rec.kind != RECORD_DATA)
        return 0;
    arena_reset(&w->arena);
    body_open(&body, rec.body, &w->cache, &w->arena);
    if (body_next(&body, &rows, &err) != 1)
        goto bad;
    struct bytes r = bytes_of(rows.images);
    (void)bytes_u8(&r); /* the NULL bitmap of three columns */
    steady_saw(s, bytes_u32(&r), now);
    return 0;
bad:
    fprintf(stderr, "acked: a record cannot be read: %s\n", err.text);
    return -1;
}

static void watch(struct watcher *w, struct steady *s)
{
    while (!steady_is_over(s)) {
        rd_kafka_message_t *m = rd_kafka_consume(w->topic, 0, POLL_MS);
        if (!m)
            continue;
        uint64_t now = steady_now_ns();
        int rc = m->err ? 0 : see(w, s, span_of(m->payload, m->len), now);
        rd_kafka_message_destroy(m);
        if (rc != 0)
            return;
    }
}

static uint32_t number(const char *text)
{
    return (uint32_t)strtoul(text, NULL, 10);
}

int main(int argc, char **argv)
{
    struct watcher w = {0};
    if (argc != 9) {
        fprintf(stderr, "usage: acked SOURCE_PORT USER RATE ROWS SECONDS SKIP BOOTSTRAP TOPIC\n");
        return 64;
    }
    struct steady s = {.port = number(argv[1]), .user = argv[2], .rate = number(argv[3]), .rows = number(argv[4])};
    s.total = s.rate * number(argv[5]);
    s.skip = s.rate * number(argv[6]);
    if (s.rows == 0 || s.rows > 50 || s.total <= s.skip) {
        fprintf(stderr, "acked: RATE and ROWS (at most 50) are to be positive, SECONDS greater than SKIP\n");
        return 64;
    }
    if (open_topic(&w, argv[7], argv[8]) != 0) {
        fprintf(stderr, "acked: no consumer for topic %s at %s\n", argv[8], argv[7]);
        return 1;
    }
    mysql_library_init(0, NULL, NULL);
    steady_start(&s);
    watch(&w, &s);
    int rc = steady_finish(&s);
    close_topic(&w);
    return rc;
}
