/* In which form two columns are compared: the expressions of both sides, letter by letter, and which pairs have none.
 */
#include "reconcile/value_pair.h"
#include "tests/unit/target/convert_kit.h"

struct side {
    struct column c;
    const char *charset;
    enum read_form form;
    bool padded;
    const char *read; /* the expression; NULL: the column's name */
    const char *key;  /* the literal of `text`; NULL: it can be no key */
};

struct pair_case {
    struct side of[2];
    const char *text; /* a value as both read it */
    const char *json;
};

static struct column enum_of(const struct span *members, uint16_t count)
{
    struct column c = column_of(COLUMN_ENUM, 1);
    c.collation = UTF8MB4;
    c.members = (struct span *)(uintptr_t)members;
    c.member_count = count;
    return c;
}

static struct column set_of(const struct span *members, uint16_t count)
{
    struct column c = enum_of(members, count);
    c.type = COLUMN_SET;
    return c;
}

static struct column vector_of(uint16_t dimensions)
{
    struct column c = column_of(COLUMN_VECTOR, 4);
    c.subtype = dimensions;
    return c;
}

static const struct span ab[] = {
    {(const uint8_t *)"a", 1},
    {(const uint8_t *)"b", 1}
};
static const struct span cba[] = {
    {(const uint8_t *)"c", 1},
    {(const uint8_t *)"b", 1},
    {(const uint8_t *)"a", 1}
};

#define UTF8(column) column, "utf8mb4", READ_PLAIN, false
#define NONE(column) column, NULL, READ_PLAIN, false
#define PADDED(column) column, NULL, READ_PLAIN, true

static void assert_pair(const struct pair_case *x)
{
    struct value pair[2];
    struct target_column tc[2] = {0};
    struct arena a = {0};
    struct buf why = {0};
    for (int side = 0; side < 2; side++) {
        tc[side] = (struct target_column){.form = x->of[side].form,
                                          .charset = x->of[side].charset,
                                          .collation = "a_collation",
                                          .padded = x->of[side].padded};
        pair[side] = (struct value){.c = &x->of[side].c, .tc = &tc[side]};
    }
    if (!value_pair(pair, &a, &why))
        fail_msg("%s", buf_cstr(&why));
    for (int side = 0; side < 2; side++) {
        struct buf out = {0};
        value_put_read(&out, &pair[side]);
        assert_string_equal(buf_cstr(&out), x->of[side].read ? x->of[side].read : "`c`");
        buf_clear(&out);
        assert_int_equal(value_can_be_key(&pair[side]), x->of[side].key != NULL);
        if (x->of[side].key) {
            value_put_literal(&out, &pair[side], span_str(x->text));
            assert_string_equal(buf_cstr(&out), x->of[side].key);
        }
        buf_clear(&out);
        value_put_json(&out, &pair[side], span_str(x->text));
        assert_string_equal(buf_cstr(&out), x->json);
        buf_free(&out);
    }
    arena_free(&a);
    buf_free(&why);
}

#define UUID_DIGITS "123e4567e89b12d3a456426655440000"

