/* Random numbers of property tests: the seed is printed and can be given as DRC_SEED to see the same run again. */
#ifndef DRC_TESTS_UNIT_RANDOM_H
#define DRC_TESTS_UNIT_RANDOM_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct random {
    uint64_t state;
};

/* Prints "<name>: seed N". */
static inline struct random random_start(const char *name)
{
    const char *given = getenv("DRC_SEED");
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
    printf("%s: seed %llu (DRC_SEED=%llu repeats it)\n", name, (unsigned long long)seed, (unsigned long long)seed);
    (void)fflush(stdout);
    return (struct random){seed};
}

/* splitmix64 */
static inline uint64_t random_u64(struct random *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* 0 ≤ result < n */
static inline uint64_t random_below(struct random *r, uint64_t n)
{
    return random_u64(r) % n;
}

/* Any magnitude is as likely as any other: small numbers, limits and all between. */
static inline uint64_t random_any_size(struct random *r)
{
    unsigned bits = (unsigned)random_below(r, 65);
    return bits == 0 ? 0 : random_u64(r) >> (64 - bits);
}

#endif
