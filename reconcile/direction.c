/* Rules as directions, and the order of version columns' values. */
#include "reconcile/direction.h"

#include <string.h>

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

static int compare_bytes(struct span a, struct span b)
{
    int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    return order ? sign(order) : (a.n > b.n) - (a.n < b.n);
}

/* ---- values ---- */

/* Digits, with one point at most. */
static bool is_number(struct span v)
{
    size_t points = 0, digits = 0;
    for (size_t i = v.n > 0 && v.p[0] == '-'; i < v.n; i++) {
        bool digit = v.p[i] >= '0' && v.p[i] <= '9';
        if (!digit && v.p[i] != '.')
            return false;
        digits += digit;
        points += !digit;
    }
    return digits > 0 && points <= 1;
}

static struct span part(struct span v, bool fraction)
{
    const uint8_t *point = memchr(v.p, '.', v.n);
    size_t whole = point ? (size_t)(point - v.p) : v.n;
    if (!fraction)
        return span_of(v.p, whole);
    return point ? span_of(point + 1, v.n - whole - 1) : (struct span){0};
}

static struct span without(struct span v, bool at_end)
{
    while (v.n > 0 && v.p[at_end ? v.n - 1 : 0] == '0') {
        v.p += !at_end;
        v.n--;
    }
    return v;
}

/* Of any length, so never by way of floating point. */
static int compare_magnitudes(struct span a, struct span b)
{
    struct span whole[2] = {without(part(a, false), false), without(part(b, false), false)};
    struct span fraction[2] = {without(part(a, true), true), without(part(b, true), true)};
    if (whole[0].n != whole[1].n)
        return whole[0].n > whole[1].n ? 1 : -1;
    int order = whole[0].n > 0 ? compare_bytes(whole[0], whole[1]) : 0;
    if (order == 0 && fraction[0].n > 0 && fraction[1].n > 0)
        order = compare_bytes(fraction[0], fraction[1]);
    else if (order == 0)
        order = (fraction[0].n > 0) - (fraction[1].n > 0);
    return order;
}

static int compare_numbers(struct span a, struct span b)
{
    bool minus[2] = {a.p[0] == '-', b.p[0] == '-'};
    int order = compare_magnitudes(span_of(a.p + minus[0], a.n - minus[0]), span_of(b.p + minus[1], b.n - minus[1]));
    static const char zeros[] = "-0.";
    if (minus[0] == minus[1])
        return minus[0] ? -order : order;
    for (size_t i = 0; i < a.n; i++)
        if (!strchr(zeros, a.p[i]))
            return minus[0] ? -1 : 1;
    for (size_t i = 0; i < b.n; i++)
        if (!strchr(zeros, b.p[i]))
            return minus[0] ? -1 : 1;
    return 0;
}

int direction_compare(struct span a, struct span b)
{
    bool null[2] = {span_is(a, "null"), span_is(b, "null")};
    if (!a.p || !b.p || a.n == 0 || b.n == 0)
        return 2;
    if (span_eq(a, b))
        return 0;
    if (null[0] || null[1])
        return null[0] ? -1 : 1;
    if (is_number(a) && is_number(b))
        return compare_numbers(a, b);
    if (a.p[0] == '"' && b.p[0] == '"') /* without the quotes: one may be longer by a fraction */
        return compare_bytes(span_of(a.p + 1, a.n - 2), span_of(b.p + 1, b.n - 2));
    return 2;
}

/* ---- rules ---- */

static int side_named(char *const *order, size_t count, const char *const regions[2])
{
    for (size_t i = 0; i < count; i++)
        for (int side = 0; side < 2; side++)
            if (strcmp(order[i], regions[side]) == 0)
                return side;
    return -1;
}

static const struct difference_column *column_of(const struct difference *d, const char *name)
{
    for (size_t i = 0; i < d->column_count; i++)
        if (span_is(d->columns[i].name, name))
            return &d->columns[i];
    return NULL;
}

/* The greater version, most significant column first; equal ones by the order of regions. */
static int by_columns(const struct policy_rule *rule, const char *const regions[2], const struct difference *d)
{
    for (size_t i = 0; i < rule->by_count; i++) {
        const struct difference_column *c = column_of(d, rule->by[i]);
        int order = c ? direction_compare(c->value[0], c->value[1]) : 2;
        if (order == 2)
            return -1;
        if (order != 0)
            return order > 0 ? 0 : 1;
    }
    return side_named(rule->tie, rule->tie_count, regions);
}

int direction_by_rule(const struct policy_rule *rule, const char *const regions[2], const struct difference *d)
{
    bool both = d->column_count > 0 && difference_has_row(d, 0) && difference_has_row(d, 1);
    if (rule->policy == POLICY_PRIORITY)
        return side_named(rule->order, rule->order_count, regions);
    if (rule->policy != POLICY_LATEST)
        return -1;
    if (rule->by_count > 0 && both)
        return by_columns(rule, regions, d);
    return d->newest - 1;
}
