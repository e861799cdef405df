/* Each rule of conversion: which columns it takes, what becomes of values at their bounds, what does not fit. */
#include <stdio.h>

#include "common/base/utf8.h"
#include "tests/unit/random.h"
#include "tests/unit/target/convert_kit.h"

#define DOES_NOT_FIT NULL
#define NO_RULE "(no rule)"
#define ONCE(s) span_of(s, sizeof(s) - 1)

static void check(const struct column *from, const struct column *to, enum read_form form, struct span value,
                  struct span expected)
{
    struct buf meaning = {0}, a = {0}, b = {0};
    bool fits = false;
    const struct convert_rule *rule = convert_value(&fits, &meaning, from, to, form, value);
    bool wants_rule = !expected.p || !span_is(expected, NO_RULE);
    bool good = (rule != NULL) == wants_rule && (!rule || fits == (expected.p != NULL)) &&
                (!rule || !fits || span_eq(buf_span(&meaning), expected));
    if (!good)
        print_error("%s -> %s: '%.*s' gave '%s' (rule: %d, fits: %d), expected '%.*s'\n", column_type_text(from, &a),
                    column_type_text(to, &b), SPAN_ARG(value), buf_cstr(&meaning), rule != NULL, fits,
                    SPAN_ARG(expected));
    assert_true(good);
    buf_free(&meaning);
    buf_free(&a);
    buf_free(&b);
}

struct value_case {
    struct column from;
    struct column to;
    const char *value;
    const char *expected; /* DOES_NOT_FIT, NO_RULE, or what it says at the target */
    enum read_form form;
};

static void check_all(const struct value_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++)
        check(&cases[i].from, &cases[i].to, cases[i].form, span_str(cases[i].value),
              cases[i].expected ? span_str(cases[i].expected) : (struct span){0});
}
#define CHECK_ALL(cases) check_all(cases, sizeof(cases) / sizeof *(cases))

static void numbers(void **state)
{
    (void)state;
    /* clang-format off */
    const struct value_case cases[] = {
        {PLAIN(TINY, 0), PLAIN(TINY, 0), "-128", "-128", 0},
        {PLAIN(TINY, 0), PLAIN(LONGLONG, 0), "-128", "-128", 0},
        {WITHOUT_SIGN(TINY), PLAIN(SHORT, 0), "255", "255", 0},
        {WITHOUT_SIGN(TINY), PLAIN(TINY, 0), "255", NO_RULE, 0},
        {PLAIN(TINY, 0), WITHOUT_SIGN(LONGLONG), "1", NO_RULE, 0},
        {PLAIN(INT24, 0), PLAIN(LONG, 0), "-8388608", "-8388608", 0},
        {WITHOUT_SIGN(INT24), WITHOUT_SIGN(LONG), "16777215", "16777215", 0},
        {WITHOUT_SIGN(LONG), PLAIN(LONGLONG, 0), "4294967295", "4294967295", 0},
        {WITHOUT_SIGN(LONGLONG), WITHOUT_SIGN(LONGLONG), "18446744073709551615", "18446744073709551615", 0},
        {PLAIN(LONG, 0), PLAIN(SHORT, 0), "1", NO_RULE, 0},
        {PLAIN(LONGLONG, 0), DECIMAL(19, 0), "-9223372036854775808", "-9223372036854775808", 0},
        {PLAIN(LONGLONG, 0), DECIMAL(18, 0), "1", NO_RULE, 0},
        {WITHOUT_SIGN(LONGLONG), DECIMAL(19, 0), "1", NO_RULE, 0},
        {WITHOUT_SIGN(LONGLONG), DECIMAL(22, 2), "18446744073709551615", "18446744073709551615.00", 0},
        {PLAIN(FLOAT, 4), PLAIN(DOUBLE, 8), "1.5", "1.5", 0},
        {PLAIN(FLOAT, 4), PLAIN(DOUBLE, 8), "0.1", "0.10000000149011612", 0},
        {PLAIN(DOUBLE, 8), PLAIN(FLOAT, 4), "1.5", NO_RULE, 0},
        {DECIMAL(10, 2), DECIMAL(12, 4), "-99999999.99", "-99999999.9900", 0},
        {DECIMAL(10, 2), DECIMAL(65, 30), "-0.01", "-0.010000000000000000000000000000", 0},
        {DECIMAL(10, 2), DECIMAL(10, 3), "1.00", NO_RULE, 0},
        {DECIMAL(10, 2), DECIMAL(12, 1), "1.00", NO_RULE, 0},
        {DECIMAL(5, 5), DECIMAL(9, 9), "-0.99999", "-0.999990000", 0},
        {PLAIN(BIT, 1), PLAIN(BIT, 64), "1", "1", 0},
        {PLAIN(BIT, 9), PLAIN(BIT, 17), "511", "511", 0},
        {PLAIN(BIT, 9), PLAIN(BIT, 8), "1", NO_RULE, 0},
        {PLAIN(LONG, 0), PLAIN(VARCHAR, 40), "1", NO_RULE, 0},
    };
    /* clang-format on */
    CHECK_ALL(cases);
}

