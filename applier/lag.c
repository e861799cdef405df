/* The ring of samples. A sample is when n was first seen: the write itself was up to one look earlier. */
#include "applier/lag.h"

static const struct lag_sample *sample(const struct lag *l, size_t i)
{
    return &l->samples[(l->first + i) % LAG_SAMPLES];
}

void lag_note(struct lag *l, uint64_t at_ms, uint64_t n)
{
    if (l->count > 0) {
        const struct lag_sample *last = sample(l, l->count - 1);
        if (n <= last->n || at_ms < last->at_ms + l->every_ms)
            return;
    }
    if (l->count == LAG_SAMPLES) {
        l->first = (l->first + 1) % LAG_SAMPLES;
        l->count--;
    }
    l->samples[(l->first + l->count++) % LAG_SAMPLES] = (struct lag_sample){at_ms, n};
}

uint64_t lag_of(const struct lag *l, uint64_t now_ms, uint64_t n)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct lag_sample *s = sample(l, i);
        if (s->n > n)
            return now_ms > s->at_ms ? now_ms - s->at_ms : 0;
    }
    return 0;
}
