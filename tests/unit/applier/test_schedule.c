/* The schedule: who gets what and when, its ends, big transactions. Random histories: test_schedule_histories.c. */
#include <pthread.h>
#include <stdlib.h>

#include "applier/schedule.h"
#include "tests/unit/cmocka_all.h"

static const struct ledger_state nothing;

static struct schedule *open_schedule(uint32_t workers)
{
    const struct schedule_setup setup = {
        .max_bytes = 1u << 20, .workers = workers, .group_rows = 1000, .from = &nothing};
    return schedule_new(&setup);
}

static void touch_key(struct writeset *w, uint64_t hash, bool shared)
{
    w->touches = realloc(w->touches, (w->count + 1) * sizeof *w->touches);
    w->touches[w->count++] = (struct touch){hash, shared};
    w->tables = realloc(w->tables, sizeof *w->tables);
    w->tables[0] = 1;
    w->table_count = 1;
}

static struct txn *make(uint64_t seq, unsigned flags)
{
    struct txn *t = txn_new();
    t->head.seq = seq;
    t->head.flags = (uint8_t)flags;
    t->row_total = 1;
    return t;
}

#define WHOLE (RECORD_FIRST | RECORD_LAST)

static void put_part(struct schedule *s, uint64_t seq, unsigned flags, uint64_t key)
{
    struct writeset w = {0};
    if (key)
        touch_key(&w, key, false);
    assert_int_equal(schedule_put(s, make(seq, flags), &w), 0);
    writeset_free(&w);
}

static void put(struct schedule *s, uint64_t seq, uint64_t key)
{
    put_part(s, seq, WHOLE, key);
}

/* Its seq; 0: nothing. */
static struct txn *take(struct schedule *s, uint32_t worker)
{
    return schedule_take(s, worker, 0);
}

static void commit(struct schedule *s, uint32_t worker, struct txn *t)
{
    schedule_committed(s, worker, &t, 1);
    txn_free(&t);
}

static uint64_t take_and_commit(struct schedule *s, uint32_t worker)
{
    struct txn *t = take(s, worker);
    uint64_t seq = t ? t->head.seq : 0;
    if (t)
        commit(s, worker, t);
    return seq;
}

static void what_shares_no_key_goes_to_different_workers(void **state)
{
    (void)state;
    struct schedule *s = open_schedule(2);
    put(s, 1, 100);
    put(s, 2, 200);
    struct txn *one = take(s, 0), *two = take(s, 1);
    assert_int_equal(one->head.seq, 1);
    assert_int_equal(two->head.seq, 2);
    commit(s, 1, two);
    commit(s, 0, one);
    assert_int_equal(schedule_items(s), 0);
    schedule_free(&s);
}

static void what_shares_a_key_follows_at_the_same_worker(void **state)
{
    (void)state;
    struct schedule *s = open_schedule(2);
    put(s, 1, 100);
    put(s, 2, 100);
    put(s, 3, 100);
    struct txn *t[3];
    for (size_t i = 0; i < 3; i++) {
        assert_null(take(s, 1));
        t[i] = take(s, 0);
        assert_int_equal(t[i]->head.seq, i + 1);
    }
    schedule_committed(s, 0, t, 3);
    for (size_t i = 0; i < 3; i++)
        txn_free(&t[i]);
    schedule_free(&s);
}

static void who_needs_two_workers_waits_for_one(void **state)
{
    (void)state;
    struct schedule *s = open_schedule(2);
    struct writeset both = {0};
    put(s, 1, 100);
    put(s, 2, 200);
    touch_key(&both, 100, false);
    touch_key(&both, 200, false);
    assert_int_equal(schedule_put(s, make(3, WHOLE), &both), 0);
    put(s, 4, 200); /* follows 3, wherever that goes */
    struct txn *one = take(s, 0), *two = take(s, 1);
    assert_null(take(s, 0));
    assert_null(take(s, 1));
    commit(s, 0, one);
    assert_int_equal(take_and_commit(s, 0), 0);
    struct txn *three = take(s, 1); /* behind 2, in one group if it likes */
    struct txn *four = take(s, 1);
    assert_int_equal(three->head.seq, 3);
    assert_int_equal(four->head.seq, 4);
    struct txn *group[] = {two, three, four};
    schedule_committed(s, 1, group, 3);
    for (size_t i = 0; i < 3; i++)
        txn_free(&group[i]);
    writeset_free(&both);
    schedule_free(&s);
}