static void times(void **state)
{
    (void)state;
    /* clang-format off */
    const struct value_case cases[] = {
        {PLAIN(TIME, 0), PLAIN(TIME2, 0), "-838:59:59", "-838:59:59", 0},
        {PLAIN(TIME2, 0), PLAIN(TIME, 0), "-00:00:01", "-00:00:01", 0},
        {PLAIN(TIME2, 1), PLAIN(TIME, 0), "1:0:0", NO_RULE, 0},
        {PLAIN(TIME2, 1), PLAIN(TIME2, 6), "-00:00:00.9", "-00:00:00.900000", 0},
        {PLAIN(TIME2, 6), PLAIN(TIME2, 5), "1:0:0", NO_RULE, 0},
        {PLAIN(DATETIME, 0), PLAIN(DATETIME2, 3), "9999-12-31 23:59:59", "9999-12-31 23:59:59.000", 0},
        {PLAIN(DATETIME, 0), PLAIN(DATETIME2, 0), "2024-00-15 01:02:03", "2024-00-15 01:02:03", 0},
        {PLAIN(DATETIME2, 0), PLAIN(DATETIME, 0), "0000-00-00 00:00:00", "0000-00-00 00:00:00", 0},
        {PLAIN(DATETIME2, 2), PLAIN(DATETIME2, 4), "2026-11-22 10:20:30.25", "2026-11-22 10:20:30.2500", 0},
        {PLAIN(TIMESTAMP, 0), PLAIN(TIMESTAMP2, 6), "2038-01-19 03:14:07", "2038-01-19 03:14:07.000000", 0},
        {PLAIN(TIMESTAMP, 0), PLAIN(TIMESTAMP2, 0), "0000-00-00 00:00:00", "0000-00-00 00:00:00", 0},
        {PLAIN(TIMESTAMP2, 0), PLAIN(DATETIME2, 0), "1970-01-01 00:00:01", NO_RULE, 0},
        {PLAIN(DATE, 0), PLAIN(DATETIME2, 3), "2024-02-29", "2024-02-29 00:00:00.000", 0},
        {PLAIN(DATE, 0), PLAIN(DATETIME, 0), "0000-00-00", "0000-00-00 00:00:00", 0},
        {PLAIN(DATE, 0), PLAIN(NEWDATE, 0), "1000-01-01", "1000-01-01", 0},
        {PLAIN(DATE, 0), PLAIN(TIMESTAMP2, 0), "1970-01-01", NO_RULE, 0},
    };
    /* clang-format on */
    CHECK_ALL(cases);
}

