/* The record builder: what of a binlog's items becomes records, in what pieces, and what a reader makes of them. */
#include "tests/unit/cmocka_all.h"

#include "common/model/ddl_text.h"
#include "tests/unit/stream/builder_kit.h"

/* Rows in all DATA records from parcel `from` on. */
static uint32_t count_rows(struct kit *k, size_t from)
{
    struct table_cache cache = {0};
    struct arena arena = {0};
    uint32_t n = 0;
    for (size_t i = from; i < k->count; i++) {
        struct record rec = kit_record(k, i);
        struct body_reader body;
        struct rows rows;
        struct err err;
        int rc;
        if (rec.kind != RECORD_DATA)
            continue;
        body_open(&body, rec.body, &cache, &arena);
        while ((rc = body_next(&body, &rows, &err)) == 1)
            n += rows.count;
        assert_int_equal(rc, 0);
    }
    table_cache_free(&cache);
    arena_free(&arena);
    return n;
}

static void test_one_transaction_is_one_record(void **state)
{
    (void)state;
    struct kit k = {0};
    kit_open(&k);
    kit_insert(&k, 10, k.orders, 3, 5);
    assert_int_equal(k.count, 3);
    struct record rec = kit_record(&k, 2);
    assert_int_equal(rec.kind, RECORD_DATA);
    assert_int_equal(rec.flags, RECORD_FIRST | RECORD_LAST);
    assert_int_equal(rec.seq, 1);
    assert_int_equal(rec.gtid.maria.seq, 10);
    assert_int_equal(rec.commit_us, 1700000000000010u);
    assert_true(rec.stamp > 0 && rec.fingerprint != 0);
    assert_int_equal(count_rows(&k, 2), 3);
    kit_close(&k);
}

static void test_what_is_filtered_only_moves_the_position(void **state)
{
    (void)state;
    struct kit k = {0};
    struct err err = {0};
    kit_open(&k);
    kit_insert(&k, 10, k.other, 3, 5);
    assert_int_equal(k.count, 2);
    assert_int_equal(builder_counts(k.builder)->skipped, 1);
    assert_int_equal(builder_heartbeat(k.builder, 5, &err), 0);
    assert_int_equal(k.reader.seq, 0);
    assert_int_equal(k.reader.position.domains[0].seq, 10);
    kit_insert(&k, 11, k.orders, 1, 5);
    assert_int_equal(k.reader.seq, 1);
    kit_close(&k);
}

/* The patterns are asked once for each definition: what they said holds for all that comes under it. */
static void test_a_filter_decides_once_for_each_definition(void **state)
{
    (void)state;
    struct kit k = {0};
    struct err err = {0};
    kit_open(&k);
    struct table_def *same = kit_table(&k.arena, "shop", "later");
    struct table_def *changed = kit_table(&k.arena, "shop", "later");
    changed->columns[1].nullable = false;
    table_def_seal(changed, &k.arena);
    kit_insert(&k, 10, same, 1, 5);
    assert_int_equal(k.reader.seq, 1);
    assert_int_equal(filter_add(&k.filter, false, "shop.later", &err), 0);
    kit_insert(&k, 11, k.orders, 1, 5);
    kit_insert(&k, 12, same, 1, 5);
    assert_int_equal(k.reader.seq, 3);
    kit_insert(&k, 13, changed, 1, 5); /* another definition, hence another question */
    assert_int_equal(k.reader.seq, 3);
    assert_int_equal(builder_counts(k.builder)->skipped, 1);
    assert_int_equal(builder_heartbeat(k.builder, 5, &err), 0);
    assert_int_equal(k.reader.position.domains[0].seq, 13);
    kit_close(&k);
}

/* Of a transaction only what is of the pair, and nothing at all of one that has nothing of it left. */
static void test_a_mixed_transaction_keeps_its_rows_of_the_pair(void **state)
{
    (void)state;
    struct kit k = {0};
    struct buf images = {0};
    struct err err = {0};
    kit_open(&k);
    kit_image(&images, 1, 5);
    kit_image(&images, 2, 5);
    kit_ok(&k, kit_begin(10));
    kit_ok(&k, kit_rows(k.other, ROWS_INSERT, buf_span(&images), 2));
    kit_ok(&k, kit_rows(k.orders, ROWS_INSERT, buf_span(&images), 2));
    kit_ok(&k, kit_rows(k.other, ROWS_INSERT, buf_span(&images), 2));
    kit_ok(&k, kit_end(ITEM_COMMIT));
    assert_int_equal(k.reader.seq, 1);
    assert_int_equal(count_rows(&k, 0), 2);
    kit_ok(&k, kit_begin(11));
    kit_ok(&k, kit_end(ITEM_COMMIT));
    assert_int_equal(k.reader.seq, 1);
    assert_int_equal(builder_heartbeat(k.builder, 5, &err), 0);
    assert_int_equal(k.reader.position.domains[0].seq, 11);
    buf_free(&images);
    kit_close(&k);
}

