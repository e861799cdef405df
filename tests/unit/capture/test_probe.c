/* How far the capture is behind: by when the reader stood where the source stood when it was asked. */
#include "capture/probe.h"
#include "tests/unit/cmocka_all.h"

static struct position at(uint64_t seq)
{
    struct position p;
    const struct gtid g = {
        .flavor = FLAVOR_MARIADB, .maria = {.domain = 0, .server = 1, .seq = seq}
    };
    position_init(&p, FLAVOR_MARIADB);
    position_add(&p, &g);
    return p;
}

static void an_answer_is_when_the_reader_came_there(void **state)
{
    (void)state;
    struct probe *p = probe_new();
    struct position end = at(10), before = at(9);
    uint64_t us = 0;
    assert_true(probe_is_due(p));
    assert_int_equal(probe_waited_us(p, 5), 0);
    assert_false(probe_answer(p, &us, &end, 5)); /* nothing was asked */
    probe_ask(p, &end, 1000);
    assert_false(probe_is_due(p));
    assert_false(probe_answer(p, &us, &before, 1500));
    assert_int_equal(probe_waited_us(p, 1700), 700);
    assert_true(probe_answer(p, &us, &end, 1800));
    assert_int_equal(us, 800);
    assert_true(probe_is_due(p));
    probe_ask(p, &end, 5000);
    assert_true(probe_answer(p, &us, &end, 1800)); /* it had been there before it was asked */
    assert_int_equal(us, 0);
    position_free(&end);
    position_free(&before);
    probe_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_when_the_reader_came_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