static void texts(void **state)
{
    (void)state;
    /* clang-format off */
    const struct value_case cases[] = {
        {TEXT(VARCHAR, 40, UTF8MB4), TEXT(VARCHAR, 80, UTF8MB4), "aß", "aß", 0},
        {TEXT(VARCHAR, 40, UTF8MB4), TEXT(VARCHAR, 400, UTF8MB4), "aß", "aß", 0},
        {TEXT(VARCHAR, 400, UTF8MB4), TEXT(VARCHAR, 40, UTF8MB4), "a", NO_RULE, 0},
        {TEXT(VAR_STRING, 40, UTF8MB4), TEXT(VARCHAR, 40, UTF8MB4), "a ", "a ", 0},
        {TEXT(VARCHAR, 40, UTF8MB4), TEXT(BLOB, 1, UTF8MB4), "a ", "a ", 0},
        {TEXT(VARCHAR, 400, UTF8MB4), TEXT(BLOB, 1, UTF8MB4), "a", NO_RULE, 0},
        {TEXT(BLOB, 1, UTF8MB4), TEXT(VARCHAR, 255, UTF8MB4), "a", "a", 0},
        {TEXT(BLOB, 2, UTF8MB4), TEXT(VARCHAR, 255, UTF8MB4), "a", NO_RULE, 0},
        {TEXT(BLOB, 2, CP1251), TEXT(BLOB, 4, CP1251), "\xcf", "\xcf", 0},
        {TEXT(STRING, 40, UTF8MB4), TEXT(VARCHAR, 40, UTF8MB4), "a", "a", 0},
        {TEXT(VARCHAR, 40, UTF8MB4), TEXT(STRING, 40, UTF8MB4), "a ", NO_RULE, 0},
        {TEXT(STRING, 40, UTF8MB4), TEXT(STRING, 400, UTF8MB4), "a", "a", 0},
        {TEXT(VARCHAR, 40, LATIN1), TEXT(VARCHAR, 160, UTF8MB4), "\xe4\x80", "ä€", 0},
        {TEXT(VARCHAR, 40, LATIN1), TEXT(VARCHAR, 156, UTF8MB4), "a", NO_RULE, 0},
        {TEXT(VARCHAR, 40, ASCII), TEXT(VARCHAR, 40, LATIN1), "a", "a", 0},
        {TEXT(VARCHAR, 40, ASCII), TEXT(VARCHAR, 40, LATIN1), "\xe4", DOES_NOT_FIT, 0},
        {TEXT(VARCHAR, 30, UTF8MB3), TEXT(VARCHAR, 40, UTF8MB4), "a€", "a€", 0},
        {TEXT(VARCHAR, 40, UTF8MB4), TEXT(VARCHAR, 40, UTF8MB3), "a", NO_RULE, 0},
        {TEXT(VARCHAR, 40, CP1251), TEXT(VARCHAR, 400, UTF8MB4), "a", NO_RULE, 0},
        {TEXT(BLOB, 1, LATIN1), TEXT(BLOB, 1, UTF8MB4), "\xe4", "ä", 0},
        {TEXT(VARCHAR, 40, UTF8MB4), BYTES(VARCHAR, 40), "a", NO_RULE, 0},
        {BYTES(VARCHAR, 40), TEXT(VARCHAR, 40, UTF8MB4), "a", NO_RULE, 0},
        {BYTES(VARCHAR, 40), BYTES(BLOB, 2), "a", "a", 0},
        {BYTES(VARCHAR, 40), BYTES(STRING, 40), "a", NO_RULE, 0},
        {BYTES(STRING, 4), BYTES(STRING, 8), "a", "a", 0},
        {BYTES(BLOB, 2), BYTES(BLOB, 1), "a", NO_RULE, 0},
        {TEXT(VARCHAR_COMPRESSED, 41, UTF8MB4), TEXT(VARCHAR, 40, UTF8MB4), "a", "a", 0},
        {TEXT(VARCHAR_COMPRESSED, 41, UTF8MB4), TEXT(VARCHAR, 39, UTF8MB4), "a", NO_RULE, 0},
        {TEXT(VARCHAR, 40, UTF8MB4), TEXT(VARCHAR_COMPRESSED, 41, UTF8MB4), "a", "a", 0},
        {TEXT(VARCHAR, 40, UTF8MB4), TEXT(BLOB_COMPRESSED, 2, UTF8MB4), "", "", 0},
        {TEXT(BLOB_COMPRESSED, 4, LATIN1), TEXT(BLOB, 4, UTF8MB4), "\xe4", "ä", 0},
        {BYTES(BLOB_COMPRESSED, 2), BYTES(BLOB, 2), "a", "a", 0},
    };
    /* clang-format on */
    CHECK_ALL(cases);
    struct column binary = BYTES(STRING, 4), varbinary = BYTES(VARCHAR, 4), blob = BYTES(BLOB, 2);
    check(&binary, &varbinary, 0, ONCE("a"), ONCE("a\0\0\0"));
    check(&binary, &blob, 0, ONCE(""), ONCE("\0\0\0\0"));
    struct column utf16 = TEXT(VARCHAR, 40, UTF16), utf8 = TEXT(VARCHAR, 40, UTF8MB4);
    struct column wide_char = TEXT(STRING, 40, UTF16), le = TEXT(VARCHAR, 40, UTF16LE), utf32 = TEXT(BLOB, 2, UTF32);
    check(&utf16, &utf8, 0, ONCE("\0a\x20\xac\xd8\x3d\xde\0\0 "), ONCE("a€😀 "));
    check(&utf16, &utf8, 0, ONCE("\xd8\x3d"), (struct span){0});
    check(&wide_char, &utf8, 0, ONCE("\0a\0 \0 "), ONCE("a"));
    check(&utf8, &le, 0, ONCE("a😀"), ONCE("a\0\x3d\xd8\0\xde"));
    check(&utf8, &utf32, 0, ONCE("😀"), ONCE("\0\x01\xf6\0"));
}

