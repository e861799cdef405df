/* The cut: entries in order, what it has, wire form, malformed input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/model/cut.h"

static void stream_of(uint8_t out[16], unsigned n)
{
    memset(out, 0, 16);
    out[0] = (uint8_t)(n >> 8);
    out[15] = (uint8_t)n;
}

static void fill(struct cut *c)
{
    uint8_t stream[16];
    stream_of(stream, 7);
    (void)watermark_add(&cut_entry_of(c, stream, 1)->done, 1, 10);
    (void)watermark_add(&cut_entry_of(c, stream, 0)->done, 1, 3);
    (void)watermark_add(&cut_entry_of(c, stream, 0)->done, 6, 6);
    stream_of(stream, 3);
    (void)watermark_add(&cut_entry_of(c, stream, 0)->done, 2, 2);
    stream_of(stream, 0x900);
    (void)watermark_add(&cut_entry_of(c, stream, 5)->done, 1, UINT64_MAX - 1);
}

static void has_what_was_added(void **state)
{
    (void)state;
    struct cut c = {0};
    uint8_t stream[16];
    stream_of(stream, 7);
    assert_false(cut_has(&c, stream, 0, 1));
    fill(&c);
    assert_int_equal(c.count, 4);
    assert_true(cut_has(&c, stream, 0, 3));
    assert_false(cut_has(&c, stream, 0, 4));
    assert_true(cut_has(&c, stream, 0, 6));
    assert_true(cut_has(&c, stream, 1, 10));
    assert_false(cut_has(&c, stream, 1, 11));
    assert_false(cut_has(&c, stream, 2, 1));
    stream_of(stream, 3);
    assert_false(cut_has(&c, stream, 0, 1));
    assert_true(cut_has(&c, stream, 0, 2));
    for (size_t i = 1; i < c.count; i++) {
        int order = memcmp(c.entries[i - 1].stream, c.entries[i].stream, 16);
        assert_true(order < 0 || (order == 0 && c.entries[i - 1].partition < c.entries[i].partition));
    }
    cut_free(&c);
    assert_int_equal(c.count, 0);
}

static void round_trip(void **state)
{
    (void)state;
    struct cut c = {0};
    struct cut back = {0};
    struct buf wire = {0};
    struct buf again = {0};
    uint8_t stream[16];
    fill(&c);
    stream_of(stream, 1);
    (void)watermark_add(&cut_entry_of(&back, stream, 0)->done, 1, 5);
    cut_put(&c, &wire);
    struct bytes r = bytes_of(buf_span(&wire));
    cut_read(&back, &r);
    assert_false(r.bad);
    assert_int_equal(bytes_left(&r), 0);
    assert_false(cut_has(&back, stream, 0, 1)); /* reading replaces */
    cut_put(&back, &again);
    assert_true(span_eq(buf_span(&wire), buf_span(&again)));
    cut_free(&c);
    cut_free(&back);
    buf_free(&wire);
    buf_free(&again);
}

static void cut_off_anywhere_is_refused(void **state)
{
    (void)state;
    struct cut c = {0};
    struct buf wire = {0};
    fill(&c);
    cut_put(&c, &wire);
    for (size_t n = 0; n < wire.len; n++) {
        struct bytes r = bytes_of(span_of(wire.data, n));
        cut_read(&c, &r);
        assert_true(r.bad);
        assert_int_equal(c.count, 0);
    }
    buf_free(&wire);
    cut_free(&c);
}

static void disorder_and_excess_are_refused(void **state)
{
    (void)state;
    struct cut c = {0};
    struct buf wire = {0};
    uint8_t stream[16];
    for (unsigned second = 1; second <= 3; second++) {
        buf_clear(&wire);
        buf_put_varint(&wire, 2);
        stream_of(stream, 2);
        buf_put(&wire, stream, 16);
        buf_put(&wire, "\x00\x01\x00", 3);
        stream_of(stream, second);
        buf_put(&wire, stream, 16);
        buf_put(&wire, "\x00\x01\x00", 3);
        struct bytes r = bytes_of(buf_span(&wire));
        cut_read(&c, &r);
        assert_int_equal(r.bad, second <= 2); /* out of order, and twice the same */
    }
    buf_clear(&wire);
    buf_put_varint(&wire, 1025);
    for (unsigned i = 0; i < 1025; i++) {
        stream_of(stream, i);
        buf_put(&wire, stream, 16);
        buf_put(&wire, "\x00\x01\x00", 3);
    }
    struct bytes r = bytes_of(buf_span(&wire));
    cut_read(&c, &r);
    assert_true(r.bad);
    buf_free(&wire);
    cut_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_what_was_added),
        cmocka_unit_test(round_trip),
        cmocka_unit_test(cut_off_anywhere_is_refused),
        cmocka_unit_test(disorder_and_excess_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
