/* An operator's pause: where it stands in the stream, what is still brought into effect, and when it is reached. */
#include "common/base/clock.h"
#include "tests/unit/applier/schedule_moves.h"

#define LONG_MS 60000

/* Of one worker and a ledger by which all up to seq is in effect, and first..last besides. */
static struct schedule *open_after(uint64_t seq, uint64_t first, uint64_t last)
{
    struct ledger_state from = {.seq = seq};
    if (seq > 0)
        (void)watermark_add(&from.done, 1, seq);
    (void)watermark_add(&from.done, first, last);
    const struct schedule_setup setup = {.max_bytes = 1u << 20, .workers = 1, .group_rows = 1000, .from = &from};
    struct schedule *s = schedule_new(&setup);
    ledger_state_free(&from);
    return s;
}

static void assert_stands_at(struct schedule *s, uint64_t seq)
{
    struct ledger_state now;
    assert_true(schedule_pause_reached(s));
    assert_null(take(s, 0));
    schedule_state(s, &now);
    assert_int_equal(now.seq, seq);
    ledger_state_free(&now);
}

/* There is nothing, and it is not waited for. */
static void assert_nothing_at_once(struct schedule *s, uint32_t worker,
                                   struct txn *(*take_one)(struct schedule *, uint32_t, int))
{
    const uint64_t before = clock_mono_ms();
    assert_null(take_one(s, worker, LONG_MS));
    assert_true(clock_mono_ms() - before < LONG_MS / 2);
}

/* What goes to whom is given by keys: `key` the same for what has to follow in one worker's queue. */
static void what_stands_before_the_last_one_begun_is_brought_into_effect(void **state)
{
    (void)state;
    struct schedule *s = open_schedule(2);
    put(s, 1, 100);
    put(s, 2, 200);
    put(s, 3, 100); /* behind 1 */
    put(s, 4, 200); /* behind 2 */
    struct txn *two = take(s, 1);
    assert_int_equal(two->head.seq, 2);
    schedule_hold(s, true); /* a throttle is not waited for */
    schedule_pause(s, clock_mono_ms());
    assert_false(schedule_pause_reached(s));
    assert_int_equal(take_and_commit(s, 0), 1);
    assert_null(take(s, 0));
    assert_false(schedule_pause_reached(s));
    commit(s, 1, two);
    assert_true(schedule_pause_reached(s));
    assert_nothing_at_once(s, 1, schedule_take);
    schedule_pause(s, clock_mono_ms());
    assert_true(schedule_pause_reached(s));
    schedule_resume(s);
    assert_false(schedule_pause_reached(s));
    assert_null(take(s, 0)); /* the throttle */
    schedule_hold(s, false);
    assert_int_equal(take_and_commit(s, 0), 3);
    assert_int_equal(take_and_commit(s, 1), 4);
    schedule_free(&s);
}

static void what_is_given_back_comes_again(void **state)
{
    (void)state;
    struct schedule *s = open_schedule(2);
    put(s, 1, 100);
    put(s, 2, 200);
    put(s, 3, 300);
    struct txn *two = take(s, 1);
    schedule_pause(s, clock_mono_ms());
    schedule_return(s, 1, &two, 1); /* in doubt: it is to go alone */
    assert_int_equal(take_and_commit(s, 0), 1);
    struct txn *again = take(s, 0);
    uint32_t whose = again ? 0 : 1;
    again = again ? again : take(s, 1);
    assert_int_equal(again->head.seq, 2);
    assert_true(again->exact);
    assert_false(schedule_pause_reached(s));
    commit(s, whose, again);
    assert_true(schedule_pause_reached(s));
    schedule_free(&s);
}

static void fragments_of_one_in_hand_come_to_their_end(void **state)
{
    (void)state;
    struct schedule *s = open_schedule(1);
    put_part(s, 1, RECORD_FIRST, 100);
    struct txn *big = take(s, 0);
    schedule_pause(s, clock_mono_ms());
    put_part(s, 1, RECORD_LAST, 100);
    put(s, 2, 200);
    struct txn *last = schedule_take_fragment(s, 0, LONG_MS);
    txn_free(&big);
    commit(s, 0, last);
    assert_true(schedule_pause_reached(s));
    assert_null(take(s, 0));
    schedule_free(&s);
}

