/* Ids as drc.next_id() gives them, for applications that make or read them: 64 bits, ordered by time, tagged by region.
 *
 *     bit 63    62 ............................ 10    9 ...... 0
 *       0          microseconds since 1970, UTC         tag
 *
 * The time is also the counter: whoever gives ids takes the present time, or one more than the last, whichever is
 * greater. Two ids with different tags are never equal, so each generator needs a tag of its own: the database of a
 * region has the `id_tag` of the pair file, and an application that makes ids itself takes one that no region has.
 * Needs nothing but this file, in C99 and in C++. */
#ifndef DRC_ID_H
#define DRC_ID_H

#include <stdint.h>

#define DRC_ID_TAG_BITS 10
#define DRC_ID_TAG_MAX 1023u
#define DRC_ID_TIME_MAX ((UINT64_C(1) << 53) - 1) /* microseconds; in the year 2255 */

/* Of a time up to DRC_ID_TIME_MAX and a tag up to DRC_ID_TAG_MAX; what is above does not count. */
static inline int64_t drc_id_compose(uint64_t time_us, unsigned tag)
{
    return (int64_t)((time_us & DRC_ID_TIME_MAX) << DRC_ID_TAG_BITS | (tag & DRC_ID_TAG_MAX));
}

/* Microseconds since 1970, UTC. */
static inline uint64_t drc_id_time_us(int64_t id)
{
    return (uint64_t)id >> DRC_ID_TAG_BITS & DRC_ID_TIME_MAX;
}

/* The tag of its region. */
static inline unsigned drc_id_region(int64_t id)
{
    return (unsigned)((uint64_t)id & DRC_ID_TAG_MAX);
}

/* The next id of a generator whose last one had the time `*last_us` (0 at first): above it, wherever the clock has
 * gone. Any number of threads may share `last_us`. Who keeps it over restarts, or waits until the clock has passed it,
 * never gives an id twice. */
static inline int64_t drc_id_next(uint64_t *last_us, uint64_t now_us, unsigned tag)
{
    uint64_t last = __atomic_load_n(last_us, __ATOMIC_RELAXED);
    uint64_t next;
    do {
        next = now_us > last ? now_us : last + 1;
    } while (!__atomic_compare_exchange_n(last_us, &last, next, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
    return drc_id_compose(next, tag);
}

#endif
