/* Which transactions are taken for the same one, where servers differ in the columns that their rows have. */
#include "common/stream/txn_hash.h"

#include "tests/unit/cmocka_all.h"

static const struct table_def first = {
    .db = {(const uint8_t *)"d", 1},
      .name = {(const uint8_t *)"a", 1},
      .column_count = 2
};
static const struct table_def second = {
    .db = {(const uint8_t *)"d", 1},
      .name = {(const uint8_t *)"b", 1},
      .column_count = 2
};
static const uint8_t narrow[] = {1};

static void add(struct txn_hash *h, const struct table_def *t, enum rows_op op, const char *images, uint32_t count,
                const uint8_t *present)
{
    const struct rows rows = {.table = t,
                              .op = op,
                              .count = count,
                              .images = span_str(images),
                              .present_before = op == ROWS_INSERT ? NULL : present,
                              .present_after = op == ROWS_DELETE ? NULL : present};
    txn_hash_rows(h, &rows);
}

/* Three rows of `first` are changed and one is deleted, by events of these columns. */
static struct txn_hash changed(const char *images, const uint8_t *present, bool in_two_events)
{
    struct txn_hash h;
    txn_hash_start(&h);
    add(&h, &second, ROWS_INSERT, "whole", 1, NULL);
    add(&h, &first, ROWS_UPDATE, images, in_two_events ? 2 : 3, present);
    if (in_two_events)
        add(&h, &first, ROWS_UPDATE, "", 1, present);
    add(&h, &first, ROWS_DELETE, images, 1, present);
    return h;
}

static void whole_rows_are_compared_by_their_cells(void **state)
{
    (void)state;
    struct txn_hash a = changed("abc", NULL, false), same = changed("abc", NULL, true), b = changed("abd", NULL, false);
    assert_int_equal(txn_hash_end(&a), txn_hash_end(&same));
    assert_true(txn_hash_is(&same, txn_hash_end(&a), true));
    assert_false(txn_hash_is(&b, txn_hash_end(&a), false));
}

static void rows_that_lack_columns_by_their_shape(void **state)
{
    (void)state;
    struct txn_hash whole = changed("abc", NULL, false), lacking = changed("ab", narrow, true);
    uint64_t shape = txn_hash_end(&lacking);
    assert_int_not_equal(shape, txn_hash_end(&whole));
    assert_true(txn_hash_is(&whole, shape, true)); /* a server that has all columns */
    assert_true(txn_hash_is(&lacking, shape, true));
    /* The other way round it cannot be told. */
    assert_true(txn_hash_is(&lacking, txn_hash_end(&whole), false));
    assert_false(txn_hash_is(&lacking, txn_hash_end(&whole), true));
    /* Another shape is another transaction. */
    struct txn_hash other = changed("ab", narrow, true);
    add(&other, &first, ROWS_DELETE, "ab", 1, narrow);
    assert_false(txn_hash_is(&other, shape, false));
    other = changed("ab", narrow, true);
    add(&other, &second, ROWS_INSERT, "ab", 1, NULL);
    assert_false(txn_hash_is(&other, shape, false));
}

static void a_body_is_not_the_whole(void **state)
{
    (void)state;
    struct txn_hash lacking = changed("ab", narrow, false), body = lacking, whole = changed("abc", NULL, false);
    txn_hash_xid(&body, span_str("xid"));
    assert_int_not_equal(txn_hash_end(&body), txn_hash_end(&lacking));
    assert_false(txn_hash_is(&body, txn_hash_end(&lacking), true));
    assert_false(txn_hash_is(&lacking, txn_hash_end(&body), true));
    txn_hash_xid(&whole, span_str("xid"));
    assert_true(txn_hash_is(&whole, txn_hash_end(&body), true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_rows_are_compared_by_their_cells),
        cmocka_unit_test(rows_that_lack_columns_by_their_shape),
        cmocka_unit_test(a_body_is_not_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
