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
        struct txn *t = schedule_take_fragment(w->schedule, w->number, TARGET_SESSION_IDLE_MS / 2);
        if (t || schedule_ended(w->schedule, NULL) || schedule_must_yield(w->schedule, w->number))
            return t;
        *rc = target_session_keep(w->sink->db, err);
        if (*rc)
            break;
    }
    return NULL;
}

/* What became of a fragment that was not written: rolled back, and all of it comes again. */
static void start_again(struct worker *w, const struct txn *t, struct apply_outcome *out)
{
    if (out->result == APPLY_WAIT) {
        worker_wait_for_table(w, out);
    } else if (out->result == APPLY_REFUSED) {
        log_notice("big transaction seq %" PRIu64 " is refused by the target: reading it again, to park it",
                   t->head.seq);
        worker_park_big(w, t->head.seq, 0, buf_cstr(&out->why));
    } else {
        log_notice("big transaction seq %" PRIu64 " is not as the source saw it: reading it again, to go row by row",
                   t->head.seq);
        w->exact_seq = t->head.seq;
    }
}

/* 1: written; 0: rolled back, the transaction is to be read again; -1. */
static int write_part(struct worker *w, struct txn *t, struct err *err)
{
    struct apply_outcome out = {0};
    if (t->head.seq == w->big_park.seq)
        return worker_park_fragment(w, t, err) ? -1 : 1;
    int met = worker_park_marks(w, t, err) ? -1 : worker_park_meets(w, t, err);
    if (met) {
        sink_rollback(w->sink);
        return met < 0 ? -1 : 0;
    }
    int rc = apply_fragment(w->sink, t, t->exact, &out, err) ? -1 : out.result == APPLY_DONE;
    if (rc == 0)
        start_again(w, t, &out);
    apply_outcome_free(&out);
    return rc;
}

/* One fragment of the open transaction. 1: go on; 0: it is over, as *end says; -1: error, rolled back. */
static int apply_part(struct worker *w, struct txn *t, enum worker_end *end, struct err *err)
{
    int written = write_part(w, t, err);
    if (written == 0)
        *end = WORKER_AGAIN;
    if (written != 1 || !(t->head.flags & RECORD_LAST))
        return written;
    if (sink_commit(w->sink, &t, 1, err))
        return -1;
    w->sink->counts.transactions++;
    worker_committed(w);
    return 0;
}

/* No further fragment has come: it is void, in the way of another one, or a stop was requested. */
static void leave_unfinished(struct worker *w, struct txn *news, uint64_t seq, enum worker_end *end)
{
    sink_rollback(w->sink);
    if (news) {
        log_notice("a fragmented transaction is void: its writer was replaced before it was complete");
        schedule_dropped(w->schedule, w->number);
    } else if (schedule_must_yield(w->schedule, w->number)) {
        log_notice("big transaction seq %" PRIu64 " is in the way of an earlier one: reading it again, to go alone",
                   seq);
        w->alone_seq = seq;
        *end = WORKER_AGAIN;
    }
}

int worker_apply_big(struct worker *w, struct txn *first, enum worker_end *end, struct err *err)
{
    struct txn *t = first;
    uint64_t seq = t->head.seq;
    int rc = sink_begin(w->sink, &t, 1, err);
    if (rc) {
        txn_free(&t);
        return -1;
    }
    while ((rc = apply_part(w, t, end, err)) > 0) {
        txn_free(&t);
        t = take_next(w, &rc, err);
        if (t && !t->abandon)
            continue;
        leave_unfinished(w, t, seq, end);
        break;
    }
    txn_free(&t);
    return rc;
}
