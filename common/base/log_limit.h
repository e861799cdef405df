/* Which lines of a burst are told: the first ones of each id and key, and how many more there were. Pure, bounded.
 *
 * Lines of one id and one key (what they are about) are counted within windows of LOG_LIMIT_WINDOW_MS. The first
 * LOG_LIMIT_FIRST of a window pass, the rest are only counted; when the window has ended, the count is due to be told.
 * In a window after one that was too full only the first line passes, so that what is said last can be seen. There is
 * room for LOG_LIMIT_SLOTS ids and keys: a further one takes the place of the one whose window began first. */
#ifndef DRC_BASE_LOG_LIMIT_H
#define DRC_BASE_LOG_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/message.h"
#include "common/base/span.h"

enum {
    LOG_LIMIT_WINDOW_MS = 10000,
    LOG_LIMIT_FIRST = 10,
    LOG_LIMIT_SLOTS = 64,
    LOG_LIMIT_VALUE = 80,
};

/* What was counted: zeroed is empty. */
struct log_repeat {
    enum message_id id;
    const char *key; /* the field's name, of static storage; NULL: none */
    char value[LOG_LIMIT_VALUE];
    uint64_t hash;     /* of the whole value */
    uint64_t begun_ms; /* the window */
    uint32_t told;
    uint32_t hidden;
};

/* Zeroed is empty. */
struct log_limit {
    struct log_repeat slots[LOG_LIMIT_SLOTS];
};

/* Is this line to be told? Call log_limit_due before it. When another one had to make room, *evicted is what is due of
 * it, else its `hidden` is 0. */
bool log_limit_take(struct log_limit *l, struct log_repeat *evicted, enum message_id id, const char *key,
                    struct span value, uint64_t now_ms);
/* A count that is due now: of a window that has ended, with `all` of any. False: none. Call until false. */
bool log_limit_due(struct log_limit *l, struct log_repeat *out, uint64_t now_ms, bool all);

#endif
