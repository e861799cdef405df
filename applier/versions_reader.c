/* The thread that reads the target's own region's stream, from the seq on that the first change in flight knows.
 *
 * It begins at a control record that stands before that, found by going back from the log's end, twice as far each
 * time; only such a record says where the stream stands. When what follows it contradicts it (a writer that had been
 * fenced wrote it), or ends an XA transaction whose body stands before it, reading begins again further back, with an
 * empty index. */
#include <inttypes.h>
#include <stdlib.h>

#include "applier/versions_private.h"
#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/base/log.h"

#define POLL_MS 200
#define LET_GO_EVERY_MS 500u
#define FURTHER_BACK 8

static bool is_over(const struct versions *v)
{
    return stop_requested(v->setup.stop);
}

/* ---- what has been read ---- */

/* Bodies and versions of a false start. */
static void forget(struct versions *v)
{
    pthread_mutex_lock(&v->lock);
    version_index_clear(v->index);
    position_free(&v->passed);
    pthread_mutex_unlock(&v->lock);
    versions_drop_held(v);
    stream_free(&v->state);
}

/* The record is in the index: tell who waits for it. */
static void pass(struct versions *v, const struct record *rec, enum stream_verdict verdict)
{
    pthread_mutex_lock(&v->lock);
    v->heard_ms = clock_mono_ms();
    v->seq = v->state.seq;
    if (verdict == STREAM_CONTROL && v->state.resumed)
        position_copy(&v->passed, &v->state.position);
    else if (verdict == STREAM_TAKE && (rec->flags & RECORD_LAST) && v->passed.flavor != FLAVOR_NONE)
        position_add(&v->passed, &rec->gtid);
    pthread_cond_broadcast(&v->moved);
    pthread_mutex_unlock(&v->lock);
}

static void fail(struct versions *v, const struct err *err)
{
    pthread_mutex_lock(&v->lock);
    v->failed = *err;
    (void)err_prefix(&v->failed, "topic %s (region %s's own stream)", v->setup.topic, v->setup.region);
    pthread_cond_broadcast(&v->moved);
    pthread_mutex_unlock(&v->lock);
}

/* What everything knows that is still to be applied. */
static void let_go(struct versions *v)
{
    struct ledger_state state;
    size_t passed = 0;
    uint64_t now = clock_mono_ms();
    if (now < v->due_ms)
        return;
    v->due_ms = now + LET_GO_EVERY_MS;
    schedule_state(v->setup.schedule, &state);
    pthread_mutex_lock(&v->lock);
    while (passed < v->known_count && v->known[passed].seq <= state.done.low + 1)
        v->let_go = v->known[passed++].low;
    if (passed > 0) {
        v->known_count -= passed;
        memmove(v->known, v->known + passed, v->known_count * sizeof *v->known);
        version_index_let_go(v->index, v->let_go);
    }
    pthread_mutex_unlock(&v->lock);
    ledger_state_free(&state);
}

/* ---- where to begin ---- */

/* Seq of the region's stream up to which nothing is asked for. */
static uint64_t needed(struct versions *v, const uint8_t stream[STREAM_UUID_LEN])
{
    pthread_mutex_lock(&v->lock);
    uint64_t low = versions_low_of(&v->first_cut, stream);
    pthread_mutex_unlock(&v->lock);
    return low;
}

static bool is_base(const struct record *rec)
{
    return rec->kind == RECORD_RESUME || rec->kind == RECORD_HEARTBEAT;
}

/* The first control record in [start, high). 1: found; 0: there is none; -1. */
static int first_control(struct versions *v, struct record *out, int64_t *offset, int64_t start, int64_t high,
                         struct err *err)
{
    struct kafka_record raw;
    if (kafka_reader_seek(v->reader, start, err))
        return -1;
    while (start < high && !is_over(v)) {
        int got = kafka_reader_next(v->reader, &raw, POLL_MS, err);
        if (got < 0 || (got > 0 && record_read(out, raw.value, err)))
            return -1;
        *offset = raw.offset;
        if (got > 0 && raw.offset < high && is_base(out))
            return 1;
        if (got > 0)
            start = raw.offset + 1;
    }
    return 0;
}

static void note_stream(struct versions *v, const struct record *base)
{
    pthread_mutex_lock(&v->lock);
    memcpy(v->stream, base->stream, STREAM_UUID_LEN);
    v->has_stream = true;
    v->let_go = base->seq;
    pthread_mutex_unlock(&v->lock);
}

static int too_short(const struct versions *v, const struct record *base, uint64_t need, struct err *err)
{
    return err_fatal(err, EXIT_UNSAFE,
                     "it begins after seq %" PRIu64 ", and what the other side knew of it ends at %" PRIu64
                     ": whether changes of region %s between them are concurrent cannot be told any more. Keep more of "
                     "the topic, let this link begin anew (links[].start: now) and compare with drc-reconcile, or use "
                     "conflicts.default.versions: column",
                     base->seq, need, v->setup.region);
}

