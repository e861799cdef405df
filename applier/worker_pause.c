/* A link that an operator has paused: what is begun comes to its end, then all workers rest, and the target is told, so
 * that it stays so over a restart. That also brings the ledger's row to where the link stands: no slot may have said it
 * before, as the last two that committed did not know of each other. */
#include "applier/worker_parts.h"
#include "common/base/log.h"
#include "common/target/link_row.h"
#include "common/target/session.h"

#define LOOK_MS 300

static int tell_target(struct worker *w, const char *paused, struct err *err)
{
    struct sink *s = w->sink;
    if (sink_begin_aside(s, err))
        return -1;
    if (link_row_pause(s->db, w->topic, s->part, paused, err)) {
        sink_rollback(s);
        return -1;
    }
    if (sink_commit_aside(s, err))
        return -1;
    hold_told(w->hold, paused);
    return 0;
}

/* Does the operator want the link paused? Then the schedule knows it: unless he lifts it just now, and nobody would
 * tell the schedule any more. */
static bool is_wanted(struct worker *w)
{
    char paused[LINK_ROW_PAUSED_MAX + 1];
    uint64_t since_ms;
    if (!hold_paused(w->hold, paused, &since_ms))
        return false;
    schedule_pause(w->schedule, since_ms);
    if (hold_paused(w->hold, paused, NULL))
        return true;
    schedule_resume(w->schedule);
    return false;
}

bool worker_is_to_rest(struct worker *w)
{
    if (!hold_due(w->hold))
        return false;
    return !is_wanted(w) || schedule_pause_reached(w->schedule); /* not wanted: the target is to be told that */
}

bool worker_gives_up(struct worker *w, bool in_hand)
{
    return hold_due(w->hold) && is_wanted(w) && schedule_pause_in_vain(w->schedule, in_hand);
}

/* A moment of it. */
static int rest(struct worker *w, const char *paused, struct err *err)
{
    if (schedule_rest(w->schedule, w->number, true))
        status_set(w->status, LINK_PAUSED, paused);
    (void)stop_wait(w->stop, LOOK_MS);
    return stop_requested(w->stop) ? 0 : target_session_keep(w->sink->db, err);
}

int worker_pause(struct worker *w, struct err *err)
{
    char paused[LINK_ROW_PAUSED_MAX + 1];
    bool told = false;
    int rc = 0;
    while (rc == 0 && hold_due(w->hold) && !stop_requested(w->stop)) {
        bool is_paused = hold_paused(w->hold, paused, NULL);
        if (is_paused && !schedule_pause_reached(w->schedule))
            break; /* it was lifted, and said again */
        if (!told || !is_paused)
            rc = tell_target(w, paused, err);
        told = is_paused;
        if (rc == 0 && is_paused) {
            rc = rest(w, paused, err);
        } else if (rc == 0 && !hold_paused(w->hold, paused, NULL)) {
            schedule_resume(w->schedule);
            break;
        }
    }
    (void)schedule_rest(w->schedule, w->number, false);
    status_resume(w->status, LINK_PAUSED);
    return rc;
}

int worker_pause_as_it_is(struct worker *w, struct err *err)
{
    char paused[LINK_ROW_PAUSED_MAX + 1];
    if (is_wanted(w))
        schedule_cut_pause(w->schedule);
    if (!hold_paused(w->hold, paused, NULL))
        schedule_resume(w->schedule);
    return worker_pause(w, err);
}
