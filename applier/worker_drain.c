/* Bringing what is parked into effect, in order: what an operator asked for, and what has waited for that.
 *
 * What is parked shares no key with anything that runs: all that came later and did is parked behind it. So one worker
 * may drain while others work. What is in front goes first; what it leaves behind blocks what shares a key with it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "applier/park_record.h"
#include "applier/worker_parts.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/target/journal_resolve.h"

#define LOOK_EVERY_MS 1000u

/* One transaction in the table. */
struct candidate {
    uint64_t seq;
    bool refused; /* waits for the operator, not for another one */
    bool retry;
    bool discard;
};

struct drain {
    struct worker *w;
    struct candidate *list;
    size_t count;
    size_t cap;
    struct keyset before; /* of what stays */
    struct apply_outcome out;
};

static int note_candidate(void *context, const struct parked_row *row, struct span record, struct err *err)
{
    struct drain *d = context;
    (void)record;
    (void)err;
    if (d->count > 0 && d->list[d->count - 1].seq == row->seq)
        return 0;
    if (d->count == d->cap) {
        d->cap = d->cap ? 2 * d->cap : 16;
        d->list = xreallocarray(d->list, d->cap, sizeof *d->list);
    }
    d->list[d->count++] = (struct candidate){.seq = row->seq,
                                             .refused = row->behind == 0,
                                             .retry = strcmp(row->state, PARKED_RETRY) == 0,
                                             .discard = strcmp(row->state, PARKED_DISCARD) == 0};
    return 0;
}

/* ---- one transaction ---- */

static int apply_record(void *context, const struct parked_row *row, struct span record, struct err *err)
{
    struct drain *d = context;
    struct txn *t = txn_new();
    (void)row;
    int rc = 0;
    if (d->out.result == APPLY_DONE)
        rc = park_record_read(t, record, &d->w->parked, &d->w->sink->config->tables, err);
    if (rc == 0 && d->out.result == APPLY_DONE)
        rc = apply_fragment(d->w->sink, t, true, &d->out, err);
    txn_free(&t);
    return rc;
}

/* 1: in effect; 0: it stays, d->out says why; -1. */
static int try_one(struct drain *d, uint64_t seq, struct err *err)
{
    struct sink *s = d->w->sink;
    const struct parked_query one = {.topic = d->w->topic, .seq = seq, .with_record = true};
    apply_outcome_free(&d->out);
    if (sink_begin_aside(s, err))
        return -1;
    if (parked_read(s->db, &one, apply_record, d, err)) {
        sink_rollback(s);
        if (err->class != ERR_FATAL || err->exit_code != EXIT_UNSAFE)
            return -1;
        buf_put_str(&d->out.why, err->text); /* a conflict that stops the link where it comes from the stream */
        *err = (struct err){0};
        return 0;
    }
    if (d->out.result != APPLY_DONE) /* rolled back already */
        return 0;
    if (parked_remove(s->db, d->w->topic, seq, err) ||
        journal_end_parked(s->db, s->link, seq, JOURNAL_PARKED_APPLIED, err) || sink_commit_aside(s, err)) {
        sink_rollback(s);
        return -1;
    }
    s->counts.transactions++;
    park_leave(d->w->park, seq);
    log_event(MSG_PARKED_DONE, log_str("link", s->link), log_u64("seq", seq));
    return 1;
}

/* It stays: what the operator reads is why it did this time. */
static int renote(struct drain *d, uint64_t seq, struct err *err)
{
    struct sink *s = d->w->sink;
    if (d->out.why.len == 0)
        buf_put_str(&d->out.why, "it is not as the source saw it");
    log_event(MSG_PARKED_STAYS, log_str("link", s->link), log_u64("seq", seq), log_detail(buf_cstr(&d->out.why)));
    if (sink_begin_aside(s, err))
        return -1;
    if (parked_renote(s->db, d->w->topic, seq, 0, buf_cstr(&d->out.why), err) ||
        journal_end_parked(s->db, s->link, seq, JOURNAL_PARKED_STAYS, err) || sink_commit_aside(s, err)) {
        sink_rollback(s);
        return -1;
    }
    park_note_refused(d->w->park, seq);
    return 0;
}

static int give_up(struct drain *d, uint64_t seq, struct err *err)
{
    struct sink *s = d->w->sink;
    if (sink_begin_aside(s, err))
        return -1;
    if (parked_give_up(s->db, d->w->topic, seq, err) ||
        journal_end_parked(s->db, s->link, seq, JOURNAL_PARKED_GIVEN_UP, err) || sink_commit_aside(s, err)) {
        sink_rollback(s);
        return -1;
    }
    park_leave(d->w->park, seq);
    log_event(MSG_PARKED_GIVEN_UP, log_str("link", s->link), log_u64("seq", seq));
    return 0;
}

static int drain_one(struct drain *d, const struct candidate *c, struct err *err)
{
    struct park *park = d->w->park;
    int done = 0;
    if (c->discard)
        return give_up(d, c->seq, err);
    if ((c->retry || !c->refused) && park_is_free(park, &d->before, c->seq)) {
        done = try_one(d, c->seq, err);
        if (done == 0)
            done = renote(d, c->seq, err);
    }
    if (done == 0)
        park_stays(park, &d->before, c->seq);
    return done < 0 ? -1 : 0;
}

static int drain_all(struct worker *w, struct err *err)
{
    struct drain d = {.w = w};
    const struct parked_query all = {.topic = w->topic};
    int rc = parked_read(w->sink->db, &all, note_candidate, &d, err);
    for (size_t i = 0; rc == 0 && i < d.count && !stop_requested(w->stop); i++)
        rc = drain_one(&d, &d.list[i], err);
    apply_outcome_free(&d.out);
    keyset_free(&d.before);
    free(d.list);
    return rc;
}

/* ---- when ---- */

/* Has an operator asked for something, or is there one that waits for nothing any more? */
static int is_called_for(struct worker *w, bool *out, struct err *err)
{
    uint64_t requests;
    if (parked_requests(w->sink->db, w->topic, &requests, err))
        return -1;
    *out = requests > 0 || park_has_free(w->park);
    return 0;
}

int worker_drain(struct worker *w, struct err *err)
{
    uint64_t now = clock_mono_ms();
    bool wanted = false;
    if (park_is_empty(w->park) || now < w->drained_ms + LOOK_EVERY_MS)
        return 0;
    w->drained_ms = now;
    int rc = is_called_for(w, &wanted, err);
    if (rc || !wanted || !park_begin_drain(w->park))
        return rc;
    rc = drain_all(w, err);
    park_end_drain(w->park);
    status_parked(w->status, w->park);
    return rc;
}
