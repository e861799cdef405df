/* The record codec: every kind there and back, its exact bytes, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/hash.h"
#include "common/model/record.h"

#define HEADER_LEN 8

static const struct gtid gtid_maria = {
    .flavor = FLAVOR_MARIADB, .maria = {1, 7001, 300}
};
static const struct gtid gtid_maria_before = {
    .flavor = FLAVOR_MARIADB, .maria = {1, 7001, 299}
};
static const struct gtid gtid_mysql = {
    .flavor = FLAVOR_MYSQL, .mysql = {.uuid = {1, 2, 3}, .tag = "drc", .gno = 9}
};

static const enum record_kind all_kinds[] = {RECORD_DATA,   RECORD_DDL,       RECORD_EPOCH,
                                             RECORD_RESUME, RECORD_HEARTBEAT, RECORD_XA_END};
#define KINDS (sizeof(all_kinds) / sizeof(all_kinds[0]))

static bool is_numbered(enum record_kind k)
{
    return k == RECORD_DATA || k == RECORD_DDL || k == RECORD_XA_END;
}

static struct record sample(enum record_kind kind)
{
    struct record r = {
        .kind = kind,
        .stream = "0123456789abcde",
        .epoch = 300,
        .instance = 0x1122334455667788,
        .seq = 1000,
        .chain = 0xfedcba9876543210,
        .gtid = gtid_maria,
        .commit_us = 1700000000123456,
        .stamp = 0x8000000000000001,
        .fingerprint = 42,
        .cut = span_str("cut"),
    };
    if (is_numbered(kind)) {
        r.flags = RECORD_FIRST | RECORD_LAST;
        r.prev_seq = 999;
        r.prev_chain = 77;
        r.prev_gtid = gtid_maria_before;
    } else {
        r.position = span_str("position");
        r.before = span_str("before it");
        r.region = span_str("eu");
    }
    if (kind == RECORD_XA_END) {
        r.flags |= RECORD_COMMIT;
        r.xid = span_str("X'61',X'',1");
    }
    if (kind == RECORD_DATA || kind == RECORD_DDL)
        r.body = span_str("body bytes");
    return r;
}

static void assert_same(const struct record *a, const struct record *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->flags, b->flags);
    assert_memory_equal(a->stream, b->stream, STREAM_UUID_LEN);
    assert_true(a->epoch == b->epoch && a->instance == b->instance);
    assert_true(a->seq == b->seq && a->chain == b->chain);
    assert_true(a->prev_seq == b->prev_seq && a->prev_chain == b->prev_chain);
    assert_true(gtid_eq(&a->gtid, &b->gtid) && gtid_eq(&a->prev_gtid, &b->prev_gtid));
    assert_int_equal(a->fragment, b->fragment);
    assert_true(a->commit_us == b->commit_us && a->stamp == b->stamp && a->fingerprint == b->fingerprint);
    assert_true(span_eq(a->cut, b->cut) && span_eq(a->xid, b->xid) && span_eq(a->body, b->body));
    assert_true(span_eq(a->position, b->position) && span_eq(a->before, b->before));
    assert_true(span_eq(a->region, b->region));
}

static void read_back(struct record *out, const struct buf *wire)
{
    struct err err = {0};
    if (record_read(out, buf_span(wire), &err))
        fail_msg("%s", err.text);
}

static void refuse(struct span wire, const char *says)
{
    struct record rec;
    struct err err = {0};
    assert_int_equal(record_read(&rec, wire, &err), -1);
    assert_int_equal(err.class, ERR_FATAL);
    assert_int_equal(err.exit_code, EXIT_UNSAFE);
    if (!strstr(err.text, says))
        fail_msg("said: %s", err.text);
}

/* Make the checksum right again after tampering. */
static void seal(struct buf *wire)
{
    uint32_t crc = hash_crc32c(0, span_of(wire->data, 4));
    crc = hash_crc32c(crc, span_of(wire->data + HEADER_LEN, wire->len - HEADER_LEN));
    for (size_t i = 0; i < 4; i++)
        wire->data[4 + i] = (uint8_t)(crc >> (8 * i));
}

