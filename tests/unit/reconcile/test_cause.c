/* What the writes at a row say of a difference: which side has the newest, what was lost, what no stream brought, what
 * is older than all that is known. Two streams, eu and us, linked both ways; ledgers are made up, journals are empty.
 */
#include <stdlib.h>

#include "reconcile/cause_private.h"
#include "tests/unit/cmocka_all.h"

enum { EU, US };
enum { A = 100, B = 101, C = 102, GONE = CAUSE_ABSENT };

struct world {
    struct region_config regions[2];
    struct wishes wishes;
    struct config config;
    struct run run;
    struct cause_stream streams[2];
    struct cause cause;
    struct cause_writes writes[2];
    uint64_t known[2][2];
};

/* Each stream is in effect at the other side up to seq 100. */
static void open_world(struct world *w)
{
    static char eu[] = "eu", us[] = "us";
    *w = (struct world){0};
    w->regions[EU].name = eu;
    w->regions[US].name = us;
    w->wishes.regions[0] = eu;
    w->wishes.regions[1] = us;
    w->run.config = &w->config;
    w->run.wishes = &w->wishes;
    for (int s = 0; s < 2; s++) {
        struct cause_stream *stream = &w->streams[s];
        *stream = (struct cause_stream){.region = &w->regions[s], .whole = true};
        stream->has_link[!s] = true;
        stream->target[!s].has_ledger = true;
        stream->target[!s].ledger.done.low = 100;
        w->writes[s].known = w->known[s];
    }
    w->cause = (struct cause){.run = &w->run, .streams = w->streams, .stream_count = 2};
}

static void write(struct world *w, int stream, uint64_t seq, uint64_t stamp, uint64_t before, uint64_t after)
{
    struct cause_writes *x = &w->writes[stream];
    x->inserted = before == GONE;
    x->seq = seq;
    x->stamp = stamp;
    if (x->count == 0)
        x->states[x->count++] = before;
    x->states[x->count++] = after;
}

static struct difference judge(struct world *w, uint64_t source, uint64_t target)
{
    struct difference d = {.class = source == GONE   ? DIFFERENCE_EXTRA
                                    : target == GONE ? DIFFERENCE_MISSING
                                                     : DIFFERENCE_DIVERGED};
    const uint64_t state[2] = {source, target};
    cause_judge(&w->cause, &d, w->writes, state);
    return d;
}

static void expect(const struct difference *d, enum difference_class class, enum difference_cause cause, int newest)
{
    assert_string_equal(difference_class_name(d->class), difference_class_name(class));
    assert_string_equal(difference_cause_name(d->cause), difference_cause_name(cause));
    assert_int_equal(d->newest, newest);
}

static void a_write_that_left_no_trace_was_lost(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    write(&w, EU, 7, 10, A, B);
    struct difference d = judge(&w, B, A);
    expect(&d, DIFFERENCE_STALE, CAUSE_LOST_IN_TRANSIT, 1);
    d = judge(&w, B, C); /* what no stream knows */
    expect(&d, DIFFERENCE_DIVERGED, CAUSE_FOREIGN_WRITE, 1);
    d = judge(&w, B, GONE); /* the loss of an update deletes nothing */
    expect(&d, DIFFERENCE_MISSING, CAUSE_FOREIGN_WRITE, 1);
    d = judge(&w, C, B); /* past the source's own binlog */
    expect(&d, DIFFERENCE_DIVERGED, CAUSE_NEVER_PUBLISHED, 2);
    d = judge(&w, A, B); /* also where it is an older state */
    expect(&d, DIFFERENCE_DIVERGED, CAUSE_NEVER_PUBLISHED, 2);
    open_world(&w);
    write(&w, EU, 7, 10, GONE, B);
    d = judge(&w, B, GONE);
    expect(&d, DIFFERENCE_MISSING, CAUSE_LOST_IN_TRANSIT, 1);
}

static void what_is_not_in_effect_yet_is_under_way_or_parked(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    write(&w, EU, 101, 10, A, B);
    struct difference d = judge(&w, B, A);
    expect(&d, DIFFERENCE_STALE, CAUSE_IN_FLIGHT, 1);
    (void)watermark_add(&w.streams[EU].target[US].parked, 101, 101);
    d = judge(&w, B, A);
    expect(&d, DIFFERENCE_STALE, CAUSE_PARKED, 1);
    /* The target has it nevertheless: that is no reason for the source to have something else. */
    d = judge(&w, C, B);
    expect(&d, DIFFERENCE_DIVERGED, CAUSE_NEVER_PUBLISHED, 2);
    watermark_free(&w.streams[EU].target[US].parked);
}

/* An older write of the other region that is under way, or put aside, has lost by its version: it is no cause. */
static void the_newest_write_decides(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    write(&w, EU, 101, 10, A, B); /* not in effect in us */
    write(&w, US, 9, 20, A, C);
    struct difference d = judge(&w, C, A);
    expect(&d, DIFFERENCE_STALE, CAUSE_FOREIGN_WRITE, 1); /* us lacks its own write */
    d = judge(&w, B, C); /* eu has what it wrote itself: the newest should have come on top of it */
    expect(&d, DIFFERENCE_DIVERGED, CAUSE_LOST_IN_TRANSIT, 2);
    /* What the other side of a conflict left is no older state; what the newest was written on top of is. */
    open_world(&w);
    write(&w, US, 9, 10, A, C);
    write(&w, EU, 7, 20, A, B);
    d = judge(&w, B, C);
    expect(&d, DIFFERENCE_DIVERGED, CAUSE_LOST_IN_TRANSIT, 1);
    w.known[EU][US] = 9;
    d = judge(&w, B, C);
    expect(&d, DIFFERENCE_STALE, CAUSE_LOST_IN_TRANSIT, 1);
}

static void what_nobody_wrote_is_older_or_not_known(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    struct difference d = judge(&w, A, B);
    expect(&d, DIFFERENCE_DIVERGED, CAUSE_BEFORE_START, 0);
    assert_null(d.detail);
    w.streams[US].whole = false;
    w.cause.since_us = (uint64_t)1767225600 * 1000000;
    d = judge(&w, A, B);
    expect(&d, DIFFERENCE_DIVERGED, CAUSE_UNKNOWN, 0);
    assert_non_null(strstr(d.detail, "read back to 2026-01-01T00:00:00"));
    assert_int_equal(w.run.causes.before, 1);
}

static void values_that_are_not_known_make_no_cause(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    write(&w, EU, 7, 10, A, B);
    struct difference d = judge(&w, B, 0);
    expect(&d, DIFFERENCE_DIVERGED, CAUSE_UNKNOWN, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_that_left_no_trace_was_lost),
        cmocka_unit_test(what_is_not_in_effect_yet_is_under_way_or_parked),
        cmocka_unit_test(the_newest_write_decides),
        cmocka_unit_test(what_nobody_wrote_is_older_or_not_known),
        cmocka_unit_test(values_that_are_not_known_make_no_cause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
