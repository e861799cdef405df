/* Resuming at the gate, and the loop mark: what is in the topic already, and what came from elsewhere, is not
 * published. */
#include "tests/unit/cmocka_all.h"

#include "common/target/ledger_canary.h"
#include "tests/unit/stream/builder_kit.h"

/* A new builder that goes on from what a reader of the topic holds, as a restarted capture does. */
static void restart(struct kit *k, bool compare)
{
    struct err err = {0};
    struct record epoch = {.kind = RECORD_EPOCH, .epoch = k->reader.epoch + 1, .instance = 78};
    memcpy(epoch.stream, k->reader.uuid, STREAM_UUID_LEN);
    assert_int_equal(kit_put(k, parcel_new(&epoch), &err), 0);
    kit_builder(k, &k->reader, compare);
    assert_int_equal(builder_resume(k->builder, 6, &err), 0);
}

static void test_a_restart_publishes_nothing_twice(void **state)
{
    (void)state;
    struct kit k = {0};
    kit_open(&k);
    kit_insert(&k, 10, k.orders, 1, 5);
    kit_insert(&k, 11, k.other, 1, 5);
    kit_insert(&k, 12, k.orders, 2, 5);
    restart(&k, true);
    size_t before = k.count;
    assert_int_equal(k.reader.before.domains[0].seq, 10); /* 11 left no trace but will be passed over again */
    kit_insert(&k, 11, k.other, 1, 5);
    kit_insert(&k, 12, k.orders, 2, 5);
    assert_int_equal(k.count, before);
    assert_int_equal(builder_counts(k.builder)->repeated, 2);
    kit_ok(&k, kit_end(ITEM_HEARTBEAT));
    kit_insert(&k, 13, k.orders, 1, 5);
    assert_int_equal(k.reader.seq, 3);
    kit_close(&k);
}

static void assert_lost(const struct err *err)
{
    assert_int_equal(err->class, ERR_FATAL);
    assert_int_equal(err->exit_code, EXIT_UNSAFE);
    assert_non_null(strstr(err->text, "lost transactions"));
    assert_non_null(strstr(err->text, "0-1-10"));
}

static void test_another_content_under_the_last_gtid_stops(void **state)
{
    (void)state;
    struct kit k = {0};
    struct err err = {0};
    struct buf images = {0};
    kit_open(&k);
    kit_insert(&k, 10, k.orders, 1, 5);
    restart(&k, true);
    kit_image(&images, 1, 6);
    kit_ok(&k, kit_begin(10));
    kit_ok(&k, kit_rows(k.orders, ROWS_INSERT, buf_span(&images), 1));
    assert_int_equal(kit_item(&k, kit_end(ITEM_COMMIT), &err), -1);
    assert_lost(&err);
    buf_free(&images);
    kit_close(&k);
}

static void test_a_source_without_the_last_gtid_stops(void **state)
{
    (void)state;
    struct kit k = {0};
    struct err err = {0};
    kit_open(&k);
    kit_insert(&k, 10, k.orders, 1, 5);
    restart(&k, true);
    assert_int_equal(kit_item(&k, kit_begin(11), &err), -1);
    assert_lost(&err);

    restart(&k, true);
    int rc = 0;
    for (int i = 0; i < 20 && rc == 0; i++)
        rc = kit_item(&k, kit_end(ITEM_HEARTBEAT), &err);
    assert_int_equal(rc, -1);
    assert_lost(&err);
    kit_close(&k);
}

static void test_other_domains_need_not_wait(void **state)
{
    (void)state;
    struct kit k = {0};
    kit_open(&k);
    kit_insert(&k, 10, k.orders, 1, 5);
    restart(&k, true);
    struct item other = kit_begin(1);
    other.begin.group.gtid.maria.domain = 5;
    kit_ok(&k, other);
    kit_ok(&k, kit_end(ITEM_COMMIT));
    kit_insert(&k, 10, k.orders, 1, 5);
    kit_insert(&k, 11, k.orders, 1, 5);
    assert_int_equal(k.reader.seq, 2);
    kit_close(&k);
}

