/* Versions: what the intake notes and workers ask, under one lock with what the reading threads bring. */
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

const struct region_config *versions_peer(const struct config *c, const struct link_config *link)
{
    for (size_t i = 0; i < c->region_count; i++) {
        const char *name = c->regions[i].name;
        if (strcmp(name, link->from) != 0 && strcmp(name, link->to) != 0 && config_two_way(c, name, link->to))
            return &c->regions[i];
    }
    return NULL;
}

bool versions_is_peer(const struct version_stream *s)
{
    return s == &s->all->streams[VERSIONS_PEER];
}

/* ---- beginning and end ---- */

static void init(struct versions *v, const struct versions_setup *setup)
{
    size_t count = setup->topics[VERSIONS_PEER].topic ? 2 : 1;
    const struct version_index_setup index = {.memory_bytes = MEMORY_BYTES / count, .directory = spill_directory()};
    pthread_condattr_t monotonic;
    v->setup = *setup;
    for (size_t i = 0; i < VERSIONS_STREAMS; i++) {
        struct version_stream *s = &v->streams[i];
        s->all = v;
        s->topic = setup->topics[i].topic ? &v->setup.topics[i] : NULL;
        s->span = FIRST_SPAN;
        s->index = s->topic ? version_index_new(&index) : NULL;
        s->heard_ms = clock_mono_ms();
    }
    pthread_mutex_init(&v->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&v->moved, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

int versions_start(struct versions **out, const struct versions_setup *setup, struct err *err)
{
    struct versions *v = xcalloc(1, sizeof *v);
    *out = v;
    init(v, setup);
    for (size_t i = 0; i < VERSIONS_STREAMS; i++) {
        struct version_stream *s = &v->streams[i];
        s->runs = s->topic && pthread_create(&s->thread, NULL, versions_run, s) == 0;
        if (s->runs || !s->topic)
            continue;
        versions_join(out);
        return err_retry(err, "no thread to be had for the stream of region %s", setup->topics[i].region);
    }
    return 0;
}

static void free_stream(struct version_stream *s)
{
    versions_free_reader(s);
    versions_drop_upcoming(s);
    version_index_free(&s->index);
    position_free(&s->passed);
    ledger_done_free(&s->effect);
    free(s->known);
}

void versions_join(struct versions **versions)
{
    struct versions *v = *versions;
    if (!v)
        return;
    versions_abandon(v);
    for (size_t i = 0; i < VERSIONS_STREAMS; i++)
        if (v->streams[i].runs)
            (void)pthread_join(v->streams[i].thread, NULL);
    for (size_t i = 0; i < VERSIONS_STREAMS; i++)
        free_stream(&v->streams[i]);
    cut_free(&v->first_cut);
    buf_free(&v->last_cut);
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

/* While the stream is not known yet nothing can be told of a cut, and nothing has to be let go. */
static void note_low(struct version_stream *s, uint64_t seq, const struct cut *cut)
{
    uint64_t low = s->has_stream ? versions_low_of(cut, s->stream) : 0;
    if (low == 0 || (s->known_count > 0 && s->known[s->known_count - 1].low >= low))
        return;
    if (s->known_count == s->known_cap) {
        s->known_cap = s->known_cap ? 2 * s->known_cap : 64;
        s->known = xreallocarray(s->known, s->known_cap, sizeof *s->known);
    }
    s->known[s->known_count++] = (struct known_from){seq, low};
}

void versions_note_cut(struct versions *v, uint64_t seq, struct span cut)
{
    struct cut parsed;
    pthread_mutex_lock(&v->lock);
    if (!v->has_cut || !span_eq(cut, buf_span(&v->last_cut))) {
        buf_clear(&v->last_cut);
        buf_put_span(&v->last_cut, cut);
        read_cut(&parsed, cut);
        for (size_t i = 0; i < VERSIONS_STREAMS; i++)
            note_low(&v->streams[i], seq, &parsed);
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

void versions_pause(struct versions *v, unsigned ms)
{
    const struct timespec until = after_ms(ms);
    (void)pthread_cond_timedwait(&v->moved, &v->lock, &until);
}

void versions_place_free(struct versions_place *p)
{
    position_free(&p->position);
    ledger_done_free(&p->peer);
}

static bool own_has_passed(const struct versions *v, const struct versions_place *p)
{
    const struct version_stream *own = &v->streams[VERSIONS_OWN];
    return own->passed.flavor != FLAVOR_NONE && position_covers(&own->passed, &p->position);
}

static bool peer_has_passed(const struct versions *v, const struct versions_place *p)
{
    const struct version_stream *peer = &v->streams[VERSIONS_PEER];
    return !peer->topic || versions_has_effect(peer, &p->peer);
}

static bool has_passed(const struct versions *v, const struct versions_place *p)
{
    return own_has_passed(v, p) && peer_has_passed(v, p);
}

static void say_own_behind(const struct versions *v, const struct position *p, struct err *err)
{
    const struct version_stream *own = &v->streams[VERSIONS_OWN];
    uint64_t silent_ms = clock_mono_ms() - own->heard_ms;
    struct buf wanted = {0}, passed = {0};
    position_put_text(p, &wanted);
    position_put_text(&own->passed, &passed);
    if (silent_ms >= SILENT_MS)
        (void)err_retry(err,
                        "nothing has come from the capture of region %s for %" PRIu64
                        " s: whether local changes are concurrent cannot be told without its stream; is drc-capture "
                        "--region %s running?",
                        own->topic->region, silent_ms / 1000, own->topic->region);
    else
        (void)err_retry(err, "the capture of region %s is behind: its stream has come to \"%.200s\", not yet to %.200s",
                        own->topic->region, buf_cstr(&passed), buf_cstr(&wanted));
    buf_free(&wanted);
    buf_free(&passed);
}

static int behind(const struct versions *v, const struct versions_place *p, struct err *err)
{
    const struct version_stream *peer = &v->streams[VERSIONS_PEER];
    if (!own_has_passed(v, p))
        say_own_behind(v, &p->position, err);
    else
        (void)err_retry(err,
                        "topic %s, which tells what of region %s is in effect here, has been read to seq %" PRIu64
                        ", not yet to %" PRIu64,
                        peer->topic->topic, peer->topic->region, peer->seq, watermark_high(&p->peer.done));
    err->code = VERSIONS_BEHIND;
    return -1;
}

static uint64_t mono_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static const struct err *failure_of(const struct versions *v)
{
    for (size_t i = 0; i < VERSIONS_STREAMS; i++)
        if (v->streams[i].failed.class != ERR_NONE)
            return &v->streams[i].failed;
    return NULL;
}

int versions_wait(struct versions *v, const struct versions_place *p, unsigned ms, struct err *err)
{
    const struct timespec until = after_ms(ms);
    struct version_stream *peer = &v->streams[VERSIONS_PEER];
    bool in_time = true;
    pthread_mutex_lock(&v->lock);
    int rc = peer->topic ? versions_note_effect(peer, &p->peer, err) : 0;
    if (rc == 0 && !has_passed(v, p)) {
        uint64_t began = mono_us();
        while (in_time && !has_passed(v, p) && !failure_of(v) && !v->abandoned)
            in_time = pthread_cond_timedwait(&v->moved, &v->lock, &until) == 0;
        v->waits++;
        v->waited_us += mono_us() - began;
    }
    if (rc == 0 && !has_passed(v, p)) {
        rc = failure_of(v) ? -1 : behind(v, p, err);
        if (failure_of(v))
            *err = *failure_of(v);
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

static const struct cut *parsed(struct asked *last, struct span cut)
{
    if (last->bytes.p != cut.p || last->bytes.n != cut.n) {
        cut_free(&last->cut);
        read_cut(&last->cut, cut);
        last->bytes = cut;
    }
    return &last->cut;
}

/* False: the cut is older than what is held. */
static bool look_up(struct known_change *out, const struct version_stream *s, struct asked *last,
                    const struct versions_question *q)
{
    struct version newest = {0};
    *out = (struct known_change){0};
    bool held = version_index_find(s->index, &q->key, &newest);
    if (!held && s->let_go == 0)
        return true;
    const struct cut_entry *e = entry_of(parsed(last, q->cut), s->stream);
    *out = (struct known_change){
        .seq = newest.seq, .deleted_seq = newest.deleted_seq, .version = {newest.stamp, s->topic->region}
    };
    out->unseen_delete = newest.deleted_seq > 0 && !(e && watermark_has(&e->done, newest.deleted_seq));
    if ((e ? e->done.low : 0) < s->let_go)
        return false;
    out->concurrent = held && !newest.outdone && !(e && watermark_has(&e->done, newest.seq));
    return true;
}

static enum versions_answer answer_of(const struct versions_question *q)
{
    return known_greatest(q->found, VERSIONS_STREAMS) ? VERSIONS_CONCURRENT : VERSIONS_KNOWN;
}

static void answer(const struct versions *v, struct asked *last, struct versions_question *q)
{
    bool told = true;
    for (size_t i = 0; i < VERSIONS_STREAMS; i++) {
        q->found[i] = (struct known_change){0};
        if (v->streams[i].topic)
            told = look_up(&q->found[i], &v->streams[i], last, q) && told;
    }
    q->answer = told ? answer_of(q) : VERSIONS_LOST;
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

void versions_make_known(struct versions_question *q, enum versions_stream stream)
{
    q->found[stream].concurrent = false;
    if (q->answer == VERSIONS_CONCURRENT)
        q->answer = answer_of(q);
}

bool versions_are_contested(const struct versions_question *q)
{
    bool contested = q->answer == VERSIONS_CONCURRENT;
    for (size_t i = 0; i < VERSIONS_STREAMS; i++)
        contested = contested || q->found[i].unseen_delete;
    return contested;
}

void versions_stream_id(struct versions *v, enum versions_stream stream, uint8_t out[STREAM_UUID_LEN])
{
    pthread_mutex_lock(&v->lock);
    memcpy(out, v->streams[stream].stream, STREAM_UUID_LEN);
    pthread_mutex_unlock(&v->lock);
}

bool versions_is_stream(struct versions *v, enum versions_stream stream, const uint8_t id[STREAM_UUID_LEN])
{
    pthread_mutex_lock(&v->lock);
    bool same = v->streams[stream].has_stream && memcmp(v->streams[stream].stream, id, STREAM_UUID_LEN) == 0;
    pthread_mutex_unlock(&v->lock);
    return same;
}

bool versions_have_moved(const struct versions_question *now, const struct known_change before[VERSIONS_STREAMS])
{
    for (size_t i = 0; now->answer != VERSIONS_LOST && i < VERSIONS_STREAMS; i++) {
        const struct known_change *k = &now->found[i];
        if ((k->concurrent && k->seq > before[i].seq) || (k->unseen_delete && k->deleted_seq > before[i].deleted_seq))
            return true;
    }
    return false;
}

void versions_outdo(struct versions *v, const struct version_key *key, enum versions_stream stream, uint64_t seq)
{
    pthread_mutex_lock(&v->lock);
    version_index_outdo(v->streams[stream].index, key, seq);
    pthread_mutex_unlock(&v->lock);
}

void versions_facts(struct versions *v, struct versions_facts *out)
{
    pthread_mutex_lock(&v->lock);
    *out = (struct versions_facts){.seq = v->streams[VERSIONS_OWN].seq,
                                   .has_peer = v->streams[VERSIONS_PEER].topic != NULL,
                                   .peer_seq = v->streams[VERSIONS_PEER].seq,
                                   .waits = v->waits,
                                   .waited_us = v->waited_us};
    for (size_t i = 0; i < VERSIONS_STREAMS; i++) {
        const struct version_index *ix = v->streams[i].index;
        out->count += ix ? version_index_count(ix) : 0;
        out->bytes += ix ? version_index_bytes(ix) : 0;
        out->spilled += ix ? version_index_spilled(ix) : 0;
    }
    pthread_mutex_unlock(&v->lock);
}
