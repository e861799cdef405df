/* The gate on a MySQL source, whose position in the topic may have holes. */
#include "common/stream/gate.h"
#include "tests/unit/cmocka_all.h"

#include <stdio.h>

#define UUID "3e11fa47-71ca-11e1-9e33-c80aa9429562"

static struct gtid gtid_of(uint64_t number)
{
    struct gtid gtid;
    char text[64];
    (void)snprintf(text, sizeof text, UUID ":%llu", (unsigned long long)number);
    assert_int_equal(gtid_parse(&gtid, FLAVOR_MYSQL, span_str(text), NULL), 0);
    return gtid;
}

static void what_was_passed_over_before_the_last_one_comes_again(void **state)
{
    (void)state;
    struct stream topic = {.seq = 7, .fingerprint = 42, .gtid = gtid_of(10)};
    struct position read = {0};
    struct gate gate;
    enum gate_verdict verdict;
    struct err err = {0};
    /* 9 was replayed: no record of the topic has it. */
    assert_int_equal(position_parse(&topic.position, FLAVOR_MYSQL, span_str(UUID ":1-8:10"), &err), 0);
    assert_int_equal(position_parse(&read, FLAVOR_MYSQL, span_str(UUID ":1-8"), &err), 0);
    gate_open(&gate, &topic, true, "eu");
    struct gtid replayed = gtid_of(9), last = gtid_of(10), fresh = gtid_of(11);
    assert_int_equal(gate_begin(&gate, &verdict, &read, &replayed, &err), 0);
    assert_int_equal(verdict, GATE_PUBLISH);
    assert_int_equal(gate_begin(&gate, &verdict, &read, &last, &err), 0);
    assert_int_equal(verdict, GATE_COMPARE);
    assert_int_equal(gate_end(&gate, "its end", &err), -1);
    assert_int_equal(err.exit_code, EXIT_UNSAFE);
    assert_false(gate_matches(&gate, 41));
    assert_true(gate_matches(&gate, 42));
    assert_int_equal(gate_end(&gate, "its end", &err), 0);
    assert_int_equal(gate_begin(&gate, &verdict, &read, &fresh, &err), 0);
    assert_int_equal(verdict, GATE_PUBLISH);
    gate_free(&gate);
    position_free(&topic.position);
    position_free(&read);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_passed_over_before_the_last_one_comes_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
