/* Which columns drcctl events masks beside those that the pair file names. */
#include "ctl/events_mask.h"
#include "tests/unit/cmocka_all.h"

static bool masks(const struct mask *m, const char *table, const char *column)
{
    return mask_names(m, span_str("drc"), span_str(table), span_str(column));
}

static void rows_without_loss_are_masked_with_the_rest(void **state)
{
    (void)state;
    static const char *const whole[][2] = {
        {"conflicts",  "images"     },
        {"conflicts",  "undo_images"},
        {"parked",     "record"     },
        {"tombstones", "row_key"    },
        {"tombstones", "kept"       },
        {"repair",     "body"       },
    };
    char *names[] = {"email"};
    const struct mask configured = {names, 1}, none = {0};
    struct mask m;
    events_mask_make(&m, &configured);
    assert_true(mask_names(&m, span_str("shop"), span_str("item"), span_str("email")));
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (!masks(&m, whole[i][0], whole[i][1]))
            fail_msg("drc.%s.%s is told", whole[i][0], whole[i][1]);
    assert_false(masks(&m, "conflicts", "kind") || masks(&m, "conflicts", "incoming_image"));
    assert_false(mask_names(&m, span_str("shop"), span_str("parked"), span_str("record")));
    events_mask_free(&m);
    events_mask_make(&m, &none);
    assert_int_equal(m.count, 0);
    events_mask_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_without_loss_are_masked_with_the_rest),
    };
    return cmocka_run_group_tests_name("events_mask", tests, NULL, NULL);
}
