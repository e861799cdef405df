/* What the parsers of values share. Only conflicts_value*.c include it. */
#ifndef DRC_CTL_CONFLICTS_VALUE_PRIVATE_H
#define DRC_CTL_CONFLICTS_VALUE_PRIVATE_H

#include "ctl/conflicts_value.h"

/* One value: its text, and where its cell goes. */
struct value_given {
    const struct column *column;
    const struct target_column *target;
    struct span text;
    struct buf cell;
    struct buf why; /* what the column would take */
};

/* Say so. Returns false. */
bool value_wants(struct value_given *v, const char *what);

bool value_all_digits(struct span s);
/* Digits as a number of at most `most`. */
bool value_take_number(struct span s, uint64_t most, uint64_t *out);

/* Of DATE, TIME, DATETIME, TIMESTAMP and YEAR. */
bool value_parse_temporal(struct value_given *v);

#endif
