/* Changes of JSON documents: by hand, at random against a naive model, and malformed ones. */
#include "common/model/json_diff.h"

#include "common/model/json_binary.h"
#include "common/model/json_type.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/random.h"

/* ---- documents from text: only what the tests need: objects, arrays, integers, strings ---- */

static void put_doc(struct buf *out, const char **text);

static void put_container(struct buf *out, const char **text, bool object)
{
    struct buf keys = {0}, values = {0};
    size_t offsets[64], lengths[64], value_offsets[64], count = 0;
    for ((*text)++; **text != (object ? '}' : ']'); *text += **text == ',') {
        if (object) {
            const char *start = ++*text;
            while (**text != '"')
                (*text)++;
            offsets[count] = keys.len;
            lengths[count] = (size_t)(*text - start);
            buf_put(&keys, start, lengths[count]);
            *text += 2;
        }
        value_offsets[count++] = values.len;
        put_doc(&values, text);
    }
    (*text)++;
    size_t head = 8 + count * (object ? 11 : 5);
    buf_put_u8(out, object ? JSON_LARGE_OBJECT : JSON_LARGE_ARRAY);
    buf_put_le(out, count, 4);
    buf_put_le(out, head + keys.len + values.len - count, 4);
    for (size_t i = 0; object && i < count; i++) {
        buf_put_le(out, head + offsets[i], 4);
        buf_put_le(out, lengths[i], 2);
    }
    for (size_t i = 0; i < count; i++) {
        buf_put_u8(out, values.data[value_offsets[i]]);
        buf_put_le(out, head + keys.len + value_offsets[i] - i, 4);
    }
    buf_put_span(out, buf_span(&keys));
    for (size_t i = 0; i < count; i++) {
        size_t end = i + 1 < count ? value_offsets[i + 1] : values.len;
        buf_put(out, values.data + value_offsets[i] + 1, end - value_offsets[i] - 1);
    }
    buf_free(&keys);
    buf_free(&values);
}

static void put_doc(struct buf *out, const char **text)
{
    if (**text == '{' || **text == '[') {
        put_container(out, text, **text == '{');
        return;
    }
    if (**text == '"') {
        const char *start = ++*text;
        while (**text != '"')
            (*text)++;
        buf_put_u8(out, JSON_STRING);
        buf_put_varint(out, (uint64_t)(*text - start));
        buf_put(out, start, (size_t)(*text - start));
        (*text)++;
        return;
    }
    char *end;
    buf_put_u8(out, JSON_INT64);
    buf_put_le(out, (uint64_t)strtoll(*text, &end, 10), 8);
    *text = end;
}

static void put_change(struct buf *out, int operation, const char *path, const char *value)
{
    buf_put_u8(out, (uint8_t)operation);
    buf_put_lenenc(out, strlen(path));
    buf_put_str(out, path);
    if (value) {
        struct buf doc = {0};
        put_doc(&doc, &value);
        buf_put_lenenc(out, doc.len);
        buf_put_span(out, buf_span(&doc));
        buf_free(&doc);
    }
}

static struct buf document(const char *text)
{
    struct buf doc = {0};
    put_doc(&doc, &text);
    return doc;
}

/* Text of the document after the changes; "" when they do not fit. The caller frees. */
static struct buf after(const char *text, const struct buf *changes)
{
    struct buf doc = document(text), out = {0}, shown = {0};
    struct arena a = {0};
    if (json_diff_apply(&out, buf_span(&doc), buf_span(changes), &a))
        assert_true(json_binary_put_text(buf_span(&out), &shown));
    else
        assert_int_equal(out.len, 0);
    arena_free(&a);
    buf_free(&doc);
    buf_free(&out);
    return shown;
}

struct sample {
    const char *doc;
    int operation;
    const char *path;
    const char *value;
    const char *expected;
};

#define DOC "{\"a\":1,\"b\":[1,2,3],\"o\":{\"k\":{\"x\":7}}}"