/* CREATE TABLE … SELECT: statement and rows share a GTID; a kill between the two records loses neither. */
static void test_ddl_and_rows_of_one_group(void **state)
{
    (void)state;
    struct item ddl = {.kind = ITEM_DDL};
    ddl.ddl = (struct ddl){.db = span_str("shop"), .text = span_str("CREATE TABLE orders (id INT)")};
    for (int killed_between = 0; killed_between < 2; killed_between++) {
        struct kit k = {0};
        struct buf images = {0};
        kit_open(&k);
        kit_image(&images, 1, 5);
        struct item rows = kit_rows(k.orders, ROWS_INSERT, buf_span(&images), 1);
        kit_ok(&k, kit_begin(10));
        kit_ok(&k, ddl);
        if (killed_between) {
            assert_int_equal(k.reader.seq, 1);
            restart(&k, true);
            kit_ok(&k, kit_begin(10));
            kit_ok(&k, ddl);
        }
        kit_ok(&k, rows);
        kit_ok(&k, kit_end(ITEM_COMMIT));
        assert_int_equal(k.reader.seq, 2);
        assert_int_equal(k.reader.gtid.maria.seq, 10);
        buf_free(&images);
        kit_close(&k);
    }
}

static void test_replayed_transactions_are_dropped_and_raise_the_cut(void **state)
{
    (void)state;
    struct kit k = {0};
    struct buf mark = {0}, images = {0};
    kit_open(&k);
    kit_image(&images, 1, 5);
    kit_ok(&k, kit_begin(10));
    kit_ok(&k, kit_mark(&k, &mark, 'B', 42));
    kit_ok(&k, kit_rows(k.orders, ROWS_INSERT, buf_span(&images), 1));
    kit_ok(&k, kit_end(ITEM_COMMIT));
    assert_int_equal(k.reader.seq, 0);
    assert_int_equal(builder_counts(k.builder)->replayed, 1);
    struct err err = {0};
    assert_true(builder_owes_word(k.builder)); /* the position has moved, and no record says so */
    assert_int_equal(builder_heartbeat(k.builder, 1, &err), 0);
    assert_false(builder_owes_word(k.builder));
    assert_int_equal(k.reader.stamp, kit_stamp(42));

    kit_insert(&k, 11, k.orders, 1, 5);
    assert_true(cut_has(&k.reader.cut, k.known, 0, 42));
    assert_false(cut_has(&k.reader.cut, k.known, 0, 43));
    kit_insert(&k, 12, k.orders, 1, 5);
    struct record last = kit_record(&k, k.count - 1); /* each says it, for readers that begin with it */
    struct cut told = {0};
    struct bytes r = bytes_of(last.cut);
    cut_read(&told, &r);
    assert_true(cut_has(&told, k.known, 0, 42));
    assert_true(last.stamp > kit_stamp(42)); /* a later version than all that is in its cut */
    cut_free(&told);
    buf_free(&mark);
    buf_free(&images);
    kit_close(&k);
}

static void test_a_rolled_back_mark_raises_nothing(void **state)
{
    (void)state;
    struct kit k = {0};
    struct buf mark = {0};
    kit_open(&k);
    kit_ok(&k, kit_begin(10));
    kit_ok(&k, kit_mark(&k, &mark, 'B', 42));
    kit_ok(&k, kit_end(ITEM_ROLLBACK));
    assert_false(builder_owes_word(k.builder));
    kit_insert(&k, 11, k.orders, 1, 5);
    assert_false(cut_has(&k.reader.cut, k.known, 0, 42));
    assert_true(k.reader.stamp < kit_stamp(42));
    buf_free(&mark);
    kit_close(&k);
}

static void test_a_mark_behind_other_rows_blows_the_fuse(void **state)
{
    (void)state;
    struct kit k = {0};
    struct buf mark = {0}, images = {0};
    struct err err = {0};
    kit_open(&k);
    kit_image(&images, 1, 5);
    kit_ok(&k, kit_begin(10));
    kit_ok(&k, kit_rows(k.orders, ROWS_INSERT, buf_span(&images), 1));
    assert_int_equal(kit_item(&k, kit_mark(&k, &mark, 'B', 42), &err), -1);
    assert_int_equal(err.exit_code, EXIT_UNSAFE);
    assert_non_null(strstr(err.text, "loop fuse: transaction 0-1-10 changes drc.ledger after rows of shop.orders"));
    assert_int_equal(k.reader.seq, 0);
    buf_free(&mark);
    buf_free(&images);
    kit_close(&k);
}

