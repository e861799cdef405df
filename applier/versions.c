/* Versions: what the intake notes and workers ask, under one lock with what the reading thread brings. */
#include "applier/versions.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "applier/versions_private.h"
#include "common/base/clock.h"
#include "common/base/mem.h"

#define MEMORY_BYTES (64u << 20) /* of versions; more of them lie in a file */
#define FIRST_SPAN 256
#define SILENT_MS 5000u /* without a record, capture is taken for gone: it has heartbeats */

static const char *spill_directory(void)
{
    const char *named = getenv("TMPDIR");
    return named && *named ? named : "/var/tmp";
}

bool versions_wanted(const struct config *c, const struct link_config *link)
{
    bool causal = c->conflicts.fallback.versions == VERSIONS_CAUSAL;
    for (size_t i = 0; i < c->conflicts.count; i++)
        causal = causal || c->conflicts.rules[i].versions == VERSIONS_CAUSAL;
    return causal && config_two_way(c, link->from, link->to);
}

int versions_start(struct versions **out, const struct versions_setup *setup, struct err *err)
{
    const struct version_index_setup index = {.memory_bytes = MEMORY_BYTES, .directory = spill_directory()};
    struct versions *v = xcalloc(1, sizeof *v);
    pthread_condattr_t monotonic;
    v->setup = *setup;
    v->span = FIRST_SPAN;
    v->index = version_index_new(&index);
    v->heard_ms = clock_mono_ms();
    pthread_mutex_init(&v->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&v->moved, &monotonic);
    pthread_condattr_destroy(&monotonic);
    *out = v;
    if (pthread_create(&v->thread, NULL, versions_run, v) == 0)
        return 0;
    v->abandoned = true;
    v->thread = pthread_self();
    versions_join(out);
    return err_retry(err, "no thread to be had for the target's own stream");
}

void versions_join(struct versions **versions)
{
    struct versions *v = *versions;
    if (!v)
        return;
    versions_abandon(v);
    if (!pthread_equal(v->thread, pthread_self()))
        (void)pthread_join(v->thread, NULL);
    versions_free_reader(v);
    version_index_free(&v->index);
    position_free(&v->passed);
    cut_free(&v->first_cut);
    buf_free(&v->last_cut);
    free(v->known);
    pthread_cond_destroy(&v->moved);
    pthread_mutex_destroy(&v->lock);
    free(v);
    *versions = NULL;
}

void versions_abandon(struct versions *v)
{
    if (!v)
        return;
    pthread_mutex_lock(&v->lock);
    v->abandoned = true;
    pthread_cond_broadcast(&v->moved);
    pthread_mutex_unlock(&v->lock);
}

/* ---- cuts ---- */

static const struct cut_entry *entry_of(const struct cut *cut, const uint8_t stream[STREAM_UUID_LEN])
{
    for (size_t i = 0; i < cut->count; i++)
        if (cut->entries[i].partition == 0 && memcmp(cut->entries[i].stream, stream, STREAM_UUID_LEN) == 0)
            return &cut->entries[i];
    return NULL;
}

uint64_t versions_low_of(const struct cut *cut, const uint8_t stream[STREAM_UUID_LEN])
{
    const struct cut_entry *e = entry_of(cut, stream);
    return e ? e->done.low : 0;
}

static void read_cut(struct cut *out, struct span bytes)
{
    struct bytes r = bytes_of(bytes);
    *out = (struct cut){0};
    if (bytes.n > 0)
        cut_read(out, &r);
}

/* While the region's stream is not known yet nothing can be told of a cut, and nothing has to be let go. */
static void note_low(struct versions *v, uint64_t seq, const struct cut *cut)
{
    uint64_t low = v->has_stream ? versions_low_of(cut, v->stream) : 0;
    if (low == 0 || (v->known_count > 0 && v->known[v->known_count - 1].low >= low))
        return;
    if (v->known_count == v->known_cap) {
        v->known_cap = v->known_cap ? 2 * v->known_cap : 64;
        v->known = xreallocarray(v->known, v->known_cap, sizeof *v->known);
    }
    v->known[v->known_count++] = (struct known_from){seq, low};
}

void versions_note_cut(struct versions *v, uint64_t seq, struct span cut)
{
    struct cut parsed;
    pthread_mutex_lock(&v->lock);
    if (!v->has_cut || !span_eq(cut, buf_span(&v->last_cut))) {
        buf_clear(&v->last_cut);
        buf_put_span(&v->last_cut, cut);
        read_cut(&parsed, cut);
        note_low(v, seq, &parsed);
        if (v->has_cut) {
            cut_free(&parsed);
        } else {
            v->first_cut = parsed;
            v->has_cut = true;
            pthread_cond_broadcast(&v->moved);
        }
    }
    pthread_mutex_unlock(&v->lock);
}

