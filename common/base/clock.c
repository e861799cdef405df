/* Reading, sleeping and writing time, and the hybrid clock. */
#include "common/base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#define LAST_SECOND 253402300799u /* of the year 9999 */
#define STAMP_COUNTER_BITS 12

uint64_t clock_mono_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t clock_mono_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

uint64_t clock_wall_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

void clock_sleep_ms(uint32_t ms)
{
    struct timespec t = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    while (nanosleep(&t, &t) == -1 && errno == EINTR)
        continue;
}

const char *clock_text(char out[CLOCK_TEXT_LEN], uint64_t wall_us)
{
    uint64_t sec = wall_us / 1000000;
    time_t t = (time_t)(sec <= LAST_SECOND ? sec : LAST_SECOND);
    struct tm tm;
    gmtime_r(&t, &tm);
    size_t n = strftime(out, CLOCK_TEXT_LEN, "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(out + n, CLOCK_TEXT_LEN - n, ".%06uZ", (unsigned)(wall_us % 1000000));
    return out;
}

uint64_t clock_stamp(uint64_t physical_us, uint64_t now_us, uint64_t previous)
{
    uint64_t us = physical_us < now_us ? physical_us : now_us;
    uint64_t stamp = us << STAMP_COUNTER_BITS;
    return stamp > previous ? stamp : previous + 1;
}

uint64_t clock_stamp_us(uint64_t stamp)
{
    return stamp >> STAMP_COUNTER_BITS;
}