static void every_kind_there_and_back(void **state)
{
    (void)state;
    struct buf wire = {0};
    for (size_t i = 0; i < KINDS; i++) {
        struct record r = sample(all_kinds[i]);
        struct record back;
        buf_clear(&wire);
        record_write(&r, &wire);
        read_back(&back, &wire);
        assert_same(&r, &back);
        assert_int_not_equal(back.crc, 0);
        /* Least content: everything that may be empty is. */
        r = (struct record){.kind = all_kinds[i], .epoch = 1};
        if (is_numbered(r.kind)) {
            r.seq = 1;
            r.flags = RECORD_FIRST | RECORD_LAST;
        }
        buf_clear(&wire);
        record_write(&r, &wire);
        read_back(&back, &wire);
        assert_same(&r, &back);
    }
    buf_free(&wire);
}

static void the_greatest_values(void **state)
{
    (void)state;
    struct buf wire = {0};
    struct record r = sample(RECORD_DATA);
    struct record back;
    memset(r.stream, 0xff, STREAM_UUID_LEN);
    r.epoch = r.instance = r.seq = r.chain = r.prev_chain = r.commit_us = r.stamp = r.fingerprint = UINT64_MAX;
    r.prev_seq = UINT64_MAX - 1;
    r.fragment = UINT32_MAX;
    r.flags = RECORD_LAST | RECORD_HELD;
    r.gtid = r.prev_gtid = gtid_mysql;
    record_write(&r, &wire);
    read_back(&back, &wire);
    assert_same(&r, &back);
    buf_free(&wire);
}

static void written_after_other_bytes(void **state)
{
    (void)state;
    struct buf wire = {0};
    struct buf alone = {0};
    struct record r = sample(RECORD_DATA);
    buf_put_str(&wire, "before");
    record_write(&r, &wire);
    record_write(&r, &alone);
    assert_true(span_eq(span_of(wire.data + 6, wire.len - 6), buf_span(&alone)));
    buf_free(&wire);
    buf_free(&alone);
}

/* docs/wire-format.md shows these very bytes: a change here is a change of the format. */
static void the_exact_bytes(void **state)
{
    (void)state;
    struct buf wire = {0};
    struct buf hex = {0};
    struct record r = {
        .kind = RECORD_DATA,
        .flags = RECORD_FIRST | RECORD_LAST,
        .stream = "0123456789abcdef",
        .epoch = 3,
        .instance = 0x1122334455667788,
        .seq = 1,
        .gtid = {.flavor = FLAVOR_MARIADB, .maria = {0, 1, 300}},
        .commit_us = 1700000000000000,
        .stamp = 0x60a24181e4000001,
        .fingerprint = 0xaabbccddeeff0011,
    };
    r.chain = chain_next(0, &r.gtid);
    record_write(&r, &wire);
    buf_put_hex(&hex, buf_span(&wire));
    assert_string_equal(buf_cstr(&hex), "d7010103"
                                        "c53a23fd"
                                        "30313233343536373839616263646566"
                                        "03"
                                        "8877665544332211"
                                        "01"
                                        "010f6e0b3f978703"
                                        "010001ac02"
                                        "8080f9c0c1c48203"
                                        "010000e48141a260"
                                        "1100ffeeddccbbaa"
                                        "00"
                                        "00"
                                        "0000000000000000"
                                        "00"
                                        "00"
                                        "00"
                                        "00");
    buf_free(&wire);
    buf_free(&hex);
}

static void cut_off_anywhere_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        struct buf wire = {0};
        struct record r = sample(all_kinds[i]);
        record_write(&r, &wire);
        for (size_t n = 0; n < wire.len; n++)
            refuse(span_of(wire.data, n), "");
        /* Also where the checksum has been made right: the fields themselves are bounded. */
        size_t fields = wire.len - r.body.n;
        for (wire.len = fields - 1; wire.len >= HEADER_LEN; wire.len--) {
            seal(&wire);
            refuse(buf_span(&wire), "malformed");
        }
        buf_free(&wire);
    }
}

static void every_flipped_bit_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        struct buf wire = {0};
        struct record r = sample(all_kinds[i]);
        record_write(&r, &wire);
        for (size_t bit = 0; bit < wire.len * 8; bit++) {
            wire.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            refuse(buf_span(&wire), "");
            wire.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        refuse(span_of(wire.data, wire.len - 1), "damaged");
        buf_put_u8(&wire, 0);
        refuse(buf_span(&wire), "damaged");
        buf_free(&wire);
    }
}

/* One byte changed, checksum right: what later versions and broken writers might send. */
static void tamper(enum record_kind kind, size_t at, uint8_t value, const char *says)
{
    struct buf wire = {0};
    struct record r = sample(kind);
    record_write(&r, &wire);
    wire.data[at] = value;
    seal(&wire);
    refuse(buf_span(&wire), says);
    buf_free(&wire);
}

