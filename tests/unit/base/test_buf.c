/* What buf writes, bytes reads back; and nothing is read past an end. */
#include "common/base/buf.h"

#include "common/base/bytes.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/random.h"

#define FIELDS 60

enum kind { KIND_U8, KIND_LE, KIND_BE, KIND_VARINT, KIND_LENENC, KIND_SIZED, KIND_RAW, KINDS };

struct field {
    enum kind kind;
    size_t n;
    uint64_t v;
    uint8_t raw[40];
};

static uint64_t cut_to(uint64_t v, size_t n)
{
    return n >= 8 ? v : v & (((uint64_t)1 << (8 * n)) - 1);
}

static struct field random_field(struct random *rnd)
{
    struct field f = {.kind = (enum kind)random_below(rnd, KINDS), .v = random_any_size(rnd)};
    f.n = (size_t)random_below(rnd, f.kind == KIND_SIZED || f.kind == KIND_RAW ? sizeof f.raw : 9);
    for (size_t i = 0; i < sizeof f.raw; i++)
        f.raw[i] = (uint8_t)random_u64(rnd);
    if (f.kind == KIND_LE || f.kind == KIND_BE)
        f.v = cut_to(f.v, f.n);
    if (f.kind == KIND_U8)
        f.v &= 0xff;
    return f;
}

static void put_field(struct buf *b, const struct field *f)
{
    switch (f->kind) {
    case KIND_U8:
        buf_put_u8(b, (uint8_t)f->v);
        break;
    case KIND_LE:
        buf_put_le(b, f->v, f->n);
        break;
    case KIND_BE:
        buf_put_be(b, f->v, f->n);
        break;
    case KIND_VARINT:
        buf_put_varint(b, f->v);
        break;
    case KIND_LENENC:
        buf_put_lenenc(b, f->v);
        break;
    case KIND_SIZED:
        buf_put_sized(b, span_of(f->raw, f->n));
        break;
    case KIND_RAW:
        buf_put(b, f->raw, f->n);
        break;
    case KINDS:
        break;
    }
}

static bool same_field(struct bytes *r, const struct field *f)
{
    switch (f->kind) {
    case KIND_U8:
        return bytes_u8(r) == f->v;
    case KIND_LE:
        return bytes_le(r, f->n) == f->v;
    case KIND_BE:
        return bytes_be(r, f->n) == f->v;
    case KIND_VARINT:
        return bytes_varint(r) == f->v;
    case KIND_LENENC:
        return bytes_lenenc(r) == f->v;
    case KIND_SIZED:
        return span_eq(bytes_sized(r), span_of(f->raw, f->n));
    case KIND_RAW:
        return span_eq(bytes_take(r, f->n), span_of(f->raw, f->n));
    case KINDS:
        break;
    }
    return false;
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    struct random rnd = random_start("buf");
    struct buf b = {0};
    for (int round = 0; round < 3000; round++) {
        struct field fields[FIELDS];
        size_t n = (size_t)random_below(&rnd, FIELDS);
        buf_clear(&b);
        for (size_t i = 0; i < n; i++) {
            fields[i] = random_field(&rnd);
            put_field(&b, &fields[i]);
        }
        struct bytes r = bytes_of(buf_span(&b));
        for (size_t i = 0; i < n; i++)
            assert_true(same_field(&r, &fields[i]));
        assert_false(r.bad);
        assert_int_equal(bytes_left(&r), 0);
        if (b.len == 0)
            continue;
        /* Cut anywhere: bad at the end, and the reader stands at its end. */
        r = bytes_of(span_of(b.data, (size_t)random_below(&rnd, b.len)));
        for (size_t i = 0; i < n; i++)
            (void)same_field(&r, &fields[i]);
        assert_true(r.bad);
        assert_int_equal(bytes_left(&r), 0);
    }
    buf_free(&b);
}

static void malformed_numbers_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        uint64_t (*read)(struct bytes *r);
    } bad[] = {
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",     10, bytes_varint}, /* 65 bits */
        {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 11, bytes_varint},
        {"\x80",                                         1,  bytes_varint},
        {"",                                             0,  bytes_varint},
        {"\xfb",                                         1,  bytes_lenenc},
        {"\xff\x01\x02\x03\x04\x05\x06\x07\x08",         9,  bytes_lenenc},
        {"\xfe\x01\x02\x03\x04\x05\x06\x07",             8,  bytes_lenenc},
        {"\xfc\x01",                                     2,  bytes_lenenc},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct bytes r = bytes_of(span_of(bad[i].bytes, bad[i].n));
        (void)bad[i].read(&r);
        assert_true(r.bad);
        assert_int_equal(bytes_left(&r), 0);
    }
    struct bytes r = bytes_of(span_of("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10));
    assert_true(bytes_varint(&r) == UINT64_MAX && !r.bad);
    r = bytes_of(span_of("\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 9)); /* a length beyond any memory */
    assert_true(bytes_sized(&r).n == 0 && r.bad);
}

static void lenenc_takes_the_shortest_form(void **state)
{
    (void)state;
    static const struct {
        uint64_t v;
        size_t n;
    } sizes[] = {
        {0,          1},
        {250,        1},
        {251,        3},
        {65535,      3},
        {65536,      4},
        {16777215,   4},
        {16777216,   9},
        {UINT64_MAX, 9}
    };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct buf b = {0};
        buf_put_lenenc(&b, sizes[i].v);
        assert_int_equal(b.len, sizes[i].n);
        buf_free(&b);
    }
}

static void text_grows_as_needed(void **state)
{
    (void)state;
    struct buf b = {0};
    assert_string_equal(buf_cstr(&b), "");
    for (int i = 0; i < 500; i++)
        buf_printf(&b, "%d,", i % 10);
    assert_int_equal(b.len, 1000);
    assert_memory_equal(b.data, "0,1,2,3,4,5,6,7,8,9,0,1,", 24);
    buf_clear(&b);
    buf_printf(&b, "%0300d", 7);
    assert_int_equal(b.len, 300);
    buf_clear(&b);
    buf_put_hex(&b, span_of("\x00\xff\x1a", 3));
    buf_put_str(&b, "!");
    buf_put_span(&b, span_of(NULL, 0));
    assert_string_equal(buf_cstr(&b), "00ff1a!");
    assert_int_equal(b.len, 7);
    buf_free(&b);
    assert_null(b.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(malformed_numbers_are_refused),
        cmocka_unit_test(lenenc_takes_the_shortest_form),
        cmocka_unit_test(text_grows_as_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
