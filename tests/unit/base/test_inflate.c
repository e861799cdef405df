/* Unpacking with an announced length: true ones, lies in both directions, damage, and what a lie may reserve. */
#include "common/base/inflate.h"

#include <zlib.h>

#include "tests/unit/cmocka_all.h"
#include "tests/unit/random.h"

/* `raw`: without zlib's header. */
static void pack(struct buf *out, struct span in, bool raw)
{
    z_stream z = {.next_in = (z_const Bytef *)in.p, .avail_in = (uInt)in.n};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, raw ? -MAX_WBITS : MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t room = deflateBound(&z, (uLong)in.n);
    z.next_out = buf_reserve(out, room);
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out->len += room - z.avail_out;
    (void)deflateEnd(&z);
}

static void fill(struct buf *out, struct random *rnd, size_t n)
{
    uint8_t *p = buf_grow(out, n);
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(random_below(rnd, 10) ? 'a' : random_u64(rnd));
}

static void any_bytes_come_back(void **state)
{
    (void)state;
    struct random rnd = random_start("inflate");
    static const size_t sizes[] = {0, 1, 2, 65535, 65536, 65537, 131072, 131073, 3000000};
    for (size_t i = 0; i < 2 * sizeof sizes / sizeof sizes[0]; i++) {
        struct buf plain = {0}, packed = {0}, out = {0};
        size_t n = sizes[i / 2];
        fill(&plain, &rnd, n);
        pack(&packed, buf_span(&plain), i % 2);
        size_t end = packed.len;
        buf_put_str(&packed, "rest");
        buf_put_str(&out, "before");
        struct span in = buf_span(&packed);
        assert_true(inflate_exactly(&out, &in, n, i % 2));
        assert_true(span_is(in, "rest"));
        assert_int_equal(out.len, 6 + n);
        assert_true(span_eq(span_of(out.data + 6, n), buf_span(&plain)));
        /* Too long, too short, cut, of the other form. */
        const struct span cut = span_of(packed.data, end - 1);
        for (int k = 0; k < 4; k++) {
            struct span other = k == 2 ? cut : buf_span(&packed);
            size_t said = k == 0 ? n + 1 : k == 1 && n > 0 ? n - 1 : k == 1 ? 1 : n;
            assert_false(inflate_exactly(&out, &other, said, k == 3 ? !(i % 2) : i % 2));
            assert_int_equal(out.len, 6 + n);
        }
        buf_free(&plain);
        buf_free(&packed);
        buf_free(&out);
    }
}

static void a_lie_reserves_nothing(void **state)
{
    (void)state;
    struct buf packed = {0}, out = {0};
    pack(&packed, span_str("short"), false);
    struct span in = buf_span(&packed);
    assert_false(inflate_exactly(&out, &in, (size_t)1 << 30, false));
    assert_true(out.cap <= (size_t)128 << 10);
    assert_ptr_equal(in.p, packed.data);
    buf_free(&packed);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_bytes_come_back), cmocka_unit_test(a_lie_reserves_nothing)};
    return cmocka_run_group_tests_name("inflate", tests, NULL, NULL);
}
