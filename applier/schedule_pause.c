/* An operator's pause: nothing new is begun, and what had been begun comes into effect with all that stands before it
 * in the stream. Then one position says what the target has, and a copy of it can be told to begin there. */
#include "applier/schedule_private.h"
#include "common/base/clock.h"

#define PATIENCE_MS 10000 /* for what cannot come into effect */

/* The last transaction that is in somebody's hand, or in effect: by the ledger too, when a former instance was killed.
 */
static uint64_t last_begun(const struct schedule *s)
{
    uint64_t seq = watermark_high(&s->order.state.done);
    const struct place *p = s->order.last;
    while (p && p->seq > seq && ((const struct job *)p)->state != JOB_RUNNING)
        p = p->before;
    return p && p->seq > seq ? p->seq : seq;
}

/* Of what is to come into effect: is any at a worker? */
static bool goes_on(const struct schedule *s)
{
    for (const struct place *p = s->order.first; p; p = p->next) {
        enum job_state state = ((const struct job *)p)->state;
        if (state == JOB_RUNNING || (state == JOB_QUEUED && p->seq <= s->pause_seq))
            return true;
    }
    return false;
}

/* By what the ledger will say: the seq to which its GTID belongs. */
bool pause_is_reached(const struct schedule *s)
{
    return s->paused && (s->cut_short || s->order.state.seq >= s->pause_seq);
}

static bool is_overdue(const struct schedule *s)
{
    return clock_mono_ms() - s->paused_ms >= PATIENCE_MS;
}

static void cut_short(struct schedule *s)
{
    s->cut_short = true;
    schedule_wake_all(s);
}

void schedule_pause(struct schedule *s, uint64_t since_ms)
{
    pthread_mutex_lock(&s->lock);
    if (!s->paused) {
        s->paused = true;
        s->pause_seq = last_begun(s);
        s->paused_ms = since_ms;
        s->cut_short = is_overdue(s);
        schedule_wake_all(s);
    }
    pthread_mutex_unlock(&s->lock);
}

void schedule_cut_pause(struct schedule *s)
{
    pthread_mutex_lock(&s->lock);
    cut_short(s);
    pthread_mutex_unlock(&s->lock);
}

bool schedule_pause_in_vain(struct schedule *s, bool in_hand)
{
    pthread_mutex_lock(&s->lock);
    if (s->paused && !s->cut_short && is_overdue(s) && (in_hand || !goes_on(s)))
        cut_short(s);
    bool cut = s->paused && s->cut_short;
    pthread_mutex_unlock(&s->lock);
    return cut;
}

bool schedule_pause_reached(struct schedule *s)
{
    pthread_mutex_lock(&s->lock);
    bool reached = pause_is_reached(s);
    pthread_mutex_unlock(&s->lock);
    return reached;
}

bool schedule_rest(struct schedule *s, uint32_t worker, bool rests)
{
    bool all = true;
    pthread_mutex_lock(&s->lock);
    s->queues[worker].rests = rests;
    for (uint32_t i = 0; i < s->workers; i++)
        all = all && s->queues[i].rests;
    pthread_mutex_unlock(&s->lock);
    return all;
}

void schedule_resume(struct schedule *s)
{
    pthread_mutex_lock(&s->lock);
    s->paused = s->cut_short = false;
    schedule_wake_all(s);
    pthread_mutex_unlock(&s->lock);
}
