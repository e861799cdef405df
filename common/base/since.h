/* Times as people give them: of the calendar, or so long ago. Pure but for the clock's reading, which is given. */
#ifndef DRC_BASE_SINCE_H
#define DRC_BASE_SINCE_H

#include <stdbool.h>
#include <stdint.h>

/* "2026-01-31", "2026-01-31T10:00:00[.123456][Z]" (UTC), or "90s", "15m", "2h", "3d" ago. False: none of these. */
bool since_parse(uint64_t *us, const char *text, uint64_t now_us);

#endif
