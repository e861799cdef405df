/* The schedule's order and its ends: with a cause, with a stop, at once. */
#include "applier/schedule.h"
#include "tests/unit/cmocka_all.h"

static void put(struct schedule *s, uint64_t seq)
{
    struct txn *t = txn_new();
    t->head.seq = seq;
    assert_int_equal(schedule_put(s, t), 0);
}

static uint64_t take(struct schedule *s)
{
    struct txn *t = schedule_take(s, 0);
    uint64_t seq = t ? t->head.seq : 0;
    txn_free(&t);
    return seq;
}

static void what_was_put_comes_in_order(void **state)
{
    (void)state;
    struct schedule *s = schedule_new(1u << 20);
    put(s, 1);
    put(s, 2);
    assert_int_equal(schedule_items(s), 2);
    assert_true(schedule_bytes(s) >= 2 * sizeof(struct txn));
    assert_int_equal(take(s), 1);
    assert_int_equal(take(s), 2);
    assert_int_equal(take(s), 0);
    assert_false(schedule_ended(s, NULL));
    schedule_free(&s);
    assert_null(s);
}

static void the_cause_of_an_end_is_seen_after_all_before_it(void **state)
{
    (void)state;
    struct schedule *s = schedule_new(1u << 20);
    struct err why;
    struct err seen = {0};
    (void)err_fatal(&why, EXIT_UNSAFE, "a gap");
    put(s, 1);
    schedule_end(s, &why);
    assert_false(schedule_ended(s, &seen));
    assert_int_equal(take(s), 1);
    assert_true(schedule_ended(s, &seen));
    assert_int_equal(seen.class, ERR_FATAL);
    assert_string_equal(seen.text, "a gap");
    struct txn *late = txn_new();
    assert_int_equal(schedule_put(s, late), -1);
    txn_free(&late);
    schedule_free(&s);
}

static void abandoned_nothing_more_comes_out(void **state)
{
    (void)state;
    struct schedule *s = schedule_new(1u << 20);
    struct err seen = {.class = ERR_FATAL};
    put(s, 1);
    put(s, 2);
    schedule_abandon(s);
    assert_int_equal(take(s), 0);
    assert_true(schedule_ended(s, &seen));
    assert_int_equal(seen.class, ERR_NONE);
    schedule_free(&s); /* what nobody took is freed: the sanitizer would tell */
}

static void put_part(struct schedule *s, uint64_t seq, uint8_t flags)
{
    struct txn *t = txn_new();
    t->head.seq = seq;
    t->head.flags = flags;
    assert_int_equal(schedule_put(s, t), 0);
}

static void held_it_begins_nothing_and_ends_what_has_begun(void **state)
{
    (void)state;
    struct schedule *s = schedule_new(1u << 20);
    put_part(s, 1, RECORD_FIRST);
    put_part(s, 1, 0);
    put_part(s, 1, RECORD_LAST);
    put_part(s, 2, RECORD_FIRST | RECORD_LAST);
    assert_int_equal(take(s), 1);
    schedule_hold(s, true);
    assert_int_equal(take(s), 1);
    assert_int_equal(take(s), 1);
    assert_int_equal(take(s), 0);
    assert_null(schedule_take(s, 60));
    schedule_hold(s, false);
    assert_int_equal(take(s), 2);
    schedule_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_comes_in_order),
        cmocka_unit_test(the_cause_of_an_end_is_seen_after_all_before_it),
        cmocka_unit_test(abandoned_nothing_more_comes_out),
        cmocka_unit_test(held_it_begins_nothing_and_ends_what_has_begun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
