/* The thread that reads a stream whose changes come into effect at the target beside the link's: its own region's, or
 * the peer's; from the seq on that the first change in flight knows.
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

static bool is_over(const struct version_stream *s)
{
    return stop_requested(s->all->setup.stop);
}

/* ---- what has been read ---- */

/* Bodies and versions of a false start. */
static void forget(struct version_stream *s)
{
    pthread_mutex_lock(&s->all->lock);
    version_index_clear(s->index);
    versions_drop_upcoming(s);
    position_free(&s->passed);
    s->seq = 0;
    pthread_mutex_unlock(&s->all->lock);
    versions_drop_held(s);
    stream_free(&s->state);
}

/* The record is in the index: tell who waits for it. */
static void pass(struct version_stream *s, const struct record *rec, enum stream_verdict verdict)
{
    pthread_mutex_lock(&s->all->lock);
    s->heard_ms = clock_mono_ms();
    s->seq = s->state.seq;
    if (verdict == STREAM_CONTROL && s->state.resumed)
        position_copy(&s->passed, &s->state.position);
    else if (verdict == STREAM_TAKE && (rec->flags & RECORD_LAST) && s->passed.flavor != FLAVOR_NONE)
        position_add(&s->passed, &rec->gtid);
    pthread_cond_broadcast(&s->all->moved);
    pthread_mutex_unlock(&s->all->lock);
}

static void fail(struct version_stream *s, const struct err *err)
{
    pthread_mutex_lock(&s->all->lock);
    s->failed = *err;
    (void)err_prefix(&s->failed, "topic %s, which tells what of region %s is in effect at the target", s->topic->topic,
                     s->topic->region);
    pthread_cond_broadcast(&s->all->moved);
    pthread_mutex_unlock(&s->all->lock);
}

/* What everything knows that is still to be applied. */
void versions_let_go(struct version_stream *s)
{
    struct ledger_state state;
    size_t passed = 0;
    uint64_t now = clock_mono_ms();
    if (now < s->due_ms)
        return;
    s->due_ms = now + LET_GO_EVERY_MS;
    schedule_state(s->all->setup.schedule, &state);
    pthread_mutex_lock(&s->all->lock);
    while (passed < s->known_count && s->known[passed].seq <= state.done.low + 1)
        s->let_go = s->known[passed++].low;
    if (passed > 0) {
        s->known_count -= passed;
        memmove(s->known, s->known + passed, s->known_count * sizeof *s->known);
        version_index_let_go(s->index, s->let_go);
    }
    pthread_mutex_unlock(&s->all->lock);
    ledger_state_free(&state);
}

/* ---- where to begin ---- */

/* Seq of the stream up to which nothing is asked for. */
static uint64_t needed(struct version_stream *s, const uint8_t stream[STREAM_UUID_LEN])
{
    pthread_mutex_lock(&s->all->lock);
    uint64_t low = versions_low_of(&s->all->first_cut, stream);
    if (s->has_stream && memcmp(s->stream, stream, STREAM_UUID_LEN) == 0 && s->let_go > low)
        low = s->let_go; /* since then all that is in flight knows more */
    pthread_mutex_unlock(&s->all->lock);
    return low;
}

static bool is_base(const struct record *rec)
{
    return rec->kind == RECORD_RESUME || rec->kind == RECORD_HEARTBEAT;
}

