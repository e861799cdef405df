/* Random races of several writers that follow the protocol, and every kind of reader: all take the same transactions.
 *
 * A writer announces an epoch, reads back to the epoch in force before its own record, starts over when it finds the
 * same or a higher number there, resumes, writes. Between any two steps it may sleep while others go on, and then goes
 * on as if nothing had happened: the zombie. The seed is printed; DRC_SEED repeats a run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "tests/unit/model/stream_kit.h"

#define WRITERS 3
#define RACES 300
#define LOG_MAX 1200
#define SEQ_MAX 300

struct random {
    uint64_t state;
};

static uint32_t random_next(struct random *r)
{
    r->state = r->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(r->state >> 33);
}

static uint32_t random_below(struct random *r, uint32_t n)
{
    return n == 0 ? 0 : random_next(r) % n;
}

static bool random_chance(struct random *r, uint32_t percent)
{
    return random_below(r, 100) < percent;
}

/* The topic: records as bytes. */
struct topic {
    struct buf records[LOG_MAX];
    size_t count;
};

static void topic_free(struct topic *t)
{
    for (size_t i = 0; i < t->count; i++)
        buf_free(&t->records[i]);
    t->count = 0;
}

static bool topic_full(const struct topic *t)
{
    return t->count + 8 > LOG_MAX;
}

static size_t topic_append(struct topic *t, const struct record *rec)
{
    assert_true(t->count < LOG_MAX);
    struct buf *to = &t->records[t->count];
    *to = (struct buf){0};
    record_write(rec, to);
    return t->count++;
}

/* librdkafka repeating a batch. */
static void topic_repeat(struct topic *t, size_t at)
{
    assert_true(t->count < LOG_MAX);
    struct buf *to = &t->records[t->count++];
    *to = (struct buf){0};
    buf_put_span(to, buf_span(&t->records[at]));
}

static enum stream_verdict follow(struct stream *s, const struct topic *t, size_t at, uint64_t seed)
{
    struct record rec;
    struct err err = {0};
    enum stream_verdict verdict = STREAM_VOID;
    if (record_read(&rec, buf_span(&t->records[at]), &err) || stream_accept(s, &rec, &verdict, &err))
        fail_msg("DRC_SEED=%llu: stopped at offset %zu of %zu: %s", (unsigned long long)seed, at, t->count, err.text);
    return verdict;
}

/* ---- writers ---- */

enum writer_step { ANNOUNCE, REPEAT_ANNOUNCE, READ_BACK, RESUME, WRITE };

struct writer {
    enum writer_step step;
    struct epoch e;
    uint8_t uuid[STREAM_UUID_LEN];
    size_t announced; /* offset that the ack of the epoch record told */
    uint64_t seq;     /* last complete one written, or taken over */
    uint32_t fragment;
    uint32_t fragments; /* of the transaction under way, 0: none is */
    size_t sent[4];     /* offsets of the last records since the epoch record, oldest first */
    size_t sent_count;
};

static void writer_send(struct writer *w, struct topic *t, struct record rec)
{
    memcpy(rec.stream, w->uuid, STREAM_UUID_LEN);
    size_t at = topic_append(t, &rec);
    if (w->sent_count == 4) {
        memmove(w->sent, w->sent + 1, 3 * sizeof(w->sent[0]));
        w->sent_count--;
    }
    w->sent[w->sent_count++] = at;
}

/* A fresh process. It looks at the topic's end, or so it thinks: what it sees may be old. */
static void writer_start(struct writer *w, const struct topic *t, struct random *random)
{
    *w = (struct writer){.step = ANNOUNCE, .e.instance = 1 + random_next(random)};
    memset(w->uuid, (int)('A' + random_below(random, 3)), STREAM_UUID_LEN);
    uint64_t highest = 0;
    size_t old = random_chance(random, 30) ? random_below(random, 20) : 0;
    for (size_t i = 0; i + old < t->count; i++) {
        struct record rec;
        struct err err;
        assert_int_equal(record_read(&rec, buf_span(&t->records[i]), &err), 0);
        if (rec.kind == RECORD_EPOCH && rec.epoch > highest) {
            highest = rec.epoch;
            memcpy(w->uuid, rec.stream, STREAM_UUID_LEN);
        }
    }
    w->e.number = highest + 1 + random_below(random, 2);
}

