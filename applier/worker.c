/* The worker's loop: gathering a group, and applying it by the way that it needs. */
#include "applier/worker.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "applier/apply.h"
#include "applier/worker_parts.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/target/session.h"

#define MOST_TOGETHER 4096 /* transactions in one group, whatever the configuration allows */
#define WAIT_MS 1000       /* between looks at a table that does not fit */
#define LOOK_MS 500        /* an operator's word about what is parked is not to wait for the next transaction */
#define TURN_MS 200        /* for what comes before a verdict to be in effect */

/* ---- gathering ---- */

static void group_add(struct worker *w, struct txn *t)
{
    if (w->count == w->cap) {
        w->cap = w->cap ? 2 * w->cap : 64;
        w->group = xreallocarray(w->group, w->cap, sizeof *w->group);
    }
    w->group[w->count++] = t;
    w->rows += t->row_total;
    w->bytes += t->bytes;
}

static bool group_is_full(const struct worker *w)
{
    return w->count >= MOST_TOGETHER || w->rows >= pace_group_rows(w->pace, w->link->group_rows) ||
           w->bytes >= w->link->group_bytes;
}

/* Take one more; false: there is none now, or it begins something else. */
static bool gather_one(struct worker *w, int timeout_ms)
{
    struct txn *t = w->count > 0 ? schedule_take_behind(w->schedule, w->number, w->group[w->count - 1])
                                 : schedule_take(w->schedule, w->number, timeout_ms);
    if (!t)
        return false;
    if (t->ddl || t->alone || !txn_is_whole(t)) {
        w->next = t;
        return false;
    }
    group_add(w, t);
    return true;
}

/* What is there now, up to the bounds; waits a while for the first. */
static void gather(struct worker *w)
{
    const bool looks = hold_due(w->hold) || !park_is_empty(w->park);
    const int patience_ms = looks ? LOOK_MS : TARGET_SESSION_IDLE_MS / 2;
    beat_rest(w->beat, (uint64_t)patience_ms);
    bool some = !w->next && (w->count > 0 || gather_one(w, patience_ms));
    beat_on(w->beat);
    if (!some)
        return;
    while (!w->next && !group_is_full(w) && gather_one(w, 0))
        ;
}

void worker_committed(struct worker *w)
{
    backoff_reset(&w->backoff);
    status_applied(w->status, w->number, &w->sink->counts);
    status_resume(w->status, LINK_WAITING);
    status_resume(w->status, LINK_RETRYING);
    status_worker(w->status, w->number, LINK_RUNNING, NULL);
}

void worker_wait_for_table(struct worker *w, const struct apply_outcome *out)
{
    char why[900];
    (void)snprintf(why, sizeof why, "%.*s", (int)out->why.len, (const char *)out->why.data);
    status_worker(w->status, w->number, LINK_WAITING, why);
    (void)stop_wait(w->stop, WAIT_MS);
}

void worker_group_done(struct worker *w, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        w->rows -= w->group[i]->row_total;
        w->bytes -= w->group[i]->bytes;
        txn_free(&w->group[i]);
    }
    w->count -= n;
    memmove(w->group, w->group + n, w->count * sizeof *w->group);
    worker_committed(w);
}

/* ---- applying ---- */

#define FREE_WAIT_MS 1000 /* for the target's own stream, with no lock in hand */

/* The capture of the target's region has not told in time what is written there. What is tried again asks anew. */
static int wait_for_word(struct worker *w, struct err *err)
{
    bool passed = false;
    while (!passed && err->class == ERR_RETRY && err->code == VERSIONS_BEHIND && !stop_requested(w->stop) &&
           !worker_gives_up(w, true)) {
        status_worker(w->status, w->number, LINK_WAITING, err->text);
        passed = causal_wait_free(w->sink->causal, FREE_WAIT_MS, err);
        struct err keep = {0};
        if (target_session_keep(w->sink->db, &keep)) {
            *err = keep;
            return -1;
        }
    }
    return passed || err->code == VERSIONS_BEHIND ? 0 : -1;
}

