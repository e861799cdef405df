/* Steps that widen as they have to. */
#include "reconcile/timeline.h"

#define MONTH_S ((uint64_t)31 * 86400)

/* Each divides the next, so that whole steps go into a wider one. The last holds a month. */
static const uint64_t widths[] = {1, 5, 15, 30, 60, 300, 900, 1800, 3600, 7200, 21600, 43200};

static bool is_lag(enum timeline_series s)
{
    return s == TIMELINE_LAG_SOURCE || s == TIMELINE_LAG_TARGET;
}

static void put(uint64_t *cell, enum timeline_series series, uint64_t value)
{
    if (!is_lag(series))
        *cell += value;
    else if (value > *cell)
        *cell = value;
}

static uint64_t width_for(uint64_t low, uint64_t high)
{
    size_t i = 0;
    while (i + 1 < sizeof widths / sizeof *widths && high / widths[i] - low / widths[i] >= TIMELINE_STEPS)
        i++;
    return widths[i];
}

/* Into steps that begin at `start` and are `width` wide. What is before them is only counted. */
static void move(struct timeline *t, uint64_t start, uint64_t width)
{
    struct timeline old = *t;
    memset(t->values, 0, sizeof t->values);
    t->start_s = start;
    t->step_s = width;
    for (int s = 0; s < TIMELINE_SERIES; s++)
        for (size_t i = 0; old.step_s > 0 && i < TIMELINE_STEPS; i++) {
            uint64_t at = old.start_s + i * old.step_s;
            uint64_t value = old.values[s][i];
            if (value > 0 && at < start)
                t->earlier[s] += is_lag((enum timeline_series)s) ? 1 : value;
            else if (value > 0)
                put(&t->values[s][(at - start) / width], (enum timeline_series)s, value);
        }
}

/* Make the steps hold `at`, as far as a month allows. */
static void hold(struct timeline *t, uint64_t at)
{
    uint64_t low = t->step_s == 0 || at < t->low_s ? at : t->low_s;
    uint64_t high = at > t->high_s ? at : t->high_s;
    if (high - low > MONTH_S)
        low = high - MONTH_S;
    if (t->step_s > 0 && low == t->low_s && high == t->high_s)
        return;
    uint64_t width = width_for(low, high);
    uint64_t start = low / width * width;
    t->low_s = low;
    t->high_s = high;
    if (width != t->step_s || start != t->start_s)
        move(t, start, width);
}

void timeline_add(struct timeline *t, enum timeline_series series, uint64_t time_us, uint64_t value)
{
    uint64_t at = time_us / 1000000;
    if (value == 0)
        return;
    if (t->step_s == 0 || at + MONTH_S >= t->high_s)
        hold(t, at);
    if (at < t->start_s)
        t->earlier[series] += is_lag(series) ? 1 : value;
    else
        put(&t->values[series][(at - t->start_s) / t->step_s], series, value);
}

bool timeline_has(const struct timeline *t, enum timeline_series series)
{
    for (size_t i = 0; i < TIMELINE_STEPS; i++)
        if (t->values[series][i] > 0)
            return true;
    return false;
}

uint64_t timeline_used(const struct timeline *t)
{
    return t->step_s == 0 ? 0 : (t->high_s - t->start_s) / t->step_s + 1;
}
