/* What a transaction of a mesh waits for: all of its cut, as far as it is of the third region. */
#include "applier/cut_gate.h"
#include "common/model/cut.h"
#include "tests/unit/cmocka_all.h"

static struct ledger_done done_of(uint64_t low, uint64_t first, uint64_t last)
{
    struct ledger_done d = {.known = true};
    memset(d.stream, 'A', STREAM_UUID_LEN);
    watermark_raise(&d.done, low);
    if (first)
        (void)watermark_add(&d.done, first, last);
    return d;
}

/* Of a cut that has so much of that stream, and much of another. */
static bool is_open(const struct ledger_done *done, char stream, uint64_t low, uint64_t first, uint64_t last,
                    uint64_t *missing)
{
    struct cut cut = {0};
    struct buf bytes = {0};
    uint8_t id[STREAM_UUID_LEN];
    memset(id, 'U', sizeof id);
    watermark_raise(&cut_entry_of(&cut, id, 0)->done, 1000);
    memset(id, stream, sizeof id);
    struct cut_entry *e = cut_entry_of(&cut, id, 0);
    watermark_raise(&e->done, low);
    if (first)
        (void)watermark_add(&e->done, first, last);
    cut_put(&cut, &bytes);
    bool open = cut_gate_is_open(done, buf_span(&bytes), missing);
    cut_free(&cut);
    buf_free(&bytes);
    return open;
}

static void test_all_of_the_cut_has_to_be_in_effect(void **state)
{
    (void)state;
    static const struct {
        uint64_t low, first, last; /* of the cut */
        bool open;
        uint64_t missing;
    } cases[] = {
        {0,  0,  0,              true,  0             },
        {10, 0,  0,              true,  0             },
        {11, 0,  0,              false, 11            },
        {15, 0,  0,              false, 15            }, /* 11 is missing, whatever is above it */
        {5,  12, 15,             true,  0             },
        {5,  8,  10,             true,  0             },
        {5,  8,  11,             false, 11            },
        {5,  14, 16,             false, 16            },
        {5,  20, UINT64_MAX - 1, false, UINT64_MAX - 1},
    };
    struct ledger_done done = done_of(10, 12, 15);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t missing;
        assert_int_equal(is_open(&done, 'A', cases[i].low, cases[i].first, cases[i].last, &missing), cases[i].open);
        assert_int_equal(missing, cases[i].missing);
    }
    ledger_done_free(&done);
}

static void test_what_the_ledger_does_not_know_is_waited_for(void **state)
{
    (void)state;
    struct ledger_done unknown = {0}, done = done_of(10, 0, 0);
    uint64_t missing;
    assert_true(cut_gate_is_open(&unknown, (struct span){0}, &missing));
    assert_false(is_open(&unknown, 'A', 1, 0, 0, &missing));
    assert_true(is_open(&done, 'B', 99, 0, 0, &missing)); /* a stream that is no more */
    ledger_done_free(&done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_of_the_cut_has_to_be_in_effect),
        cmocka_unit_test(test_what_the_ledger_does_not_know_is_waited_for),
    };
    return cmocka_run_group_tests_name("cut gate", tests, NULL, NULL);
}
