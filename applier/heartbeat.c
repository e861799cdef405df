/* Heartbeats in a ring from being read to having arrived. */
#include "applier/heartbeat.h"

#define HALF_WINDOW_US (30 * UINT64_C(1000000))

static uint64_t since(uint64_t now_us, uint64_t then_us)
{
    return now_us > then_us ? now_us - then_us : 0;
}

/* Two halves of a window, so that what is told is of the last half to whole minute. */
static void note_behind(struct heartbeats *h, uint64_t us, uint64_t mono_us)
{
    if (since(mono_us, h->behind_since_us) >= HALF_WINDOW_US) {
        h->behind_us[1] = since(mono_us, h->behind_since_us) < 2 * HALF_WINDOW_US ? h->behind_us[0] : 0;
        h->behind_us[0] = 0;
        h->behind_since_us = mono_us;
    }
    if (us > h->behind_us[0])
        h->behind_us[0] = us;
}

void heartbeats_read(struct heartbeats *h, const struct heartbeat *beat, const struct clocks *now)
{
    histogram_add(&h->transported, since(now->wall_us, beat->put_us));
    note_behind(h, since(beat->put_us, now->wall_us), now->mono_us);
    if (h->count == HEARTBEATS_WAITING)
        return;
    size_t at = (h->first + h->count++) % HEARTBEATS_WAITING;
    h->waiting[at].seq = beat->seq;
    h->waiting[at].as_of_us = beat->as_of_us;
    h->waiting[at].read_us = now->mono_us;
}

void heartbeats_arrive(struct heartbeats *h, uint64_t seq, const struct clocks *now)
{
    while (h->count > 0 && h->waiting[h->first].seq <= seq) {
        uint64_t total = since(now->wall_us, h->waiting[h->first].as_of_us);
        histogram_add(&h->applied, since(now->mono_us, h->waiting[h->first].read_us));
        histogram_add(&h->total, total);
        age_note(&h->lag, now->mono_us, total);
        h->first = (h->first + 1) % HEARTBEATS_WAITING;
        h->count--;
    }
}

void heartbeats_restart(struct heartbeats *h)
{
    h->first = h->count = 0;
}

uint64_t heartbeats_behind_us(const struct heartbeats *h, const struct clocks *now)
{
    uint64_t age = since(now->mono_us, h->behind_since_us);
    if (age >= 2 * HALF_WINDOW_US)
        return 0;
    return h->behind_us[0] > h->behind_us[1] || age >= HALF_WINDOW_US ? h->behind_us[0] : h->behind_us[1];
}
