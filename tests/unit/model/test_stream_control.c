/* What control records carry, and streams of another UUID: position, the position before, cut, stamps, clocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/model/stream_kit.h"

static const struct epoch e1 = {1, 11};
static const struct epoch e2 = {2, 22};

/* The wire form of a position written as text, in `out`. */
static struct span position_bytes(struct buf *out, enum flavor flavor, const char *text)
{
    struct position p = {0};
    struct err err;
    assert_int_equal(position_parse(&p, flavor, span_str(text), &err), 0);
    buf_clear(out);
    position_put(&p, out);
    position_free(&p);
    return buf_span(out);
}

static void assert_position(const struct position *p, const char *want)
{
    struct buf text = {0};
    position_put_text(p, &text);
    assert_string_equal(buf_cstr(&text), want);
    buf_free(&text);
}

static void assert_control(struct stream *s, enum record_kind kind, struct epoch e, uint64_t seq, const char *position,
                           const char *before)
{
    struct buf a = {0};
    struct buf b = {0};
    struct record r = record_of(kind, e, seq);
    r.position = position_bytes(&a, FLAVOR_MARIADB, position);
    r.before = position_bytes(&b, FLAVOR_MARIADB, before);
    ACCEPT(s, r, STREAM_CONTROL);
    buf_free(&a);
    buf_free(&b);
}

/* `before` is what `position` was before the last transaction, by control records and by data alike. */
static void positions_follow(void **state)
{
    (void)state;
    struct stream s;
    stream_init(&s, true);
    ACCEPT(&s, record_of(RECORD_EPOCH, e1, 0), STREAM_CONTROL);
    assert_int_equal(s.position.flavor, FLAVOR_NONE);
    assert_control(&s, RECORD_RESUME, e1, 0, "0-1-5,3-1-7", "0-1-5,3-1-7");
    assert_position(&s.position, "0-1-5,3-1-7");
    ACCEPT(&s, data_of(e1, 1), STREAM_TAKE);
    assert_position(&s.before, "0-1-5,3-1-7");
    assert_position(&s.position, "0-1-10,3-1-7");
    ACCEPT(&s, fragment_of(e1, 2, 0, false), STREAM_TAKE);
    assert_position(&s.position, "0-1-10,3-1-7");
    ACCEPT(&s, fragment_of(e1, 2, 1, true), STREAM_TAKE);
    ACCEPT(&s, data_of(e1, 3), STREAM_TAKE);
    assert_position(&s.before, "0-1-20,3-1-7");
    assert_position(&s.position, "0-1-30,3-1-7");
    assert_control(&s, RECORD_HEARTBEAT, e1, 3, "0-1-39,3-1-8", "0-1-22,3-1-7");
    assert_position(&s.position, "0-1-39,3-1-8");
    assert_position(&s.before, "0-1-22,3-1-7");
    ACCEPT(&s, data_of(e1, 4), STREAM_TAKE);
    assert_position(&s.before, "0-1-39,3-1-8");
    assert_position(&s.position, "0-1-40,3-1-8");
    ACCEPT(&s, record_of(RECORD_RESUME, e1, 4), STREAM_DUPLICATE);  /* says nothing that is newer */
    ACCEPT(&s, record_of(RECORD_HEARTBEAT, e1, 4), STREAM_CONTROL); /* empty fields: as before */
    assert_position(&s.position, "0-1-40,3-1-8");
    stream_free(&s);
}

static void clocks_stamps_and_fingerprints(void **state)
{
    (void)state;
    struct stream s;
    stream_init(&s, true);
    announce(&s, e1, 0);
    struct record r = data_of(e1, 1);
    r.commit_us = 1000;
    r.stamp = 77;
    r.fingerprint = 5;
    ACCEPT(&s, r, STREAM_TAKE);
    assert_int_equal(s.commit_us, 1000);
    assert_int_equal(s.stamp, 77);
    assert_int_equal(s.fingerprint, 5);
    r = record_of(RECORD_HEARTBEAT, e1, 1);
    r.commit_us = 2000;
    r.stamp = 70;
    r.fingerprint = 5;
    ACCEPT(&s, r, STREAM_CONTROL);
    assert_int_equal(s.commit_us, 1000);
    assert_int_equal(s.source_clock_us, 2000);
    assert_int_equal(s.stamp, 77);
    stream_free(&s);
}

