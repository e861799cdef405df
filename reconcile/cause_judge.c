/* What the writes at a row say of how it came to differ.
 *
 * Let L be the state after the newest write, by stamp, in all streams. A side that holds L is as the streams say. Of
 * one that does not, the newest write was made elsewhere and came by a link, whose ledger, journal and parked
 * transactions tell what became of it; or it was made at that side itself, and what stands there now, or does not, no
 * stream brought. A decision about an older write counts as long as the newest one was made without knowing of it:
 * what was written on top of a decision has nothing to do with it any more. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/hash.h"
#include "reconcile/cause_private.h"

/* A row in hand. */
struct judging {
    const struct cause_writes *writes; /* of each stream */
    size_t newest;                     /* stream; stream_count: nobody wrote it */
    uint64_t state[2];                 /* of the row on each side; 0: its values are not all known */
    bool holds[2];                     /* what the newest write left */
};

/* ---- states ---- */

static uint64_t state_of(struct cause *c, const struct difference *d, int side)
{
    if (!difference_has_row(d, side))
        return CAUSE_ABSENT;
    buf_clear(&c->text);
    for (size_t i = 0; i < d->column_count; i++) {
        if (!d->columns[i].value[side].p)
            return 0;
        buf_put_span(&c->text, d->columns[i].value[side]);
        buf_put_str(&c->text, ",");
    }
    return hash64(buf_span(&c->text), 0) | 2;
}

static const struct cause_writes *writes_of(struct cause *c, const struct difference *d)
{
    bool first = true;
    buf_clear(&c->text);
    for (uint16_t i = 0; i < c->plan->key_count; i++) {
        struct span name = c->plan->key[i].of[0].c->name;
        size_t at = 0;
        while (at < d->column_count && !span_eq(d->columns[at].name, name))
            at++;
        if (at == d->column_count)
            return NULL;
        buf_put_str(&c->text, first ? "" : ",");
        buf_put_sized(&c->text, name);
        buf_put_span(&c->text, difference_key_value(&d->columns[at]));
        first = false;
    }
    return map_get(&c->keys, buf_span(&c->text));
}

/* Did the newest write's region know of what stream i wrote? */
static bool is_known(const struct judging *j, size_t i)
{
    const struct cause_writes *newest = &j->writes[j->newest];
    return newest->known && newest->known[i] >= j->writes[i].seq;
}

/* Was the row ever, before its newest write, in that state, as a stream tells? What another region left counts where
 * the newest write was made on top of it: else it is no older state, but the other side of a conflict. */
static bool was_once(const struct cause *c, const struct judging *j, uint64_t state)
{
    for (size_t i = 0; i < c->stream_count; i++) {
        const struct cause_writes *w = &j->writes[i];
        size_t older = w->count - (w->count > 0 && (i == j->newest || !is_known(j, i)));
        for (size_t k = 0; k < older; k++)
            if (w->states[k] == state)
                return true;
    }
    return false;
}

static uint64_t last_state(const struct judging *j)
{
    const struct cause_writes *w = &j->writes[j->newest];
    return w->count > 0 ? w->states[w->count - 1] : 0;
}

/* ---- what became of a write ---- */

static bool is_own(const struct cause *c, size_t stream, int side)
{
    return strcmp(c->streams[stream].region->name, c->run->wishes->regions[side]) == 0;
}

static enum audit_fate fate_of(const struct cause *c, const struct judging *j, size_t i, int side)
{
    return audit_target_fate(&c->streams[i].target[side], j->writes[i].seq);
}

/* A write of stream i at a side that it had to come to by a link: is it put aside there, or not there yet? */
static enum difference_cause held_up(const struct cause *c, const struct judging *j, size_t i, int side)
{
    if (!c->streams[i].has_link[side] || j->writes[i].seq == 0)
        return CAUSE_UNKNOWN;
    enum audit_fate fate = fate_of(c, j, i, side);
    if (fate == AUDIT_IN_FLIGHT)
        return CAUSE_IN_FLIGHT;
    return fate == AUDIT_PARKED || fate == AUDIT_DISCARDED ? CAUSE_PARKED : CAUSE_UNKNOWN;
}

