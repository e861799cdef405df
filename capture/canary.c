/* The canary: what was written, and whether it came back. */
#include "capture/canary.h"

#include <pthread.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/target/ledger_canary.h"

/* How long the end of the binlog may be older than a commit that has been answered. */
#define AT_END_MS 10000u

enum state { NOTHING, EXPECTED /* maybe not committed yet */, WRITTEN };

struct canary {
    pthread_mutex_t lock;
    char *region;
    uint8_t stream[STREAM_UUID_LEN];
    enum state state;
    uint64_t nonce;
    struct position end; /* of WRITTEN: contains it */
    uint64_t written_ms;
    uint64_t seen_us;
};

struct canary *canary_new(const char *region, const char *topic)
{
    struct canary *c = xcalloc(1, sizeof *c);
    pthread_mutex_init(&c->lock, NULL);
    c->region = xstrdup(region);
    ledger_canary_stream(c->stream, topic);
    return c;
}

void canary_free(struct canary **canary)
{
    struct canary *c = *canary;
    if (!c)
        return;
    position_free(&c->end);
    pthread_mutex_destroy(&c->lock);
    free(c->region);
    free(c);
    *canary = NULL;
}

void canary_expect(struct canary *c, uint64_t nonce)
{
    pthread_mutex_lock(&c->lock);
    c->state = EXPECTED;
    c->nonce = nonce;
    pthread_mutex_unlock(&c->lock);
}

void canary_written(struct canary *c, const struct position *end)
{
    pthread_mutex_lock(&c->lock);
    if (c->state == EXPECTED) { /* else it has come before the answer to COMMIT */
        c->state = WRITTEN;
        c->written_ms = clock_mono_ms();
        position_copy(&c->end, end);
    }
    pthread_mutex_unlock(&c->lock);
}

void canary_abandon(struct canary *c)
{
    pthread_mutex_lock(&c->lock);
    c->state = NOTHING;
    pthread_mutex_unlock(&c->lock);
}

void canary_seen(struct canary *c, const uint8_t stream[STREAM_UUID_LEN], uint64_t nonce)
{
    if (memcmp(stream, c->stream, STREAM_UUID_LEN) != 0)
        return; /* of another pair's capture */
    pthread_mutex_lock(&c->lock);
    if (c->state != NOTHING && nonce == c->nonce) {
        c->state = NOTHING;
        c->seen_us = clock_wall_us();
    }
    pthread_mutex_unlock(&c->lock);
}

static int not_marked(const struct canary *c, struct err *err)
{
    return err_stop(
        err, MSG_STOP_LOOP_MARK,
        "the loop mark does not reach the binlog of region %s: a change of drc.ledger was committed there and is not "
        "in its binlog, so that what is replayed there would be sent back. Look for binlog_ignore_db, binlog_do_db and "
        "an init_connect that sets sql_log_bin, and start again when drc.* is in the binlog",
        c->region);
}

static int never_came(const struct canary *c, struct err *err)
{
    struct buf end = {0};
    position_put_text(&c->end, &end);
    int rc = err_stop(err, MSG_STOP_TWO_SERVERS,
                      "a change of drc.ledger committed at region %s (%s) is not in the binlog that is read, which "
                      "has ended before it: does the region's address lead to more than one server?",
                      c->region, buf_cstr(&end));
    buf_free(&end);
    return rc;
}

int canary_check(struct canary *c, const struct position *read, bool at_end, struct err *err)
{
    int rc = 0;
    pthread_mutex_lock(&c->lock);
    if (c->state == WRITTEN && position_covers(read, &c->end))
        rc = not_marked(c, err);
    else if (c->state == WRITTEN && at_end && clock_mono_ms() - c->written_ms > AT_END_MS)
        rc = never_came(c, err);
    pthread_mutex_unlock(&c->lock);
    return rc;
}

uint64_t canary_seen_us(struct canary *c)
{
    pthread_mutex_lock(&c->lock);
    uint64_t seen = c->seen_us;
    pthread_mutex_unlock(&c->lock);
    return seen;
}