static void pairs_have_forms(void **state)
{
    (void)state;
    const struct pair_case cases[] = {
  /* clang-format off */
        {{{NONE(PLAIN(LONG, 0)), NULL, "-7"}, {NONE(PLAIN(LONGLONG, 0)), NULL, "-7"}}, "-7", "-7"},
        {{{PADDED(WITHOUT_SIGN(LONG)), "(`c` + 0)", "4294967296"}, {NONE(PLAIN(LONGLONG, 0)), NULL, "4294967296"}}, "4294967296", "4294967296"},
        {{{NONE(PLAIN(LONG, 0)), "CAST(`c` AS DECIMAL(22,2))", "-7.00"}, {NONE(DECIMAL(10, 2)), "CAST(`c` AS DECIMAL(22,2))", "-7.00"}}, "-7.00", "-7.00"},
        {{{NONE(DECIMAL(8, 2)), "CAST(`c` AS DECIMAL(20,4))", "7.5000"}, {NONE(DECIMAL(20, 4)), "CAST(`c` AS DECIMAL(20,4))", "7.5000"}}, "7.5000", "7.5000"},
        {{{NONE(DECIMAL(8, 2)), NULL, "7.50"}, {NONE(DECIMAL(8, 2)), NULL, "7.50"}}, "7.50", "7.50"},
        {{{PADDED(DECIMAL(8, 2)), "(`c` + 0)", "7.50"}, {NONE(DECIMAL(8, 2)), NULL, "7.50"}}, "7.50", "7.50"},
        {{{NONE(WITHOUT_SIGN(LONG)), NULL, "7"}, {NONE(WITHOUT_SIGN(LONG)), NULL, "7"}}, "7", "7"},
        {{{NONE(PLAIN(BIT, 3)), "CAST(`c` AS UNSIGNED)", "300"}, {NONE(PLAIN(BIT, 12)), "CAST(`c` AS UNSIGNED)", "300"}}, "300", "300"},
        {{{UTF8(enum_of(ab, 2)), "ELT(CAST(`c` AS UNSIGNED) + 1, 0, 3, 2)", NULL}, {UTF8(enum_of(cba, 3)), "CAST(`c` AS UNSIGNED)", "3"}}, "3", "\"a\""},
        {{{UTF8(set_of(cba, 3)), "CAST(`c` AS UNSIGNED)", "6"},
          {UTF8(set_of(ab, 2)), "(CAST(`c` AS UNSIGNED) & 0 | IF(CAST(`c` AS UNSIGNED) & 1, 4, 0) | IF(CAST(`c` AS UNSIGNED) & 2, 2, 0))", NULL}}, "6", "\"b,a\""},
        {{{NONE(PLAIN(DATE, 0)), "CONCAT(`c`, ' 00:00:00.00')", "'2026-01-31 00:00:00.00'"}, {NONE(PLAIN(DATETIME2, 2)), NULL, "'2026-01-31 00:00:00.00'"}},
         "2026-01-31 00:00:00.00", "\"2026-01-31 00:00:00.00\""},
        {{{NONE(PLAIN(TIME2, 3)), NULL, "'-01:00:00.500'"}, {NONE(PLAIN(TIME2, 1)), "CONCAT(`c`, '00')", "'-01:00:00.500'"}}, "-01:00:00.500", "\"-01:00:00.500\""},
        {{{UTF8(TEXT(VARCHAR, 40, UTF8MB4)), NULL, "_utf8mb4 X'61'"}, {UTF8(TEXT(BLOB, 4, UTF8MB4)), NULL, "_utf8mb4 X'61'"}}, "a", "\"a\""},
        {{{TEXT(VARCHAR, 40, LATIN1), "latin1", READ_PLAIN, false, "CONVERT(`c` USING utf8mb4)", "CONVERT(_utf8mb4 X'c3a4' USING latin1) COLLATE a_collation"},
          {UTF8(TEXT(VARCHAR, 160, UTF8MB4)), "CONVERT(`c` USING utf8mb4)", "_utf8mb4 X'c3a4'"}}, "\xc3\xa4", "\"\xc3\xa4\""},
        {{{NONE(BYTES(STRING, 4)), "TRIM(TRAILING X'00' FROM `c`)", NULL}, {NONE(BYTES(STRING, 9)), "TRIM(TRAILING X'00' FROM `c`)", NULL}}, "a", "{\"hex\": \"61\"}"},
        {{{NONE(BYTES(VARCHAR, 20)), NULL, "X'61'"}, {NONE(BYTES(BLOB, 2)), NULL, "X'61'"}}, "a", "{\"hex\": \"61\"}"},
        {{{BYTES(STRING, 16), NULL, READ_UUID, false, "LOWER(HEX(CAST(`c` AS BINARY(16))))", "'123e4567-e89b-12d3-a456-426655440000'"},
          {NONE(BYTES(STRING, 16)), "LOWER(HEX(`c`))", "X'" UUID_DIGITS "'"}}, UUID_DIGITS, "\"" UUID_DIGITS "\""},
        {{{NONE(BYTES(STRING, 16)), "LOWER(HEX(`c`))", "X'" UUID_DIGITS "'"},
          {UTF8(TEXT(STRING, 144, UTF8MB4)), "LOWER(REPLACE(CONVERT(`c` USING utf8mb4), '-', ''))", NULL}}, UUID_DIGITS, "\"" UUID_DIGITS "\""},
        {{{BYTES(STRING, 4), NULL, READ_INET4, false, "LOWER(HEX(CAST(`c` AS BINARY(4))))", "INET6_NTOA(X'c0000201')"},
          {UTF8(TEXT(VARCHAR, 60, UTF8MB4)), "IFNULL(LOWER(HEX(INET6_ATON(CONVERT(`c` USING utf8mb4)))), CONCAT('?', HEX(`c`)))", NULL}}, "c0000201", "\"c0000201\""},
        {{{NONE(PLAIN(JSON, 4)), NULL, NULL}, {UTF8(TEXT(BLOB, 4, UTF8MB4)), "CONVERT(`c` USING utf8mb4)", NULL}}, "[1]", "\"[1]\""},
        {{{vector_of(2), NULL, READ_VECTOR, false, "CAST(`c` AS BINARY)", "X'61626364'"}, {NONE(BYTES(VARCHAR, 8)), NULL, "X'61626364'"}}, "abcd", "{\"hex\": \"61626364\"}"},
  /* clang-format on */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_pair(&cases[i]);
}

static bool comparable(struct column a, struct column b)
{
    struct target_column tc[2] = {{.charset = a.collation > 0 && a.collation != COLLATION_BINARY ? "utf8mb4" : NULL},
                                  {.charset = b.collation > 0 && b.collation != COLLATION_BINARY ? "utf8mb4" : NULL}};
    struct value pair[2] = {
        {.c = &a, .tc = &tc[0]},
        {.c = &b, .tc = &tc[1]}
    };
    struct arena arena = {0};
    struct buf why = {0};
    bool good = value_pair(pair, &arena, &why);
    assert_int_equal(good, why.len == 0);
    arena_free(&arena);
    buf_free(&why);
    return good;
}

static void types_of_other_stories_have_none(void **state)
{
    (void)state;
    assert_true(comparable(PLAIN(LONG, 0), PLAIN(LONG, 0)));
    assert_false(comparable(PLAIN(LONG, 0), PLAIN(DATE, 0)));
    assert_false(comparable(PLAIN(LONG, 0), PLAIN(YEAR, 0)));
    assert_false(comparable(PLAIN(LONG, 0), PLAIN(DOUBLE, 8)));
    assert_false(comparable(PLAIN(LONGLONG, 0), DECIMAL(60, 50))); /* no DECIMAL has all values of both */
    assert_false(comparable(PLAIN(DATETIME2, 0), PLAIN(TIMESTAMP2, 0)));
    assert_false(comparable(PLAIN(BIT, 8), enum_of(ab, 2)));
    assert_false(comparable(enum_of(ab, 2), set_of(ab, 2)));
    assert_false(comparable(TEXT(VARCHAR, 40, UTF8MB4), BYTES(VARCHAR, 40)));
    assert_false(comparable(PLAIN(JSON, 4), BYTES(BLOB, 4)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_have_forms),
        cmocka_unit_test(types_of_other_stories_have_none),
    };
    return cmocka_run_group_tests_name("value_pair", tests, NULL, NULL);
}