/* The first control record in [start, high). 1: found; 0: there is none; -1. */
static int first_control(struct version_stream *s, struct record *out, int64_t *offset, int64_t start, int64_t high,
                         struct err *err)
{
    struct kafka_record raw;
    if (kafka_reader_seek(s->reader, start, err))
        return -1;
    while (start < high && !is_over(s)) {
        int got = kafka_reader_next(s->reader, &raw, POLL_MS, err);
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

static void note_stream(struct version_stream *s, const struct record *base)
{
    pthread_mutex_lock(&s->all->lock);
    memcpy(s->stream, base->stream, STREAM_UUID_LEN);
    s->has_stream = true;
    s->seq = s->let_go = base->seq;
    pthread_mutex_unlock(&s->all->lock);
}

static int too_short(const struct version_stream *s, const struct record *base, uint64_t need, struct err *err)
{
    return err_stop(err, MSG_STOP_VERSIONS_GAP,
                    "it begins after seq %" PRIu64 ", and what the other side knew of it ends at %" PRIu64
                    ": whether changes of region %s between them are concurrent cannot be told any more. Keep more of "
                    "the topic, let this link begin anew (links[].start: now) and compare with drc-reconcile, or use "
                    "conflicts.default.versions: column",
                    base->seq, need, s->topic->region);
}

/* 1: the reader stands at the base, or at the beginning of all; 0: there is nothing yet; -1. */
static int find_base(struct version_stream *s, struct err *err)
{
    int64_t low = 0, high = 0;
    if (kafka_reader_bounds(s->reader, &low, &high, err))
        return -1;
    for (;; s->span *= 2) {
        struct record rec;
        s->from = high - s->span > low ? high - s->span : low;
        s->from_start = s->from == low;
        int64_t offset = 0;
        int found = first_control(s, &rec, &offset, s->from, high, err);
        if (found < 0 || is_over(s) || (found == 0 && s->from_start))
            return found;
        if (found == 0)
            continue;
        uint64_t need = needed(s, rec.stream);
        if (s->from_start && low == 0) {
            stream_init(&s->state, true);
            rec.seq = 0;
            note_stream(s, &rec);
            return kafka_reader_seek(s->reader, 0, err) ? -1 : 1;
        }
        if (rec.seq > need && s->from_start)
            return too_short(s, &rec, need, err);
        if (rec.seq > need)
            continue;
        stream_init_at(&s->state, rec.stream, rec.epoch, rec.instance, rec.seq, rec.chain);
        note_stream(s, &rec);
        return kafka_reader_seek(s->reader, offset, err) ? -1 : 1;
    }
}

/* ---- following ---- */

/* From further back, if there is something. `err` is why. */
static int further_back(struct version_stream *s, struct err *err)
{
    if (s->from_start)
        return -1;
    log_event(MSG_VERSIONS_REREAD, log_str("topic", s->topic->topic), log_detail(err->text));
    s->span *= FURTHER_BACK;
    forget(s);
    *err = (struct err){0};
    return 0;
}

/* 1: taken; 0: reading has to begin anew; -1. */
static int take(struct version_stream *s, struct span bytes, struct err *err)
{
    struct record rec;
    enum stream_verdict verdict;
    if (record_read(&rec, bytes, err) || stream_accept(&s->state, &rec, &verdict, err))
        return err->class == ERR_FATAL ? further_back(s, err) : -1;
    if (verdict == STREAM_TAKE && versions_is_peer(s) && !versions_await_effect(s, rec.seq))
        return 1;
    int fed = verdict == STREAM_TAKE ? versions_feed(s, &rec, err) : 1;
    if (fed == 0) {
        (void)err_fatal(err, EXIT_UNSAFE, "the body of an XA transaction that seq %" PRIu64 " commits is missing",
                        rec.seq);
        return further_back(s, err);
    }
    if (fed > 0)
        pass(s, &rec, verdict);
    return fed;
}

/* 0: reading has to begin anew, or has ended; -1. */
static int follow(struct version_stream *s, struct err *err)
{
    struct backoff backoff = backoff_make(100, 5000);
    while (!is_over(s)) {
        struct kafka_record raw;
        int got = kafka_reader_next(s->reader, &raw, POLL_MS, err);
        if (got < 0 && err->class != ERR_RETRY)
            return -1;
        if (got < 0) { /* the reader connects again by itself */
            (void)stop_wait(s->all->setup.stop, backoff_next(&backoff));
            *err = (struct err){0};
            continue;
        }
        int taken = got > 0 ? take(s, raw.value, err) : 1;
        if (taken <= 0)
            return taken;
        backoff_reset(&backoff);
        versions_let_go(s);
    }
    return 0;
}

/* 0: done until the stop, or to be called again; -1. */
static int read_stream(struct version_stream *s, struct err *err)
{
    if (!s->reader && kafka_reader_open(&s->reader, s->topic->kafka, s->topic->topic, KAFKA_OFFSET_END, err))
        return -1;
    s->due_ms = 0;
    versions_let_go(s);
    forget(s);
    int found = find_base(s, err);
    if (found == 0)
        (void)stop_wait(s->all->setup.stop, POLL_MS);
    return found > 0 ? follow(s, err) : found;
}

static bool wait_for_cut(struct version_stream *s)
{
    pthread_mutex_lock(&s->all->lock);
    while (!s->all->has_cut && !s->all->abandoned)
        pthread_cond_wait(&s->all->moved, &s->all->lock);
    bool has_cut = s->all->has_cut;
    pthread_mutex_unlock(&s->all->lock);
    return has_cut;
}

void *versions_run(void *context)
{
    struct version_stream *s = context;
    struct backoff backoff = backoff_make(100, 5000);
    if (!wait_for_cut(s))
        return NULL;
    while (!is_over(s)) {
        struct err err = {0};
        if (read_stream(s, &err) == 0)
            continue;
        if (err.class == ERR_FATAL && err.code != KAFKA_OUT_OF_RANGE) {
            fail(s, &err);
            return NULL;
        }
        log_event(MSG_VERSIONS_RETRY, log_str("topic", s->topic->topic), log_detail(err.text));
        (void)stop_wait(s->all->setup.stop, backoff_next(&backoff));
    }
    return NULL;
}

void versions_free_reader(struct version_stream *s)
{
    versions_drop_held(s);
    kafka_reader_close(&s->reader);
    stream_free(&s->state);
    table_cache_free(&s->tables);
    arena_free(&s->arena);
    buf_free(&s->scratch);
    free(s->changes.list);
}