static void test_marks_of_unknown_or_own_streams_stop(void **state)
{
    (void)state;
    struct kit k = {0};
    struct buf mark = {0};
    struct err err = {0};
    kit_open(&k);
    kit_ok(&k, kit_begin(10));
    assert_int_equal(kit_item(&k, kit_mark(&k, &mark, 'C', 1), &err), -1);
    assert_int_equal(err.exit_code, EXIT_UNSAFE);
    assert_non_null(strstr(err.text, "does not know"));
    buf_clear(&mark);
    kit_ok(&k, kit_end(ITEM_ROLLBACK));
    kit_ok(&k, kit_begin(11));
    assert_int_equal(kit_item(&k, kit_mark(&k, &mark, 'A', 1), &err), -1);
    assert_int_equal(err.exit_code, EXIT_UNSAFE);
    assert_non_null(strstr(err.text, "loop"));
    buf_free(&mark);
    kit_close(&k);
}

static void test_rows_that_nobody_gets_do_not_hide_the_mark(void **state)
{
    (void)state;
    struct kit k = {0};
    struct buf mark = {0}, images = {0};
    kit_open(&k);
    kit_image(&images, 1, 5);
    kit_ok(&k, kit_begin(10));
    kit_ok(&k, kit_rows(k.other, ROWS_INSERT, buf_span(&images), 1));
    kit_ok(&k, kit_mark(&k, &mark, 'B', 42));
    kit_ok(&k, kit_rows(k.orders, ROWS_INSERT, buf_span(&images), 1));
    kit_ok(&k, kit_end(ITEM_COMMIT));
    assert_int_equal(builder_counts(k.builder)->replayed, 1);
    assert_int_equal(k.reader.seq, 0);
    buf_free(&mark);
    buf_free(&images);
    kit_close(&k);
}

static void test_a_canary_is_told_and_leaves_no_trace(void **state)
{
    (void)state;
    struct kit k = {0};
    struct buf images = {0};
    uint8_t stream[STREAM_UUID_LEN];
    kit_open(&k);
    ledger_canary_stream(stream, "drc.shop.eu");
    kit_ledger_image(&images, stream, 7);
    kit_ok(&k, kit_begin(10));
    kit_ok(&k, kit_rows(k.ledger, ROWS_INSERT, buf_span(&images), 1));
    kit_ok(&k, kit_end(ITEM_COMMIT));
    assert_int_equal(k.canaries, 1);
    assert_int_equal(k.nonce, 7);
    assert_int_equal(builder_position(k.builder)->domains[0].seq, 10);
    kit_insert(&k, 11, k.orders, 1, 5);
    assert_int_equal(k.reader.seq, 1);
    assert_int_equal(k.reader.cut.count, 0);
    buf_free(&images);
    kit_close(&k);
}

/* With semi-synchronous replication it is not to be seen at the source before it has been read here. */
static void test_a_stream_is_known_from_the_row_that_makes_it(void **state)
{
    (void)state;
    struct kit k = {0};
    struct buf mark = {0};
    kit_open(&k);
    kit_ok(&k, kit_begin(10));
    kit_ok(&k, kit_mark_op(&k, &mark, ROWS_INSERT, 'C', 1));
    kit_ok(&k, kit_end(ITEM_COMMIT));
    assert_int_equal(builder_counts(k.builder)->replayed, 1);
    buf_clear(&mark);
    struct err err = {0};
    kit_ok(&k, kit_begin(11));
    assert_int_equal(kit_item(&k, kit_mark_op(&k, &mark, ROWS_INSERT, 'A', 1), &err), -1); /* our own never is */
    buf_free(&mark);
    kit_close(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_restart_publishes_nothing_twice),
        cmocka_unit_test(test_another_content_under_the_last_gtid_stops),
        cmocka_unit_test(test_a_source_without_the_last_gtid_stops),
        cmocka_unit_test(test_other_domains_need_not_wait),
        cmocka_unit_test(test_ddl_and_rows_of_one_group),
        cmocka_unit_test(test_replayed_transactions_are_dropped_and_raise_the_cut),
        cmocka_unit_test(test_a_rolled_back_mark_raises_nothing),
        cmocka_unit_test(test_a_mark_behind_other_rows_blows_the_fuse),
        cmocka_unit_test(test_rows_that_nobody_gets_do_not_hide_the_mark),
        cmocka_unit_test(test_a_canary_is_told_and_leaves_no_trace),
        cmocka_unit_test(test_a_stream_is_known_from_the_row_that_makes_it),
        cmocka_unit_test(test_marks_of_unknown_or_own_streams_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