/* ---- waiting ---- */

static struct timespec after_ms(unsigned ms)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += (time_t)(ms / 1000);
    t.tv_nsec += (long)(ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

static bool has_passed(const struct versions *v, const struct position *p)
{
    return v->passed.flavor != FLAVOR_NONE && position_covers(&v->passed, p);
}

static int behind(const struct versions *v, const struct position *p, struct err *err)
{
    uint64_t silent_ms = clock_mono_ms() - v->heard_ms;
    struct buf wanted = {0}, passed = {0};
    position_put_text(p, &wanted);
    position_put_text(&v->passed, &passed);
    if (silent_ms >= SILENT_MS)
        (void)err_retry(err,
                        "nothing has come from the capture of region %s for %" PRIu64
                        " s: whether local changes are concurrent cannot be told without its stream; is drc-capture "
                        "--region %s running?",
                        v->setup.region, silent_ms / 1000, v->setup.region);
    else
        (void)err_retry(err, "the capture of region %s is behind: its stream has come to \"%.200s\", not yet to %.200s",
                        v->setup.region, buf_cstr(&passed), buf_cstr(&wanted));
    err->code = VERSIONS_BEHIND;
    buf_free(&wanted);
    buf_free(&passed);
    return -1;
}

static uint64_t mono_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

int versions_wait(struct versions *v, const struct position *p, unsigned ms, struct err *err)
{
    const struct timespec until = after_ms(ms);
    bool in_time = true;
    int rc = 0;
    pthread_mutex_lock(&v->lock);
    if (!has_passed(v, p)) {
        uint64_t began = mono_us();
        while (in_time && !has_passed(v, p) && v->failed.class == ERR_NONE && !v->abandoned)
            in_time = pthread_cond_timedwait(&v->moved, &v->lock, &until) == 0;
        v->waits++;
        v->waited_us += mono_us() - began;
    }
    if (!has_passed(v, p)) {
        rc = v->failed.class == ERR_NONE ? behind(v, p, err) : -1;
        if (v->failed.class != ERR_NONE)
            *err = v->failed;
    }
    pthread_mutex_unlock(&v->lock);
    return rc;
}

/* ---- asking ---- */

/* The cut parsed last: keys of one transaction are asked for one after the other. */
struct asked {
    struct span bytes;
    struct cut cut;
};

static const struct cut_entry *known_to(const struct versions *v, struct asked *last, struct span cut)
{
    if (last->bytes.p != cut.p || last->bytes.n != cut.n) {
        cut_free(&last->cut);
        read_cut(&last->cut, cut);
        last->bytes = cut;
    }
    return entry_of(&last->cut, v->stream);
}

static void answer(const struct versions *v, struct asked *last, struct versions_question *q)
{
    q->answer = VERSIONS_KNOWN;
    q->newest = (struct version){0};
    q->unseen_delete = false;
    bool held = version_index_find(v->index, &q->key, &q->newest);
    if (!held && v->let_go == 0)
        return;
    const struct cut_entry *e = known_to(v, last, q->cut);
    if ((e ? e->done.low : 0) < v->let_go)
        q->answer = VERSIONS_LOST;
    else if (held && !q->newest.outdone && !(e && watermark_has(&e->done, q->newest.seq)))
        q->answer = VERSIONS_CONCURRENT;
    q->unseen_delete = held && q->newest.deleted_seq > 0 && !(e && watermark_has(&e->done, q->newest.deleted_seq));
}

void versions_ask(struct versions *v, struct versions_question *questions, size_t count)
{
    struct asked last = {0};
    pthread_mutex_lock(&v->lock);
    for (size_t i = 0; i < count; i++)
        answer(v, &last, &questions[i]);
    pthread_mutex_unlock(&v->lock);
    cut_free(&last.cut);
}

void versions_outdo(struct versions *v, const struct version_key *key, uint64_t seq)
{
    pthread_mutex_lock(&v->lock);
    version_index_outdo(v->index, key, seq);
    pthread_mutex_unlock(&v->lock);
}

void versions_facts(struct versions *v, struct versions_facts *out)
{
    pthread_mutex_lock(&v->lock);
    *out = (struct versions_facts){.count = version_index_count(v->index),
                                   .bytes = version_index_bytes(v->index),
                                   .spilled = version_index_spilled(v->index),
                                   .seq = v->seq,
                                   .waits = v->waits,
                                   .waited_us = v->waited_us};
    pthread_mutex_unlock(&v->lock);
}
