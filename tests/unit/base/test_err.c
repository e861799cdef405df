/* Errors and the allocators. */
#include "common/base/err.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"
#include "tests/unit/cmocka_all.h"

static void each_class_is_filled_in(void **state)
{
    (void)state;
    struct err e = {.code = 5};
    assert_int_equal(err_retry(&e, "no answer from %s:%d", "db1", 3306), -1);
    assert_int_equal(e.class, ERR_RETRY);
    assert_int_equal(e.code, 0);
    assert_string_equal(e.text, "no answer from db1:3306");
    assert_int_equal(err_data(&e, "bad row"), -1);
    assert_string_equal(err_class_name(e.class), "data");
    assert_int_equal(err_fatal(&e, EXIT_BAD_CONFIG, "a\nb\r\nc"), -1);
    assert_int_equal(e.class, ERR_FATAL);
    assert_int_equal(e.exit_code, 78);
    assert_string_equal(e.text, "a b  c");
    assert_int_equal(err_retry(NULL, "nobody asks %d", 1), -1);
    assert_int_equal(err_prefix(NULL, "nobody"), -1);
    assert_string_equal(err_class_name(ERR_NONE), "none");
    assert_string_equal(err_class_name(ERR_RETRY), "retry");
    assert_string_equal(err_class_name(ERR_FATAL), "fatal");
}

static void a_prefix_keeps_the_class(void **state)
{
    (void)state;
    struct err e = {0};
    err_fatal(&e, EXIT_DENIED, "access denied");
    e.code = 1045;
    assert_int_equal(err_prefix(&e, "region %s\n", "eu"), -1);
    assert_string_equal(e.text, "region eu : access denied");
    assert_int_equal(e.class, ERR_FATAL);
    assert_int_equal(e.exit_code, EXIT_DENIED);
    assert_int_equal(e.code, 1045);
    err_data(&e, "again: %s", e.text); /* its own text as an argument */
    assert_string_equal(e.text, "again: region eu : access denied");
}

static void a_hint_keeps_the_class(void **state)
{
    (void)state;
    struct err e = {0};
    err_fatal(&e, EXIT_DENIED, "access denied");
    e.code = 1045;
    assert_int_equal(err_hint(&e, "name a file in\n%s", "tls.cert"), -1);
    assert_string_equal(e.text, "access denied; name a file in tls.cert");
    assert_int_equal(e.exit_code, EXIT_DENIED);
    assert_int_equal(e.code, 1045);
    assert_int_equal(err_hint(NULL, "nobody"), -1);
}

static void long_texts_are_cut(void **state)
{
    (void)state;
    struct err e = {0};
    char longest[2000];
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    err_data(&e, "%s", longest);
    assert_int_equal(strlen(e.text), sizeof e.text - 1);
    err_prefix(&e, "p");
    assert_int_equal(strlen(e.text), sizeof e.text - 1);
    assert_memory_equal(e.text, "p: xxx", 6);
    err_prefix(&e, "%s", longest);
    assert_int_equal(strlen(e.text), sizeof e.text - 1);
    err_hint(&e, "%s", longest);
    assert_int_equal(strlen(e.text), sizeof e.text - 1);
}

static void allocators_take_zero_sizes(void **state)
{
    (void)state;
    void *p = xmalloc(0);
    assert_non_null(p);
    p = xrealloc(p, 0);
    assert_non_null(p);
    p = xreallocarray(p, 3, 4);
    free(p);
    p = xcalloc(0, 8);
    assert_non_null(p);
    free(p);
    char *s = xstrdup("abc");
    char *t = xasprintf("%s-%d", s, 7);
    assert_string_equal(t, "abc-7");
    free(s);
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_class_is_filled_in),    cmocka_unit_test(a_prefix_keeps_the_class),
        cmocka_unit_test(a_hint_keeps_the_class),     cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(allocators_take_zero_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