/* TEXT of 255 bytes is 127 characters of two bytes: not known from the definition, only from the value. */
static void a_text_can_outgrow_its_column(void **state)
{
    (void)state;
    char latin1[129], utf8[257] = "";
    struct column from = TEXT(BLOB, 1, LATIN1), to = TEXT(BLOB, 1, UTF8MB4);
    memset(latin1, 0xe4, 128);
    for (size_t i = 0; i < 127; i++)
        memcpy(utf8 + 2 * i, "ä", 2);
    check(&from, &to, 0, span_of(latin1, 127), span_of(utf8, 254));
    check(&from, &to, 0, span_of(latin1, 128), (struct span){0});
}

static void documents(void **state)
{
    (void)state;
    /* clang-format off */
    const struct value_case cases[] = {
        {PLAIN(JSON, 4), TEXT(BLOB, 4, UTF8MB4), "{\"bb\":1,\"a\":[1,2.50]}", "{\"a\": [1, 2.5], \"bb\": 1}", 0},
        {PLAIN(JSON, 4), TEXT(VARCHAR, 4, UTF8MB4), "[12]", "[12]", 0},
        {PLAIN(JSON, 4), TEXT(VARCHAR, 4, UTF8MB4), "[123]", DOES_NOT_FIT, 0},
        {PLAIN(JSON, 4), TEXT(BLOB, 2, LATIN1), "\"ä\"", "\"\xe4\"", 0},
        {PLAIN(JSON, 4), TEXT(BLOB, 2, LATIN1), "\"ж\"", DOES_NOT_FIT, 0},
        {PLAIN(JSON, 4), TEXT(BLOB, 2, CP1251), "1", NO_RULE, 0},
        {PLAIN(JSON, 4), BYTES(BLOB, 4), "1", NO_RULE, 0},
        {TEXT(BLOB, 4, UTF8MB4), PLAIN(JSON, 4), "{ \"bb\" : 1, \"a\":18446744073709551615}",
         "{\"a\": 18446744073709551615, \"bb\": 1}", 0},
        {TEXT(BLOB, 4, UTF8MB4), PLAIN(JSON, 4), "{\"a\":1", DOES_NOT_FIT, 0},
        {TEXT(BLOB, 4, UTF8MB4), PLAIN(JSON, 4), "", DOES_NOT_FIT, 0},
        {TEXT(VARCHAR, 40, LATIN1), PLAIN(JSON, 4), "\"\xe4\"", "\"ä\"", 0},
        {BYTES(BLOB, 4), PLAIN(JSON, 4), "1", NO_RULE, 0},
        {PLAIN(JSON, 4), PLAIN(JSON, 4), "[1]", "[1]", 0},
    };
    /* clang-format on */
    CHECK_ALL(cases);
}

