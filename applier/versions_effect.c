/* Of the peer's stream: what is in effect at the target, and what is still to come there.
 *
 * The reader goes only as far as something is in effect. Several workers of the peer's link bring transactions into
 * effect in another order than the stream's: those that are left out meanwhile are kept aside. What shares a key keeps
 * its order there (schedule.h), so that what goes into the index still rises key by key. */
#include <inttypes.h>
#include <stdlib.h>

#include "applier/versions_private.h"
#include "common/base/mem.h"

#define UPCOMING_KEYS (1u << 18) /* more are not kept: the reader waits until they are in effect */
#define LOOK_MS 200u

static bool may_be_fed(const struct version_stream *s, uint64_t seq)
{
    if (watermark_has(&s->effect.done, seq))
        return true;
    return seq < watermark_high(&s->effect.done) && s->upcoming_keys < UPCOMING_KEYS;
}

bool versions_await_effect(struct version_stream *s, uint64_t seq)
{
    struct versions *v = s->all;
    pthread_mutex_lock(&v->lock);
    while (!v->abandoned && !may_be_fed(s, seq)) {
        versions_pause(v, LOOK_MS);
        pthread_mutex_unlock(&v->lock);
        versions_let_go(s);
        pthread_mutex_lock(&v->lock);
    }
    bool goes_on = !v->abandoned;
    pthread_mutex_unlock(&v->lock);
    return goes_on;
}

void versions_put_upcoming(struct version_stream *s, const struct record *rec, const struct changed_keys *keys)
{
    if (keys->count == 0)
        return;
    if (s->upcoming_count == s->upcoming_cap) {
        s->upcoming_cap = s->upcoming_cap ? 2 * s->upcoming_cap : 16;
        s->upcoming = xreallocarray(s->upcoming, s->upcoming_cap, sizeof *s->upcoming);
    }
    struct upcoming *u = &s->upcoming[s->upcoming_count++];
    *u = (struct upcoming){.seq = rec->seq, .stamp = rec->stamp};
    u->keys.list = xmalloc(keys->count * sizeof *keys->list);
    memcpy(u->keys.list, keys->list, keys->count * sizeof *keys->list);
    u->keys.count = keys->count;
    s->upcoming_keys += keys->count;
}

static int put_into_index(struct version_stream *s, const struct upcoming *u, struct err *err)
{
    for (size_t i = 0; i < u->keys.count; i++)
        if (version_index_put(s->index, &u->keys.list[i].key, u->seq, u->stamp, u->keys.list[i].deletes, err))
            return -1;
    return 0;
}

static void drop(struct version_stream *s, struct upcoming *u)
{
    s->upcoming_keys -= u->keys.count;
    free(u->keys.list);
}

int versions_note_effect(struct version_stream *s, const struct ledger_done *done, struct err *err)
{
    size_t kept = 0;
    int rc = 0;
    if (!done->known)
        return 0;
    if (!s->effect.known || memcmp(s->effect.stream, done->stream, STREAM_UUID_LEN) != 0)
        ledger_done_free(&s->effect);
    s->effect.known = true;
    memcpy(s->effect.stream, done->stream, STREAM_UUID_LEN);
    watermark_union(&s->effect.done, &done->done);
    for (size_t i = 0; i < s->upcoming_count; i++) {
        struct upcoming *u = &s->upcoming[i];
        bool came = rc == 0 && watermark_has(&s->effect.done, u->seq);
        rc = came ? put_into_index(s, u, err) : rc;
        if (came && rc == 0)
            drop(s, u);
        else
            s->upcoming[kept++] = *u;
    }
    s->upcoming_count = kept;
    pthread_cond_broadcast(&s->all->moved);
    return rc;
}

bool versions_has_effect(const struct version_stream *s, const struct ledger_done *done)
{
    uint64_t high = watermark_high(&done->done);
    if (!done->known || high == 0)
        return true;
    return s->has_stream && memcmp(s->stream, done->stream, STREAM_UUID_LEN) == 0 && s->seq >= high;
}

void versions_drop_upcoming(struct version_stream *s)
{
    for (size_t i = 0; i < s->upcoming_count; i++)
        drop(s, &s->upcoming[i]);
    free(s->upcoming);
    s->upcoming = NULL;
    s->upcoming_count = s->upcoming_cap = 0;
}
