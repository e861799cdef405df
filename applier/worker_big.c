/* Big transactions: one target transaction that is filled fragment by fragment, as they come.
 *
 * Nothing of it is kept in memory but the fragment in hand, so that an error of the server, or a row that is to be
 * parked with all of its transaction, ends with ROLLBACK and a session that reads it again. A fragment in doubt waits
 * for the transaction's turn and is settled where it stands (schedule_assign.c says why the turn comes). */
#include <inttypes.h>

#include "applier/worker_parts.h"
#include "common/base/log.h"
#include "common/target/session.h"

#define TURN_LOOK_MS 500 /* while a fragment waits for its turn: between looks at what an operator said */

/* What became of a fragment. */
enum part_end {
    PART_FAILED = -1, /* error, rolled back */
    PART_OVER,        /* rolled back, the transaction is to be read again; or committed, when it was the last one */
    PART_WRITTEN,
    PART_LEFT, /* its turn did not come: what was written is still there */
};

/* The next fragment, or news; NULL with *rc 0 at the end, -1 when the connection broke. */
static struct txn *take_next(struct worker *w, int *rc, struct err *err)
{
    *rc = 0;
    while (!stop_requested(w->stop)) {
        struct txn *t = schedule_take_fragment(w->schedule, w->number, TARGET_SESSION_IDLE_MS / 2);
        if (t || schedule_ended(w->schedule, NULL) || schedule_must_yield(w->schedule, w->number) ||
            worker_gives_up(w, true))
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
        return;
    }
    log_event(MSG_BIG_PARKED, log_u64("seq", t->head.seq));
    worker_park_big(w, t->head.seq, 0, buf_cstr(&out->why));
}

/* Until everything before the fragment's transaction is in effect. Its locks are kept, and its memory is that fragment:
 * so an operator's pause, which may be a long one, is not waited out. 1: so; 0: it did not come to that; -1. */
static int await_turn(struct worker *w, struct txn *t, struct err *err)
{
    while (!stop_requested(w->stop) && !schedule_must_yield(w->schedule, w->number)) {
        if (schedule_await_order(w->schedule, w->number, &t, 1, TURN_LOOK_MS) > 0)
            return 1;
        if (schedule_ended(w->schedule, NULL) || worker_gives_up(w, true))
            break;
        if (target_session_keep(w->sink->db, err))
            return -1;
    }
    return 0;
}

/* Each doubt leads on: once its turn has come a fragment is not `early`, and exact it is in no doubt. */
static enum part_end write_rows(struct worker *w, struct txn *t, struct apply_outcome *out, struct err *err)
{
    bool exact = false;
    for (;;) {
        if (apply_fragment(w->sink, t, exact, out, err))
            return PART_FAILED;
        if (out->result != APPLY_DOUBT)
            return out->result == APPLY_DONE ? PART_WRITTEN : PART_OVER;
        int turn = await_turn(w, t, err);
        if (turn != 1)
            return turn < 0 ? PART_FAILED : PART_LEFT;
        exact = !out->early;
        apply_outcome_free(out);
    }
}

static enum part_end write_part(struct worker *w, struct txn *t, struct err *err)
{
    struct apply_outcome out = {0};
    if (t->head.seq == w->big_park.seq)
        return worker_park_fragment(w, t, err) ? PART_FAILED : PART_WRITTEN;
    int met = worker_park_marks(w, t, err) ? -1 : worker_park_meets(w, t, err);
    if (met) {
        sink_rollback(w->sink);
        return met < 0 ? PART_FAILED : PART_OVER;
    }
    enum part_end end = write_rows(w, t, &out, err);
    if (end == PART_OVER)
        start_again(w, t, &out);
    apply_outcome_free(&out);
    return end;
}

/* One fragment of the open transaction; *end says what a PART_OVER means. */
static enum part_end apply_part(struct worker *w, struct txn *t, enum worker_end *end, struct err *err)
{
    enum part_end written = write_part(w, t, err);
    if (written == PART_OVER)
        *end = WORKER_AGAIN;
    if (written != PART_WRITTEN || !(t->head.flags & RECORD_LAST))
        return written;
    if (sink_commit(w->sink, &t, 1, err))
        return PART_FAILED;
    w->sink->counts.transactions++;
    worker_committed(w);
    return PART_OVER;
}

/* It is void, in the way of another one or of a pause, or a stop was requested. */
static void leave_unfinished(struct worker *w, struct txn *news, uint64_t seq, enum worker_end *end)
{
    sink_rollback(w->sink);
    if (news) {
        log_plain(MSG_FRAGMENTS_VOID);
        schedule_dropped(w->schedule, w->number);
        return;
    }
    if (schedule_must_yield(w->schedule, w->number)) {
        log_event(MSG_BIG_ALONE, log_u64("seq", seq));
        w->alone_seq = seq;
    }
    if (!schedule_ended(w->schedule, NULL))
        *end = WORKER_AGAIN;
}

/* Whoever held the lock that it could not have may hold it again, if it is one of ours that waits for this one. */
static void note_failure(struct worker *w, uint64_t seq, const struct err *err)
{
    if (err->code == SERVER_LOCK_WAIT_TIMEOUT || err->code == SERVER_DEADLOCK)
        w->alone_seq = seq;
}

int worker_apply_big(struct worker *w, struct txn *first, enum worker_end *end, struct err *err)
{
    struct txn *t = first;
    uint64_t seq = t->head.seq;
    enum part_end last = PART_WRITTEN;
    int rc = sink_begin(w->sink, &t, 1, err);
    while (rc == 0 && (last = apply_part(w, t, end, err)) == PART_WRITTEN) {
        txn_free(&t);
        t = take_next(w, &rc, err);
        if (t && !t->abandon)
            continue;
        leave_unfinished(w, t, seq, end);
        break;
    }
    if (last == PART_LEFT)
        leave_unfinished(w, NULL, seq, end);
    if (last == PART_FAILED) {
        note_failure(w, seq, err);
        rc = -1;
    }
    txn_free(&t);
    return rc;
}