static void sharers_do_not_wait_for_each_other(void **state)
{
    (void)state;
    struct schedule *s = open_schedule(3);
    struct writeset shared = {0};
    touch_key(&shared, 100, true);
    assert_int_equal(schedule_put(s, make(1, WHOLE), &shared), 0);
    assert_int_equal(schedule_put(s, make(2, WHOLE), &shared), 0);
    put(s, 3, 100);
    struct txn *one = take(s, 0), *two = take(s, 1);
    assert_non_null(one);
    assert_non_null(two);
    assert_null(take(s, 2));
    commit(s, 1, two);
    assert_int_equal(take_and_commit(s, 2), 0);
    commit(s, 0, one);
    assert_int_equal(take_and_commit(s, 0) + take_and_commit(s, 1) + take_and_commit(s, 2), 3);
    writeset_free(&shared);
    schedule_free(&s);
}

static void a_barrier_waits_for_all_and_all_for_it(void **state)
{
    (void)state;
    struct schedule *s = open_schedule(2);
    struct writeset alone = {.alone = true};
    put(s, 1, 100);
    assert_int_equal(schedule_put(s, make(2, WHOLE), &alone), 0);
    put(s, 3, 300);
    struct txn *one = take(s, 0);
    assert_null(take(s, 1));
    commit(s, 0, one);
    struct txn *two = take(s, 0);
    uint32_t worker = two ? 0 : 1;
    two = two ? two : take(s, 1);
    assert_int_equal(two->head.seq, 2);
    assert_true(two->alone);
    assert_null(take(s, 1 - worker));
    commit(s, worker, two);
    assert_int_equal(take_and_commit(s, 0) + take_and_commit(s, 1), 3);
    schedule_free(&s);
}

static void what_is_given_back_waits_for_all_before_and_keeps_who_needs_it(void **state)
{
    (void)state;
    struct schedule *s = open_schedule(2);
    put(s, 1, 100); /* worker 0 */
    put(s, 2, 200); /* worker 1 */
    put(s, 3, 200); /* behind it */
    put(s, 4, 200);
    struct txn *one = take(s, 0), *two = take(s, 1), *three = take(s, 1);
    struct txn *group[] = {two, three};
    assert_int_equal(schedule_in_order(s, group, 2), 0);
    schedule_return(s, 1, group, 2);
    assert_null(take(s, 1)); /* 1 is not in effect; 3 and 4 need 2 */
    commit(s, 0, one);
    two = take(s, 0);
    uint32_t worker = two ? 0 : 1;
    two = two ? two : take(s, 1);
    assert_int_equal(two->head.seq, 2);
    assert_true(two->exact);
    assert_int_equal(schedule_in_order(s, &two, 1), 1);
    commit(s, worker, two);
    assert_int_equal(take_and_commit(s, worker), 3);
    assert_int_equal(take_and_commit(s, worker), 4);
    schedule_free(&s);
}

static void a_big_one_that_was_to_be_next_is_given_back_as_well(void **state)
{
    (void)state;
    struct schedule *s = open_schedule(2);
    put(s, 1, 100); /* worker 0 */
    put(s, 2, 200); /* worker 1 */
    put_part(s, 3, RECORD_FIRST, 200);
    put_part(s, 3, RECORD_LAST, 300);
    struct txn *one = take(s, 0), *two = take(s, 1), *big = take(s, 1);
    assert_int_equal(big->head.seq, 3);
    assert_true(txn_is_fragment(big));
    size_t taken = schedule_bytes(s);
    struct txn *hand[] = {two, big};
    schedule_return(s, 1, hand, 2);
    assert_true(schedule_bytes(s) > taken); /* room is taken by what is here again */
    assert_null(take(s, 0));
    assert_null(take(s, 1)); /* 2 waits for 1, and 3 needs 2 */
    commit(s, 0, one);
    uint32_t worker = 0;
    two = take(s, 0);
    if (!two)
        two = take(s, ++worker);
    assert_int_equal(two->head.seq, 2);
    big = take(s, worker); /* behind it, as before */
    assert_int_equal(big->head.seq, 3);
    commit(s, worker, two);
    struct txn *last = schedule_take_fragment(s, worker, 1);
    commit(s, worker, last);
    txn_free(&big);
    assert_int_equal(schedule_items(s), 0);
    assert_int_equal(schedule_bytes(s), 0);
    schedule_free(&s);
}

