/* The status page: nasty names are text, what is not known is said, and the line of the lag has its gaps. */
#include <stdlib.h>
#include <string.h>

#include "common/link/page.h"
#include "tests/unit/cmocka_all.h"

#define EVIL "</script><img src=x onerror=alert(1)>\"'&"

static size_t count_of(const char *text, const char *word)
{
    size_t n = 0;
    for (const char *p = text; (p = strstr(p, word)); p++)
        n++;
    return n;
}

static json_t *evil_status(const char *program)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:{s:i}, s:s, s:s}", "program", program, "state", EVIL,
                     "version", EVIL, "last_error", EVIL, "gtid", EVIL, "position", EVIL, "lag_us", (json_int_t)1500000,
                     "conflicts_by_kind", EVIL, 3, "topic", EVIL, "cause", EVIL);
}

static void names_are_text(void **state)
{
    (void)state;
    struct trail trail = {0};
    json_t *status = evil_status("drc-applier");
    trail_note(&trail, 1000, status);
    trail_note(&trail, 3000, status);
    const struct page_member members[] = {
        {.is_capture = true, .from = EVIL, .trouble = EVIL,  .trail = &trail},
        {.from = EVIL,       .to = EVIL,   .status = status, .trail = &trail},
    };
    const struct log_recent line = {.wall_us = 1, .level = LOG_WARN, .text = EVIL};
    const struct page page = {.pair = EVIL,
                              .program = EVIL,
                              .host = EVIL,
                              .self = 1,
                              .members = members,
                              .count = 2,
                              .lines = &line,
                              .line_count = 1,
                              .now_us = 2000000};
    struct buf out = {0};
    page_put(&out, &page);
    const char *text = buf_cstr(&out);
    assert_int_equal(count_of(text, "<img"), 0);
    assert_int_equal(count_of(text, "<script"), 1);
    assert_int_equal(count_of(text, "</script"), 1);
    assert_int_equal(count_of(text, "style="), 0);
    assert_int_equal(count_of(text, " src"), count_of(text, " src=x onerror=alert(1)&gt;"));
    assert_true(count_of(text, "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;") >= 12);
    assert_non_null(strstr(text, "1.5 s"));
    json_decref(status);
    buf_free(&out);
}

static void what_is_not_here_is_said(void **state)
{
    (void)state;
    struct trail trail = {0};
    json_t *status = json_pack("{s:s, s:s}", "program", "drc-capture", "state", "running");
    const struct page_member members[] = {
        {.is_capture = true, .from = "eu", .status = status,  .trail = &trail},
        {.is_capture = true,                  .from = "us",             .trail = &trail},
        {.from = "eu",                  .to = "us",                   .trail = &trail        },
        {.from = "us",                  .to = "eu",                   .trail = &trail},
    };
    const struct page page = {.pair = "shop", .program = "drc-capture eu", .host = "h", .members = members, .count = 4};
    struct buf out = {0};
    page_put(&out, &page);
    const char *text = buf_cstr(&out);
    assert_int_equal(count_of(text, "not on this host: its own page tells"), 3);
    assert_int_equal(count_of(text, "nobody here knows this direction"), 1);
    assert_int_equal(count_of(text, "Not ready: how far it is behind is not known yet"), 1);
    json_decref(status);
    buf_free(&out);
}

static void readiness_names_its_reason(void **state)
{
    (void)state;
    const struct {
        const char *status;
        const char *why;
    } cases[] = {
        {"{\"state\": \"running\", \"lag_us\": 0}",                                        ""                                     },
        {"{\"state\": \"parked\", \"lag_us\": 9}",                                         ""                                     },
        {"{\"state\": \"throttled\", \"lag_us\": 9}",                                      ""                                     },
        {"{\"state\": \"running\"}",                                                       "how far it is behind is not known yet"},
        {"{\"state\": \"waiting\", \"lag_us\": 0, \"cause\": \"table shop.a\"}",           "waiting: table shop.a"                },
        {"{\"state\": \"retrying\", \"phase\": \"trying\", \"last_error\": \"no route\"}", "retrying: no route"                   },
        {"{\"state\": \"starting\", \"phase\": \"connecting\"}",                           "starting: connecting"                 },
        {"{}",                                                                             "no status"                            },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = {0};
        json_t *status = json_loads(cases[i].status, 0, NULL);
        page_put_unready(&out, status);
        assert_string_equal(buf_cstr(&out), cases[i].why);
        json_decref(status);
        buf_free(&out);
    }
}

static void note(struct trail *t, uint64_t at_ms, int64_t lag_us, int64_t transactions)
{
    json_t *status = lag_us < 0 ? NULL
                                : json_pack("{s:I, s:I, s:I}", "lag_us", (json_int_t)lag_us, "transactions",
                                            (json_int_t)transactions, "rows", (json_int_t)(2 * transactions));
    trail_note(t, at_ms, status);
    json_decref(status);
}

static void a_trail_has_rates_and_gaps(void **state)
{
    (void)state;
    struct trail t = {0};
    double transactions, rows;
    assert_false(trail_rates(&t, &transactions, &rows));
    for (uint64_t i = 0; i < 2 * TRAIL_SAMPLES; i++)
        note(&t, i * TRAIL_STEP_MS, i % 100 == 50 ? -1 : (int64_t)(1000 * (i % 7)), (int64_t)(20 * i));
    assert_int_equal(t.count, TRAIL_SAMPLES);
    assert_int_equal(trail_at(&t, 0)->at_ms, TRAIL_SAMPLES * TRAIL_STEP_MS);
    assert_int_equal(trail_most_us(&t), 6000);
    assert_true(trail_rates(&t, &transactions, &rows));
    assert_true(transactions == 10 && rows == 20);
    struct buf out = {0};
    trail_put_svg(&out, &t);
    assert_int_equal(count_of(buf_cstr(&out), "class=\"line\""), 4); /* three gaps */
    assert_null(strstr(buf_cstr(&out), "nan"));
    buf_free(&out);
    note(&t, 2 * TRAIL_SAMPLES * TRAIL_STEP_MS, 0, 3); /* started anew */
    assert_true(trail_rates(&t, &transactions, &rows));
    assert_true(transactions == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_text),
        cmocka_unit_test(what_is_not_here_is_said),
        cmocka_unit_test(readiness_names_its_reason),
        cmocka_unit_test(a_trail_has_rates_and_gaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
