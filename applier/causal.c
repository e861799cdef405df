/* The target's place, the wait, what was won over, and what deletes have ended. */
#include "applier/causal.h"

#include <stdlib.h>

#include "common/base/map.h"
#include "common/base/mem.h"
#include "common/target/ends.h"
#include "common/target/schema.h"
#include "common/target/session.h"

#define WAIT_MS 2000u /* with row locks in hand */

/* A version that the open target transaction has won over. */
struct won {
    struct version_key key;
    uint64_t stream;
    uint64_t seq;
};

/* Of the streams that are followed: up to where deletes have ended the key's changes. */
struct ended {
    uint64_t seq[VERSIONS_STREAMS];
};

struct causal {
    struct versions *versions;
    const char *peer_topic;
    bool locks;
    struct versions_place place;
    struct map won;   /* struct won -> not NULL: before the mark … */
    struct map fresh; /* … and after it */
    /* Of the open target transaction. */
    struct arena arena;
    struct map looked; /* struct version_key -> struct ended *, what the target says */
    struct end *ends;  /* to be written */
    size_t end_count;
    size_t end_cap;
    size_t marked; /* of these, before the mark */
    bool left_absent;
};

struct causal *causal_new(struct versions *versions, const char *peer_topic, bool locks)
{
    struct causal *c = xcalloc(1, sizeof *c);
    c->versions = versions;
    c->peer_topic = peer_topic;
    c->locks = locks;
    return c;
}

void causal_free(struct causal **causal)
{
    struct causal *c = *causal;
    if (!c)
        return;
    versions_place_free(&c->place);
    map_free(&c->won);
    map_free(&c->fresh);
    map_free(&c->looked);
    arena_free(&c->arena);
    free(c->ends);
    free(c);
    *causal = NULL;
}

/* ---- the wait ---- */

int causal_wait(struct causal *c, struct db *db, struct err *err)
{
    if (db_logged_position(db, &c->place.position, err) ||
        (c->peer_topic && ledger_done_read(&c->place.peer, db, c->peer_topic, err)))
        return -1;
    return versions_wait(c->versions, &c->place, WAIT_MS, err);
}

/* Nothing locks an absent row. A link that leaves it so by its verdict, and one that inserts it at the same moment,
 * would both find nothing that they do not know of: so either waits here until the other's COMMIT. Links that only
 * insert do not: the server tells them of each other. */
#define EXCLUDE "SELECT `value` FROM `" DRC_DB "`.`" META_TABLE "` WHERE `name` = 'schema_version' "

int causal_wait_last(struct causal *c, struct db *db, struct err *err)
{
    uint64_t version;
    if (c->peer_topic && c->locks &&
        db_query_u64(db, &version, c->left_absent ? EXCLUDE "FOR UPDATE" : EXCLUDE "LOCK IN SHARE MODE", err))
        return -1;
    return causal_wait(c, db, err);
}

void causal_left_absent(struct causal *c)
{
    c->left_absent = true;
}

bool causal_wait_free(struct causal *c, unsigned ms, struct err *err)
{
    return versions_wait(c->versions, &c->place, ms, err) == 0;
}

/* ---- what deletes have ended ---- */

static void note_end(struct causal *c, const struct end *e)
{
    const struct version_key key = {e->key.a, e->key.b};
    struct ended *known = map_get(&c->looked, span_of(&key, sizeof key));
    for (size_t i = 0; known && i < VERSIONS_STREAMS; i++)
        if (versions_is_stream(c->versions, (enum versions_stream)i, e->stream) && e->seq > known->seq[i])
            known->seq[i] = e->seq;
}

static bool is_asked_for(const struct versions_question *q)
{
    return q->keeps_ends && q->answer == VERSIONS_CONCURRENT;
}

/* The row is locked, or its absence is asked for again: what the target says stays so to the end. */
static int recall_ends(struct causal *c, struct db *db, const struct versions_question *questions, size_t count,
                       struct err *err)
{
    struct arena a = {0};
    struct end_key *keys = NULL;
    struct end *found;
    size_t wanted = 0, n = 0;
    int rc = 0;
    for (size_t i = 0; i < count; i++) {
        const struct versions_question *q = &questions[i];
        if (!is_asked_for(q) || map_get(&c->looked, span_of(&q->key, sizeof q->key)))
            continue;
        if (!keys)
            keys = arena_alloc(&a, (count - i) * sizeof *keys);
        keys[wanted++] = (struct end_key){q->key.a, q->key.b};
        *map_ref(&c->looked, span_of(&q->key, sizeof q->key)) = arena_zalloc(&c->arena, sizeof(struct ended));
    }
    if (wanted > 0)
        rc = ends_read(&found, &n, db, keys, wanted, &a, err);
    for (size_t i = 0; rc == 0 && i < n; i++)
        note_end(c, &found[i]);
    arena_free(&a);
    return rc;
}