/* After an error that rolled back. 0: try again here; -1: the session has to start anew, or the link to stop. */
static int retry(struct worker *w, size_t tried, struct err *err)
{
    struct err keep;
    if (err->class == ERR_RETRY && err->code == VERSIONS_BEHIND)
        return wait_for_word(w, err);
    if (err->class != ERR_RETRY || db_says_read_only(err))
        return -1;
    if (w->sink->unsettled || target_session_keep(w->sink->db, &keep))
        return worker_reconnect(w, err);
    if (err->code == SERVER_LOCK_WAIT_TIMEOUT)
        schedule_contended(w->schedule);
    w->limit = tried > 1 ? tried / 2 : 1;
    bool operators = err->code == (int)SERVER_PACKET_TOO_LARGE; /* theirs to mend */
    if (w->backoff.tries > 2 || operators)                      /* a deadlock now and then is ordinary */
        status_worker(w->status, w->number, operators ? LINK_WAITING : LINK_RETRYING, err->text);
    (void)stop_wait(w->stop, backoff_next(&w->backoff));
    return 0;
}

/* The first of the group cannot be applied as it is: `rc` and err say why, or it waits. 1: an operator has had it
 * skipped; 0: nobody has; -1: err. */
static int skip_first(struct worker *w, int rc, struct err *err)
{
    struct err own = {0};
    if (rc && err->class != ERR_FATAL)
        return 0;
    int skipped = worker_skip(w, w->group[0], &own);
    if (skipped == 1) {
        *err = (struct err){0};
        worker_group_done(w, 1);
    }
    if (skipped < 0 && rc)
        return 0; /* what it stands before is told */
    if (skipped < 0)
        *err = own;
    return skipped;
}

/* The one that stands alone in the group, row by row. */
static int apply_one_exact(struct worker *w, struct err *err)
{
    struct apply_outcome out = {0};
    int rc = apply_exact(w->sink, w->group[0], &out, err);
    int skipped = rc || out.result == APPLY_WAIT ? skip_first(w, rc, err) : 0;
    if (skipped == 1)
        rc = 0;
    else if (rc || skipped < 0)
        rc = retry(w, 1, err);
    else if (out.result == APPLY_WAIT)
        worker_wait_for_table(w, &out);
    else if (out.result == APPLY_REFUSED && worker_park_refused(w, w->group[0], &out, err))
        rc = retry(w, 1, err);
    else
        worker_group_done(w, 1);
    apply_outcome_free(&out);
    return rc;
}

/* The first of the group is in doubt: it has to go the exact way, for which everything before it must be in effect.
 * What follows may share a key with it, a big one that was to be begun next too. Anything else that is next to come had
 * to wait until all before it was in effect. */
static void give_back(struct worker *w)
{
    if (w->next && txn_is_fragment(w->next)) {
        group_add(w, w->next);
        w->next = NULL;
    }
    schedule_return(w->schedule, w->number, w->group, w->count);
    w->count = w->rows = w->bytes = 0;
}

/* The clean ones before the doubtful one go next; a doubtful place that is not known is looked for by halves. */
static size_t after_doubt(struct worker *w, size_t n, size_t doubt)
{
    if (doubt == 0 || n == 1) {
        give_back(w);
        return w->limit;
    }
    return doubt < n ? doubt : n / 2;
}

/* One of the group is to be judged, and what comes before it is at other workers: soon it is in effect, and then all
 * that is in order goes together. It may as well be behind us, in our own queue: so the wait is short, and then the
 * clean ones go, or the schedule is asked to see to it. */
static size_t await_turn(struct worker *w, size_t n, size_t doubt)
{
    size_t ready = schedule_await_order(w->schedule, w->number, w->group, w->count, TURN_MS);
    return ready > 0 ? ready : after_doubt(w, n, doubt);
}

