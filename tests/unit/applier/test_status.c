/* The applier's status: what the table of metrics asks for is there, and stages come from heartbeats. */
#include <string.h>

#include "applier/inbox.h"
#include "applier/schedule.h"
#include "applier/status.h"
#include "common/base/clock.h"
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

/* There when conflicts are told by versions, or when a heartbeat has arrived. */
static bool is_optional(const char *member)
{
    return strncmp(member, "versions", 8) == 0 || strcmp(member, "lag_us") == 0;
}

static void each_metric_has_its_member(void **state)
{
    (void)state;
    struct status *s = status_new("shop", "eu", "us", 1000);
    const struct sink_counts counts = {.transactions = 5,
                                       .conflicts = 1,
                                       .kinds[CONFLICT_UPDATE_CHANGED] = 1,
                                       .causes[CONFLICT_CAUSE_FOREIGN_WRITE] = 1};
    status_applied(s, 0, &counts);
    status_park_limit(s, 7);
    json_t *o = told(s);
    assert_ptr_equal(metrics_table(o), metrics_of_applier);
    for (const struct metric *m = metrics_of_applier; m->name; m++)
        if (!json_object_get(o, m->member) && !is_optional(m->member))
            fail_msg("%s: no member %s", m->name, m->member);
    const json_t *kinds = json_object_get(o, "conflicts_by_kind");
    assert_int_equal(json_object_size(kinds), SINK_KINDS);
    assert_int_equal(json_integer_value(json_object_get(kinds, "update/changed")), 1);
    assert_int_equal(json_integer_value(json_object_get(kinds, "parked")), 0);
    const json_t *causes = json_object_get(o, "conflicts_by_cause");
    assert_int_equal(json_object_size(causes), CONFLICT_CAUSE_COUNT - 1);
    assert_int_equal(json_integer_value(json_object_get(causes, "foreign_write")), 1);
    assert_int_equal(json_integer_value(json_object_get(causes, "concurrent")), 0);
    json_decref(o);
    status_free(&s);
}

static uint64_t stage_count(const json_t *o, const char *stage)
{
    struct histogram h;
    assert_true(metrics_histogram_read(&h, json_object_get(json_object_get(o, "stages"), stage)));
    return h.count;
}

static void a_heartbeat_has_arrived_when_all_before_it_is_in_effect(void **state)
{
    (void)state;
    struct status *s = status_new("shop", "eu", "us", 1000);
    const struct ledger_state from = {.seq = 0};
    const struct schedule_setup setup = {.max_bytes = 1 << 20, .workers = 1, .from = &from};
    struct schedule *schedule = schedule_new(&setup);
    struct inbox *inbox = inbox_new(1 << 20);
    uint64_t now = clock_wall_us();
    struct record beat = {.kind = RECORD_HEARTBEAT, .seq = 1, .commit_us = now - 2000000};
    status_watch_queues(s, schedule, inbox);
    status_heartbeat(s, &beat, (int64_t)(now / 1000) - 1000);
    json_t *o = told(s);
    assert_int_equal(stage_count(o, "transported"), 1);
    assert_int_equal(stage_count(o, "applied"), 0);
    assert_null(json_object_get(o, "lag_us"));
    json_decref(o);
    beat.seq = 0; /* nothing is before this one; the other one waits in front of it */
    status_watch_queues(s, schedule, inbox);
    status_heartbeat(s, &beat, (int64_t)(now / 1000) - 1000);
    o = told(s);
    assert_int_equal(stage_count(o, "applied"), 1);
    assert_true(json_integer_value(json_object_get(o, "lag_us")) >= 2000000);
    json_decref(o);
    status_watch_queues(s, NULL, NULL);
    schedule_free(&schedule);
    inbox_free(&inbox);
    status_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_metric_has_its_member),
        cmocka_unit_test(a_heartbeat_has_arrived_when_all_before_it_is_in_effect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