/* Did a rule decide about it there? */
static enum difference_cause decided(struct cause *c, struct difference *d, const struct judging *j, size_t i, int side)
{
    const struct cause_stream *s = &c->streams[i];
    if (!s->has_link[side] || j->writes[i].seq == 0 || fate_of(c, j, i, side) != AUDIT_JOURNALED)
        return CAUSE_UNKNOWN;
    uint64_t id = cause_journal_entry(c, d, side, s->link[side], j->writes[i].seq);
    if (id == 0)
        return CAUSE_UNKNOWN; /* about another row of that transaction */
    d->journal_id = id;
    d->journal_at = c->run->wishes->regions[side];
    return CAUSE_CONFLICT_LOSER;
}

/* Of the newest write where it is not in effect; then of others that it does not rest on. */
static enum difference_cause became(struct cause *c, struct difference *d, const struct judging *j)
{
    enum difference_cause found = CAUSE_UNKNOWN;
    for (int side = 0; side < 2 && found == CAUSE_UNKNOWN; side++)
        if (!j->holds[side] && (found = held_up(c, j, j->newest, side)) == CAUSE_UNKNOWN)
            found = decided(c, d, j, j->newest, side);
    for (size_t i = 0; i < c->stream_count; i++)
        for (int side = 0; side < 2 && found == CAUSE_UNKNOWN; side++)
            if (i != j->newest && !is_known(j, i))
                found = decided(c, d, j, i, side);
    for (size_t i = 0; i < c->stream_count && !j->holds[0] && !j->holds[1]; i++)
        for (int side = 0; side < 2 && found == CAUSE_UNKNOWN; side++)
            if (i != j->newest)
                found = held_up(c, j, i, side);
    return found;
}

/* ---- judging ---- */

/* A write past the stream, at that side. */
static enum difference_cause past_stream(int side)
{
    return side == 0 ? CAUSE_NEVER_PUBLISHED : CAUSE_FOREIGN_WRITE;
}

/* Does the side have what was written there last, as if nothing had ever come to it on top of that? */
static bool has_its_own(const struct cause *c, const struct judging *j, int side)
{
    for (size_t i = 0; i < c->stream_count; i++) {
        const struct cause_writes *w = &j->writes[i];
        if (i != j->newest && is_own(c, i, side) && w->count > 0 && w->states[w->count - 1] == j->state[side])
            return true;
    }
    return false;
}

/* `side` does not hold what the newest write left, the other one does. */
static enum difference_cause judge_side(struct cause *c, const struct judging *j, int side)
{
    uint64_t state = j->state[side];
    bool lost =
        state == CAUSE_ABSENT ? j->writes[j->newest].inserted : was_once(c, j, state) || has_its_own(c, j, side);
    if (is_own(c, j->newest, side) || state == 0)
        return state == 0 ? CAUSE_UNKNOWN : past_stream(side);
    return lost ? CAUSE_LOST_IN_TRANSIT : past_stream(side);
}

/* Nobody wrote it, as far as that is known. */
static enum difference_cause judge_unwritten(struct cause *c, struct difference *d)
{
    struct causes *limits = &c->run->causes;
    char at[CLOCK_TEXT_LEN];
    bool whole = true;
    for (size_t i = 0; i < c->stream_count; i++)
        whole = whole && c->streams[i].whole;
    if (whole)
        return CAUSE_BEFORE_START;
    limits->before++;
    limits->read_since_us = c->since_us > limits->read_since_us ? c->since_us : limits->read_since_us;
    (void)snprintf(c->detail, sizeof c->detail, "cause unknown: the topics were read back to %s only",
                   clock_text(at, c->since_us));
    d->detail = d->detail ? d->detail : c->detail;
    return CAUSE_UNKNOWN;
}

