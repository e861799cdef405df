/* How long something took, counted in buckets from a millisecond to a day. Pure, of fixed size. */
#ifndef DRC_BASE_HISTOGRAM_H
#define DRC_BASE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_BOUNDS 21

/* Upper bounds of the buckets, in µs, rising; a value that equals one is in its bucket. Beyond the last comes one
 * more bucket, for all that is greater. */
extern const uint64_t histogram_bounds_us[HISTOGRAM_BOUNDS];

/* Zeroed: empty. */
struct histogram {
    uint64_t buckets[HISTOGRAM_BOUNDS + 1]; /* each for itself, not summed up */
    uint64_t count;
    uint64_t sum_us;
};

void histogram_add(struct histogram *h, uint64_t us);
/* About how long the share `q` (0 to 1) of them took at most, in µs: straight lines within buckets; the last bound for
 * what is beyond it; 0 when it is empty. */
double histogram_quantile(const struct histogram *h, double q);

#endif