static void fragments_wait_for_what_they_meet_only(void **state)
{
    (void)state;
    struct schedule *s = open_schedule(2);
    put(s, 1, 100);
    put_part(s, 2, RECORD_FIRST, 200);
    put_part(s, 2, 0, 100);
    struct txn *one = take(s, 0), *first = take(s, 1);
    assert_int_equal(first->head.seq, 2);
    assert_null(schedule_take_fragment(s, 1, 1));
    commit(s, 0, one);
    struct txn *second = schedule_take_fragment(s, 1, 1);
    assert_non_null(second);
    assert_null(schedule_take_fragment(s, 1, 1));
    put_part(s, 2, RECORD_LAST, 0);
    put(s, 3, 200);
    put(s, 4, 400);
    assert_int_equal(take_and_commit(s, 0), 4);
    assert_int_equal(take_and_commit(s, 0), 0); /* 3 needs 2 */
    struct txn *last = schedule_take_fragment(s, 1, 1);
    txn_free(&first);
    txn_free(&second);
    commit(s, 1, last);
    assert_int_equal(take_and_commit(s, 1), 3);
    schedule_free(&s);
}

static void void_fragments_leave_no_trace(void **state)
{
    (void)state;
    struct schedule *s = open_schedule(2);
    put_part(s, 1, RECORD_FIRST, 100);
    struct txn *first = take(s, 0);
    struct txn *news = txn_new();
    news->abandon = true;
    assert_int_equal(schedule_put(s, news, &(struct writeset){0}), 0);
    put(s, 1, 100); /* by the next writer */
    assert_null(take(s, 1));
    news = schedule_take_fragment(s, 0, 1);
    assert_true(news->abandon);
    schedule_dropped(s, 0);
    txn_free(&news);
    txn_free(&first);
    assert_int_equal(take_and_commit(s, 0) + take_and_commit(s, 1), 1);
    put_part(s, 2, RECORD_FIRST, 100); /* and one that nobody has begun */
    news = txn_new();
    news->abandon = true;
    assert_int_equal(schedule_put(s, news, &(struct writeset){0}), 0);
    assert_null(take(s, 0));
    assert_null(take(s, 1));
    assert_int_equal(schedule_items(s), 0);
    schedule_free(&s);
}

static void a_big_one_that_waits_yields_to_one_that_waits_for_its_locks(void **state)
{
    (void)state;
    struct schedule *s = open_schedule(2);
    put(s, 1, 100);
    put_part(s, 2, RECORD_FIRST, 200);
    put_part(s, 2, RECORD_LAST, 100);
    struct txn *one = take(s, 0), *first = take(s, 1);
    schedule_contended(s);
    assert_false(schedule_must_yield(s, 1)); /* it is at work: its locks will go */
    assert_null(schedule_take_fragment(s, 1, 1));
    txn_free(&one);
    txn_free(&first);
    schedule_free(&s); /* with what is unfinished */
}

/* A worker with a big one in hand that waits for its turn, as threads do. */
struct waiter {
    pthread_t thread;
    struct schedule *s;
    struct txn *fragment;
    size_t ready;
};

static void *await_turn(void *context)
{
    struct waiter *w = context;
    w->ready = schedule_await_order(w->s, 1, &w->fragment, 1, 60000);
    return NULL;
}

static struct waiter begin_to_wait(void)
{
    struct waiter w = {.s = open_schedule(2)};
    put(w.s, 1, 100);
    put_part(w.s, 2, RECORD_FIRST, 200);
    put_part(w.s, 2, RECORD_LAST, 200);
    put(w.s, 3, 300);
    w.fragment = take(w.s, 1);
    assert_int_equal(w.fragment->head.seq, 2);
    return w;
}

