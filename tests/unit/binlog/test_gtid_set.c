/* MySQL's own encoding of GTID sets: known bytes, round trips at random, damage. */
#include "common/binlog/gtid_set.h"

#include "tests/unit/cmocka_all.h"
#include "tests/unit/random.h"

#define UUID "3e11fa47-71ca-11e1-9e33-c80aa9429562"

static void known_bytes(void **state)
{
    (void)state;
    struct position p = {0};
    struct buf out = {0}, hex = {0};
    gtid_set_put(&out, &p); /* of no flavour: nothing was read yet */
    assert_int_equal(out.len, 8);
    buf_clear(&out);
    assert_int_equal(position_parse(&p, FLAVOR_MYSQL, span_str(UUID ":1-5"), NULL), 0);
    gtid_set_put(&out, &p);
    buf_put_hex(&hex, buf_span(&out));
    assert_string_equal(buf_cstr(&hex), "0100000000000000"
                                        "3e11fa4771ca11e19e33c80aa9429562"
                                        "0100000000000000"
                                        "0100000000000000"
                                        "0600000000000000");
    buf_clear(&out);
    buf_clear(&hex);
    assert_int_equal(position_parse(&p, FLAVOR_MYSQL, span_str(UUID ":1:blue:7-8"), NULL), 0);
    gtid_set_put(&out, &p);
    buf_put_hex(&hex, buf_span(&out));
    assert_string_equal(buf_cstr(&hex), "0102000000000001"
                                        "3e11fa4771ca11e19e33c80aa9429562"
                                        "00"
                                        "0100000000000000"
                                        "0100000000000000"
                                        "0200000000000000"
                                        "3e11fa4771ca11e19e33c80aa9429562"
                                        "08626c7565"
                                        "0100000000000000"
                                        "0700000000000000"
                                        "0900000000000000");
    buf_free(&out);
    buf_free(&hex);
    position_free(&p);
}

static void fill(struct position *p, struct random *rnd, bool tags)
{
    static const char *const names[] = {"", "a", "drc_applier", "abcdefghijklmnopqrstuvwxyz012345"};
    size_t n = (size_t)random_below(rnd, 40);
    position_free(p);
    position_init(p, FLAVOR_MYSQL);
    for (size_t i = 0; i < n; i++) {
        uint8_t uuid[16];
        memset(uuid, (int)random_below(rnd, 3), sizeof uuid);
        uint64_t first = 1 + (random_any_size(rnd) >> 2);
        position_add_interval(p, uuid, tags ? names[random_below(rnd, 4)] : "", first, first + random_below(rnd, 5));
    }
}

static void round_trips(void **state)
{
    (void)state;
    struct random rnd = random_start("gtid set round trips");
    for (int i = 0; i < 500; i++) {
        struct position p = {0}, back = {0};
        struct buf out = {0};
        fill(&p, &rnd, i % 2);
        gtid_set_put(&out, &p);
        struct bytes r = bytes_of(buf_span(&out));
        gtid_set_read(&back, &r);
        assert_false(r.bad);
        assert_int_equal(bytes_left(&r), 0);
        assert_true(position_eq(&p, &back));
        if (out.len > 8) {
            r = bytes_of(span_of(out.data, (size_t)random_below(&rnd, out.len)));
            gtid_set_read(&back, &r);
            assert_true(r.bad);
        }
        buf_free(&out);
        position_free(&p);
        position_free(&back);
    }
}

/* A count says nothing about memory. */
static void great_counts(void **state)
{
    (void)state;
    struct position p = {0};
    struct buf out = {0};
    buf_put_le(&out, 1, 8);
    buf_put_le(&out, 0, 8);
    buf_put_le(&out, 0, 8);
    buf_put_le(&out, UINT64_MAX, 8);
    struct bytes r = bytes_of(buf_span(&out));
    gtid_set_read(&p, &r);
    assert_true(r.bad);
    out.data[7] = 2; /* a form that is not known */
    r = bytes_of(buf_span(&out));
    gtid_set_read(&p, &r);
    assert_true(r.bad);
    buf_free(&out);
    position_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_bytes),
        cmocka_unit_test(round_trips),
        cmocka_unit_test(great_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