static enum difference_cause judge(struct cause *c, struct difference *d, const struct judging *j)
{
    if (j->newest == c->stream_count)
        return judge_unwritten(c, d);
    enum difference_cause told = became(c, d, j);
    if (told != CAUSE_UNKNOWN || last_state(j) == 0)
        return told;
    if (j->holds[0] != j->holds[1])
        return judge_side(c, j, j->holds[0] ? 1 : 0);
    if (j->state[0] == 0 || j->state[1] == 0)
        return CAUSE_UNKNOWN;
    return was_once(c, j, j->state[1]) ? CAUSE_NEVER_PUBLISHED : CAUSE_FOREIGN_WRITE;
}

static void start_judging(struct judging *j, const struct cause *c, const struct cause_writes *writes,
                          const uint64_t state[2])
{
    *j = (struct judging){
        .writes = writes, .newest = c->stream_count, .state = {state[0], state[1]}
    };
    for (size_t i = 0; i < c->stream_count; i++)
        if (writes[i].seq > 0 && (j->newest == c->stream_count || writes[i].stamp > writes[j->newest].stamp))
            j->newest = i;
    for (int side = 0; side < 2; side++)
        j->holds[side] = j->newest < c->stream_count && state[side] > 0 && state[side] == last_state(j);
}

void cause_judge(struct cause *c, struct difference *d, const struct cause_writes *writes, const uint64_t state[2])
{
    struct judging j;
    start_judging(&j, c, writes, state);
    d->cause = judge(c, d, &j);
    if (j.holds[0] != j.holds[1])
        d->newest = j.holds[0] ? 1 : 2;
    if (d->class == DIFFERENCE_DIVERGED && j.holds[0] && was_once(c, &j, state[1]))
        d->class = DIFFERENCE_STALE;
}

/* ---- last writes ---- */

/* In effect there: but for what a rule decided otherwise about this very row. */
static bool is_there(struct cause *c, const struct difference *d, size_t i, const struct cause_writes *w, int side,
                     uint64_t state)
{
    const struct cause_stream *s = &c->streams[i];
    if (is_own(c, i, side) || !s->has_link[side])
        return is_own(c, i, side);
    enum audit_fate fate = audit_target_fate(&s->target[side], w->seq);
    bool won = w->count > 0 && w->states[w->count - 1] == state;
    return fate == AUDIT_APPLIED ||
           (fate == AUDIT_JOURNALED && (won || cause_journal_entry(c, d, side, s->link[side], w->seq) == 0));
}

/* The newest write that is in effect at a side: its own, or one that came. */
static void fill_last(struct cause *c, struct difference *d, const struct cause_writes *writes, int side,
                      uint64_t state)
{
    const struct cause_writes *best = NULL;
    const struct cause_stream *of = NULL;
    for (size_t i = 0; i < c->stream_count; i++) {
        const struct cause_writes *w = &writes[i];
        if (w->seq == 0 || (best && best->stamp >= w->stamp) || !is_there(c, d, i, w, side, state))
            continue;
        best = w;
        of = &c->streams[i];
    }
    if (!best)
        return;
    d->last[side] = (struct difference_write){.region = of->region->name,
                                              .gtid = span_str(gtid_text(c->gtids[side], &best->gtid)),
                                              .seq = best->seq,
                                              .time_us = best->commit_us};
}

void cause_explain(struct cause *c, struct difference *d)
{
    uint64_t state[2];
    if (!c || d->class == DIFFERENCE_DEFINITION || d->column_count == 0)
        return;
    if (c->filtered) {
        d->cause = CAUSE_FILTERED_NOW;
        return;
    }
    const struct cause_writes *writes = writes_of(c, d);
    if (!writes)
        return;
    for (int side = 0; side < 2; side++) {
        state[side] = state_of(c, d, side);
        fill_last(c, d, writes, side, state[side]);
    }
    cause_judge(c, d, writes, state);
}
