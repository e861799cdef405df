/* The rounds of looks over suspects. */
#include "reconcile/settle.h"

#include <stdio.h>

#include "common/base/clock.h"
#include "reconcile/ready.h"
#include "reconcile/settle_probe.h"

#define LOOKS_LEAST 15 /* after the first; then, and after run->look_ms, what still changes is unsettled */
#define SAME_LOOKS 8u  /* looks running with the same states, from which on a difference is one where none is asked */

static bool is_equal(const struct suspect *x, void *context)
{
    uint64_t *in_flight = context;
    bool equal = x->now[0] == x->now[1];
    *in_flight += equal;
    return equal;
}

static bool stayed_the_same(const struct suspect *x)
{
    return x->same >= SAME_LOOKS;
}

/* Asked, or of those that nobody can be asked for: the applier cannot write to the table. */
static bool is_certain(const struct suspect *x)
{
    return x->answer == REPAIR_DIFFERS || (x->answer == REPAIR_REFUSED && stayed_the_same(x));
}

static bool is_certain_now(const struct suspect *x, void *context)
{
    (void)context;
    return is_certain(x);
}

static bool is_told(const struct suspect *x, void *context)
{
    (void)context;
    return stayed_the_same(x);
}

static void compare_with_before(struct suspects *s)
{
    for (size_t i = 0; i < s->count; i++) {
        struct suspect *x = &s->list[i];
        bool same = x->now[0] == x->before[0] && x->now[1] == x->before[1];
        x->same = same ? x->same + 1 : 0;
    }
}

static void remember(struct suspects *s)
{
    for (size_t i = 0; i < s->count; i++) {
        struct suspect *x = &s->list[i];
        x->before[0] = x->now[0];
        x->before[1] = x->now[1];
    }
}

/* -1: the links did not get there; the report knows. */
static int pass_links(struct run *run)
{
    struct err err = {0};
    if (links_wait(run->links, run->timeout_ms, &err) == 0)
        return 0;
    if (run_stopped(run))
        return -1;
    run->timeout_ms = 0;
    meter_clear(run->meter);
    report_problem(run->report, err.text);
    return -1;
}

static int mark_links(struct run *run, bool *moved)
{
    struct err err = {0};
    if (links_mark(run->links, moved, &err) == 0)
        return 0;
    meter_clear(run->meter);
    report_problem(run->report, err.text);
    return -1;
}

static bool everything(const struct suspect *x)
{
    (void)x;
    return true;
}

/* One look at all. 1: all that are left are differences for certain; 0: go on; -1: error. */
static int look_again(struct run *run, const struct plan *plan, struct suspects *s, const struct settle_kind *kind,
                      struct arena *arena, struct table_counts *counts, bool *links_failed, struct err *err)
{
    bool moved = true;
    remember(s);
    arena_reset(arena);
    if (kind->look(run, plan, s, arena, err))
        return -1;
    suspects_remove(s, is_equal, &counts->in_flight);
    compare_with_before(s);
    *links_failed = mark_links(run, &moved) != 0;
    return moved ? 0 : 1;
}

/* What can be told after a look that left some: by asking, or by their having stayed the same. */
static int tell_some(struct run *run, const struct plan *plan, struct suspects *s, const struct settle_kind *kind,
                     unsigned look, struct table_counts *counts, struct err *err)
{
    bool asks = kind->probes && settle_can_probe(run, plan);
    if (asks) {
        settle_probe(run, plan, s, look);
        suspects_remove(s, is_equal, &counts->in_flight);
    }
    if (kind->tell(run, plan, s, asks ? is_certain : stayed_the_same, false, counts, err))
        return -1;
    suspects_remove(s, asks ? is_certain_now : is_told, NULL);
    return 0;
}

/* Nobody is asked any more. */
static bool is_exhausted(const struct suspects *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->list[i].probes < PROBES_MOST)
            return false;
    return true;
}

int settle(struct run *run, const struct plan *plan, struct suspects *s, const struct settle_kind *kind,
           struct table_counts *counts, struct err *err)
{
    struct arena arena = {0};
    uint64_t began_ms = clock_mono_ms();
    bool certain = false;
    bool moved;
    ready_wait(run);
    bool failed = s->count > 0 && mark_links(run, &moved) != 0;
    int rc = -1;
    for (int look = 0; s->count > 0 && !certain && !failed; look++) {
        bool enough = look >= LOOKS_LEAST && clock_mono_ms() - began_ms >= run->look_ms;
        if (enough || is_exhausted(s) || run_stopped(run) || pass_links(run))
            break;
        int found = look_again(run, plan, s, kind, &arena, counts, &failed, err);
        if (found < 0)
            goto out;
        certain = found > 0;
        if (certain)
            break;
        if (tell_some(run, plan, s, kind, (unsigned)look, counts, err))
            goto out;
    }
    rc = s->count > 0 ? kind->tell(run, plan, s, everything, !certain, counts, err) : 0;
out:
    suspects_clear(s);
    arena_free(&arena);
    return rc;
}