static void addresses_and_uuids(void **state)
{
    (void)state;
    const struct column text36 = TEXT(VARCHAR, 144, UTF8MB4), ascii36 = TEXT(STRING, 36, ASCII);
    const struct column text39 = TEXT(VARCHAR, 39, ASCII), text45 = TEXT(VARCHAR, 180, UTF8MB4);
    const struct column text15 = TEXT(VARCHAR, 15, LATIN1), text40 = TEXT(VARCHAR, 40, ASCII);
    const struct column b16 = BYTES(STRING, 16), b4 = BYTES(STRING, 4), v20 = BYTES(VARCHAR, 20),
                        v8 = BYTES(VARCHAR, 8);
    const struct span uuid = ONCE("\x12\x3e\x45\x67\xe8\x9b\x12\xd3\xa4\x56\x42\x66\x55\x44\x00\x00");
    const struct span uuid_text = ONCE("123e4567-e89b-12d3-a456-426655440000");
    const struct span v6 = ONCE("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01");
    const struct span none = {0};
    check(&b16, &text36, 0, uuid, uuid_text);
    check(&b16, &ascii36, 0, uuid, uuid_text);
    check(&b16, &text40, 0, uuid, ONCE(NO_RULE));
    check(&b16, &text39, 0, v6, ONCE("2001:db8::1"));
    check(&b16, &text45, 0, ONCE("\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\x02\x01"), ONCE("::ffff:192.0.2.1"));
    check(&b16, &text45, 0, ONCE(""), ONCE("::"));
    check(&b4, &text15, 0, ONCE("\xc0\0\x02\0"), ONCE("192.0.2.0"));
    check(&b4, &text36, 0, ONCE("1234"), ONCE(NO_RULE));
    check(&text36, &b16, READ_UUID, ONCE("123E4567-E89B-12D3-A456-426655440000"), span_of(uuid.p, 14));
    check(&text36, &b16, READ_UUID, ONCE("123e4567e89b12d3a456426655440000"), span_of(uuid.p, 14));
    check(&text36, &b16, READ_UUID, ONCE("123e4567-e89b-12d3-a456-42665544000"), none);
    check(&text36, &b16, READ_UUID, ONCE("x23e4567-e89b-12d3-a456-426655440000"), none);
    check(&text45, &b16, READ_INET6, ONCE("2001:db8::1"), v6);
    check(&text45, &b16, READ_INET6, ONCE("192.0.2.1"), none);
    check(&text15, &b4, READ_INET4, ONCE("192.0.2.1"), ONCE("\xc0\0\x02\x01"));
    check(&text15, &b4, READ_INET4, ONCE("192.0.2"), none);
    check(&b16, &b16, READ_UUID, uuid, span_of(uuid.p, 14));
    check(&v20, &b16, READ_UUID, uuid, span_of(uuid.p, 14));
    check(&v20, &b16, READ_UUID, span_of(uuid.p, 14), none);
    check(&v8, &b16, READ_UUID, ONCE("1"), ONCE(NO_RULE));
    check(&b4, &b16, READ_INET6, ONCE("1234"), ONCE(NO_RULE));
}