static void what_one_in_hand_waits_for_begins_in_spite_of_a_hold(void **state)
{
    (void)state;
    struct waiter w = begin_to_wait();
    schedule_hold(w.s, true);
    assert_null(take(w.s, 0));
    assert_int_equal(pthread_create(&w.thread, NULL, await_turn, &w), 0);
    struct txn *one = schedule_take(w.s, 0, 60000);
    assert_int_equal(one->head.seq, 1);
    commit(w.s, 0, one);
    assert_int_equal(pthread_join(w.thread, NULL), 0);
    assert_int_equal(w.ready, 1);
    commit(w.s, 1, schedule_take_fragment(w.s, 1, 1));
    assert_null(take(w.s, 0)); /* nothing waits for that one */
    txn_free(&w.fragment);
    schedule_free(&w.s);
}

static void where_verdicts_are_waited_for_a_group_is_of_what_stands_together(void **state)
{
    (void)state;
    const struct schedule_setup setup = {.max_bytes = 1u << 20, .workers = 2, .group_rows = 1, .from = &nothing};
    struct schedule *s = schedule_new(&setup);
    for (uint64_t seq = 1; seq <= 6; seq++) /* in turns to the two */
        put(s, seq, 100 * seq);
    struct txn *group[] = {take(s, 0), NULL}, *two = take(s, 1);
    group[1] = schedule_take_behind(s, 0, group[0]);
    assert_int_equal(group[1]->head.seq, 3);
    assert_int_equal(schedule_await_order(s, 1, &two, 1, 1), 0); /* behind 1 */
    assert_null(schedule_take_behind(s, 1, two));                /* for 3 stands before 4 */
    schedule_committed(s, 0, group, 2);
    struct txn *four = schedule_take_behind(s, 1, two);
    assert_int_equal(four->head.seq, 4);
    commit(s, 1, two);
    commit(s, 1, four);
    for (size_t i = 0; i < 2; i++)
        txn_free(&group[i]);
    schedule_free(&s);
}

static void put_long(struct schedule *s, uint64_t seq, uint64_t key)
{
    struct writeset w = {0};
    struct txn *t = make(seq, WHOLE);
    touch_key(&w, key, false);
    t->row_total = 5000;
    assert_int_equal(schedule_put(s, t, &w), 0);
    writeset_free(&w);
}

static void what_is_behind_itself_is_not_waited_for(void **state)
{
    (void)state;
    struct schedule *s = open_schedule(2);
    put(s, 1, 100);
    put(s, 2, 200);
    put(s, 3, 200);
    struct txn *one = take(s, 0), *two = take(s, 1), *three = take(s, 1);
    schedule_return(s, 1, &two, 1);
    put_long(s, 4, 100);
    commit(s, 0, one); /* worker 1 has the least to do */
    assert_int_equal(schedule_await_order(s, 1, &three, 1, 60000), 0);
    assert_int_equal(take_and_commit(s, 1), 2);
    commit(s, 1, three);
    schedule_free(&s);
}

static void what_was_given_back_goes_to_nobody_who_waits_for_it(void **state)
{
    (void)state;
    struct schedule *s = open_schedule(3);
    put(s, 1, 100);
    put(s, 2, 200);
    put_part(s, 3, RECORD_FIRST, 300);
    put_part(s, 3, RECORD_LAST, 300);
    struct txn *one = take(s, 0), *two = take(s, 1), *big = take(s, 2);
    assert_int_equal(big->head.seq, 3);
    schedule_return(s, 1, &two, 1); /* it waits for 1 now */
    put_long(s, 4, 400);
    put_long(s, 5, 500);
    commit(s, 0, one); /* worker 2 has the least to do */
    assert_int_equal(schedule_await_order(s, 2, &big, 1, 1), 0);
    two = take(s, 0);
    uint32_t worker = two ? 0 : 1;
    two = two ? two : take(s, 1);
    assert_int_equal(two->head.seq, 2);
    commit(s, worker, two);
    assert_int_equal(schedule_await_order(s, 2, &big, 1, 1), 1);
    txn_free(&big);
    commit(s, 2, schedule_take_fragment(s, 2, 1));
    schedule_free(&s);
}

static void one_that_waits_for_its_turn_yields_as_well(void **state)
{
    (void)state;
    struct waiter w = begin_to_wait();
    struct txn *one = take(w.s, 0);
    schedule_contended(w.s);
    assert_false(schedule_must_yield(w.s, 1)); /* it is at work */
    assert_int_equal(pthread_create(&w.thread, NULL, await_turn, &w), 0);
    while (!schedule_must_yield(w.s, 1))
        schedule_contended(w.s);
    assert_int_equal(pthread_join(w.thread, NULL), 0);
    assert_int_equal(w.ready, 0);
    txn_free(&one);
    txn_free(&w.fragment);
    schedule_free(&w.s);
}

