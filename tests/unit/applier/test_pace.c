/* The operator's throttle: its words, and when workers may go on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "applier/pace.h"
#include "common/base/clock.h"
#include "common/base/log.h"

static void expect(struct pace *p, const char *args, const char *begins)
{
    struct buf out = {0};
    pace_ask(p, args, &out);
    if (strncmp(buf_cstr(&out), begins, strlen(begins)) != 0)
        fail_msg("%s: %s", args, buf_cstr(&out));
    buf_free(&out);
}

static void words_are_understood_or_refused(void **state)
{
    (void)state;
    struct pace *p = pace_new();
    struct buf text = {0};
    expect(p, "ann@db1 off", "error: the link has no throttle");
    expect(p, "ann@db1 rate 0", "error: ");
    expect(p, "ann@db1 rate -5", "error: ");
    expect(p, "ann@db1 rate", "error: ");
    expect(p, "ann@db1 ratio 1", "error: ");
    expect(p, "ann@db1 ratio nan", "error: ");
    expect(p, "ann@db1 ratio 0.0.5", "error: ");
    expect(p, "", "error: ");
    pace_put_text(p, &text);
    assert_int_equal(text.len, 0);
    expect(p, "ann@db1 rate 500 nightly load", "throttled: at most 500 rows/s, by ann@db1 at ");
    pace_put_text(p, &text);
    assert_non_null(strstr(buf_cstr(&text), ": nightly load"));
    expect(p, "ann@db1 ratio 0.25", "throttled: at work for 0.25 of the time, by ann@db1");
    expect(p, "ann@db1 off", "released; it was at work for 0.25 of the time, by ann@db1");
    buf_free(&text);
    pace_free(&p);
}

static void rows_are_a_debt_of_all_workers(void **state)
{
    (void)state;
    struct pace *p = pace_new();
    uint64_t since, later;
    assert_int_equal(pace_due_ms(p, 1000, 5, &since), 0);
    assert_int_equal(pace_group_rows(p, 2000), 2000);
    expect(p, "a rate 100", "throttled");
    assert_true(pace_changed(p, since));
    assert_int_equal(pace_group_rows(p, 2000), 100);
    assert_int_equal(pace_group_rows(p, 50), 50);
    uint64_t now = clock_mono_ms();
    uint64_t first = pace_due_ms(p, 100, 5, &since), second = pace_due_ms(p, 50, 5, &later);
    assert_true(first >= now + 1000);
    assert_int_equal(second - first, 500);
    assert_false(pace_changed(p, since));
    pace_free(&p);
}

static void a_ratio_is_of_ones_own_time(void **state)
{
    (void)state;
    struct pace *p = pace_new();
    uint64_t since;
    expect(p, "a ratio 0.25", "throttled");
    uint64_t now = clock_mono_ms();
    uint64_t due = pace_due_ms(p, 1, 1000, &since);
    assert_true(due >= now + 3000);
    assert_true(due <= clock_mono_ms() + 3001);
    pace_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_understood_or_refused),
        cmocka_unit_test(rows_are_a_debt_of_all_workers),
        cmocka_unit_test(a_ratio_is_of_ones_own_time),
    };
    log_setup(LOG_ERROR, LOG_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
