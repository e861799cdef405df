/* drc.repair is the one table of ours whose rows are published, whatever the pair's filter says: what is asked, not
 * that it is cleared away; and nothing of a replayed transaction. */
#include "tests/unit/cmocka_all.h"

#include "common/target/schema.h"
#include "tests/unit/stream/builder_kit.h"

static void change(struct kit *k, uint64_t gtid_seq, const struct table_def *t, enum rows_op op)
{
    struct buf images = {0};
    kit_image(&images, 1, 5);
    if (op == ROWS_UPDATE)
        kit_image(&images, 1, 6);
    kit_ok(k, kit_begin(gtid_seq));
    kit_ok(k, kit_rows(t, op, buf_span(&images), 1));
    kit_ok(k, kit_end(ITEM_COMMIT));
    buf_free(&images);
}

static void test_what_is_asked_is_published_and_nothing_else_of_it(void **state)
{
    (void)state;
    struct kit k = {0};
    kit_open(&k);
    const struct table_def *marks = kit_table(&k.arena, DRC_DB, REPAIR_TABLE);
    const struct table_def *journal = kit_table(&k.arena, DRC_DB, JOURNAL_TABLE);
    change(&k, 10, journal, ROWS_INSERT);
    assert_int_equal(k.reader.seq, 0);
    change(&k, 11, marks, ROWS_INSERT);
    assert_int_equal(k.reader.seq, 1);
    change(&k, 12, marks, ROWS_UPDATE);
    change(&k, 13, marks, ROWS_DELETE);
    assert_int_equal(k.reader.seq, 1);
    change(&k, 14, k.orders, ROWS_INSERT);
    assert_int_equal(k.reader.seq, 2);
    kit_close(&k);
}

static void test_an_answer_behind_the_loop_mark_stays_where_it_is(void **state)
{
    (void)state;
    struct kit k = {0};
    struct buf images = {0}, ledger = {0};
    kit_open(&k);
    const struct table_def *marks = kit_table(&k.arena, DRC_DB, REPAIR_TABLE);
    kit_image(&images, 1, 5);
    kit_ok(&k, kit_begin(10));
    kit_ok(&k, kit_mark_op(&k, &ledger, ROWS_UPDATE, 'B', 7));
    kit_ok(&k, kit_rows(marks, ROWS_INSERT, buf_span(&images), 1));
    kit_ok(&k, kit_end(ITEM_COMMIT));
    assert_int_equal(k.reader.seq, 0);
    buf_free(&images);
    buf_free(&ledger);
    kit_close(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_asked_is_published_and_nothing_else_of_it),
        cmocka_unit_test(test_an_answer_behind_the_loop_mark_stays_where_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