static void test_a_big_transaction_comes_in_fragments(void **state)
{
    (void)state;
    struct kit k = {.fragment_bytes = 10000};
    kit_open(&k);
    kit_insert(&k, 10, k.orders, 100, 1000); /* one event of 100 kB: is cut between rows */
    assert_in_range(k.count - 2, 10, 12);
    for (size_t i = 2; i < k.count; i++) {
        struct record rec = kit_record(&k, i);
        assert_int_equal(rec.seq, 1);
        assert_int_equal(rec.fragment, i - 2);
        assert_true(rec.body.n <= 10000 + 200);
        assert_int_equal((rec.flags & RECORD_LAST) != 0, i == k.count - 1);
    }
    assert_int_equal(count_rows(&k, 2), 100);
    assert_int_equal(k.reader.seq, 1);
    kit_close(&k);
}

static void test_a_row_above_the_bound_goes_alone_but_not_above_the_topic(void **state)
{
    (void)state;
    struct kit k = {.fragment_bytes = 10000, .max_bytes = 50000};
    struct err err = {0};
    struct buf images = {0};
    kit_open(&k);
    kit_image(&images, 1, 10);
    kit_image(&images, 2, 19000);
    kit_image(&images, 3, 10);
    kit_ok(&k, kit_begin(10));
    kit_ok(&k, kit_rows(k.orders, ROWS_INSERT, buf_span(&images), 3));
    kit_ok(&k, kit_end(ITEM_COMMIT));
    assert_int_equal(count_rows(&k, 2), 3);
    assert_int_equal(k.count - 2, 3);

    buf_clear(&images);
    kit_image(&images, 4, 60000);
    kit_ok(&k, kit_begin(11));
    kit_ok(&k, kit_rows(k.orders, ROWS_INSERT, buf_span(&images), 1));
    assert_int_equal(kit_item(&k, kit_end(ITEM_COMMIT), &err), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    assert_non_null(strstr(err.text, "max.message.bytes"));
    assert_non_null(strstr(err.text, "binlog.000001:4711"));
    buf_free(&images);
    kit_close(&k);
}

/* The fingerprint is the source's: no setting of ours changes it. */
static void test_fingerprint_knows_no_fragments_events_or_filters(void **state)
{
    (void)state;
    uint64_t seen[3];
    for (int round = 0; round < 3; round++) {
        struct kit k = {.fragment_bytes = round == 0 ? 5000 : 500000};
        struct buf images = {0};
        struct err err = {0};
        kit_open(&k);
        if (round == 2)
            assert_int_equal(filter_add(&k.filter, true, "other.*", &err), 0);
        for (uint32_t i = 0; i < 20; i++)
            kit_image(&images, i, 1000);
        size_t half = images.len / 2;
        kit_ok(&k, kit_begin(10));
        if (round == 0) {
            kit_ok(&k, kit_rows(k.orders, ROWS_INSERT, buf_span(&images), 20));
        } else {
            kit_ok(&k, kit_rows(k.orders, ROWS_INSERT, span_of(images.data, half), 10));
            kit_ok(&k, kit_rows(k.orders, ROWS_INSERT, span_of(images.data + half, half), 10));
        }
        kit_ok(&k, kit_rows(k.other, ROWS_DELETE, buf_span(&images), 20));
        kit_ok(&k, kit_end(ITEM_COMMIT));
        seen[round] = k.reader.fingerprint;
        buf_free(&images);
        kit_close(&k);
    }
    assert_int_equal(seen[0], seen[1]);
    assert_int_equal(seen[0], seen[2]);
}

static void test_rolled_back_groups_and_savepoints(void **state)
{
    (void)state;
    struct kit k = {0};
    struct buf images = {0};
    kit_open(&k);
    kit_image(&images, 1, 5);
    struct item one = kit_rows(k.orders, ROWS_INSERT, buf_span(&images), 1);
    struct item mark = {.kind = ITEM_SAVEPOINT, .savepoint = 3};
    struct item back = {.kind = ITEM_ROLLBACK_TO, .savepoint = 3};

    kit_ok(&k, kit_begin(10));
    kit_ok(&k, one);
    kit_ok(&k, kit_end(ITEM_ROLLBACK));
    assert_int_equal(k.reader.seq, 0);

    kit_ok(&k, kit_begin(10)); /* a server that crashed while writing the group uses its GTID again */
    kit_ok(&k, one);
    kit_ok(&k, mark);
    kit_ok(&k, one);
    kit_ok(&k, back);
    kit_ok(&k, one);
    kit_ok(&k, back);
    kit_ok(&k, kit_end(ITEM_COMMIT));
    assert_int_equal(k.reader.seq, 1);
    assert_int_equal(count_rows(&k, 2), 1);

    uint64_t fingerprint = k.reader.fingerprint;
    kit_ok(&k, kit_begin(11));
    kit_ok(&k, one);
    kit_ok(&k, kit_end(ITEM_COMMIT));
    assert_int_equal(k.reader.fingerprint, fingerprint); /* as if the rest had never been */
    buf_free(&images);
    kit_close(&k);
}

static void test_fragments_of_a_rolled_back_group_become_void(void **state)
{
    (void)state;
    struct kit k = {.fragment_bytes = 2000};
    struct buf images = {0};
    struct err err = {0};
    kit_open(&k);
    for (uint32_t i = 0; i < 10; i++)
        kit_image(&images, i, 1000);
    kit_ok(&k, kit_begin(10));
    kit_ok(&k, kit_rows(k.orders, ROWS_INSERT, buf_span(&images), 10));
    assert_int_equal(k.reader.open_seq, 1);
    kit_ok(&k, kit_end(ITEM_ROLLBACK));
    assert_int_equal(k.reader.open_seq, 0);
    assert_int_equal(k.reader.epoch, 2);
    assert_int_equal(k.reader.seq, 0);
    kit_ok(&k, kit_end(ITEM_HEARTBEAT));
    assert_int_equal(builder_heartbeat(k.builder, 5, &err), 0);
    assert_int_equal(k.reader.position.domains[0].seq, 10); /* nobody used its GTID again */
    kit_insert(&k, 11, k.orders, 1, 5);
    assert_int_equal(k.reader.seq, 1);

    /* Part of a transaction cannot be made void. */
    struct item mark = {.kind = ITEM_SAVEPOINT, .savepoint = 1};
    struct item back = {.kind = ITEM_ROLLBACK_TO, .savepoint = 1};
    kit_ok(&k, kit_begin(12));
    kit_ok(&k, mark);
    kit_ok(&k, kit_rows(k.orders, ROWS_INSERT, buf_span(&images), 10));
    assert_int_equal(kit_item(&k, back, &err), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    assert_non_null(strstr(err.text, "fragment_bytes"));
    buf_free(&images);
    kit_close(&k);
}

/* As the assembler gives it. */
static struct item ddl_item(struct kit *k, const char *db, const char *text)
{
    struct item item = {.kind = ITEM_DDL};
    item.ddl = (struct ddl){.db = span_str(db), .text = span_str(text), .charset_client = 45};
    ddl_text_classify(&item.ddl, FLAVOR_MARIADB, &k->arena);
    return item;
}

static void test_ddl_is_a_record_of_its_own(void **state)
{
    (void)state;
    struct kit k = {0};
    struct arena arena = {0};
    struct err err;
    struct ddl ddl;
    kit_open(&k);
    kit_ok(&k, kit_begin(10));
    kit_ok(&k, ddl_item(&k, "shop", "ALTER TABLE orders ADD c INT"));
    kit_ok(&k, kit_end(ITEM_COMMIT));
    struct record rec = kit_record(&k, 2);
    assert_int_equal(rec.kind, RECORD_DDL);
    assert_int_equal(ddl_read(&ddl, rec.body, &arena, &err), 0);
    assert_int_equal(ddl.class, DDL_ALTER);
    assert_int_equal(k.reader.seq, 1);

    const struct item not_ours[] = {
        ddl_item(&k, "shop", "CREATE TABLE other.t (i INT)"),
        ddl_item(&k, "drc", "ALTER TABLE ledger ADD c INT"),
        ddl_item(&k, "shop", "DROP TABLE drc.ledger"),
        ddl_item(&k, "", "CREATE USER u"),
    };
    for (size_t i = 0; i < sizeof not_ours / sizeof *not_ours; i++) {
        kit_ok(&k, kit_begin(11 + i));
        kit_ok(&k, not_ours[i]);
        kit_ok(&k, kit_end(ITEM_COMMIT));
    }
    assert_int_equal(k.reader.seq, 1);

    /* The first half of a two-phase ALTER takes no effect. */
    struct item begin = kit_begin(20);
    begin.begin.group.flags = GROUP_ALTER_STARTED;
    kit_ok(&k, begin);
    kit_ok(&k, ddl_item(&k, "shop", "ALTER TABLE orders ADD c INT"));
    kit_ok(&k, kit_end(ITEM_COMMIT));
    assert_int_equal(k.reader.seq, 1);
    arena_free(&arena);
    kit_close(&k);
}

static void test_xa_bodies_are_held_and_ended_by_name(void **state)
{
    (void)state;
    struct kit k = {0};
    struct buf images = {0};
    kit_open(&k);
    kit_image(&images, 1, 5);
    struct item begin = kit_begin(10);
    begin.begin.group.flags = GROUP_XA_PREPARED;
    begin.begin.group.xid = span_str("\x01xid");
    struct item end = {.kind = ITEM_XA_COMMIT, .xid = span_str("\x01xid")};
    kit_ok(&k, begin);
    kit_ok(&k, kit_rows(k.orders, ROWS_INSERT, buf_span(&images), 1));
    kit_ok(&k, kit_end(ITEM_XA_PREPARE));
    struct record body = kit_record(&k, 2);
    assert_int_equal(body.flags, RECORD_FIRST | RECORD_LAST | RECORD_HELD);
    assert_true(span_is(body.xid, "\x01xid"));
    kit_ok(&k, kit_begin(11));
    kit_ok(&k, end);
    struct record commit = kit_record(&k, 3);
    assert_int_equal(commit.kind, RECORD_XA_END);
    assert_true(commit.flags & RECORD_COMMIT);
    assert_int_equal(k.reader.seq, 2);
    buf_free(&images);
    kit_close(&k);
}

static void test_a_renewed_epoch_goes_on(void **state)
{
    (void)state;
    struct kit k = {0};
    struct err err = {0};
    kit_open(&k);
    kit_insert(&k, 10, k.orders, 1, 5);
    assert_int_equal(builder_renew(k.builder, 5, &err), 0);
    kit_insert(&k, 11, k.orders, 1, 5);
    assert_int_equal(k.reader.epoch, 2);
    assert_int_equal(k.reader.seq, 2);
    assert_int_equal(k.reader.before.domains[0].seq, 10);
    assert_int_equal(builder_heartbeat(k.builder, 6, &err), 0); /* which says the same of its own accord */
    assert_int_equal(k.reader.before.domains[0].seq, 10);
    assert_int_equal(k.reader.position.domains[0].seq, 11);
    kit_close(&k);
}

/* Of MariaDB's old temporal formats the binlog does not tell the length: the source is asked. */
static void test_old_fractions_stop(void **state)
{
    (void)state;
    static const char *const names[] = {"old_plain", "old_fraction"};
    struct kit k = {0};
    struct err err = {0};
    struct buf images = {0};
    kit_open(&k);
    kit_image(&images, 1, 5);
    for (uint64_t i = 0; i < 2; i++) {
        struct table_def *t = kit_table(&k.arena, "shop", names[i]);
        t->columns[1] = (struct column){.name = span_str("at"), .type = COLUMN_DATETIME, .key_order = COLUMN_NO_KEY};
        table_def_seal(t, &k.arena);
        kit_ok(&k, kit_begin(10 + i));
        assert_int_equal(kit_item(&k, kit_rows(t, ROWS_INSERT, buf_span(&images), 1), &err), i == 0 ? 0 : -1);
        if (i == 0)
            kit_ok(&k, kit_end(ITEM_COMMIT));
    }
    assert_int_equal(err.exit_code, EXIT_UNSAFE);
    assert_non_null(strstr(err.text, "ALTER TABLE shop.old_fraction FORCE"));
    buf_free(&images);
    kit_close(&k);
}

static void test_gtids_out_of_order_stop(void **state)
{
    (void)state;
    struct kit k = {0};
    struct err err = {0};
    kit_open(&k);
    kit_insert(&k, 12, k.orders, 1, 5);
    assert_int_equal(kit_item(&k, kit_begin(11), &err), -1);
    assert_int_equal(err.exit_code, EXIT_UNSAFE);
    assert_non_null(strstr(err.text, "gtid_strict_mode"));
    kit_close(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_transaction_is_one_record),
        cmocka_unit_test(test_what_is_filtered_only_moves_the_position),
        cmocka_unit_test(test_a_filter_decides_once_for_each_definition),
        cmocka_unit_test(test_a_mixed_transaction_keeps_its_rows_of_the_pair),
        cmocka_unit_test(test_a_big_transaction_comes_in_fragments),
        cmocka_unit_test(test_a_row_above_the_bound_goes_alone_but_not_above_the_topic),
        cmocka_unit_test(test_fingerprint_knows_no_fragments_events_or_filters),
        cmocka_unit_test(test_rolled_back_groups_and_savepoints),
        cmocka_unit_test(test_fragments_of_a_rolled_back_group_become_void),
        cmocka_unit_test(test_ddl_is_a_record_of_its_own),
        cmocka_unit_test(test_xa_bodies_are_held_and_ended_by_name),
        cmocka_unit_test(test_a_renewed_epoch_goes_on),
        cmocka_unit_test(test_gtids_out_of_order_stop),
        cmocka_unit_test(test_old_fractions_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