static void vectors(void **state)
{
    (void)state;
    struct column mysql3 = PLAIN(VECTOR, 4), maria3 = BYTES(VARCHAR, 12), maria2 = BYTES(VARCHAR, 8);
    const struct column varbinary = BYTES(VARCHAR, 12), blob = BYTES(BLOB, 1);
    const struct span three = ONCE("\0\0\x80\x3f\0\0\0\x40\0\0\0\0"), two = span_of(three.p, 8);
    struct column mysql4 = mysql3;
    mysql3.subtype = maria3.subtype = 3;
    mysql4.subtype = 4;
    maria2.subtype = 2;
    check(&mysql3, &maria3, 0, three, three);
    check(&mysql3, &maria3, 0, two, (struct span){0});
    check(&mysql3, &maria2, 0, two, ONCE(NO_RULE));
    check(&varbinary, &maria3, 0, three, three);
    check(&varbinary, &maria3, 0, span_of(three.p, 7), (struct span){0});
    check(&varbinary, &maria2, 0, two, ONCE(NO_RULE));
    check(&mysql3, &varbinary, 0, two, two);
    check(&mysql3, &blob, 0, three, three);
    check(&mysql4, &varbinary, 0, two, ONCE(NO_RULE));
    check(&mysql3, &mysql4, READ_VECTOR, three, three);
    check(&mysql4, &mysql3, READ_VECTOR, three, ONCE(NO_RULE));
    check(&varbinary, &mysql3, READ_VECTOR, three, three);
    check(&varbinary, &mysql4, READ_VECTOR, three, three);
    check(&varbinary, &mysql3, READ_VECTOR, span_of(three.p, 7), (struct span){0});
    check(&varbinary, &mysql3, READ_VECTOR, ONCE(""), (struct span){0});
}

static struct column members_of(enum column_type type, unsigned width, unsigned collation, struct span *members,
                                uint16_t count)
{
    struct column c = column_text(type, width, collation);
    c.members = members;
    c.member_count = count;
    return c;
}

static void members(void **state)
{
    (void)state;
    struct span abc[] = {ONCE("a"), ONCE("ä"), ONCE("c")}, turned[] = {ONCE("c"), ONCE("x"), ONCE("a"), ONCE("ä")};
    struct span latin1[] = {ONCE("a"), ONCE("\xe4"), ONCE("c")}, less[] = {ONCE("a"), ONCE("c")};
    struct span four[] = {ONCE("😀"), ONCE("b")}, told[] = {ONCE("b"), ONCE("?")};
    struct column from = members_of(COLUMN_ENUM, 1, UTF8MB4, abc, 3);
    struct column to = members_of(COLUMN_ENUM, 2, UTF8MB4, turned, 4);
    check(&from, &to, READ_NUMBER, ONCE("2"), ONCE("ä"));
    check(&from, &to, READ_NUMBER, ONCE("3"), ONCE("c"));
    check(&from, &to, READ_NUMBER, ONCE("0"), ONCE(""));
    check(&from, &to, READ_NUMBER, ONCE("4"), (struct span){0});
    to = members_of(COLUMN_ENUM, 1, UTF8MB4, less, 2);
    check(&from, &to, READ_NUMBER, ONCE("1"), ONCE(NO_RULE));
    from = members_of(COLUMN_SET, 1, LATIN1, latin1, 3);
    to = members_of(COLUMN_SET, 1, UTF8MB4, turned, 4);
    check(&from, &to, READ_NUMBER, ONCE("7"), ONCE("c,a,ä"));
    check(&from, &to, READ_NUMBER, ONCE("0"), ONCE(""));
    check(&from, &to, READ_NUMBER, ONCE("8"), (struct span){0});
    from = members_of(COLUMN_ENUM, 1, UTF8MB4, four, 2);
    to =
        members_of(COLUMN_ENUM, 1, UTF8MB4, told, 2); /* MariaDB's information_schema has no characters of four bytes */
    check(&from, &to, READ_NUMBER, ONCE("1"), ONCE("?"));
    from = members_of(COLUMN_ENUM, 1, CP1251, latin1, 3);
    to = members_of(COLUMN_ENUM, 1, UTF8MB4, abc, 3);
    check(&from, &to, READ_NUMBER, ONCE("1"), ONCE(NO_RULE));
}

