/* The canary's memory: what must have come back, and when that it has not is an error. */
#include "tests/unit/cmocka_all.h"

#include "capture/canary.h"
#include "common/target/ledger_canary.h"

#define TOPIC "drc.shop.eu"

static void at(struct position *p, uint64_t seq)
{
    struct gtid g = {
        .flavor = FLAVOR_MARIADB, .maria = {0, 1, seq}
    };
    position_add(p, &g);
}

struct story {
    struct canary *canary;
    struct position end; /* the server's after the canary */
    struct position read;
    uint8_t stream[STREAM_UUID_LEN];
};

static void open_story(struct story *s)
{
    *s = (struct story){.canary = canary_new("eu", TOPIC)};
    ledger_canary_stream(s->stream, TOPIC);
    position_init(&s->end, FLAVOR_MARIADB);
    position_init(&s->read, FLAVOR_MARIADB);
    at(&s->end, 10);
    at(&s->read, 9);
}

static void close_story(struct story *s)
{
    canary_free(&s->canary);
    position_free(&s->end);
    position_free(&s->read);
}

static void test_what_comes_back_is_proof(void **state)
{
    (void)state;
    struct story s;
    struct err err = {0};
    open_story(&s);
    canary_expect(s.canary, 5);
    canary_written(s.canary, &s.end);
    assert_int_equal(canary_check(s.canary, &s.read, false, &err), 0); /* not read that far */
    assert_int_equal(canary_seen_us(s.canary), 0);
    canary_seen(s.canary, s.stream, 5);
    at(&s.read, 10);
    assert_int_equal(canary_check(s.canary, &s.read, true, &err), 0);
    assert_true(canary_seen_us(s.canary) > 0);
    close_story(&s);
}

static void test_it_may_come_before_commit_answers(void **state)
{
    (void)state;
    struct story s;
    struct err err = {0};
    open_story(&s);
    canary_expect(s.canary, 5);
    at(&s.read, 10);
    assert_int_equal(canary_check(s.canary, &s.read, false, &err), 0); /* may not be committed */
    canary_seen(s.canary, s.stream, 5);
    canary_written(s.canary, &s.end);
    assert_int_equal(canary_check(s.canary, &s.read, false, &err), 0);
    close_story(&s);
}

static void assert_stops(struct story *s, const char *why)
{
    struct err err = {0};
    assert_int_equal(canary_check(s->canary, &s->read, false, &err), -1);
    assert_int_equal(err.class, ERR_FATAL);
    assert_int_equal(err.exit_code, EXIT_UNSAFE);
    if (!strstr(err.text, why))
        fail_msg("\"%s\" does not say \"%s\"", err.text, why);
}

static void test_what_was_passed_without_it_stops(void **state)
{
    (void)state;
    struct story s;
    uint8_t other[STREAM_UUID_LEN];
    open_story(&s);
    ledger_canary_stream(other, "drc.other.eu");
    canary_expect(s.canary, 5);
    canary_written(s.canary, &s.end);
    canary_seen(s.canary, s.stream, 4); /* an earlier one */
    canary_seen(s.canary, other, 5);    /* another pair's */
    at(&s.read, 11);
    assert_stops(&s, "the loop mark does not reach the binlog of region eu");
    close_story(&s);
}

static void test_what_may_not_be_written_is_not_expected(void **state)
{
    (void)state;
    struct story s;
    struct err err = {0};
    open_story(&s);
    at(&s.read, 11);
    assert_int_equal(canary_check(s.canary, &s.read, true, &err), 0);
    canary_expect(s.canary, 5);
    canary_abandon(s.canary);
    assert_int_equal(canary_check(s.canary, &s.read, true, &err), 0);
    close_story(&s);
}

static void test_its_stream_is_nobodys(void **state)
{
    (void)state;
    uint8_t a[STREAM_UUID_LEN], b[STREAM_UUID_LEN];
    ledger_canary_stream(a, "drc.shop.eu");
    ledger_canary_stream(b, "drc.shop.us");
    assert_true(ledger_is_canary(a) && ledger_is_canary(b));
    assert_memory_not_equal(a, b, sizeof a);
    assert_int_not_equal(a[6] >> 4, 4); /* as that of every real one is */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_comes_back_is_proof),
        cmocka_unit_test(test_it_may_come_before_commit_answers),
        cmocka_unit_test(test_what_was_passed_without_it_stops),
        cmocka_unit_test(test_what_may_not_be_written_is_not_expected),
        cmocka_unit_test(test_its_stream_is_nobodys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
