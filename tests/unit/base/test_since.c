/* Times as people give them on the command line. */
#include "common/base/since.h"
#include "tests/unit/cmocka_all.h"

#define NOW 1800000000000000u

static void times_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t us;
    } cases[] = {
        {"1970-01-02",                  86400000000u       },
        {"1970-01-01T00:00:01",         1000000u           },
        {"1970-01-01T00:00:01Z",        1000000u           },
        {"1970-01-01 00:01",            60000000u          },
        {"1970-01-01T00:00:01.5",       1500000u           },
        {"1970-01-01T00:00:01.000001Z", 1000001u           },
        {"90s",                         NOW - 90000000u    },
        {"15m",                         NOW - 900000000u   },
        {"2h",                          NOW - 7200000000u  },
        {"3d",                          NOW - 259200000000u},
        {"999999999d",                  1                  },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t us = 0;
        if (!since_parse(&us, cases[i].text, NOW) || us != cases[i].us)
            fail_msg("%s gives %llu", cases[i].text, (unsigned long long)us);
    }
}

static void anything_else_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",    "yesterday", "15",          "m",          "-5m", "2026-13-01",
                                        "5 m", "15mm",      "2026-01-01X", "1969-12-31", "1.5h"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        uint64_t us;
        if (since_parse(&us, texts[i], NOW))
            fail_msg("'%s' is taken for a time", texts[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(times_are_read), cmocka_unit_test(anything_else_is_refused)};
    return cmocka_run_group_tests_name("since", tests, NULL, NULL);
}
