/* The operator's throttle between a worker's target transactions: nothing is in hand while it waits. */
#include "applier/worker_parts.h"
#include "common/base/clock.h"

#define LOOK_MS 300

int worker_pace(struct worker *w, uint64_t rows, uint64_t began_ms, struct err *err)
{
    uint64_t since, now;
    int rc = 0;
    if (rows == 0)
        return 0;
    uint64_t due = pace_due_ms(w->pace, rows, clock_mono_ms() - began_ms, &since);
    while (rc == 0 && (now = clock_mono_ms()) < due && !stop_requested(w->stop) && !hold_due(w->hold) &&
           !pace_changed(w->pace, since)) {
        uint64_t ms = due - now < LOOK_MS ? due - now : LOOK_MS;
        beat_rest(w->beat, ms);
        (void)stop_wait(w->stop, (unsigned)ms);
        beat_on(w->beat);
        rc = stop_requested(w->stop) ? 0 : worker_keep_alive(w, err);
    }
    return rc;
}
