/* What a daemon's status was over the last minutes: for a line of its lag and for rates. Pure, of fixed size. */
#ifndef DRC_LINK_TRAIL_H
#define DRC_LINK_TRAIL_H

#include <jansson.h>

#include "common/base/buf.h"

#define TRAIL_STEP_MS 2000u
#define TRAIL_SAMPLES 300 /* ten minutes */

struct trail_sample {
    uint64_t at_ms; /* of the clock that never steps */
    bool known;     /* the daemon answered, and knew its lag */
    uint64_t lag_us;
    uint64_t transactions; /* 0, too, when it did not answer */
    uint64_t rows;
};

/* Zeroed: empty. */
struct trail {
    struct trail_sample samples[TRAIL_SAMPLES]; /* a ring */
    size_t first;
    size_t count;
};

/* `status`: of the daemon; NULL: it did not answer. */
void trail_note(struct trail *t, uint64_t at_ms, const json_t *status);
/* From 0, the oldest. */
const struct trail_sample *trail_at(const struct trail *t, size_t i);
/* A second, over about the last ten. False: not known. */
bool trail_rates(const struct trail *t, double *transactions, double *rows);
/* The greatest that is known, 0 for none. */
uint64_t trail_most_us(const struct trail *t);

/* Append <svg>: the lag over the whole time, to scale with its greatest; nothing where it was not known. */
void trail_put_svg(struct buf *out, const struct trail *t);

#endif
