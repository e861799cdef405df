/* A ring of samples, and its picture. */
#include "common/link/trail.h"

#define RATE_SAMPLES 5
#define WIDTH 600.0
#define HEIGHT 60.0
#define LEAST_SCALE_US 10000.0 /* so that noise of a millisecond does not fill the picture */

static uint64_t number_of(const json_t *status, const char *name)
{
    json_int_t n = json_integer_value(json_object_get(status, name));
    return n > 0 ? (uint64_t)n : 0;
}

void trail_note(struct trail *t, uint64_t at_ms, const json_t *status)
{
    if (t->count == TRAIL_SAMPLES) {
        t->first = (t->first + 1) % TRAIL_SAMPLES;
        t->count--;
    }
    t->samples[(t->first + t->count++) % TRAIL_SAMPLES] =
        (struct trail_sample){.at_ms = at_ms,
                              .known = json_is_integer(json_object_get(status, "lag_us")),
                              .lag_us = number_of(status, "lag_us"),
                              .transactions = number_of(status, "transactions"),
                              .rows = number_of(status, "rows")};
}

const struct trail_sample *trail_at(const struct trail *t, size_t i)
{
    return &t->samples[(t->first + i) % TRAIL_SAMPLES];
}

/* A daemon that was started anew counts from 0. */
static double rate(uint64_t from, uint64_t to, uint64_t ms)
{
    return to > from ? (double)(to - from) * 1000.0 / (double)ms : 0;
}

bool trail_rates(const struct trail *t, double *transactions, double *rows)
{
    if (t->count < 2)
        return false;
    size_t back = t->count > RATE_SAMPLES ? RATE_SAMPLES : t->count - 1;
    const struct trail_sample *a = trail_at(t, t->count - 1 - back), *b = trail_at(t, t->count - 1);
    if (b->at_ms <= a->at_ms)
        return false;
    *transactions = rate(a->transactions, b->transactions, b->at_ms - a->at_ms);
    *rows = rate(a->rows, b->rows, b->at_ms - a->at_ms);
    return true;
}

uint64_t trail_most_us(const struct trail *t)
{
    uint64_t most = 0;
    for (size_t i = 0; i < t->count; i++)
        if (trail_at(t, i)->known && trail_at(t, i)->lag_us > most)
            most = trail_at(t, i)->lag_us;
    return most;
}

/* ---- the picture ---- */

struct scale {
    uint64_t end_ms;
    double most_us;
};

static double x_of(const struct scale *s, const struct trail_sample *p)
{
    double span = (double)(TRAIL_SAMPLES - 1) * TRAIL_STEP_MS;
    double x = WIDTH - (double)(s->end_ms - p->at_ms) * WIDTH / span;
    return x > 0 ? x : 0;
}

static double y_of(const struct scale *s, const struct trail_sample *p)
{
    return HEIGHT - 2 - (HEIGHT - 6) * (double)p->lag_us / s->most_us;
}

/* One stretch of samples that are known: the ground below it, then its line. */
static void put_stretch(struct buf *out, const struct trail *t, const struct scale *s, size_t from, size_t to)
{
    buf_printf(out, "<path class=\"area\" d=\"M%.1f %.1f", x_of(s, trail_at(t, from)), HEIGHT);
    for (size_t i = from; i < to; i++)
        buf_printf(out, "L%.1f %.1f", x_of(s, trail_at(t, i)), y_of(s, trail_at(t, i)));
    buf_printf(out, "L%.1f %.1fZ\"/><path class=\"line\" d=\"", x_of(s, trail_at(t, to - 1)), HEIGHT);
    for (size_t i = from; i < to; i++)
        buf_printf(out, "%c%.1f %.1f", i == from ? 'M' : 'L', x_of(s, trail_at(t, i)), y_of(s, trail_at(t, i)));
    buf_put_str(out, "\"/>");
}

void trail_put_svg(struct buf *out, const struct trail *t)
{
    struct scale s = {.end_ms = t->count ? trail_at(t, t->count - 1)->at_ms : 0, .most_us = (double)trail_most_us(t)};
    if (s.most_us < LEAST_SCALE_US)
        s.most_us = LEAST_SCALE_US;
    buf_printf(out,
               "<svg class=\"spark\" viewBox=\"0 0 %.0f %.0f\" preserveAspectRatio=\"none\" role=\"img\" "
               "aria-label=\"lag over the last ten minutes\">",
               WIDTH, HEIGHT);
    for (size_t i = 0; i < t->count; i++) {
        size_t from = i;
        while (i < t->count && trail_at(t, i)->known)
            i++;
        if (i > from)
            put_stretch(out, t, &s, from, i);
    }
    buf_put_str(out, "</svg>");
}
