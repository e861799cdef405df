/* A link that an operator has paused: said to the target, so that it stays so over a restart, then nothing is begun. */
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

int worker_pause(struct worker *w, struct err *err)
{
    char paused[LINK_ROW_PAUSED_MAX + 1];
    bool told = false;
    while (hold_due(w->hold) && !stop_requested(w->stop)) {
        bool is_paused = hold_paused(w->hold, paused);
        if ((!told || !is_paused) && tell_target(w, paused, err))
            return -1;
        told = true;
        if (!is_paused)
            break;
        status_set(w->status, LINK_PAUSED, paused);
        (void)stop_wait(w->stop, LOOK_MS);
        if (!stop_requested(w->stop) && target_session_keep(w->sink->db, err))
            return -1;
    }
    status_resume(w->status, LINK_PAUSED);
    return 0;
}
