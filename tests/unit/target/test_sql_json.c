/* Documents as SQL expressions: only what is more than its text is written out. */
#include "common/model/json_text.h"
#include "common/target/sql_json.h"
#include "tests/unit/cmocka_all.h"

static void check(struct span doc, const char *expected)
{
    struct arena a = {0};
    struct buf out = {0};
    assert_true(sql_json_is_opaque(doc, &a));
    assert_true(sql_json_put(&out, doc, &a));
    assert_string_equal(buf_cstr(&out), expected);
    buf_free(&out);
    arena_free(&a);
}

static void plain_documents(void **state)
{
    (void)state;
    static const char *const texts[] = {"null", "15", "[15, 3855, \"\\u000f\"]", "{\"a\": {\"b\": [1.5, true]}}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct arena a = {0};
        struct buf doc = {0};
        assert_true(json_text_to_binary(span_str(texts[i]), &doc, NULL));
        assert_false(sql_json_is_opaque(buf_span(&doc), &a));
        buf_free(&doc);
        arena_free(&a);
    }
}

/* [1.5, "a"], where 1.5 is a DECIMAL(2,1). */
static const char array_document[] = "\2\2\0\22\0\17\12\0\14\20\0\366\4\2\1\201\5\1a";

static void opaque_documents(void **state)
{
    (void)state;
    check(span_of(array_document, sizeof array_document - 1),
          "JSON_ARRAY(CAST('1.5' AS DECIMAL(2,1)), CAST(_utf8mb4 X'226122' AS JSON))");
    /* {"k": [1.5, "a"]} */
    struct buf doc = {0};
    buf_put(&doc, "\0\1\0\36\0\13\0\1\0\2\14\0k", 13);
    buf_put(&doc, array_document + 1, sizeof array_document - 2);
    check(buf_span(&doc), "JSON_OBJECT(_utf8mb4 X'6b', JSON_ARRAY(CAST('1.5' AS DECIMAL(2,1)), CAST(_utf8mb4 X'226122' "
                          "AS JSON)))");
    buf_free(&doc);
    check(span_of("\17\366\4\2\1\201\5", 7), "CAST(CAST('1.5' AS DECIMAL(2,1)) AS JSON)");
    check(span_of("\17\375\2\1\377", 5), "CAST(_binary X'01ff' AS JSON)");
    /* 2026-01-31: year*13+month, day, then nothing */
    uint64_t packed = ((uint64_t)(2026 * 13 + 1) << 5 | 31) << 17 << 24;
    uint8_t date[11] = {15, 10, 8};
    for (size_t i = 0; i < 8; i++)
        date[3 + i] = (uint8_t)(packed >> 8 * i);
    check(span_of(date, sizeof date), "CAST(CAST('2026-01-31' AS DATE) AS JSON)");
}

/* Cut anywhere, it is either no document any more or not taken for one that has opaque values. */
static void cut_documents(void **state)
{
    (void)state;
    for (size_t n = 0; n + 1 < sizeof array_document; n++) {
        struct arena a = {0};
        assert_false(sql_json_is_opaque(span_of(array_document, n), &a));
        arena_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_documents),
        cmocka_unit_test(opaque_documents),
        cmocka_unit_test(cut_documents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