static void the_cut_is_the_newest(void **state)
{
    (void)state;
    struct stream s;
    struct cut cut = {0};
    struct buf wire = {0};
    uint8_t peer[16] = {1};
    stream_init(&s, true);
    announce(&s, e1, 0);
    watermark_raise(&cut_entry_of(&cut, peer, 0)->done, 5);
    cut_put(&cut, &wire);
    struct record r = data_of(e1, 1);
    r.cut = buf_span(&wire);
    ACCEPT(&s, r, STREAM_TAKE);
    ACCEPT(&s, data_of(e1, 2), STREAM_TAKE);
    assert_true(cut_has(&s.cut, peer, 0, 5));
    assert_false(cut_has(&s.cut, peer, 0, 6));
    watermark_raise(&cut_entry_of(&cut, peer, 0)->done, 6);
    buf_clear(&wire);
    cut_put(&cut, &wire);
    struct record zombie = data_of((struct epoch){1, 99}, 3);
    zombie.cut = buf_span(&wire);
    ACCEPT(&s, zombie, STREAM_VOID);
    assert_false(cut_has(&s.cut, peer, 0, 6));
    r = record_of(RECORD_HEARTBEAT, e1, 2);
    r.cut = buf_span(&wire);
    ACCEPT(&s, r, STREAM_CONTROL);
    assert_true(cut_has(&s.cut, peer, 0, 6));
    cut_free(&cut);
    buf_free(&wire);
    stream_free(&s);
}

static void malformed_fields_stop(void **state)
{
    (void)state;
    struct stream s;
    struct buf wire = {0};
    for (unsigned field = 0; field < 4; field++) {
        stream_init(&s, true);
        announce(&s, e1, 0);
        struct record r = field < 3 ? record_of(RECORD_HEARTBEAT, e1, 0) : data_of(e1, 1);
        position_bytes(&wire, FLAVOR_MARIADB, "0-1-5");
        buf_put_u8(&wire, 0); /* one byte too many */
        *(field == 0 ? &r.position : field == 1 ? &r.before : &r.cut) = buf_span(&wire);
        REFUSE(&s, r, "malformed");
    }
    stream_init(&s, true);
    ACCEPT(&s, record_of(RECORD_EPOCH, e1, 0), STREAM_CONTROL);
    struct record r = record_of(RECORD_RESUME, e1, 0);
    r.position = position_bytes(&wire, FLAVOR_MYSQL, "11111111-1111-1111-1111-111111111111:1-5");
    ACCEPT(&s, r, STREAM_CONTROL);
    REFUSE(&s, data_of(e1, 1), "of a mariadb source");
    buf_free(&wire);
}

static struct record foreign(struct record r)
{
    memset(r.stream, 'B', sizeof(r.stream));
    return r;
}

static void another_stream_stops(void **state)
{
    (void)state;
    struct stream s;
    for (unsigned i = 0; i < 3; i++) {
        stream_init(&s, true);
        announce(&s, e1, 0);
        struct record r = i == 0 ? data_of(e1, 1) : record_of(i == 1 ? RECORD_RESUME : RECORD_HEARTBEAT, e2, 0);
        REFUSE(&s, foreign(r), "another stream");
    }
    uint8_t uuid[STREAM_UUID_LEN];
    memset(uuid, 'A', sizeof(uuid));
    stream_init_at(&s, uuid, 1, 11, 0, 0);
    REFUSE(&s, foreign(data_of(e1, 1)), "another stream");
}

/* Two first writers meet on an empty topic: the second one's epoch record must not stop the readers for ever. */
static void another_stream_s_epoch_is_void(void **state)
{
    (void)state;
    struct stream s;
    stream_init(&s, true);
    ACCEPT(&s, record_of(RECORD_EPOCH, e1, 0), STREAM_CONTROL);
    ACCEPT(&s, foreign(record_of(RECORD_EPOCH, (struct epoch){1, 99}, 0)), STREAM_VOID);
    ACCEPT(&s, foreign(record_of(RECORD_EPOCH, (struct epoch){5, 99}, 0)), STREAM_VOID);
    assert_int_equal(s.highest_epoch, 5);
    assert_int_equal(s.epoch, 1);
    ACCEPT(&s, record_of(RECORD_RESUME, e1, 0), STREAM_CONTROL);
    ACCEPT(&s, data_of(e1, 1), STREAM_TAKE);
    stream_free(&s);

    /* One that joins between the two learns the stream from the first resume record. */
    stream_init(&s, false);
    ACCEPT(&s, foreign(record_of(RECORD_EPOCH, e1, 0)), STREAM_CONTROL);
    ACCEPT(&s, data_of((struct epoch){1, 11}, 1), STREAM_VOID);
    assert_false(s.has_uuid);
    announce(&s, e2, 1);
    assert_true(s.has_uuid);
    assert_int_equal(s.uuid[0], 'A');
    REFUSE(&s, foreign(data_of(e2, 2)), "another stream");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(positions_follow),      cmocka_unit_test(clocks_stamps_and_fingerprints),
        cmocka_unit_test(the_cut_is_the_newest), cmocka_unit_test(malformed_fields_stop),
        cmocka_unit_test(another_stream_stops),  cmocka_unit_test(another_stream_s_epoch_is_void),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
