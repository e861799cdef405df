/* Rounds of probes, from either side in turn. */
#include "reconcile/settle_probe.h"

#include <stdlib.h>

#include "common/base/hash.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "reconcile/marker.h"

#define ASKED_AT_ONCE 1000u

bool settle_can_probe(const struct run *run, const struct plan *plan)
{
    return run->marker && plan->key_count > 0 && plan->tables[0]->def->key_count > 0 &&
           plan->tables[1]->def->key_count > 0;
}

static void stop_asking(struct run *run)
{
    marker_free(&run->marker);
}

/* From which side: in turn where both can. A row that is written at one side only is known there for certain. */
static int side_of_round(const struct run *run, unsigned round)
{
    int side = (int)(round % 2);
    return marker_has_link(run->marker, side) ? side : !side;
}

/* Images of both sides as one number. */
static uint64_t states_of(const struct marker_ask *a)
{
    uint64_t hash = hash64(span_of(a->here_hash.bytes, a->here_hash.len), 1);
    hash = hash64(span_of(a->reply.there.bytes, a->reply.there.len), hash);
    return hash ? hash : 1;
}

/* Where a local write cannot be told from the row's images, versions in its columns rise: the same images on both
 * sides, twice, with everything between them passed on, are no coincidence. */
static enum repair_answer told_by_images(struct suspect *x, int side, uint64_t states)
{
    bool again = x->unlike[side] == states;
    x->unlike[side] = states;
    return again ? REPAIR_DIFFERS : REPAIR_UNLIKE;
}

static void take_answer(struct suspect *x, const struct marker_ask *a, int side)
{
    x->probes++;
    x->answer = a->reply.answer == REPAIR_PARKED   ? REPAIR_DIFFERS
                : a->reply.answer == REPAIR_UNLIKE ? told_by_images(x, side, states_of(a))
                                                   : a->reply.answer;
    if (x->answer == REPAIR_EQUAL) {
        x->now[0] = x->now[1];
        return;
    }
    if (x->answer != REPAIR_DIFFERS)
        return;
    x->now[side] = a->here_hash.len > 0 ? 1 : 0;
    x->now[!side] = a->reply.there.len > 0 ? 2 : 0;
}

static bool is_asked(const struct suspect *x)
{
    return !x->alias && x->answer != REPAIR_REFUSED && x->probes < PROBES_MOST;
}

static bool any_unanswered(const struct marker_ask *asks, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (asks[i].reply.answer == REPAIR_NONE)
            return true;
    return false;
}

static int ask(struct run *run, int side, struct marker_ask *asks, struct suspect *const *of, size_t n)
{
    struct err err = {0};
    if (marker_probe(run->marker, side, asks, n, run->timeout_ms, &err)) {
        meter_clear(run->meter);
        log_event(MSG_PROBE_FAILED, log_str("region", run->wishes->regions[side]), log_detail(err.text));
        return -1;
    }
    for (size_t i = 0; i < n; i++)
        take_answer(of[i], &asks[i], side);
    if (!any_unanswered(asks, n))
        return 0;
    if (run_stopped(run))
        return -1;
    struct buf text = {0};
    meter_clear(run->meter);
    buf_printf(&text, "the applier to %s has not answered probes in time", run->wishes->regions[!side]);
    report_problem(run->report, buf_cstr(&text));
    buf_free(&text);
    return -1;
}

void settle_probe(struct run *run, const struct plan *plan, struct suspects *s, unsigned round)
{
    int side = side_of_round(run, round);
    struct marker_ask *asks = xcalloc(ASKED_AT_ONCE, sizeof *asks);
    struct suspect **of = xcalloc(ASKED_AT_ONCE, sizeof(struct suspect *));
    size_t n = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < s->count; i++) {
        struct suspect *x = &s->list[i];
        if (x->alias) /* the row is asked for by its other spelling */
            x->answer = REPAIR_DIFFERS;
        if (is_asked(x)) {
            asks[n] = (struct marker_ask){.plan = plan, .key = x->key};
            of[n++] = x;
        }
        if (n == ASKED_AT_ONCE || (n > 0 && i + 1 == s->count)) {
            rc = ask(run, side, asks, of, n);
            n = 0;
        }
    }
    if (rc)
        stop_asking(run);
    free(asks);
    free(of);
}