static void writer_announce(struct writer *w, struct topic *t, struct random *random)
{
    struct record rec = record_of(RECORD_EPOCH, w->e, 0);
    memcpy(rec.stream, w->uuid, STREAM_UUID_LEN);
    w->announced = topic_append(t, &rec);
    w->sent_count = 0;
    w->step = random_chance(random, 10) ? REPEAT_ANNOUNCE : READ_BACK;
}

/* Follow the topic from somewhere before the own epoch record such that the state just before it is known. */
static void read_back(struct stream *s, const struct writer *w, const struct topic *t, struct random *random,
                      uint64_t seed)
{
    size_t start = w->announced;
    for (;;) {
        size_t step = 1 + random_below(random, 30);
        start = start > step ? start - step : 0;
        stream_init(s, start == 0);
        for (size_t at = start; at < w->announced; at++)
            (void)follow(s, t, at, seed);
        if (s->based)
            break;
        stream_free(s);
    }
    (void)follow(s, t, w->announced, seed);
}

static void writer_read_back(struct writer *w, const struct topic *t, struct random *random, uint64_t seed)
{
    struct stream s;
    read_back(&s, w, t, random, seed);
    if (s.epoch == w->e.number && s.instance == w->e.instance) {
        w->seq = s.seq;
        w->step = RESUME;
    } else {
        w->e.number = s.highest_epoch + 1;
        memcpy(w->uuid, s.uuid, STREAM_UUID_LEN);
        w->step = ANNOUNCE;
    }
    stream_free(&s);
}

static void writer_write(struct writer *w, struct topic *t, struct random *random)
{
    if (w->sent_count > 0 && random_chance(random, 5)) {
        size_t repeated = 1 + random_below(random, (uint32_t)w->sent_count);
        for (size_t i = w->sent_count - repeated; i < w->sent_count; i++)
            topic_repeat(t, w->sent[i]);
    } else if (random_chance(random, 10)) {
        writer_send(w, t, record_of(RECORD_HEARTBEAT, w->e, w->seq));
    } else {
        if (w->fragments == 0) {
            w->fragments = random_chance(random, 70) ? 1 : 2 + random_below(random, 4);
            w->fragment = 0;
        }
        bool last = w->fragment + 1 == w->fragments;
        writer_send(w, t, fragment_of(w->e, w->seq + 1, w->fragment++, last));
        if (last) {
            w->seq++;
            w->fragments = 0;
        }
    }
}

static void writer_step(struct writer *w, struct topic *t, struct random *random, uint64_t seed)
{
    switch (w->step) {
    case ANNOUNCE:
        writer_announce(w, t, random);
        break;
    case REPEAT_ANNOUNCE: /* the repeated record's ack is the one that it got */
        topic_repeat(t, w->announced);
        w->announced = t->count - 1;
        w->step = READ_BACK;
        break;
    case READ_BACK:
        writer_read_back(w, t, random, seed);
        break;
    case RESUME:
        writer_send(w, t, record_of(RECORD_RESUME, w->e, w->seq));
        w->step = WRITE;
        break;
    case WRITE:
        writer_write(w, t, random);
        break;
    }
}

/* One writer at a time goes a few steps; a killed one starts anew, one that sleeps goes on later where it was. */
static void race(struct topic *t, struct random *random, uint64_t seed)
{
    struct writer writers[WRITERS];
    for (size_t i = 0; i < WRITERS; i++)
        writer_start(&writers[i], t, random);
    while (!topic_full(t)) {
        struct writer *w = &writers[random_below(random, WRITERS)];
        if (random_chance(random, 25))
            writer_start(w, t, random);
        uint32_t steps = random_chance(random, 50) ? 1 + random_below(random, 4) : 1 + random_below(random, 40);
        for (uint32_t i = 0; i < steps && !topic_full(t) && w->seq < SEQ_MAX; i++)
            writer_step(w, t, random, seed);
        if (w->seq >= SEQ_MAX)
            writer_start(w, t, random);
        if (random_chance(random, 1))
            break;
    }
}

/* ---- readers ---- */

/* What a reader holds after a transaction: what a ledger would. */
struct held {
    size_t offset;
    uint8_t uuid[STREAM_UUID_LEN];
    struct epoch e;
    uint64_t seq;
    uint64_t chain;
};

