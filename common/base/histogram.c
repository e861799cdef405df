/* Buckets by a table of bounds. */
#include "common/base/histogram.h"

#define MS UINT64_C(1000)
#define S (1000 * MS)
#define MIN (60 * S)
#define HOUR (60 * MIN)

/* Close where links live, three a decade; then what people count in. */
const uint64_t histogram_bounds_us[HISTOGRAM_BOUNDS] = {
    1 * MS, 2 * MS, 5 * MS, 10 * MS, 20 * MS, 50 * MS,  100 * MS, 200 * MS, 500 * MS,  1 * S,    2 * S,
    5 * S,  10 * S, 30 * S, 1 * MIN, 5 * MIN, 15 * MIN, 1 * HOUR, 3 * HOUR, 12 * HOUR, 24 * HOUR};

void histogram_add(struct histogram *h, uint64_t us)
{
    size_t i = 0;
    while (i < HISTOGRAM_BOUNDS && us > histogram_bounds_us[i])
        i++;
    h->buckets[i]++;
    h->count++;
    h->sum_us += us;
}

double histogram_quantile(const struct histogram *h, double q)
{
    double wanted = q * (double)h->count, below = 0;
    if (h->count == 0)
        return 0;
    for (size_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
        double here = (double)h->buckets[i];
        double from = i > 0 ? (double)histogram_bounds_us[i - 1] : 0;
        if (here > 0 && below + here >= wanted)
            return from + ((double)histogram_bounds_us[i] - from) * (wanted - below) / here;
        below += here;
    }
    return (double)histogram_bounds_us[HISTOGRAM_BOUNDS - 1];
}
