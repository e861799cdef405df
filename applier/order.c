/* Places in source order, and the ledger's state at the watermark. */
#include "applier/order.h"

#include <stdlib.h>

#include "common/base/mem.h"

/* ---- states ---- */

static void copy_buf(struct buf *to, const struct buf *from)
{
    buf_clear(to);
    buf_put_span(to, buf_span(from));
}

static struct ledger_state state_copy(const struct ledger_state *from)
{
    struct ledger_state to = *from;
    to.done = (struct watermark){0};
    to.held = to.anchors = (struct buf){0};
    watermark_union(&to.done, &from->done);
    copy_buf(&to.held, &from->held);
    copy_buf(&to.anchors, &from->anchors);
    return to;
}

static void state_lift(struct ledger_state *s, const struct place *p)
{
    if (p->stamp > s->stamp)
        s->stamp = p->stamp;
}

/* The watermark passes a place. */
static void state_pass(struct ledger_state *s, const struct place *p)
{
    s->offset = p->next_offset;
    s->epoch = p->epoch;
    s->instance = p->instance;
    if (p->has_sets) {
        copy_buf(&s->held, &p->held);
        copy_buf(&s->anchors, &p->anchors);
    }
    if (p->is_act)
        return;
    s->seq = p->seq;
    s->chain = p->chain;
    s->commit_us = p->commit_us;
    (void)gtid_text(s->gtid, &p->gtid);
    watermark_raise(&s->done, p->seq);
}

/* ---- places ---- */

void order_init(struct order *o, const struct ledger_state *from, uint32_t slots)
{
    *o = (struct order){.state = state_copy(from), .slot_count = slots};
    o->slots = xcalloc(slots, sizeof *o->slots);
    for (uint32_t i = 0; i < slots; i++)
        watermark_union(&o->slots[i], &from->done);
    copy_buf(&o->held, &from->held);
    copy_buf(&o->anchors, &from->anchors);
}

void order_free(struct order *o)
{
    ledger_state_free(&o->state);
    for (uint32_t i = 0; i < o->slot_count; i++)
        watermark_free(&o->slots[i]);
    free(o->slots);
    buf_free(&o->held);
    buf_free(&o->anchors);
    *o = (struct order){0};
}

void place_free(struct place *p)
{
    buf_free(&p->held);
    buf_free(&p->anchors);
}

static void fill(struct order *o, struct place *p, const struct txn *t)
{
    p->seq = t->head.seq;
    p->is_act = txn_is_act(t);
    p->next_offset = t->next_offset;
    p->epoch = t->head.epoch;
    p->instance = t->head.instance;
    p->chain = t->head.chain;
    p->commit_us = t->head.commit_us;
    p->stamp = t->head.stamp;
    p->gtid = t->head.gtid;
    if (span_eq(t->held, buf_span(&o->held)) && span_eq(t->anchors, buf_span(&o->anchors)))
        return;
    p->has_sets = true;
    buf_clear(&o->held);
    buf_put_span(&o->held, t->held);
    buf_clear(&o->anchors);
    buf_put_span(&o->anchors, t->anchors);
    copy_buf(&p->held, &o->held);
    copy_buf(&p->anchors, &o->anchors);
}

void order_add(struct order *o, struct place *p, const struct txn *t)
{
    fill(o, p, t);
    p->before = o->last;
    if (o->last)
        o->last->next = p;
    else
        o->first = p;
    o->last = p;
    o->count++;
}

void order_complete(struct order *o, struct place *p, const struct txn *last)
{
    fill(o, p, last);
}

bool order_has(const struct order *o, uint64_t seq)
{
    return watermark_has(&o->state.done, seq);
}

static void unlink_place(struct order *o, struct place *p)
{
    if (p->before)
        p->before->next = p->next;
    else
        o->first = p->next;
    if (p->next)
        p->next->before = p->before;
    else
        o->last = p->before;
    o->count--;
}

/* What came with a void place is said again by the one after it, unless that one took it for known. */
void order_remove(struct order *o, struct place *p)
{
    if (p->has_sets && p->next && !p->next->has_sets) {
        p->next->has_sets = true;
        copy_buf(&p->next->held, &p->held);
        copy_buf(&p->next->anchors, &p->anchors);
    }
    if (p->has_sets && !p->next) { /* the next one compares with what is not there */
        buf_clear(&o->held);
        buf_put_str(&o->held, "void");
    }
    unlink_place(o, p);
}

/* ---- into effect ---- */

struct place *order_done(struct order *o, struct place *const *places, size_t count, uint32_t slot)
{
    struct place *passed = NULL, **end = &passed;
    for (size_t i = 0; i < count; i++) {
        places[i]->done = true;
        state_lift(&o->state, places[i]);
        if (places[i]->is_act)
            continue;
        (void)watermark_add(&o->state.done, places[i]->seq, places[i]->seq);
        (void)watermark_add(&o->slots[slot], places[i]->seq, places[i]->seq);
    }
    while (o->first && o->first->done) {
        struct place *p = o->first;
        state_pass(&o->state, p);
        unlink_place(o, p);
        p->next = NULL;
        *end = p;
        end = &p->next;
    }
    watermark_raise(&o->slots[slot], o->state.seq);
    return passed;
}

void order_state(struct order *o, struct ledger_state *out, struct place *const *places, size_t count, uint32_t slot)
{
    *out = o->state;
    out->done = (struct watermark){0};
    out->held = out->anchors = (struct buf){0};
    copy_buf(&out->held, &o->state.held);
    copy_buf(&out->anchors, &o->state.anchors);
    watermark_union(&out->done, &o->slots[slot]);
    for (size_t i = 0; i < count; i++) {
        places[i]->assumed = true;
        state_lift(out, places[i]);
        if (!places[i]->is_act)
            (void)watermark_add(&out->done, places[i]->seq, places[i]->seq);
    }
    for (struct place *p = o->first; p && (p->done || p->assumed); p = p->next)
        state_pass(out, p);
    watermark_raise(&out->done, out->seq);
    for (size_t i = 0; i < count; i++)
        places[i]->assumed = false;
}