/* Killed when 3 was in effect and what is before it was not: a link that is still paused starts so. */
static void gaps_of_a_former_instance_are_filled(void **state)
{
    (void)state;
    struct schedule *s = open_after(0, 3, 3);
    schedule_pause(s, clock_mono_ms());
    assert_false(schedule_pause_reached(s));
    for (uint64_t seq = 1; seq <= 4; seq++)
        put(s, seq, 100);
    assert_int_equal(take_and_commit(s, 0), 1);
    assert_int_equal(take_and_commit(s, 0), 2);
    assert_stands_at(s, 3);
    schedule_free(&s);
}

static void what_waits_for_an_operator_is_left(void **state)
{
    (void)state;
    struct schedule *s = open_schedule(2);
    put_part(s, 1, RECORD_FIRST, 100);
    struct txn *big = take(s, 0);
    assert_false(schedule_pause_in_vain(s, true)); /* there is none */
    schedule_pause(s, clock_mono_ms());
    assert_false(schedule_pause_in_vain(s, true)); /* not at once */
    assert_false(schedule_pause_in_vain(s, false));
    assert_false(schedule_pause_reached(s));
    schedule_cut_pause(s);
    assert_true(schedule_pause_reached(s));
    assert_true(schedule_pause_in_vain(s, false));
    assert_nothing_at_once(s, 0, schedule_take_fragment);
    schedule_resume(s);
    assert_false(schedule_pause_in_vain(s, true));
    put_part(s, 1, RECORD_LAST, 100);
    struct txn *last = schedule_take_fragment(s, 0, 1);
    txn_free(&big);
    commit(s, 0, last);
    put(s, 2, 200);
    assert_int_equal(take_and_commit(s, 0) + take_and_commit(s, 1), 2);
    schedule_free(&s);
}

#define ALMOST_MS 9000 /* of what is borne */

static void in_vain_is_borne_for_some_seconds(void **state)
{
    (void)state;
    struct schedule *s = open_schedule(2);
    put(s, 1, 100);
    put(s, 2, 200);
    put(s, 3, 300);
    struct txn *two = take(s, 1);
    schedule_pause(s, clock_mono_ms() - ALMOST_MS);
    assert_false(schedule_pause_in_vain(s, true));
    clock_sleep_ms(1100);
    assert_false(schedule_pause_in_vain(s, false)); /* it goes on at others */
    commit(s, 1, two);
    assert_false(schedule_pause_in_vain(s, false)); /* 1 is to be taken */
    struct txn *one = take(s, 0);
    assert_false(schedule_pause_in_vain(s, false));
    assert_true(schedule_pause_in_vain(s, true));
    assert_true(schedule_pause_reached(s));
    commit(s, 0, one);
    schedule_free(&s);
}

static void what_is_made_anew_long_after_the_word_begins_nothing(void **state)
{
    (void)state;
    struct schedule *s = open_after(0, 2, 2);
    schedule_pause(s, clock_mono_ms() - 2 * ALMOST_MS);
    put(s, 1, 100);
    assert_null(take(s, 0));
    assert_true(schedule_pause_reached(s));
    schedule_free(&s);
}

/* Two that committed side by side: neither row says the place of both. */
static void what_the_ledger_has_by_several_rows_is_passed_before_it_is_reached(void **state)
{
    (void)state;
    struct schedule *s = open_after(1, 2, 3);
    schedule_pause(s, clock_mono_ms());
    assert_false(schedule_pause_reached(s));
    put(s, 2, 100);
    put(s, 3, 100);
    put(s, 4, 100);
    assert_stands_at(s, 3);
    schedule_free(&s);
}

static void the_link_rests_when_all_of_its_workers_do(void **state)
{
    (void)state;
    struct schedule *s = open_schedule(2);
    assert_false(schedule_rest(s, 1, true));
    assert_true(schedule_rest(s, 0, true));
    assert_false(schedule_rest(s, 1, false));
    schedule_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stands_before_the_last_one_begun_is_brought_into_effect),
        cmocka_unit_test(what_is_given_back_comes_again),
        cmocka_unit_test(fragments_of_one_in_hand_come_to_their_end),
        cmocka_unit_test(gaps_of_a_former_instance_are_filled),
        cmocka_unit_test(what_waits_for_an_operator_is_left),
        cmocka_unit_test(in_vain_is_borne_for_some_seconds),
        cmocka_unit_test(what_is_made_anew_long_after_the_word_begins_nothing),
        cmocka_unit_test(what_the_ledger_has_by_several_rows_is_passed_before_it_is_reached),
        cmocka_unit_test(the_link_rests_when_all_of_its_workers_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
