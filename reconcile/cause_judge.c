/* What the writes at a row say of how it came to differ.
 *
 * Let L be the state after the newest write, by stamp, in all streams. A side that holds L is as the streams say. Of
 * one that does not, the newest write was made elsewhere and came by a link, whose ledger, journal and parked
 * transactions tell what became of it; or it was made at that side itself, and what stands there now, or does not, no
 * stream brought. */
#include <inttypes.h>
#include <stdlib.h>

#include "common/base/hash.h"
#include "reconcile/cause_private.h"

/* A row in hand. */
struct judging {
    const struct cause_writes *writes; /* of each stream */
    size_t newest;                     /* stream; stream_count: nobody wrote it */
    uint64_t state[2];                 /* of the row on each side; 0: its values are not all known */
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

/* Was the row ever, before its newest write, in that state, as a stream tells? */
static bool was_once(const struct cause *c, const struct judging *j, uint64_t state)
{
    for (size_t i = 0; i < c->stream_count; i++) {
        const struct cause_writes *w = &j->writes[i];
        for (size_t k = 0; k + 1 < w->count; k++)
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

static uint64_t number(struct span text)
{
    uint64_t n = 0;
    for (size_t i = 0; i < text.n && text.p[i] >= '0' && text.p[i] <= '9'; i++)
        n = n * 10 + (uint64_t)(text.p[i] - '0');
    return n;
}

/* The newest entry of a side's journal about a table's rows in that transaction: 0: none. */
static uint64_t journal_entry(struct cause *c, const struct difference *d, int side, const char *link, uint64_t seq)
{
    struct arena arena = {0};
    struct db_rows rows = {0};
    struct buf *sql = &c->text;
    struct err err = {0};
    buf_clear(sql);
    buf_printf(sql, "SELECT MAX(id) FROM drc.conflicts WHERE seq = %" PRIu64 " AND link = ", seq);
    db_put_string(sql, span_str(link));
    buf_put_str(sql, " AND db = ");
    db_put_string(sql, d->db);
    buf_put_str(sql, " AND tbl = ");
    db_put_string(sql, d->table);
    uint64_t id = db_query(c->dbs[side], &rows, &arena, buf_cstr(sql), &err) == 0 && rows.row_count == 1
                      ? number(db_cell(&rows, 0, 0))
                      : 0;
    arena_free(&arena);
    return id;
}

/* A write of stream i, at a side that it had to come to by a link. CAUSE_UNKNOWN: it is in effect there. */
static enum difference_cause became(struct cause *c, struct difference *d, const struct judging *j, size_t i, int side)
{
    const struct cause_stream *s = &c->streams[i];
    const struct cause_writes *w = &j->writes[i];
    if (!s->has_link[side] || w->seq == 0)
        return CAUSE_UNKNOWN;
    enum audit_fate fate = audit_target_fate(&s->target[side], w->seq);
    if (fate == AUDIT_IN_FLIGHT)
        return CAUSE_IN_FLIGHT;
    if (fate == AUDIT_PARKED || fate == AUDIT_DISCARDED)
        return CAUSE_PARKED;
    if (fate != AUDIT_JOURNALED)
        return CAUSE_UNKNOWN;
    d->journal_id = journal_entry(c, d, side, s->link[side], w->seq);
    d->journal_at = d->journal_id > 0 ? c->run->wishes->regions[side] : NULL;
    return d->journal_id > 0 ? CAUSE_CONFLICT_LOSER : CAUSE_UNKNOWN;
}

/* The first answer of any write at any side. */
static enum difference_cause became_of_any(struct cause *c, struct difference *d, const struct judging *j)
{
    for (size_t i = 0; i < c->stream_count; i++)
        for (int side = 0; side < 2; side++) {
            enum difference_cause found = became(c, d, j, i, side);
            if (found != CAUSE_UNKNOWN)
                return found;
        }
    return CAUSE_UNKNOWN;
}

/* ---- judging ---- */

/* A write past the stream, at that side. */
static enum difference_cause past_stream(int side)
{
    return side == 0 ? CAUSE_NEVER_PUBLISHED : CAUSE_FOREIGN_WRITE;
}

static bool is_own(const struct cause *c, size_t stream, int side)
{
    return strcmp(c->streams[stream].region->name, c->run->wishes->regions[side]) == 0;
}

/* `side` does not hold what the newest write left, the other one does. */
static enum difference_cause judge_side(struct cause *c, const struct judging *j, int side)
{
    uint64_t state = j->state[side];
    bool lost = state == CAUSE_ABSENT ? j->writes[j->newest].inserted : was_once(c, j, state);
    if (is_own(c, j->newest, side) || state == 0)
        return state == 0 ? CAUSE_UNKNOWN : past_stream(side);
    return lost ? CAUSE_LOST_IN_TRANSIT : past_stream(side);
}

static enum difference_cause judge(struct cause *c, struct difference *d, const struct judging *j)
{
    bool whole = true;
    for (size_t i = 0; i < c->stream_count; i++)
        whole = whole && c->streams[i].whole;
    if (j->newest == c->stream_count)
        return whole ? CAUSE_BEFORE_START : CAUSE_UNKNOWN;
    enum difference_cause told = became_of_any(c, d, j);
    uint64_t last = last_state(j);
    bool holds[2] = {j->state[0] == last, j->state[1] == last};
    if (told != CAUSE_UNKNOWN || last == 0)
        return told;
    if (holds[0] != holds[1])
        return judge_side(c, j, holds[0] ? 1 : 0);
    if (j->state[0] == 0 || j->state[1] == 0)
        return CAUSE_UNKNOWN;
    return was_once(c, j, j->state[1]) ? CAUSE_NEVER_PUBLISHED : CAUSE_FOREIGN_WRITE;
}

/* ---- last writes ---- */

/* The newest write that is in effect at a side: its own, or one that came. */
static void fill_last(struct cause *c, struct difference *d, const struct judging *j, int side)
{
    const struct cause_writes *best = NULL;
    const struct cause_stream *of = NULL;
    for (size_t i = 0; i < c->stream_count; i++) {
        const struct cause_writes *w = &j->writes[i];
        const struct cause_stream *s = &c->streams[i];
        enum audit_fate fate =
            s->has_link[side] && w->seq > 0 ? audit_target_fate(&s->target[side], w->seq) : AUDIT_IN_FLIGHT;
        bool won = fate == AUDIT_JOURNALED && w->count > 0 && w->states[w->count - 1] == j->state[side];
        bool there = is_own(c, i, side) || fate == AUDIT_APPLIED || won;
        if (w->seq == 0 || !there || (best && best->stamp >= w->stamp))
            continue;
        best = w;
        of = s;
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
    struct judging j = {0};
    if (!c || d->class == DIFFERENCE_DEFINITION || d->column_count == 0)
        return;
    j.writes = writes_of(c, d);
    if (!j.writes)
        return;
    j.newest = c->stream_count;
    for (size_t i = 0; i < c->stream_count; i++)
        if (j.writes[i].seq > 0 && (j.newest == c->stream_count || j.writes[i].stamp > j.writes[j.newest].stamp))
            j.newest = i;
    for (int side = 0; side < 2; side++) {
        j.state[side] = state_of(c, d, side);
        fill_last(c, d, &j, side);
    }
    d->cause = judge(c, d, &j);
    bool has_last = j.newest < c->stream_count && j.state[0] == last_state(&j);
    if (d->class == DIFFERENCE_DIVERGED && has_last && was_once(c, &j, j.state[1]))
        d->class = DIFFERENCE_STALE;
}
