/* What has to wait for what is parked: by shared keys, in order, within bounds. */
#include "applier/park.h"
#include "common/base/mem.h"
#include "tests/unit/cmocka_all.h"

/* A transaction that touches the keys of a text, one a letter. */
static struct park_item item(uint64_t seq, const char *keys)
{
    struct park_item i = {.seq = seq, .rows = 1, .bytes = 100};
    i.keys.cap = strlen(keys);
    i.keys.touches = xcalloc(i.keys.cap + 1, sizeof *i.keys.touches);
    for (const char *k = keys; *k; k++)
        i.keys.touches[i.keys.count++] = (struct touch){.hash = (uint64_t)*k};
    writeset_seal(&i.keys);
    return i;
}

static void enter(struct park *p, uint64_t seq, const char *keys)
{
    struct park_item i = item(seq, keys);
    struct err err = {0};
    assert_int_equal(park_enter(p, &i, &err), 0);
}

/* The seq that it has to wait for; 0: none. */
static uint64_t join(struct park *p, uint64_t seq, const char *keys)
{
    struct park_item i = item(seq, keys);
    struct err err = {0};
    uint64_t behind;
    assert_true(park_join(p, &i, &behind, &err) >= 0);
    writeset_free(&i.keys);
    return behind;
}

static bool is_free(struct park *p, const struct keyset *before, uint64_t seq)
{
    return park_is_free(p, before, seq);
}

static void what_shares_a_key_waits_and_is_waited_for(void **state)
{
    (void)state;
    struct park *p = park_new(100, 100000);
    struct parked_sum sum;
    assert_true(park_is_empty(p));
    enter(p, 5, "ab");
    assert_false(park_is_empty(p));
    assert_int_equal(join(p, 6, "cd"), 0);
    assert_int_equal(join(p, 7, "bc"), 5);
    assert_int_equal(join(p, 8, "cx"), 7); /* not of 5: behind 7, by c */
    assert_int_equal(join(p, 9, "dy"), 0);
    assert_int_equal(join(p, 4, "a"), 0);  /* before it in the stream */
    assert_int_equal(join(p, 7, "bc"), 5); /* tried again: not behind itself */
    park_sum(p, &sum);
    assert_int_equal(sum.transactions, 3);
    assert_int_equal(sum.rows, 3);
    assert_int_equal(sum.oldest_seq, 5);
    park_leave(p, 5);
    assert_int_equal(join(p, 10, "a"), 0);
    assert_int_equal(join(p, 11, "b"), 7);
    park_leave(p, 7);
    park_leave(p, 8);
    park_leave(p, 11);
    assert_true(park_is_empty(p));
    park_free(&p);
}

static void it_is_drained_in_order(void **state)
{
    (void)state;
    struct park *p = park_new(100, 100000);
    struct keyset before = {0};
    enter(p, 1, "a");
    enter(p, 2, "b");
    assert_int_equal(join(p, 3, "ac"), 1);
    assert_int_equal(join(p, 4, "cd"), 3);
    assert_true(park_begin_drain(p));
    assert_false(park_begin_drain(p));
    assert_true(is_free(p, &before, 1));
    park_stays(p, &before, 1);
    assert_true(is_free(p, &before, 2));
    park_leave(p, 2);
    assert_false(is_free(p, &before, 3));
    park_stays(p, &before, 3);
    assert_false(is_free(p, &before, 4));
    park_end_drain(p);
    keyset_clear(&before);
    assert_true(is_free(p, &before, 3)); /* once 1 is gone */
    assert_true(is_free(p, &before, 4));
    assert_false(park_has_free(p)); /* 1 waits for the operator, 3 for 1, 4 for 3 */
    park_leave(p, 1);
    assert_true(park_has_free(p));
    park_note_refused(p, 3); /* it was tried, and waits for him too */
    assert_false(park_has_free(p));
    keyset_free(&before);
    park_free(&p);
}

static void fragments_are_one_transaction(void **state)
{
    (void)state;
    struct park *p = park_new(100, 100000);
    struct parked_sum sum;
    enter(p, 3, "x"); /* of a try that came to nothing */
    for (const char *key = "abc"; *key; key++) {
        struct err err = {0};
        struct park_item part = item(3, (char[]){*key, 0});
        part.more = *key != 'a';
        assert_int_equal(park_enter(p, &part, &err), 0);
    }
    assert_int_equal(join(p, 9, "x"), 0);
    park_sum(p, &sum);
    assert_int_equal(sum.transactions, 1);
    assert_int_equal(sum.rows, 3);
    assert_int_equal(join(p, 4, "b"), 3);
    park_leave(p, 3);
    park_sum(p, &sum);
    assert_int_equal(sum.transactions, 1);
    assert_int_equal(sum.bytes, 100);
    park_free(&p);
}

static void at_the_bound_the_way_out_is_told(void **state)
{
    (void)state;
    struct park *p = park_new(2, 100000);
    struct err err = {0};
    uint64_t behind;
    enter(p, 1, "a");
    enter(p, 2, "a");
    struct park_item third = item(3, "a");
    assert_int_equal(park_join(p, &third, &behind, &err), -1);
    assert_int_equal(err.exit_code, EXIT_UNSAFE);
    assert_non_null(strstr(err.text, "apply.park.max_rows"));
    assert_non_null(strstr(err.text, "drcctl parked retry"));
    assert_true(park_begin_drain(p)); /* there is room soon, or none for certain */
    err = (struct err){0};
    assert_int_equal(park_join(p, &third, &behind, &err), -1);
    assert_int_equal(err.class, ERR_RETRY);
    park_end_drain(p);
    assert_int_equal(park_join(p, &third, &behind, &err), -1);
    assert_int_equal(err.class, ERR_FATAL);
    park_load(p, &third); /* what lies in the table lies there */
    park_free(&p);
    p = park_new(100, 150);
    enter(p, 1, "a");
    struct park_item second = item(2, "b");
    assert_int_equal(park_enter(p, &second, &err), -1);
    assert_non_null(strstr(err.text, "apply.park.max_bytes"));
    writeset_free(&second.keys);
    park_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_shares_a_key_waits_and_is_waited_for),
        cmocka_unit_test(it_is_drained_in_order),
        cmocka_unit_test(fragments_are_one_transaction),
        cmocka_unit_test(at_the_bound_the_way_out_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
