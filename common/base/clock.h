/* Time: a monotonic clock for waiting, the wall clock for people, and the hybrid clock that orders versions. */
#ifndef DRC_BASE_CLOCK_H
#define DRC_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

uint64_t clock_mono_ms(void);
uint64_t clock_mono_us(void);
uint64_t clock_wall_us(void); /* since 1970, UTC */
void clock_sleep_ms(uint32_t ms);

#define CLOCK_TEXT_LEN 28
/* "2026-01-31T23:59:59.123456Z" into out. Returns out. */
const char *clock_text(char out[CLOCK_TEXT_LEN], uint64_t wall_us);

/* The next hybrid stamp: `physical_us`, never above `now_us`, lifted above `previous` (the greatest stamp of the stream
 * and of its cut). Pure. Stamps are microseconds since 1970 in the upper 52 bits, a counter in the lower 12. */
uint64_t clock_stamp(uint64_t physical_us, uint64_t now_us, uint64_t previous);
uint64_t clock_stamp_us(uint64_t stamp); /* its microseconds */

#endif
