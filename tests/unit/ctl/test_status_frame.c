/* The picture of drcctl status --watch: aligned, cut to the terminal, plain where it is no terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <string.h>

#include "ctl/status_frame.h"

#define AT "2026-01-31T10:00:00Z"

struct fixture {
    struct config config;
    struct link_config links[2];
    struct link_status all[2];
    struct pair_status status;
    struct frame_rate rates[2];
};

static void begin(struct fixture *f)
{
    static const char told[] = "{\"queued_transactions\": 7, \"conflicts\": 3, \"rows\": 100, "
                               "\"throttle\": \"at most 5 rows/s\"}";
    *f = (struct fixture){
        .config = {.pair = (char *)"shop",                     .path = (char *)"/etc/drc/drc.yaml"             },
        .links = {{.from = (char *)"eu", .to = (char *)"us"}, {.from = (char *)"überall", .to = (char *)"eu"}},
    };
    f->status = (struct pair_status){.config = &f->config, .links = f->all, .count = 2};
    for (size_t i = 0; i < 2; i++) {
        struct link_status *l = &f->all[i];
        l->link = &f->links[i];
        l->state = i ? "stopped" : "running";
        l->capture_state = "running";
        l->view.has_topic = l->view.has_ledger = true;
        l->view.published_seq = 1000;
        l->view.ledger.done.low = 990;
        l->has_lag = true;
        l->lag_seconds = i ? 4000 : 0.3;
    }
    f->all[0].view.has_unread = true;
    f->all[0].view.unread_bytes = 2048;
    f->all[0].applier.all = json_loads(told, 0, NULL);
    f->all[0].capture.all = json_loads("{\"lag_us\": 1500000, \"queue_items\": 2, \"queue_bytes\": 900}", 0, NULL);
    f->all[1].error = "conflict 4711:\x1b[31m stops";
}

static void end(struct fixture *f)
{
    json_decref(f->all[0].applier.all);
    json_decref(f->all[0].capture.all);
}

/* Columns of what is shown: escape sequences and the bytes that follow in a UTF-8 sequence take none. */
static size_t shown(const char *line, size_t n)
{
    size_t columns = 0;
    for (size_t i = 0; i < n; i++) {
        if (line[i] == '\x1b') {
            while (line[i] != 'm')
                i++;
            continue;
        }
        columns += ((unsigned char)line[i] & 0xC0) != 0x80;
    }
    return columns;
}

static void no_line_is_wider_than_the_terminal(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    for (size_t width = 1; width < 140; width++) {
        struct buf out = {0};
        frame_put(&out, &f.status, f.rates, AT, width, width % 2);
        for (const char *line = buf_cstr(&out); *line;) {
            size_t n = strcspn(line, "\n");
            assert_true(shown(line, n) <= width);
            line += n + 1;
        }
        assert_true(width % 2 || !memchr(out.data, '\x1b', out.len));
        buf_free(&out);
    }
    end(&f);
}

static void columns_stand_below_each_other(void **state)
{
    (void)state;
    struct fixture f;
    struct buf out = {0};
    begin(&f);
    frame_put(&out, &f.status, f.rates, AT, 200, false);
    const char *text = buf_cstr(&out);
    assert_non_null(strstr(
        text, "LINK        STATE    APPLIED  BEHIND     LAG    BYTES  TX/S  ROWS/S  QUEUE  CONFLICTS  PARKED\n"
              "eu:us       running      990      10   0.3 s  2.0 KiB     -       -      7          3       0\n"
              "überall:eu  stopped      990      10  67 min        -     -       -      -          -       0\n"));
    assert_non_null(strstr(text, "CAPTURE  STATE     SEQ  TX/S    LAG  QUEUE  BYTES  PUBLISHED\n"
                                 "eu       running  1000     -  1.5 s      2  900 B  -\n"
                                 "überall  running  1000     -      -      -      -  -\n"));
    assert_non_null(strstr(text, "eu:us  at most 5 rows/s\n"));
    assert_null(strchr(text, '\x1b'));
    buf_free(&out);
    end(&f);
}

static void rates_come_of_two_looks(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    frame_rate_note(&f.rates[0], &f.all[0], 1000);
    assert_true(f.rates[0].applied_rate < 0);
    f.all[0].view.published_seq = 1020;
    f.all[0].view.ledger.done.low = 1000;
    json_object_set_new(f.all[0].applier.all, "rows", json_integer(150));
    frame_rate_note(&f.rates[0], &f.all[0], 3000);
    assert_float_equal(f.rates[0].published_rate, 10, 0.001);
    assert_float_equal(f.rates[0].applied_rate, 5, 0.001);
    assert_float_equal(f.rates[0].row_rate, 25, 0.001);
    json_object_set_new(f.all[0].applier.all, "rows", json_integer(5)); /* started anew */
    frame_rate_note(&f.rates[0], &f.all[0], 5000);
    assert_true(f.rates[0].row_rate < 0);
    end(&f);
}

static void lines_for_files(void **state)
{
    (void)state;
    struct fixture f;
    struct buf out = {0};
    begin(&f);
    frame_put_lines(&out, &f.status, f.rates, AT);
    assert_non_null(strstr(buf_cstr(&out), AT " link=eu:us state=running applied=990 behind=10 lag=0.3 bytes=2048 "));
    assert_non_null(strstr(buf_cstr(&out), " link=überall:eu state=stopped "));
    assert_null(strchr(buf_cstr(&out), '\x1b'));
    buf_free(&out);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_line_is_wider_than_the_terminal),
        cmocka_unit_test(columns_stand_below_each_other),
        cmocka_unit_test(rates_come_of_two_looks),
        cmocka_unit_test(lines_for_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