static void add_end(struct causal *c, const struct end *e)
{
    if (c->end_count == c->end_cap) {
        c->end_cap = c->end_cap ? 2 * c->end_cap : 16;
        c->ends = xreallocarray(c->ends, c->end_cap, sizeof *c->ends);
    }
    c->ends[c->end_count++] = *e;
}

void causal_ended(struct causal *c, const struct version_key *key, enum versions_stream stream, uint64_t seq)
{
    struct end e = {
        .key = {key->a, key->b},
          .seq = seq
    };
    versions_stream_id(c->versions, stream, e.stream);
    add_end(c, &e);
    causal_won(c, key, stream, seq);
}

void causal_ended_of(struct causal *c, const struct version_key *key, const uint8_t id[STREAM_UUID_LEN], uint64_t seq)
{
    struct end e = {
        .key = {key->a, key->b},
          .seq = seq
    };
    memcpy(e.stream, id, STREAM_UUID_LEN);
    add_end(c, &e);
}

/* Sorted, so that every link takes its locks in the same order. */
static int by_key(const void *a, const void *b)
{
    return memcmp(a, b, offsetof(struct end, seq));
}

int causal_send(struct causal *c, struct db *db, struct err *err)
{
    if (!c || c->end_count == 0)
        return 0;
    qsort(c->ends, c->end_count, sizeof *c->ends, by_key);
    int rc = target_session_now(db, err) || ends_write(db, c->ends, c->end_count, err) ? -1 : 0;
    c->end_count = c->marked = 0;
    return rc;
}

/* ---- asking ---- */

static bool is_won(const struct causal *c, const struct versions_question *q, size_t stream)
{
    const struct won won = {q->key, stream, q->found[stream].seq};
    struct span key = span_of(&won, sizeof won);
    return map_get(&c->won, key) || map_get(&c->fresh, key);
}

static bool is_ended(const struct causal *c, const struct versions_question *q, size_t stream)
{
    const struct ended *known = q->keeps_ends ? map_get(&c->looked, span_of(&q->key, sizeof q->key)) : NULL;
    return known && q->found[stream].seq <= known->seq[stream];
}

int causal_ask(struct causal *c, struct db *db, struct versions_question *questions, size_t count, struct err *err)
{
    versions_ask(c->versions, questions, count);
    if (recall_ends(c, db, questions, count, err))
        return -1;
    for (size_t i = 0; c->won.count + c->fresh.count + c->looked.count > 0 && i < count; i++)
        for (size_t k = 0; k < VERSIONS_STREAMS; k++)
            if (questions[i].found[k].concurrent && (is_won(c, &questions[i], k) || is_ended(c, &questions[i], k)))
                versions_make_known(&questions[i], (enum versions_stream)k);
    return 0;
}

/* ---- what was won over ---- */

void causal_won(struct causal *c, const struct version_key *key, enum versions_stream stream, uint64_t seq)
{
    const struct won won = {*key, stream, seq};
    *map_ref(&c->fresh, span_of(&won, sizeof won)) = c;
}

void causal_mark(struct causal *c)
{
    size_t i = 0;
    struct span key;
    void *value;
    if (!c)
        return;
    while (map_next(&c->fresh, &i, &key, &value))
        *map_ref(&c->won, key) = value;
    map_clear(&c->fresh);
    c->marked = c->end_count;
}

void causal_undo(struct causal *c)
{
    if (!c)
        return;
    map_clear(&c->fresh);
    c->end_count = c->marked;
}

void causal_committed(struct causal *c)
{
    size_t i = 0;
    struct span key;
    void *value;
    if (!c)
        return;
    causal_mark(c);
    while (map_next(&c->won, &i, &key, &value)) {
        struct won won;
        memcpy(&won, key.p, sizeof won);
        versions_outdo(c->versions, &won.key, (enum versions_stream)won.stream, won.seq);
    }
    causal_forget(c);
}

void causal_forget(struct causal *c)
{
    if (!c)
        return;
    map_clear(&c->won);
    map_clear(&c->fresh);
    map_clear(&c->looked);
    arena_reset(&c->arena);
    c->end_count = c->marked = 0;
    c->left_absent = false;
}