/* The first n of the group together. `next`: how many to try next. */
static int apply_some(struct worker *w, size_t n, size_t *next, struct err *err)
{
    struct apply_outcome out = {0};
    int rc = apply_fast(w->sink, w->group, n, &out, err);
    if (rc) {
        rc = retry(w, n, err);
        *next = w->limit;
    } else if (out.result == APPLY_DOUBT && out.early) {
        *next = await_turn(w, n, out.doubt);
    } else if (out.result == APPLY_DOUBT) {
        *next = after_doubt(w, n, out.doubt);
    } else if (out.result == APPLY_WAIT) {
        *next = n > 1 ? n / 2 : 1; /* those before the one that has to wait need not */
        int skipped = n == 1 ? skip_first(w, 0, err) : 0;
        if (skipped < 0)
            rc = retry(w, 1, err);
        else if (n == 1 && !skipped)
            worker_wait_for_table(w, &out);
    } else {
        worker_group_done(w, n);
        if (n == w->limit && w->limit < MOST_TOGETHER)
            w->limit *= 2;
        *next = w->limit;
    }
    apply_outcome_free(&out);
    return rc;
}

/* Everything gathered, in order. 0 also when stop was requested in between. */
static int apply_group(struct worker *w, struct err *err)
{
    size_t next = w->limit;
    int rc = 0;
    while (rc == 0 && w->count > 0 && !stop_requested(w->stop) && !worker_is_to_rest(w)) {
        const size_t count = w->count;
        size_t n = count < next ? count : next;
        status_limit(w->status, w->number, w->limit);
        if (worker_park_ahead(w, &n, err))
            rc = retry(w, 1, err);
        else if (n == 0)
            worker_group_done(w, 1);
        else if (w->group[0]->exact)
            rc = apply_one_exact(w, err);
        else
            rc = apply_some(w, n, &next, err);
        if (w->count == count)
            (void)worker_gives_up(w, true);
    }
    return rc;
}

/* A fragment, an operator's act, a DDL statement, or what joins no group. */
static int apply_next(struct worker *w, enum worker_end *end, struct err *err)
{
    struct txn *t = w->next;
    w->next = NULL;
    if (txn_is_act(t))
        return worker_apply_act(w, t, err);
    if (t->ddl)
        return worker_apply_ddl(w, t, err);
    if (!txn_is_whole(t))
        return worker_apply_big(w, t, end, err);
    group_add(w, t);
    return apply_group(w, err);
}

int worker_keep_alive(struct worker *w, struct err *err)
{
    if (target_session_keep(w->sink->db, err) == 0)
        return 0;
    return err->class == ERR_RETRY ? worker_reconnect(w, err) : -1;
}

static void release(struct worker *w)
{
    for (size_t i = 0; i < w->count; i++)
        txn_free(&w->group[i]);
    free(w->group);
    w->group = NULL;
    w->count = w->cap = 0;
    txn_free(&w->next);
    key_tables_free(&w->keys);
    table_cache_free(&w->parked);
}

enum worker_end worker_run(struct worker *w, struct err *err)
{
    enum worker_end end = WORKER_STOPPED;
    int rc = 0;
    w->limit = MOST_TOGETHER;
    w->backoff = backoff_make(10, 5000);
    while (rc == 0 && end == WORKER_STOPPED && !stop_requested(w->stop)) {
        if (worker_is_to_rest(w)) {
            rc = worker_pause(w, err);
            continue;
        }
        gather(w);
        sink_renew_tables(w->sink);
        rc = worker_drain(w, err);
        if (rc)
            break;
        const uint64_t rows = w->sink->counts.rows, began_ms = clock_mono_ms();
        if (w->count > 0)
            rc = apply_group(w, err);
        else if (w->next)
            rc = apply_next(w, &end, err);
        else if (!schedule_ended(w->schedule, err))
            rc = worker_gives_up(w, false) ? 0 : worker_keep_alive(w, err);
        else
            break;
        if (rc == 0 && end == WORKER_STOPPED)
            rc = worker_pace(w, w->sink->counts.rows - rows, began_ms, err);
    }
    if (rc == 0 && end == WORKER_STOPPED && !stop_requested(w->stop) && err->class != ERR_NONE)
        rc = -1;
    release(w);
    return rc ? WORKER_ERROR : end;
}
