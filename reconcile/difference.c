/* Names of classes and causes; what masks leave of a row. */
#include "reconcile/difference.h"

#include "common/base/mem.h"

static const char *const class_names[DIFFERENCE_CLASSES] = {
    [DIFFERENCE_MISSING] = "missing_at_target", [DIFFERENCE_EXTRA] = "extra_at_target", [DIFFERENCE_STALE] = "stale",
    [DIFFERENCE_DIVERGED] = "diverged",         [DIFFERENCE_DEFINITION] = "definition",
};

static const char *const cause_names[DIFFERENCE_CAUSES] = {
    [CAUSE_UNKNOWN] = "unknown",
    [CAUSE_IN_FLIGHT] = "in_flight",
    [CAUSE_CONFLICT_LOSER] = "conflict_loser",
    [CAUSE_PARKED] = "parked",
    [CAUSE_LOST_IN_TRANSIT] = "lost_in_transit",
    [CAUSE_NEVER_PUBLISHED] = "never_published",
    [CAUSE_FOREIGN_WRITE] = "foreign_write",
    [CAUSE_BEFORE_START] = "before_start",
    [CAUSE_FILTERED_NOW] = "filtered_now",
};

const char *difference_class_name(enum difference_class c)
{
    return class_names[c];
}

const char *difference_cause_name(enum difference_cause c)
{
    return cause_names[c];
}

bool difference_has_row(const struct difference *d, int side)
{
    if (d->copies[0] || d->copies[1])
        return d->copies[side] > 0;
    return d->class != (side == 0 ? DIFFERENCE_EXTRA : DIFFERENCE_MISSING);
}

void difference_mask(struct difference_column *columns, const struct difference *d, const struct mask *mask)
{
    for (size_t i = 0; i < d->column_count; i++) {
        columns[i] = d->columns[i];
        if (d->class == DIFFERENCE_DEFINITION || !mask_names(mask, d->db, d->table, columns[i].name))
            continue;
        for (int side = 0; side < 2; side++)
            if (columns[i].value[side].p && !span_is(columns[i].value[side], "null"))
                columns[i].value[side] = span_str(MASK_JSON);
    }
}

struct span difference_key_value(const struct difference_column *c)
{
    return c->value[0].p ? c->value[0] : c->value[1];
}
