/* Dates and times as people give them, as cells. */
#include <ctype.h>

#include "common/target/cell_encode.h"
#include "ctl/conflicts_value_private.h"

static bool parse_year(struct value_given *v)
{
    uint64_t n;
    if (!value_take_number(v->text, 2155, &n) || (n != 0 && n < 1901))
        return value_wants(v, "a year from 1901 to 2155, or 0");
    cell_encode_integer(&v->cell, v->column, n);
    return true;
}

static bool take_part(struct span *s, size_t least, size_t most, char then, uint32_t *out)
{
    size_t n = 0;
    *out = 0;
    while (n < s->n && n < most && isdigit(s->p[n]))
        *out = *out * 10 + (uint32_t)(s->p[n++] - '0');
    bool good = n >= least && (then ? n < s->n && s->p[n] == (uint8_t)then : true);
    *s = span_of(s->p + n + (good && then), s->n - n - (good && then));
    return good;
}

static bool take_date(struct span *s, struct cell_time *t)
{
    static const uint8_t days[] = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (!take_part(s, 4, 4, '-', &t->year) || !take_part(s, 2, 2, '-', &t->month) || !take_part(s, 2, 2, 0, &t->day))
        return false;
    if (t->year == 0 && t->month == 0 && t->day == 0)
        return true;
    bool leap = t->year % 4 == 0 && (t->year % 100 != 0 || t->year % 400 == 0);
    return t->month >= 1 && t->month <= 12 && t->day >= 1 && t->day <= days[t->month] &&
           (leap || t->month != 2 || t->day <= 28);
}

/* ":MM:SS", and a fraction of at most `fsp` digits; then nothing. */
static bool take_clock(struct span *s, struct cell_time *t, size_t hour_digits, unsigned fsp)
{
    if (!take_part(s, 1, hour_digits, ':', &t->hour) || !take_part(s, 2, 2, ':', &t->minute) ||
        !take_part(s, 2, 2, 0, &t->second) || t->minute > 59 || t->second > 59)
        return false;
    if (s->n == 0)
        return true;
    uint32_t unit = 100000;
    size_t digits = s->n - 1;
    if (s->p[0] != '.' || digits == 0 || digits > fsp)
        return false;
    for (size_t i = 1; i <= digits; i++, unit /= 10) {
        if (!isdigit(s->p[i]))
            return false;
        t->microsecond += (uint32_t)(s->p[i] - '0') * unit;
    }
    return true;
}

static bool in_timestamp_range(const struct cell_time *t)
{
    if (t->year == 0)
        return t->month == 0 && t->hour == 0 && t->minute == 0 && t->second == 0 && t->microsecond == 0;
    if (t->year < 1970 || t->year > 2038)
        return false;
    uint32_t of_day = t->hour * 3600 + t->minute * 60 + t->second;
    if (t->year == 1970 && t->month == 1 && t->day == 1)
        return of_day > 0;
    return t->year < 2038 || (t->month == 1 && (t->day < 19 || (t->day == 19 && of_day <= 11647)));
}

static bool parse_moment(struct value_given *v, unsigned fsp, bool stamp)
{
    struct cell_time t = {0};
    struct span s = v->text;
    bool good = take_date(&s, &t);
    if (good && s.n > 0) {
        good = s.p[0] == ' ' || s.p[0] == 'T';
        s = span_of(s.p + 1, s.n - 1);
        good = good && take_clock(&s, &t, 2, fsp) && t.hour <= 23;
    }
    if (!good || (stamp && !in_timestamp_range(&t))) {
        buf_printf(&v->why, "a date and time such as 2026-01-31 23:59:59%s%s", fsp ? ".5" : "",
                   stamp ? ", in UTC, from 1970-01-01 00:00:01 to 2038-01-19 03:14:07" : "");
        if (fsp)
            buf_printf(&v->why, ", at most %u digits behind the point", fsp);
        return false;
    }
    cell_encode_time(&v->cell, v->column, &t);
    return true;
}

static bool parse_time(struct value_given *v, unsigned fsp)
{
    struct cell_time t = {.negative = v->text.n > 0 && v->text.p[0] == '-'};
    struct span s = t.negative ? span_of(v->text.p + 1, v->text.n - 1) : v->text;
    if (!take_clock(&s, &t, 3, fsp) || t.hour > 838 ||
        (t.hour == 838 && t.minute == 59 && t.second == 59 && t.microsecond > 0)) {
        buf_printf(&v->why, "a time from -838:59:59 to 838:59:59, at most %u digits behind the point", fsp);
        return false;
    }
    t.negative = t.negative && (t.hour || t.minute || t.second || t.microsecond);
    cell_encode_time(&v->cell, v->column, &t);
    return true;
}

static bool parse_date(struct value_given *v)
{
    struct cell_time t = {0};
    struct span s = v->text;
    if (!take_date(&s, &t) || s.n > 0)
        return value_wants(v, "a date such as 2026-01-31");
    cell_encode_time(&v->cell, v->column, &t);
    return true;
}

bool value_parse_temporal(struct value_given *v)
{
    switch (v->column->type) {
    case COLUMN_YEAR:
        return parse_year(v);
    case COLUMN_DATE:
    case COLUMN_NEWDATE:
        return parse_date(v);
    case COLUMN_TIME:
        return parse_time(v, 0);
    case COLUMN_TIME2:
        return parse_time(v, v->column->meta);
    case COLUMN_TIMESTAMP2:
        return parse_moment(v, v->column->meta, true);
    case COLUMN_TIMESTAMP:
        return parse_moment(v, 0, true);
    case COLUMN_DATETIME2:
        return parse_moment(v, v->column->meta, false);
    default:
        return parse_moment(v, 0, false);
    }
}
