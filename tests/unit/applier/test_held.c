/* The set of held bodies: what is remembered of each, in which form, and what damage is noticed. */
#include "applier/held.h"
#include "tests/unit/cmocka_all.h"

static const uint8_t xid_a[] = {1, 0, 0, 0, 1, 0, 'a'};
static const uint8_t xid_b[] = {1, 0, 0, 0, 1, 1, 'b', 'c'};

static struct record fragment(struct span xid, uint64_t seq, uint32_t number, bool last)
{
    return (struct record){
        .kind = RECORD_DATA,
        .flags = (uint8_t)(RECORD_HELD | (number == 0 ? RECORD_FIRST : 0) | (last ? RECORD_LAST : 0)),
        .seq = seq,
        .epoch = 7,
        .instance = 0xfedcba9876543210,
        .fragment = number,
        .xid = xid,
    };
}

static void note(struct held *h, const struct record *rec, const char *bytes, int64_t offset)
{
    struct err err = {0};
    assert_int_equal(held_note(h, rec, span_str(bytes), offset, &err), 0);
}

static void note_whole(struct held *h, struct span xid, uint64_t seq, const char *bytes, int64_t offset)
{
    struct record rec = fragment(xid, seq, 0, true);
    note(h, &rec, bytes, offset);
}

#define A span_of(xid_a, sizeof xid_a)
#define B span_of(xid_b, sizeof xid_b)

static void a_body_is_known_from_its_last_fragment_on(void **state)
{
    (void)state;
    struct held h = {0};
    struct held_body b;
    struct record parts[] = {fragment(A, 5, 0, false), fragment(A, 5, 1, false), fragment(A, 5, 2, true)};
    note(&h, &parts[0], "x", 100);
    /* Its writer was replaced; the next one begins it again. */
    note(&h, &parts[0], "x", 200);
    note(&h, &parts[1], "x", 201);
    assert_false(held_take(&h, &b, A));
    note(&h, &parts[2], "x", 205);
    assert_false(held_take(&h, &b, B));
    assert_true(held_take(&h, &b, A));
    assert_int_equal(b.seq, 5);
    assert_int_equal(b.offset, 200);
    assert_int_equal(b.epoch, 7);
    assert_true(b.instance == 0xfedcba9876543210);
    assert_int_equal(b.record.len, 0);
    held_body_free(&b);
    assert_false(held_take(&h, &b, A));
    held_free(&h);
}

static void small_bodies_stay_in_memory_within_a_bound(void **state)
{
    (void)state;
    struct held h = {0};
    struct held_body b;
    struct err err = {0};
    struct buf big = {0};
    (void)memset(buf_grow(&big, HELD_KEEP_BYTES - 4), 'x', HELD_KEEP_BYTES - 4);
    struct record rec = fragment(B, 2, 0, true);
    note_whole(&h, A, 1, "12345", 10);
    assert_int_equal(held_note(&h, &rec, buf_span(&big), 11, &err), 0);
    assert_int_equal(h.kept, 5);
    assert_true(held_take(&h, &b, A));
    assert_true(span_is(buf_span(&b.record), "12345"));
    held_body_free(&b);
    assert_int_equal(h.kept, 0);
    rec.seq = 3;
    assert_int_equal(held_note(&h, &rec, buf_span(&big), 12, &err), 0);
    assert_int_equal(h.kept, big.len);
    buf_free(&big);
    held_free(&h);
}

static void a_name_prepared_again_replaces_the_former(void **state)
{
    (void)state;
    struct held h = {0};
    struct held_body b;
    note_whole(&h, A, 1, "one", 10);
    note_whole(&h, A, 2, "second", 20);
    assert_int_equal(h.count, 1);
    assert_int_equal(h.kept, 6);
    assert_true(held_take(&h, &b, A));
    assert_int_equal(b.seq, 2);
    held_body_free(&b);
    held_free(&h);
}

static void the_ledgers_form_gives_it_back(void **state)
{
    (void)state;
    struct held h = {0}, again = {0};
    struct held_body b;
    struct err err = {0};
    struct buf text = {0};
    held_put(&h, &text);
    assert_int_equal(text.len, 0);
    assert_int_equal(held_read(&again, buf_span(&text), &err), 0);
    assert_int_equal(again.count, 0);
    note_whole(&h, A, 1, "r", 0);
    note_whole(&h, B, UINT64_MAX, "r", INT64_MAX);
    held_put(&h, &text);
    assert_int_equal(held_read(&again, buf_span(&text), &err), 0);
    assert_int_equal(again.count, 2);
    assert_true(held_take(&again, &b, B));
    assert_true(b.seq == UINT64_MAX && b.offset == INT64_MAX && b.epoch == 7 && b.instance == 0xfedcba9876543210);
    assert_int_equal(b.record.len, 0);
    held_body_free(&b);
    assert_true(held_take(&again, &b, A));
    assert_true(b.seq == 1 && b.offset == 0);
    held_body_free(&b);
    buf_free(&text);
    held_free(&again);
    held_free(&h);
}

static void assert_refused(struct span bytes)
{
    struct held h = {0};
    struct err err = {0};
    assert_int_equal(held_read(&h, bytes, &err), -1);
    assert_int_equal(err.class, ERR_FATAL);
    assert_int_equal(err.exit_code, EXIT_UNSAFE);
    held_free(&h);
}

static void damage_is_noticed(void **state)
{
    (void)state;
    struct held h = {0};
    struct buf once = {0}, text = {0};
    note_whole(&h, A, 3, "", 10);
    held_put(&h, &once);
    for (size_t n = 1; n < once.len; n++)
        assert_refused(span_of(once.data, n));
    note_whole(&h, B, 2, "", 11); /* seqs do not rise */
    held_put(&h, &text);
    assert_refused(buf_span(&text));
    buf_clear(&text);
    buf_put_span(&text, buf_span(&once)); /* one name twice */
    buf_put_span(&text, buf_span(&once));
    text.data[once.len + 1 + sizeof xid_a] = 4;
    assert_refused(buf_span(&text));
    buf_clear(&text);
    buf_put_u8(&text, 0); /* no name */
    buf_put(&text, once.data + 1 + sizeof xid_a, once.len - 1 - sizeof xid_a);
    assert_refused(buf_span(&text));
    buf_free(&text);
    buf_free(&once);
    held_free(&h);
}

static void too_many_are_refused(void **state)
{
    (void)state;
    struct held h = {0};
    struct err err = {0};
    uint8_t xid[6 + 64 + 64] = {1, 0, 0, 0, 64, 64};
    uint64_t n = 0;
    int rc = 0;
    while (rc == 0 && n < 20000) {
        (void)memcpy(xid + 6, &n, sizeof n);
        struct record rec = fragment(span_of(xid, sizeof xid), ++n, 0, true);
        rc = held_note(&h, &rec, (struct span){0}, (int64_t)n, &err);
    }
    assert_int_equal(rc, -1);
    assert_int_equal(err.exit_code, EXIT_UNSAFE);
    assert_in_range(n, 6000, 8000);
    held_free(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_is_known_from_its_last_fragment_on),
        cmocka_unit_test(small_bodies_stay_in_memory_within_a_bound),
        cmocka_unit_test(a_name_prepared_again_replaces_the_former),
        cmocka_unit_test(the_ledgers_form_gives_it_back),
        cmocka_unit_test(damage_is_noticed),
        cmocka_unit_test(too_many_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