static void what_is_not_known_is_refused(void **state)
{
    (void)state;
    tamper(RECORD_DATA, 0, 'x', "not a record of ours");
    tamper(RECORD_DATA, 1, 2, "format version 2");
    tamper(RECORD_DATA, 1, 0, "format version 0");
    tamper(RECORD_DATA, 2, 0, "unknown record kind 0");
    tamper(RECORD_DATA, 2, 7, "unknown record kind 7");
    tamper(RECORD_DATA, 2, 255, "unknown record kind 255");
    tamper(RECORD_DATA, 3, RECORD_FIRST | RECORD_LAST | RECORD_COMMIT, "flags");
    tamper(RECORD_DATA, 3, 0x83, "flags");
    tamper(RECORD_DATA, 3, RECORD_LAST, "malformed"); /* fragment 0 is the first one */
    tamper(RECORD_DDL, 3, RECORD_LAST, "flags");
    tamper(RECORD_EPOCH, 3, RECORD_LAST, "flags");
    tamper(RECORD_XA_END, 3, RECORD_COMMIT, "flags");
    tamper(RECORD_DATA, HEADER_LEN + 16 + 1, 0x80 | 0x7f, "malformed"); /* epoch 300's varint grows into what follows */
}

static void fields_that_make_no_sense(void **state)
{
    (void)state;
    struct buf wire = {0};
    struct record r = {.kind = RECORD_HEARTBEAT, .epoch = 1};
    record_write(&r, &wire);
    wire.data[HEADER_LEN + 16] = 0; /* epoch 0 */
    seal(&wire);
    refuse(buf_span(&wire), "malformed");
    buf_clear(&wire);
    record_write(&r, &wire);
    buf_put_u8(&wire, 'x'); /* a body where none belongs */
    seal(&wire);
    refuse(buf_span(&wire), "malformed");
    buf_clear(&wire);
    r = (struct record){.kind = RECORD_DDL, .epoch = 1, .seq = 1};
    record_write(&r, &wire);
    wire.data[HEADER_LEN + 16 + 1 + 8] = 0; /* seq 0, after prev_seq 0 */
    seal(&wire);
    refuse(buf_span(&wire), "malformed");
    buf_free(&wire);
}

static void unknown_extensions_are_skipped(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        struct buf wire = {0};
        struct buf extended = {0};
        struct record r = sample(all_kinds[i]);
        struct record back;
        record_write(&r, &wire);
        size_t fields = wire.len - r.body.n - 1; /* up to the number of extensions, which is 0 */
        assert_int_equal(wire.data[fields], 0);
        buf_put(&extended, wire.data, fields);
        buf_put_varint(&extended, 2);
        buf_put_varint(&extended, 7);
        buf_put_sized(&extended, span_str("abc"));
        buf_put_varint(&extended, 70000);
        buf_put_sized(&extended, span_str(""));
        size_t extended_fields = extended.len;
        buf_put_span(&extended, r.body);
        seal(&extended);
        read_back(&back, &extended);
        assert_same(&r, &back);
        extended.len = extended_fields - 1; /* an extension cut off */
        seal(&extended);
        refuse(buf_span(&extended), "malformed");
        buf_free(&wire);
        buf_free(&extended);
    }
}

static void chains(void **state)
{
    (void)state;
    uint64_t a = chain_next(0, &gtid_maria);
    assert_true(a == chain_next(0, &gtid_maria));
    assert_true(a != chain_next(1, &gtid_maria));
    assert_true(a != chain_next(0, &gtid_maria_before));
    assert_true(a != chain_next(0, &gtid_mysql));
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(record_kind_name(RECORD_DATA), "data");
    assert_string_equal(record_kind_name(RECORD_XA_END), "xa-end");
    assert_string_equal(record_kind_name(0), "unknown");
    assert_string_equal(record_kind_name(99), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_there_and_back),
        cmocka_unit_test(the_greatest_values),
        cmocka_unit_test(written_after_other_bytes),
        cmocka_unit_test(the_exact_bytes),
        cmocka_unit_test(cut_off_anywhere_is_refused),
        cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(what_is_not_known_is_refused),
        cmocka_unit_test(fields_that_make_no_sense),
        cmocka_unit_test(unknown_extensions_are_skipped),
        cmocka_unit_test(chains),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
