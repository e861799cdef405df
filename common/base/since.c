/* A time of the calendar, or so long ago. */
#include "common/base/since.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define AGO_DIGITS 9

static bool parse_ago(uint64_t *us, const char *text, uint64_t now_us)
{
    static const struct {
        char unit;
        uint64_t seconds;
    } units[] = {
        {'s', 1    },
        {'m', 60   },
        {'h', 3600 },
        {'d', 86400}
    };
    char *unit;
    uint64_t n = strtoull(text, &unit, 10);
    if (unit == text || unit - text > AGO_DIGITS || !isdigit((unsigned char)*text) || !*unit || unit[1])
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (units[i].unit != *unit)
            continue;
        uint64_t ago = n * units[i].seconds * 1000000;
        *us = ago < now_us ? now_us - ago : 1;
        return true;
    }
    return false;
}

/* The fraction ".123456" and the Z at the end. */
static bool parse_fraction(uint64_t *us, const char *p)
{
    uint64_t unit = 100000;
    *us = 0;
    if (*p == '.') {
        for (p++; *p >= '0' && *p <= '9'; p++, unit /= 10)
            *us += (uint64_t)(*p - '0') * unit;
    }
    return strcmp(p, "") == 0 || strcmp(p, "Z") == 0;
}

bool since_parse(uint64_t *us, const char *text, uint64_t now_us)
{
    static const char *const forms[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M",
                                        "%Y-%m-%d"};
    if (parse_ago(us, text, now_us))
        return true;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct tm tm = {0};
        uint64_t fraction;
        const char *end = strptime(text, forms[i], &tm);
        if (!end || !parse_fraction(&fraction, end))
            continue;
        time_t seconds = timegm(&tm);
        if (seconds < 0)
            return false;
        *us = (uint64_t)seconds * 1000000 + fraction;
        return true;
    }
    return false;
}