struct reader {
    struct stream s;
    uint32_t next_fragment; /* what the one who acts on the records holds open */
    uint64_t seq;
    bool started;
};

/* Act on what counts: fragments gather, a last one completes the next seq, dropped ones are forgotten. */
static void reader_take(struct reader *r, const struct topic *t, size_t at, uint64_t seed)
{
    enum stream_verdict verdict = follow(&r->s, t, at, seed);
    struct record rec;
    struct err err;
    if (r->s.open_dropped)
        r->next_fragment = 0;
    if (verdict != STREAM_TAKE)
        return;
    assert_int_equal(record_read(&rec, buf_span(&t->records[at]), &err), 0);
    if (!r->started)
        r->seq = rec.seq - 1;
    r->started = true;
    if (rec.seq != r->seq + 1 || rec.fragment != r->next_fragment || rec.chain != chain_of(rec.seq))
        fail_msg("DRC_SEED=%llu: offset %zu: took seq %llu fragment %u", (unsigned long long)seed, at,
                 (unsigned long long)rec.seq, rec.fragment);
    r->next_fragment++;
    if (rec.flags & RECORD_LAST) {
        r->seq++;
        r->next_fragment = 0;
    }
}

/* The reference: from the beginning. Fills `held` after each transaction; returns their number. */
static size_t read_all(struct held *held, const struct topic *t, uint64_t seed)
{
    struct reader r = {.started = true};
    size_t count = 0;
    stream_init(&r.s, true);
    for (size_t at = 0; at < t->count; at++) {
        uint64_t before = r.seq;
        reader_take(&r, t, at, seed);
        if (r.seq == before)
            continue;
        struct held *h = &held[count++];
        *h = (struct held){
            .offset = at, .e = {r.s.epoch, r.s.instance},
                 .seq = r.s.seq, .chain = r.s.chain
        };
        memcpy(h->uuid, r.s.uuid, STREAM_UUID_LEN);
    }
    assert_int_equal(r.s.seq, count);
    stream_free(&r.s);
    return count;
}

static void read_from_ledger(const struct held *h, const struct topic *t, size_t total, struct random *random,
                             uint64_t seed)
{
    struct reader r = {.started = true, .seq = h->seq};
    stream_init_at(&r.s, h->uuid, h->e.number, h->e.instance, h->seq, h->chain);
    for (size_t at = random_below(random, (uint32_t)h->offset + 2); at < t->count; at++)
        reader_take(&r, t, at, seed);
    assert_int_equal(r.seq, total);
    stream_free(&r.s);
}

static bool read_from_the_middle(size_t start, const struct topic *t, size_t total, uint64_t seed)
{
    struct reader r = {0};
    stream_init(&r.s, false);
    for (size_t at = start; at < t->count; at++)
        reader_take(&r, t, at, seed);
    bool based = r.s.based;
    if (based)
        assert_int_equal(r.s.seq, total);
    stream_free(&r.s);
    return based;
}

static void every_reader_takes_the_same(void **state)
{
    (void)state;
    const char *given = getenv("DRC_SEED");
    uint64_t first = given ? strtoull(given, NULL, 10) : clock_wall_us();
    print_message("DRC_SEED=%llu\n", (unsigned long long)first);
    struct topic *t = xcalloc(1, sizeof(*t));
    struct held *held = xcalloc(SEQ_MAX + 1, sizeof(*held));
    size_t transactions = 0;
    size_t joined = 0;
    for (uint64_t seed = first; seed < first + (given ? 1 : RACES); seed++) {
        struct random random = {seed};
        race(t, &random, seed);
        size_t total = read_all(held, t, seed);
        transactions += total;
        for (unsigned i = 0; i < 8 && total > 0; i++)
            read_from_ledger(&held[random_below(&random, (uint32_t)total)], t, total, &random, seed);
        for (unsigned i = 0; i < 8; i++)
            joined += read_from_the_middle(random_below(&random, (uint32_t)t->count), t, total, seed);
        topic_free(t);
    }
    print_message("%zu transactions, %zu readers found their base in the middle\n", transactions, joined);
    assert_true(given || (transactions > 10 * RACES && joined > RACES));
    free(held);
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reader_takes_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
