/* Words for the source wait for the records before them, and the latest that may be said includes the others. */
#include "tests/unit/cmocka_all.h"

#include "capture/promises.h"
#include "common/base/mem.h"

static void test_nothing_is_said_before_its_records(void **state)
{
    (void)state;
    struct promises p = {0};
    assert_null(promises_keep(&p, 5));
    promises_add(&p, 2, xstrdup("binlog.000001"), 100);
    promises_add(&p, 2, xstrdup("binlog.000001"), 200); /* of a transaction without a record */
    promises_add(&p, 5, xstrdup("binlog.000002"), 50);
    assert_null(promises_keep(&p, 1));
    const struct promise *said = promises_keep(&p, 4);
    assert_non_null(said);
    assert_string_equal(said->file, "binlog.000001");
    assert_int_equal(said->offset, 200);
    assert_null(promises_keep(&p, 4));
    said = promises_keep(&p, 6);
    assert_non_null(said);
    assert_string_equal(said->file, "binlog.000002");
    promises_add(&p, 6, xstrdup("binlog.000002"), 60);
    assert_int_equal(promises_keep(&p, 6)->offset, 60);
    promises_free(&p);
}

static void test_many_wait_at_once(void **state)
{
    (void)state;
    struct promises p = {0};
    uint64_t put = 0, said = 0;
    for (unsigned round = 0; round < 1000; round++) {
        for (unsigned i = 0; i < round % 7; i++, put++)
            promises_add(&p, put + 1, xstrdup("binlog.000001"), put + 1);
        uint64_t acknowledged = said + (put - said) / 2;
        const struct promise *last = promises_keep(&p, acknowledged);
        assert_true((last != NULL) == (acknowledged > said));
        if (last)
            assert_int_equal(last->offset, acknowledged);
        said = acknowledged;
    }
    promises_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_said_before_its_records),
        cmocka_unit_test(test_many_wait_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