/* A rule takes an integer column iff every value of it is one of the target's; then each stays what it is. */
static void integers_at_random(void **state)
{
    (void)state;
    static const uint8_t types[] = {COLUMN_TINY, COLUMN_SHORT, COLUMN_INT24, COLUMN_LONG, COLUMN_LONGLONG};
    static const unsigned bits[] = {8, 16, 24, 32, 64};
    struct random rnd = random_start("integers");
    for (int i = 0; i < 4000; i++) {
        size_t f = random_below(&rnd, 5), t = random_below(&rnd, 5);
        struct column from = column_of(types[f], 0), to = column_of(types[t], 0);
        char text[32];
        from.is_unsigned = random_below(&rnd, 2);
        to.is_unsigned = random_below(&rnd, 2);
        uint64_t v = random_any_size(&rnd) >> (64 - bits[f]);
        int64_t with_sign = (int64_t)(random_u64(&rnd) << (64 - bits[f])) >> (64 - bits[f]);
        if (from.is_unsigned)
            (void)snprintf(text, sizeof text, "%llu", (unsigned long long)v);
        else
            (void)snprintf(text, sizeof text, "%lld", (long long)with_sign);
        bool takes = from.is_unsigned ? bits[t] >= bits[f] + !to.is_unsigned : !to.is_unsigned && bits[t] >= bits[f];
        check(&from, &to, READ_PLAIN, span_str(text), takes ? span_str(text) : ONCE(NO_RULE));
    }
}

/* To any other character set that has all its characters and back: the same text. */
static void character_sets_at_random(void **state)
{
    (void)state;
    static const uint16_t all[] = {UTF8MB4, UTF16, UTF16LE, UTF32};
    struct random rnd = random_start("character sets");
    for (int i = 0; i < 2000; i++) {
        struct buf text = {0}, there = {0}, back = {0};
        bool fits;
        struct column from = column_text(COLUMN_BLOB, 3, UTF8MB4);
        struct column to = column_text(COLUMN_BLOB, 3, all[random_below(&rnd, 4)]);
        for (uint64_t n = random_below(&rnd, 40); n > 0; n--) {
            uint32_t c = (uint32_t)random_any_size(&rnd) % 0x110000;
            utf8_put_char(&text, c >= 0xd800 && c < 0xe000 ? 'x' : c);
        }
        assert_non_null(convert_value(&fits, &there, &from, &to, READ_PLAIN, buf_span(&text)));
        assert_true(fits);
        assert_non_null(convert_value(&fits, &back, &to, &from, READ_PLAIN, buf_span(&there)));
        assert_true(fits && span_eq(buf_span(&back), buf_span(&text)));
        buf_free(&text);
        buf_free(&there);
        buf_free(&back);
    }
}

/* docs/conversions.md is this table; DRC_WRITE_DOCS=1 writes it anew. */
static void the_document_has_the_rules(void **state)
{
    (void)state;
    static const char path[] = DRC_TEST_DATA "/../../docs/conversions.md";
    static const char begin[] = "<!-- rules -->\n", end[] = "<!-- end of rules -->\n";
    struct buf doc = {0}, rules = {0}, whole = {0};
    char piece[4096];
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;)
        buf_put(&doc, piece, n);
    assert_int_equal(fclose(f), 0);
    convert_rules_put_markdown(&rules);
    const char *text = buf_cstr(&doc), *from = strstr(text, begin), *to = strstr(text, end);
    assert_true(from && to && from < to);
    buf_put(&whole, text, (size_t)(from - text) + strlen(begin));
    buf_put_span(&whole, buf_span(&rules));
    buf_put_str(&whole, to);
    if (getenv("DRC_WRITE_DOCS")) {
        f = fopen(path, "w");
        assert_non_null(f);
        assert_int_equal(fwrite(whole.data, 1, whole.len, f), whole.len);
        assert_int_equal(fclose(f), 0);
    } else {
        assert_true(span_eq(buf_span(&whole), buf_span(&doc)));
    }
    buf_free(&doc);
    buf_free(&rules);
    buf_free(&whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(times),
        cmocka_unit_test(texts),
        cmocka_unit_test(a_text_can_outgrow_its_column),
        cmocka_unit_test(documents),
        cmocka_unit_test(addresses_and_uuids),
        cmocka_unit_test(vectors),
        cmocka_unit_test(members),
        cmocka_unit_test(integers_at_random),
        cmocka_unit_test(character_sets_at_random),
        cmocka_unit_test(the_document_has_the_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