static void the_cause_of_an_end_is_seen_when_all_is_in_effect(void **state)
{
    (void)state;
    struct schedule *s = open_schedule(2);
    struct err why, seen = {0};
    (void)err_fatal(&why, EXIT_UNSAFE, "a gap");
    put(s, 1, 100);
    schedule_end(s, &why);
    struct txn *one = take(s, 0);
    assert_false(schedule_ended(s, &seen));
    commit(s, 0, one);
    assert_true(schedule_ended(s, &seen));
    assert_string_equal(seen.text, "a gap");
    struct txn *late = make(2, WHOLE);
    assert_int_equal(schedule_put(s, late, &(struct writeset){0}), -1);
    txn_free(&late);
    schedule_free(&s);
}

static void abandoned_or_held_nothing_comes_out(void **state)
{
    (void)state;
    struct schedule *s = open_schedule(1);
    struct err seen = {.class = ERR_FATAL};
    put(s, 1, 100);
    put_part(s, 2, RECORD_FIRST, 200);
    put_part(s, 2, RECORD_LAST, 200);
    put(s, 3, 300);
    assert_int_equal(take_and_commit(s, 0), 1);
    struct txn *big = take(s, 0);
    schedule_hold(s, true);
    struct txn *last = schedule_take_fragment(s, 0, 1); /* what has begun goes on */
    txn_free(&big);
    commit(s, 0, last);
    assert_null(schedule_take(s, 0, 1));
    schedule_hold(s, false);
    assert_int_equal(take_and_commit(s, 0), 3);
    put(s, 4, 400);
    schedule_abandon(s);
    assert_null(take(s, 0));
    assert_true(schedule_ended(s, &seen));
    assert_int_equal(seen.class, ERR_NONE);
    schedule_free(&s);
}

static void what_the_ledger_has_is_passed(void **state)
{
    (void)state;
    struct ledger_state from = {0}, now;
    (void)watermark_add(&from.done, 2, 2);
    const struct schedule_setup setup = {.max_bytes = 1u << 20, .workers = 2, .group_rows = 1000, .from = &from};
    struct schedule *s = schedule_new(&setup);
    put(s, 1, 100);
    put(s, 2, 100);
    assert_int_equal(schedule_items(s), 1);
    assert_int_equal(take_and_commit(s, 0), 1);
    schedule_state(s, &now);
    assert_int_equal(now.seq, 2);
    ledger_state_free(&now);
    schedule_free(&s);
    ledger_state_free(&from);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_shares_no_key_goes_to_different_workers),
        cmocka_unit_test(what_shares_a_key_follows_at_the_same_worker),
        cmocka_unit_test(who_needs_two_workers_waits_for_one),
        cmocka_unit_test(sharers_do_not_wait_for_each_other),
        cmocka_unit_test(a_barrier_waits_for_all_and_all_for_it),
        cmocka_unit_test(what_is_given_back_waits_for_all_before_and_keeps_who_needs_it),
        cmocka_unit_test(fragments_wait_for_what_they_meet_only),
        cmocka_unit_test(void_fragments_leave_no_trace),
        cmocka_unit_test(a_big_one_that_waits_yields_to_one_that_waits_for_its_locks),
        cmocka_unit_test(what_one_in_hand_waits_for_begins_in_spite_of_a_hold),
        cmocka_unit_test(where_verdicts_are_waited_for_a_group_is_of_what_stands_together),
        cmocka_unit_test(what_is_behind_itself_is_not_waited_for),
        cmocka_unit_test(what_was_given_back_goes_to_nobody_who_waits_for_it),
        cmocka_unit_test(one_that_waits_for_its_turn_yields_as_well),
        cmocka_unit_test(the_cause_of_an_end_is_seen_when_all_is_in_effect),
        cmocka_unit_test(abandoned_or_held_nothing_comes_out),
        cmocka_unit_test(what_the_ledger_has_is_passed),
        cmocka_unit_test(a_big_one_that_was_to_be_next_is_given_back_as_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