/* 1: the reader stands at the base, or at the beginning of all; 0: there is nothing yet; -1. */
static int find_base(struct versions *v, struct err *err)
{
    int64_t low = 0, high = 0;
    if (kafka_reader_bounds(v->reader, &low, &high, err))
        return -1;
    for (;; v->span *= 2) {
        struct record rec;
        v->from = high - v->span > low ? high - v->span : low;
        v->from_start = v->from == low;
        int64_t offset = 0;
        int found = first_control(v, &rec, &offset, v->from, high, err);
        if (found < 0 || is_over(v) || (found == 0 && v->from_start))
            return found;
        if (found == 0)
            continue;
        uint64_t need = needed(v, rec.stream);
        if (v->from_start && low == 0) {
            stream_init(&v->state, true);
            rec.seq = 0;
            note_stream(v, &rec);
            return kafka_reader_seek(v->reader, 0, err) ? -1 : 1;
        }
        if (rec.seq > need && v->from_start)
            return too_short(v, &rec, need, err);
        if (rec.seq > need)
            continue;
        stream_init_at(&v->state, rec.stream, rec.epoch, rec.instance, rec.seq, rec.chain);
        note_stream(v, &rec);
        return kafka_reader_seek(v->reader, offset, err) ? -1 : 1;
    }
}

/* ---- following ---- */

/* From further back, if there is something. `err` is why. */
static int further_back(struct versions *v, struct err *err)
{
    if (v->from_start)
        return -1;
    log_info("topic %s: reading again from further back: %s", v->setup.topic, err->text);
    v->span *= FURTHER_BACK;
    forget(v);
    *err = (struct err){0};
    return 0;
}

/* 1: taken; 0: reading has to begin anew; -1. */
static int take(struct versions *v, struct span bytes, struct err *err)
{
    struct record rec;
    enum stream_verdict verdict;
    if (record_read(&rec, bytes, err) || stream_accept(&v->state, &rec, &verdict, err))
        return err->class == ERR_FATAL ? further_back(v, err) : -1;
    int fed = verdict == STREAM_TAKE ? versions_feed(v, &rec, err) : 1;
    if (fed == 0) {
        (void)err_fatal(err, EXIT_UNSAFE, "the body of an XA transaction that seq %" PRIu64 " commits is missing",
                        rec.seq);
        return further_back(v, err);
    }
    if (fed > 0)
        pass(v, &rec, verdict);
    return fed;
}

/* 0: reading has to begin anew, or has ended; -1. */
static int follow(struct versions *v, struct err *err)
{
    struct backoff backoff = backoff_make(100, 5000);
    while (!is_over(v)) {
        struct kafka_record raw;
        int got = kafka_reader_next(v->reader, &raw, POLL_MS, err);
        if (got < 0 && err->class != ERR_RETRY)
            return -1;
        if (got < 0) { /* the reader connects again by itself */
            (void)stop_wait(v->setup.stop, backoff_next(&backoff));
            *err = (struct err){0};
            continue;
        }
        int taken = got > 0 ? take(v, raw.value, err) : 1;
        if (taken <= 0)
            return taken;
        backoff_reset(&backoff);
        let_go(v);
    }
    return 0;
}

/* 0: done until the stop, or to be called again; -1. */
static int read_stream(struct versions *v, struct err *err)
{
    if (!v->reader && kafka_reader_open(&v->reader, v->setup.kafka, v->setup.topic, KAFKA_OFFSET_END, err))
        return -1;
    forget(v);
    int found = find_base(v, err);
    if (found == 0)
        (void)stop_wait(v->setup.stop, POLL_MS);
    return found > 0 ? follow(v, err) : found;
}

static bool wait_for_cut(struct versions *v)
{
    pthread_mutex_lock(&v->lock);
    while (!v->has_cut && !v->abandoned)
        pthread_cond_wait(&v->moved, &v->lock);
    bool has_cut = v->has_cut;
    pthread_mutex_unlock(&v->lock);
    return has_cut;
}

void *versions_run(void *context)
{
    struct versions *v = context;
    struct backoff backoff = backoff_make(100, 5000);
    if (!wait_for_cut(v))
        return NULL;
    while (!is_over(v)) {
        struct err err = {0};
        if (read_stream(v, &err) == 0)
            continue;
        if (err.class == ERR_FATAL && err.code != KAFKA_OUT_OF_RANGE) {
            fail(v, &err);
            return NULL;
        }
        log_info("topic %s: %s; trying again", v->setup.topic, err.text);
        (void)stop_wait(v->setup.stop, backoff_next(&backoff));
    }
    return NULL;
}

void versions_free_reader(struct versions *v)
{
    versions_drop_held(v);
    kafka_reader_close(&v->reader);
    stream_free(&v->state);
    table_cache_free(&v->tables);
    arena_free(&v->arena);
    buf_free(&v->scratch);
    free(v->changes.list);
}
