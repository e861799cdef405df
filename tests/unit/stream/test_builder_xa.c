/* XA in the record builder: bodies that wait for their end, and such as turn out to need none. */
#include "tests/unit/cmocka_all.h"

#include "tests/unit/stream/builder_kit.h"

#define XID "\x01xid"

/* Begin a body as MySQL does, with `count` rows of 100 letters. */
static void begin_body(struct kit *k, uint64_t gtid_seq, uint32_t count)
{
    kit_ok(k, kit_begin(gtid_seq));
    kit_ok(k, (struct item){.kind = ITEM_XA_START, .xid = span_str(XID)});
    for (uint32_t i = 0; i < count; i++) {
        struct buf image = {0};
        kit_image(&image, i, 100);
        kit_ok(k, kit_rows(k->orders, ROWS_INSERT, buf_span(&image), 1));
        buf_free(&image);
    }
}

static void commit_one_phase(struct kit *k)
{
    kit_ok(k, (struct item){.kind = ITEM_COMMIT, .commit = {.one_phase = true}});
}

/* What a reader of the first `count` records holds, and a builder that goes on from there. */
static void go_on_after(struct kit *k, size_t count)
{
    struct stream state;
    stream_init(&state, true);
    for (size_t i = 0; i < count; i++) {
        struct record rec = kit_record(k, i);
        enum stream_verdict verdict;
        struct err err;
        assert_int_equal(stream_accept(&state, &rec, &verdict, &err), 0);
    }
    while (k->count > count)
        parcel_free(k->parcels[--k->count]);
    stream_free(&k->reader);
    kit_builder(k, &state, true);
    k->reader = state;
}

static void test_a_body_is_held_from_its_start(void **state)
{
    (void)state;
    struct kit k = {.fragment_bytes = 500};
    kit_open(&k);
    begin_body(&k, 10, 12);
    assert_true(k.count > 3);
    kit_ok(&k, (struct item){.kind = ITEM_XA_PREPARE, .xid = span_str(XID)});
    for (size_t i = 2; i < k.count; i++) {
        struct record rec = kit_record(&k, i);
        assert_int_equal(rec.kind, RECORD_DATA);
        assert_true(rec.flags & RECORD_HELD);
        assert_true(span_is(rec.xid, XID));
    }
    assert_int_equal(k.reader.seq, 1);
    kit_close(&k);
}

static void test_one_phase_is_a_transaction_like_any_other(void **state)
{
    (void)state;
    struct kit k = {0};
    kit_open(&k);
    begin_body(&k, 10, 3);
    commit_one_phase(&k);
    struct record rec = kit_record(&k, 2);
    assert_int_equal(rec.flags, RECORD_FIRST | RECORD_LAST);
    assert_int_equal(rec.xid.n, 0);
    assert_int_equal(k.reader.seq, 1);

    size_t all = k.count;
    go_on_after(&k, all);
    begin_body(&k, 10, 3);
    commit_one_phase(&k);
    assert_int_equal(k.count, all);
    begin_body(&k, 11, 0);
    commit_one_phase(&k);
    assert_int_equal(k.count, all);
    kit_close(&k);
}

static void test_one_phase_of_many_fragments_ends_what_it_held(void **state)
{
    (void)state;
    struct kit k = {.fragment_bytes = 500};
    kit_open(&k);
    begin_body(&k, 10, 12);
    commit_one_phase(&k);
    size_t all = k.count;
    struct record body = kit_record(&k, all - 2), end = kit_record(&k, all - 1);
    assert_int_equal(body.flags, RECORD_LAST | RECORD_HELD);
    assert_int_equal(end.kind, RECORD_XA_END);
    assert_true(end.flags & RECORD_COMMIT);
    assert_true(span_is(end.xid, XID) && gtid_eq(&end.gtid, &body.gtid));
    assert_int_equal(k.reader.seq, 2);

    /* Killed between the two: the end alone is written. */
    go_on_after(&k, all - 1);
    assert_int_equal(k.reader.seq, 1);
    begin_body(&k, 10, 12);
    commit_one_phase(&k);
    assert_int_equal(k.count, all);
    assert_int_equal(kit_record(&k, all - 1).kind, RECORD_XA_END);
    assert_int_equal(k.reader.seq, 2);
    kit_close(&k);
}

/* The same XID under the last GTID, but other rows. */
static void test_another_body_in_its_place_stops(void **state)
{
    (void)state;
    struct kit k = {.fragment_bytes = 500};
    struct err err = {0};
    kit_open(&k);
    begin_body(&k, 10, 12);
    commit_one_phase(&k);
    go_on_after(&k, k.count - 1);
    begin_body(&k, 10, 11);
    struct item commit = {.kind = ITEM_COMMIT, .commit = {.one_phase = true}};
    assert_int_equal(kit_item(&k, commit, &err), -1);
    assert_non_null(strstr(err.text, "lost transactions"));
    kit_close(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_body_is_held_from_its_start),
        cmocka_unit_test(test_one_phase_is_a_transaction_like_any_other),
        cmocka_unit_test(test_one_phase_of_many_fragments_ends_what_it_held),
        cmocka_unit_test(test_another_body_in_its_place_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