static void single_changes(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct sample samples[] = {
        {DOC, 0, "$.a", "2", "{\"a\": 2, \"b\": [1, 2, 3], \"o\": {\"k\": {\"x\": 7}}}"},
        {DOC, 0, "$.o.k.x", "\"long text\"", "{\"a\": 1, \"b\": [1, 2, 3], \"o\": {\"k\": {\"x\": \"long text\"}}}"},
        {DOC, 0, "$.b[1]", "{\"n\":1}", "{\"a\": 1, \"b\": [1, {\"n\": 1}, 3], \"o\": {\"k\": {\"x\": 7}}}"},
        {DOC, 0, "$.b[last-2]", "9", "{\"a\": 1, \"b\": [9, 2, 3], \"o\": {\"k\": {\"x\": 7}}}"},
        {DOC, 0, "$", "[5]", "[5]"},
        {DOC, 0, "$.a[0]", "5", "{\"a\": 5, \"b\": [1, 2, 3], \"o\": {\"k\": {\"x\": 7}}}"},
        {DOC, 1, "$.c", "4", "{\"a\": 1, \"b\": [1, 2, 3], \"c\": 4, \"o\": {\"k\": {\"x\": 7}}}"},
        {DOC, 1, "$.\"\\u00e4 \\\"\"", "4",
         "{\"a\": 1, \"b\": [1, 2, 3], \"o\": {\"k\": {\"x\": 7}}, \"\xc3\xa4 \\\"\": 4}"},
        {DOC, 1, "$.b[0]", "0", "{\"a\": 1, \"b\": [0, 1, 2, 3], \"o\": {\"k\": {\"x\": 7}}}"},
        {DOC, 1, "$.b[99]", "4", "{\"a\": 1, \"b\": [1, 2, 3, 4], \"o\": {\"k\": {\"x\": 7}}}"},
        {DOC, 2, "$.a", NULL, "{\"b\": [1, 2, 3], \"o\": {\"k\": {\"x\": 7}}}"},
        {DOC, 2, "$.b[last]", NULL, "{\"a\": 1, \"b\": [1, 2], \"o\": {\"k\": {\"x\": 7}}}"},
        {DOC, 2, "$.o.k", NULL, "{\"a\": 1, \"b\": [1, 2, 3], \"o\": {}}"},
        /* what does not fit */
        {DOC, 0, "$.x", "1", ""},
        {DOC, 0, "$.b[3]", "1", ""},
        {DOC, 0, "$.b.k", "1", ""},
        {DOC, 1, "$.a", "1", ""},
        {DOC, 1, "$", "1", ""},
        {DOC, 2, "$.b[3]", NULL, ""},
        {DOC, 2, "$", NULL, ""},
        {DOC, 3, "$.a", NULL, ""},
        /* malformed paths */
        {DOC, 0, "", "1", ""},
        {DOC, 0, "a", "1", ""},
        {DOC, 0, "$.", "1", ""},
        {DOC, 0, "$a", "1", ""},
        {DOC, 0, "$[", "1", ""},
        {DOC, 0, "$[]", "1", ""},
        {DOC, 0, "$[99999999999999999999]", "1", ""},
        {DOC, 1, "$.\"x", "1", ""},
        {DOC, 1, "$.\"\\q\"", "1", ""},
        {DOC, 1, "$.\"\\u00g0\"", "1", ""},
        {DOC, 1, "$.\"\\ud800x\"", "1", ""},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        struct buf changes = {0};
        put_change(&changes, samples[i].operation, samples[i].path, samples[i].value);
        struct buf shown = after(samples[i].doc, &changes);
        assert_string_equal(buf_cstr(&shown), samples[i].expected);
        buf_free(&shown);
        buf_free(&changes);
    }
}

static void changes_follow_each_other(void **state)
{
    (void)state;
    struct buf changes = {0};
    struct buf same = after(DOC, &changes);
    assert_string_equal(buf_cstr(&same), "{\"a\": 1, \"b\": [1, 2, 3], \"o\": {\"k\": {\"x\": 7}}}");
    put_change(&changes, 1, "$.c", "{\"d\":[]}");
    put_change(&changes, 1, "$.c.d[0]", "8");
    put_change(&changes, 2, "$.b", NULL);
    put_change(&changes, 0, "$.c.d[0]", "9");
    struct buf shown = after(DOC, &changes);
    assert_string_equal(buf_cstr(&shown), "{\"a\": 1, \"c\": {\"d\": [9]}, \"o\": {\"k\": {\"x\": 7}}}");
    buf_free(&same);
    buf_free(&shown);
    buf_free(&changes);
}

/* Containers change between the small and the large form as they grow and shrink. */
static void forms_follow_the_size(void **state)
{
    (void)state;
    enum { LONG = 70000 };
    struct buf value = {0}, changes = {0}, out = {0}, back = {0};
    struct arena a = {0};
    buf_put_u8(&value, '"');
    memset(buf_grow(&value, LONG), 'z', LONG);
    buf_put_u8(&value, '"');
    put_change(&changes, 0, "$.a", buf_cstr(&value));
    struct buf doc = document(DOC);
    assert_true(json_diff_apply(&out, buf_span(&doc), buf_span(&changes), &a));
    assert_int_equal(out.data[0], JSON_LARGE_OBJECT);
    buf_clear(&changes);
    put_change(&changes, 0, "$.a", "1");
    put_change(&changes, 0, "$.o.k.x", "70");
    assert_true(json_diff_apply(&back, buf_span(&out), buf_span(&changes), &a));
    assert_int_equal(back.data[0], JSON_SMALL_OBJECT);
    struct buf shown = {0};
    assert_true(json_binary_put_text(buf_span(&back), &shown));
    assert_string_equal(buf_cstr(&shown), "{\"a\": 1, \"b\": [1, 2, 3], \"o\": {\"k\": {\"x\": 70}}}");
    buf_free(&shown);
    buf_free(&back);
    buf_free(&doc);
    buf_free(&value);
    buf_free(&changes);
    buf_free(&out);
    arena_free(&a);
}

