/* The schedule: who gets what and when, its ends, big transactions. Turns: test_schedule_turns.c; random histories:
 * test_schedule_histories.c. */
#include "tests/unit/applier/schedule_moves.h"

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

/* Else it would hold its worker, and locks, that the earlier one may turn out to need. */
static void a_big_one_does_not_begin_while_an_earlier_one_has_no_worker(void **state)
{
    (void)state;
    struct schedule *s = open_schedule(3);
    struct writeset both = {0};
    put(s, 1, 100);
    put(s, 2, 200);
    struct txn *one = take(s, 0), *two = take(s, 1);
    touch_key(&both, 100, false);
    touch_key(&both, 200, false);
    assert_int_equal(schedule_put(s, make(3, WHOLE), &both), 0);
    put_part(s, 4, RECORD_FIRST, 400);
    assert_null(take(s, 2));
    commit(s, 0, one);
    struct txn *first = take(s, 2); /* the third one stands behind the second now */
    assert_non_null(first);
    commit(s, 1, two);
    assert_int_equal(take_and_commit(s, 1), 3);
    txn_free(&first);
    writeset_free(&both);
    schedule_free(&s);
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
        cmocka_unit_test(a_big_one_does_not_begin_while_an_earlier_one_has_no_worker),
        cmocka_unit_test(the_cause_of_an_end_is_seen_when_all_is_in_effect),
        cmocka_unit_test(abandoned_or_held_nothing_comes_out),
        cmocka_unit_test(what_the_ledger_has_is_passed),
        cmocka_unit_test(a_big_one_that_was_to_be_next_is_given_back_as_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
