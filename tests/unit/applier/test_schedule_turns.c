/* Whose turn it is to give verdicts: waiting for it, what may begin meanwhile, and who yields. */
#include <pthread.h>

#include "tests/unit/applier/schedule_moves.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_one_in_hand_waits_for_begins_in_spite_of_a_hold),
        cmocka_unit_test(where_verdicts_are_waited_for_a_group_is_of_what_stands_together),
        cmocka_unit_test(what_is_behind_itself_is_not_waited_for),
        cmocka_unit_test(what_was_given_back_goes_to_nobody_who_waits_for_it),
        cmocka_unit_test(one_that_waits_for_its_turn_yields_as_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
