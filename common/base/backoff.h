/* How long to wait before the next try: exponential with jitter, forgotten after success. One thread. */
#ifndef DRC_BASE_BACKOFF_H
#define DRC_BASE_BACKOFF_H

#include <stdint.h>

struct backoff {
    uint32_t min_ms;
    uint32_t max_ms;
    uint32_t tries; /* since the last success */
    uint64_t random;
};

struct backoff backoff_make(uint32_t min_ms, uint32_t max_ms);
/* Milliseconds to wait before the next try; counts it. */
uint32_t backoff_next(struct backoff *b);
void backoff_reset(struct backoff *b);

#endif
