/* Big transactions: one target transaction that is filled fragment by fragment, as they come.
 *
 * Nothing of it is kept in memory, so that whatever goes wrong ends with ROLLBACK and a session that reads it again. */
#include <inttypes.h>

#include "applier/worker_parts.h"
#include "common/base/log.h"
#include "common/target/session.h"

/* The next fragment, or news; NULL with *rc 0 at the end, -1 when the connection broke. */
static struct txn *take_next(struct worker *w, int *rc, struct err *err)
{
    *rc = 0;
    while (!stop_requested(w->stop)) {
        struct txn *t = schedule_take(w->schedule, TARGET_SESSION_IDLE_MS / 2);
        if (t || schedule_ended(w->schedule, NULL))
            return t;
        *rc = target_session_keep(w->sink->db, err);
        if (*rc)
            break;
    }
    return NULL;
}

/* One fragment of the open transaction. 1: go on; 0: it is over, as *end says; -1: error, rolled back. */
static int apply_part(struct worker *w, struct txn *t, enum worker_end *end, struct err *err)
{
    struct apply_outcome out = {0};
    bool exact = t->head.seq == w->exact_seq;
    int go_on = 0;
    if (apply_fragment(w->sink, t, exact, &out, err)) {
        go_on = -1;
    } else if (out.result == APPLY_DOUBT) {
        log_notice("big transaction seq %" PRIu64 " is not as the source saw it: reading it again, to go row by row",
                   t->head.seq);
        w->exact_seq = t->head.seq;
        *end = WORKER_AGAIN;
    } else if (out.result == APPLY_WAIT) {
        worker_wait_for_table(w, &out);
        *end = WORKER_AGAIN;
    } else if (t->head.flags & RECORD_LAST) {
        go_on = sink_commit(w->sink, t, err);
        if (go_on == 0) {
            w->sink->counts.transactions++;
            worker_committed(w);
        }
    } else {
        go_on = 1;
    }
    buf_free(&out.why);
    return go_on;
}

int worker_apply_big(struct worker *w, struct txn *first, enum worker_end *end, struct err *err)
{
    struct txn *t = first;
    int rc = -1;
    status_pending(w->status, t->head.commit_us, w->limit);
    if (!(t->head.flags & RECORD_FIRST))
        (void)err_fatal(err, EXIT_BUG, "fragment %u of seq %" PRIu64 " without those before it", t->head.fragment,
                        t->head.seq);
    else
        rc = sink_begin(w->sink, t, err);
    if (rc) {
        txn_free(&t);
        return -1;
    }
    while ((rc = apply_part(w, t, end, err)) > 0) {
        txn_free(&t);
        t = take_next(w, &rc, err);
        if (t && !t->abandon)
            continue;
        if (t)
            log_notice("a fragmented transaction is void: its writer was replaced before it was complete");
        sink_rollback(w->sink);
        break;
    }
    txn_free(&t);
    status_pending(w->status, 0, w->limit);
    return rc;
}
