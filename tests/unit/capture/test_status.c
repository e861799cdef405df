/* The capture's status: what the table of metrics asks for is there. */
#include "capture/status.h"

#include <string.h>

#include "common/link/metrics.h"
#include "tests/unit/cmocka_all.h"

static json_t *told(struct status *s)
{
    struct buf out = {0};
    status_put_json(s, &out);
    json_t *o = json_loadb((const char *)out.data, out.len, 0, NULL);
    buf_free(&out);
    assert_non_null(o);
    return o;
}

static void each_metric_has_its_member(void **state)
{
    (void)state;
    struct status *s = status_new("shop", "eu", "drc.shop.eu", 1000);
    json_t *o = told(s);
    assert_ptr_equal(metrics_table(o), metrics_of_capture);
    for (const struct metric *m = metrics_of_capture; m->name; m++)
        if (!json_object_get(o, m->member))
            fail_msg("%s: no member %s", m->name, m->member);
    assert_true(json_is_null(json_object_get(o, "lag_us")));
    assert_true(json_is_null(json_object_get(o, "skew_us")));
    json_decref(o);
    status_captured(s, 1500);
    status_acknowledged(s, 700);
    status_skew(s, -20);
    status_topic(s, UINT64_MAX);
    status_binlogs(s, 0);
    o = told(s);
    assert_int_equal(json_integer_value(json_object_get(o, "lag_us")), 1500);
    assert_int_equal(json_integer_value(json_object_get(o, "skew_us")), -20);
    assert_true(json_is_null(json_object_get(o, "retention_ms"))); /* for ever */
    assert_true(json_is_null(json_object_get(o, "binlog_retention_ms")));
    struct histogram h;
    assert_true(metrics_histogram_read(&h, json_object_get(json_object_get(o, "stages"), "acknowledged")));
    assert_int_equal(h.sum_us, 700);
    json_decref(o);
    status_free(&s);
}

static void the_line_for_systemd_has_position_and_lag(void **state)
{
    (void)state;
    struct status *s = status_new("shop", "eu", "drc.shop.eu", 1000);
    struct buf out = {0};
    status_state(s, "running", "streaming");
    status_sender(s, 815, 900, 42, 0);
    status_put_line(s, &out);
    assert_null(strstr(buf_cstr(&out), "lag")); /* not known yet */
    status_captured(s, 7900000);
    buf_clear(&out);
    status_put_line(s, &out);
    assert_ptr_equal(strstr(buf_cstr(&out), "running: streaming; seq 815, gtid "), buf_cstr(&out));
    assert_non_null(strstr(buf_cstr(&out), ", lag 7 s"));
    buf_free(&out);
    status_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_metric_has_its_member),
        cmocka_unit_test(the_line_for_systemd_has_position_and_lag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
