/* Exponential back-off with jitter, so that many links do not come back to a server in step. */
#include "common/base/backoff.h"

#include <assert.h>
#include <sys/random.h>

#include "common/base/clock.h"

struct backoff backoff_make(uint32_t min_ms, uint32_t max_ms)
{
    assert(min_ms > 0 && min_ms <= max_ms);
    struct backoff b = {.min_ms = min_ms, .max_ms = max_ms};
    if (getrandom(&b.random, sizeof b.random, GRND_NONBLOCK) != (ssize_t)sizeof b.random)
        b.random = clock_wall_us(); /* no entropy yet, early at boot: good enough for jitter */
    return b;
}

/* splitmix64 */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

uint32_t backoff_next(struct backoff *b)
{
    uint32_t shift = b->tries < 32 ? b->tries : 32;
    uint64_t full = (uint64_t)b->min_ms << shift;
    if (full > b->max_ms)
        full = b->max_ms;
    if (b->tries < UINT32_MAX)
        b->tries++;
    /* Between half and all of it. */
    return (uint32_t)(full - next_random(&b->random) % (full / 2 + 1));
}

void backoff_reset(struct backoff *b)
{
    b->tries = 0;
}
