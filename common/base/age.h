/* How old what we have is, by looks that come from time to time and may stop coming. Pure; times are of a clock that
 * never steps. */
#ifndef DRC_BASE_AGE_H
#define DRC_BASE_AGE_H

#include <stdbool.h>
#include <stdint.h>

/* Zeroed: nothing is known. */
struct age {
    bool known;
    uint64_t at_us; /* of the latest look */
    uint64_t us;    /* how old it was found then */
};

void age_note(struct age *a, uint64_t now_us, uint64_t us);
/* As the latest look found it; after `patience_us` without another one it grows with the clock, from that look on.
 * False: nothing is known. */
bool age_now(const struct age *a, uint64_t *us, uint64_t now_us, uint64_t patience_us);

#endif
