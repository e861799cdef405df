/* The inbox: its order and its ends: with a cause, with a stop, at once. */
#include "applier/inbox.h"
#include "tests/unit/cmocka_all.h"

static void put(struct inbox *b, uint64_t seq)
{
    struct txn *t = txn_new();
    t->head.seq = seq;
    assert_int_equal(inbox_put(b, t), 0);
}

static uint64_t take(struct inbox *b)
{
    struct txn *t = inbox_take(b, 0);
    uint64_t seq = t ? t->head.seq : 0;
    txn_free(&t);
    return seq;
}

static void what_was_put_comes_in_order(void **state)
{
    (void)state;
    struct inbox *b = inbox_new(1u << 20);
    put(b, 1);
    put(b, 2);
    assert_int_equal(inbox_items(b), 2);
    assert_true(inbox_bytes(b) >= 2 * sizeof(struct txn));
    assert_int_equal(take(b), 1);
    assert_int_equal(take(b), 2);
    assert_int_equal(take(b), 0);
    assert_false(inbox_ended(b, NULL));
    inbox_free(&b);
    assert_null(b);
}

static void the_cause_of_an_end_is_seen_after_all_before_it(void **state)
{
    (void)state;
    struct inbox *b = inbox_new(1u << 20);
    struct err why;
    struct err seen = {0};
    (void)err_fatal(&why, EXIT_UNSAFE, "a gap");
    put(b, 1);
    inbox_end(b, &why);
    assert_false(inbox_ended(b, &seen));
    assert_int_equal(take(b), 1);
    assert_true(inbox_ended(b, &seen));
    assert_int_equal(seen.class, ERR_FATAL);
    assert_string_equal(seen.text, "a gap");
    struct txn *late = txn_new();
    assert_int_equal(inbox_put(b, late), -1);
    txn_free(&late);
    inbox_free(&b);
}

static void abandoned_nothing_more_comes_out(void **state)
{
    (void)state;
    struct inbox *b = inbox_new(1u << 20);
    struct err seen = {.class = ERR_FATAL};
    put(b, 1);
    put(b, 2);
    inbox_abandon(b);
    assert_int_equal(take(b), 0);
    assert_true(inbox_ended(b, &seen));
    assert_int_equal(seen.class, ERR_NONE);
    inbox_free(&b); /* what nobody took is freed: the sanitizer would tell */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_comes_in_order),
        cmocka_unit_test(the_cause_of_an_end_is_seen_after_all_before_it),
        cmocka_unit_test(abandoned_nothing_more_comes_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