/* An array of integers, changed at random, against the same changes of a plain array. */
static void random_changes_of_an_array(void **state)
{
    (void)state;
    struct random rnd = random_start("json changes");
    for (int round = 0; round < 200; round++) {
        int64_t model[128];
        size_t n = 0;
        struct buf changes = {0}, expected = {0};
        for (int i = 0; i < 40; i++) {
            char path[40], value[40];
            size_t at = n ? (size_t)random_below(&rnd, n) : 0;
            int operation = n ? (int)random_below(&rnd, 3) : 1;
            (void)snprintf(path, sizeof path, "$.list[%zu]", at);
            int64_t v = (int64_t)random_u64(&rnd);
            (void)snprintf(value, sizeof value, "%lld", (long long)v);
            put_change(&changes, operation, path, operation == 2 ? NULL : value);
            if (operation == 1)
                memmove(model + at + 1, model + at, (n++ - at) * sizeof *model);
            if (operation == 2)
                memmove(model + at, model + at + 1, (--n - at) * sizeof *model);
            else
                model[at] = v;
        }
        buf_put_str(&expected, "{\"list\": [");
        for (size_t i = 0; i < n; i++)
            buf_printf(&expected, "%s%lld", i ? ", " : "", (long long)model[i]);
        buf_put_str(&expected, "]}");
        struct buf shown = after("{\"list\":[]}", &changes);
        assert_string_equal(buf_cstr(&shown), buf_cstr(&expected));
        buf_free(&shown);
        buf_free(&expected);
        buf_free(&changes);
    }
}

/* Whatever the bytes are, nothing is read or written where it must not be (the sanitizers look on). */
static void damage_is_survived(void **state)
{
    (void)state;
    struct random rnd = random_start("json damage");
    struct buf doc = document(DOC), changes = {0}, out = {0};
    struct arena a = {0};
    put_change(&changes, 0, "$.o.k.x", "[1,2]");
    put_change(&changes, 1, "$.b[1]", "{\"n\":1}");
    put_change(&changes, 2, "$.a", NULL);
    for (int i = 0; i < 20000; i++) {
        struct buf *damaged = random_below(&rnd, 2) ? &doc : &changes;
        size_t at = (size_t)random_below(&rnd, damaged->len);
        uint8_t was = damaged->data[at];
        damaged->data[at] = (uint8_t)random_u64(&rnd);
        struct span d = span_of(doc.data, doc.len - random_below(&rnd, 3));
        buf_clear(&out);
        arena_reset(&a);
        (void)!json_diff_apply(&out, d, buf_span(&changes), &a);
        damaged->data[at] = was;
    }
    buf_free(&doc);
    buf_free(&changes);
    buf_free(&out);
    arena_free(&a);
}

/* An array of `count` values of one type that all begin at the same place. */
static struct buf overlapping(size_t count, uint8_t type, size_t offset, size_t more)
{
    struct buf doc = {0};
    size_t size = 4 + 3 * count + more;
    buf_put_u8(&doc, JSON_SMALL_ARRAY);
    buf_put_le(&doc, count, 2);
    buf_put_le(&doc, size, 2);
    for (size_t i = 0; i < count; i++) {
        buf_put_u8(&doc, type);
        buf_put_le(&doc, offset, 2);
    }
    buf_put_varint(&doc, more - 2);
    memset(buf_grow(&doc, more - 2), 'x', more - 2);
    return doc;
}

/* Small documents whose values share their bytes would become endless ones. */
static void values_that_overlap_make_no_long_documents(void **state)
{
    (void)state;
    struct buf out = {0}, changes = {0};
    struct arena a = {0};
    struct buf doc = overlapping(1000, JSON_STRING, 4 + 3 * 1000, 4000);
    put_change(&changes, 0, "$[0]", "1");
    assert_false(json_diff_apply(&out, buf_span(&doc), buf_span(&changes), &a));
    assert_int_equal(out.len, 0);
    buf_free(&doc);
    buf_clear(&changes);
    /* Each element is the whole array again. */
    doc = overlapping(5000, JSON_SMALL_ARRAY, 0, 200);
    for (int i = 1; i < 100; i++) {
        char path[80];
        (void)snprintf(path, sizeof path, "$[%d][%d][%d][%d][%d]", i, i, i, i, i);
        put_change(&changes, 0, path, "1");
    }
    assert_false(json_diff_apply(&out, buf_span(&doc), buf_span(&changes), &a));
    assert_true(a.total < 100 * doc.len);
    buf_free(&doc);
    buf_free(&changes);
    buf_free(&out);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_changes),        cmocka_unit_test(changes_follow_each_other),
        cmocka_unit_test(forms_follow_the_size), cmocka_unit_test(random_changes_of_an_array),
        cmocka_unit_test(damage_is_survived),    cmocka_unit_test(values_that_overlap_make_no_long_documents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
