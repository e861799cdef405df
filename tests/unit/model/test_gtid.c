/* GTIDs: text of both flavours, bytes, and what is refused. */
#include "common/model/gtid.h"

#include "tests/unit/cmocka_all.h"
#include "tests/unit/random.h"

#define UUID "3e11fa47-71ca-11e1-9e33-c80aa9429562"

static void assert_parses(enum flavor flavor, const char *text, const char *canonical)
{
    struct gtid g;
    struct err err = {0};
    char out[GTID_TEXT_LEN];
    assert_int_equal(gtid_parse(&g, flavor, span_str(text), &err), 0);
    assert_string_equal(gtid_text(out, &g), canonical);
    assert_true(gtid_eq(&g, &g));
}

static void text_is_read_and_written(void **state)
{
    (void)state;
    assert_parses(FLAVOR_MARIADB, "0-1-100", "0-1-100");
    assert_parses(FLAVOR_MARIADB, "4294967295-4294967295-18446744073709551615",
                  "4294967295-4294967295-18446744073709551615");
    assert_parses(FLAVOR_MYSQL, UUID ":1", UUID ":1");
    assert_parses(FLAVOR_MYSQL, "3E11FA47-71CA-11E1-9E33-C80AA9429562:23", UUID ":23");
    assert_parses(FLAVOR_MYSQL, UUID ":Drc_1:9223372036854775806", UUID ":drc_1:9223372036854775806");
    assert_parses(FLAVOR_MYSQL, UUID ":_234567890123456789012345678901z:1", UUID ":_234567890123456789012345678901z:1");
    struct gtid none = {0};
    char out[GTID_TEXT_LEN];
    assert_string_equal(gtid_text(out, &none), "");
}

static void other_text_is_refused(void **state)
{
    (void)state;
    static const char *const maria[] = {"",
                                        "0-1",
                                        "0-1-",
                                        "0-1-2 ",
                                        " 0-1-2",
                                        "0-1-2-3",
                                        "4294967296-1-1",
                                        "0-4294967296-1",
                                        "0-1-18446744073709551616",
                                        "0-1-99999999999999999999999",
                                        "-1-1-1",
                                        "a-b-c",
                                        UUID ":1",
                                        "0-1-2,1-1-2"};
    static const char *const mysql[] = {"",
                                        UUID,
                                        UUID ":",
                                        UUID ":0",
                                        UUID ":1-2",
                                        UUID ":9223372036854775807",
                                        UUID ":tag",
                                        UUID ":tag:",
                                        UUID ":1tag:1",
                                        UUID ":ta-g:1",
                                        UUID ":tag:tag:1",
                                        UUID ":a23456789012345678901234567890123:1",
                                        "3e11fa4771ca11e19e33c80aa9429562:1",
                                        "3e11fa47-71ca-11e1-9e33-c80aa942956g:1",
                                        "0-1-2",
                                        UUID ":1,"};
    struct gtid g;
    struct err err;
    for (size_t i = 0; i < sizeof maria / sizeof maria[0]; i++) {
        assert_int_equal(gtid_parse(&g, FLAVOR_MARIADB, span_str(maria[i]), &err), -1);
        assert_int_equal(err.class, ERR_DATA);
        assert_int_equal(g.flavor, FLAVOR_NONE);
    }
    for (size_t i = 0; i < sizeof mysql / sizeof mysql[0]; i++)
        assert_int_equal(gtid_parse(&g, FLAVOR_MYSQL, span_str(mysql[i]), &err), -1);
    assert_int_equal(gtid_parse(&g, FLAVOR_NONE, span_str("0-1-2"), &err), -1);
    assert_string_equal(flavor_name(FLAVOR_NONE), "none");
    assert_string_equal(flavor_name((enum flavor)77), "none");
}

static struct gtid random_gtid(struct random *rnd)
{
    struct gtid g = {.flavor = (enum flavor)random_below(rnd, 3)};
    if (g.flavor == FLAVOR_MARIADB) {
        g.maria =
            (struct gtid_mariadb){(uint32_t)random_any_size(rnd), (uint32_t)random_any_size(rnd), random_any_size(rnd)};
    } else if (g.flavor == FLAVOR_MYSQL) {
        for (size_t i = 0; i < 16; i++)
            g.mysql.uuid[i] = (uint8_t)random_u64(rnd);
        size_t n = (size_t)random_below(rnd, 2) * (size_t)random_below(rnd, GTID_TAG_MAX + 1);
        for (size_t i = 0; i < n; i++)
            g.mysql.tag[i] = (char)('a' + random_below(rnd, 26));
        g.mysql.gno = 1 + random_any_size(rnd) % (INT64_MAX - 1);
    }
    return g;
}

static void any_gtid_survives_text_and_bytes(void **state)
{
    (void)state;
    struct random rnd = random_start("gtid");
    for (int i = 0; i < 20000; i++) {
        struct gtid g = random_gtid(&rnd), back;
        char text[GTID_TEXT_LEN];
        struct buf out = {0};
        gtid_put(&g, &out);
        struct bytes r = bytes_of(buf_span(&out));
        gtid_read(&back, &r);
        assert_true(!r.bad && bytes_left(&r) == 0);
        assert_true(gtid_eq(&g, &back));
        for (size_t n = 0; n < out.len; n++) {
            r = bytes_of(span_of(out.data, n));
            gtid_read(&back, &r);
            assert_true(r.bad && back.flavor == FLAVOR_NONE);
        }
        if (g.flavor != FLAVOR_NONE) {
            gtid_text(text, &g);
            assert_int_equal(gtid_parse(&back, g.flavor, span_str(text), NULL), 0);
            assert_true(gtid_eq(&g, &back));
            struct gtid other = g;
            if (g.flavor == FLAVOR_MARIADB)
                other.maria.server++;
            else
                other.mysql.uuid[15]++;
            assert_false(gtid_eq(&g, &other));
        }
        buf_free(&out);
    }
}

static void malformed_bytes_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
    } bad[] = {
        {"\x03",                             1 },
        {"\x01\xff\xff\xff\xff\x10\x01\x01", 8 }, /* domain above 32 bits */
        {"\x02"
         "0123456789abcdef"
         "\x00\x00",                19}, /* gno 0 */
        {"\x02"
         "0123456789abcdef"
         "\x01"
         "A"
         "\x01",                    20}, /* tag in upper case */
        {"\x02"
         "0123456789abcdef"
         "\x01"
         "1"
         "\x01",                    20}, /* tag begins with a digit */
        {"\x02"
         "0123456789abcdef"
         "\x01"
         "\x00"
         "\x01",                    20},
        {"\x02"
         "0123456789abcdef"
         "\x21"
         "abcdefghijklmnopqrstuvwxyzabcdefg"
         "\x01",                    52}, /* tag too long */
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct gtid g;
        struct bytes r = bytes_of(span_of(bad[i].bytes, bad[i].n));
        gtid_read(&g, &r);
        assert_true(r.bad);
        assert_int_equal(g.flavor, FLAVOR_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_read_and_written),
        cmocka_unit_test(other_text_is_refused),
        cmocka_unit_test(any_gtid_survives_text_and_bytes),
        cmocka_unit_test(malformed_bytes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
