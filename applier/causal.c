/* The position, the wait and the list of what was won over. */
#include "applier/causal.h"

#include <stdlib.h>

#include "common/base/map.h"
#include "common/base/mem.h"

#define WAIT_MS 2000u /* with row locks in hand */

/* A local version that the open target transaction has won over. */
struct won {
    struct version_key key;
    uint64_t seq;
};

struct causal {
    struct versions *versions;
    struct position asked;
    struct map won;   /* struct won -> not NULL: before the mark … */
    struct map fresh; /* … and after it */
};

struct causal *causal_new(struct versions *versions)
{
    struct causal *c = xcalloc(1, sizeof *c);
    c->versions = versions;
    return c;
}

void causal_free(struct causal **causal)
{
    struct causal *c = *causal;
    if (!c)
        return;
    position_free(&c->asked);
    map_free(&c->won);
    map_free(&c->fresh);
    free(c);
    *causal = NULL;
}

int causal_wait(struct causal *c, struct db *db, struct err *err)
{
    return db_logged_position(db, &c->asked, err) || versions_wait(c->versions, &c->asked, WAIT_MS, err) ? -1 : 0;
}

bool causal_wait_free(struct causal *c, unsigned ms, struct err *err)
{
    return versions_wait(c->versions, &c->asked, ms, err) == 0;
}

void causal_ask(struct causal *c, struct versions_question *questions, size_t count)
{
    versions_ask(c->versions, questions, count);
    for (size_t i = 0; c->won.count + c->fresh.count > 0 && i < count; i++) {
        struct versions_question *q = &questions[i];
        const struct won won = {q->key, q->newest.seq};
        struct span key = span_of(&won, sizeof won);
        if (q->answer == VERSIONS_CONCURRENT && (map_get(&c->won, key) || map_get(&c->fresh, key)))
            q->answer = VERSIONS_KNOWN;
    }
}

void causal_won(struct causal *c, const struct version_key *key, uint64_t seq)
{
    const struct won won = {*key, seq};
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
}

void causal_undo(struct causal *c)
{
    if (c)
        map_clear(&c->fresh);
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
        versions_outdo(c->versions, &won.key, won.seq);
    }
    map_clear(&c->won);
}

void causal_forget(struct causal *c)
{
    if (!c)
        return;
    map_clear(&c->won);
    map_clear(&c->fresh);
}
