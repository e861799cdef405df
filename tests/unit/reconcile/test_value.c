/* Values as the report shows them. */
#include "reconcile/value.h"

#include "tests/unit/cmocka_all.h"

static void values_as_json(void **state)
{
    (void)state;
    static const struct span members[] = {
        {(const uint8_t *)"a", 1},
        {(const uint8_t *)"b", 1}
    };
    const struct {
        struct column c;
        struct target_column tc;
        struct span v;
        const char *json;
    } cases[] = {
  /* clang-format off */
        {{.type = COLUMN_LONG}, {0}, span_str("-12"), "-12"},
        {{.type = COLUMN_LONG, .is_unsigned = true}, {0}, span_str("0042"), "42"}, /* ZEROFILL */
        {{.type = COLUMN_LONGLONG, .is_unsigned = true}, {0}, span_str("18446744073709551615"), "18446744073709551615"},
        {{.type = COLUMN_NEWDECIMAL, .meta = 10 << 8 | 2}, {0}, span_str("-0.50"), "-0.50"},
        {{.type = COLUMN_DATE}, {0}, span_str("2026-01-31"), "\"2026-01-31\""},
        {{.type = COLUMN_VARCHAR, .meta = 40, .collation = 45}, {.charset = "utf8mb4"}, span_str("a\"b"), "\"a\\\"b\""},
        {{.type = COLUMN_VARCHAR, .meta = 40, .collation = 8}, {.charset = "latin1"}, span_str("\xe9"), "{\"hex\": \"e9\"}"},
        {{.type = COLUMN_STRING, .meta = 3, .collation = 63}, {0}, span_of("\x01\x02\x00", 3), "{\"hex\": \"010200\"}"},
        {{.type = COLUMN_ENUM, .meta = 1, .collation = 45, .members = (struct span *)members, .member_count = 2},
         {.form = READ_NUMBER, .charset = "utf8mb4"}, span_str("2"), "\"b\""},
        {{.type = COLUMN_BIT, .meta = 12}, {0}, span_str("2049"), "2049"},
        {{.type = COLUMN_LONG}, {0}, {NULL, 0}, "null"},
  /* clang-format on */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = {0};
        const struct value value = {.c = &cases[i].c,
                                    .tc = &cases[i].tc,
                                    .class = value_class_of(&cases[i].c, &cases[i].tc),
                                    .shown = &cases[i].c};
        value_put_json(&out, &value, cases[i].v);
        assert_string_equal(buf_cstr(&out), cases[i].json);
        buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_as_json),
    };
    return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
