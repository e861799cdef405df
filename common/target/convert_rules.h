/* The rules by which cells of a source's column become cells of the target's: one table, which docs/conversions.md is
 * generated from. Pure. */
#ifndef DRC_TARGET_CONVERT_RULES_H
#define DRC_TARGET_CONVERT_RULES_H

#include "common/model/cell.h"
#include "common/target/target_table.h"

/* A source's column and the target's of that name. Types with two numbers (date, varchar, the blobs) have the newer. */
struct convert_pair {
    struct column from;
    struct column to;
    enum read_form form;     /* of the target's column */
    const uint16_t *members; /* ENUM, SET: number at the target of each of the source's members */
};

enum convert_fit {
    CONVERT_OTHER,  /* the rule is not about these types */
    CONVERT_FITS,   /* every value, or all that are told one by one */
    CONVERT_NARROW, /* it is, but the target's column cannot hold what the source's can */
};

struct convert_rule {
    const char *from; /* for the document */
    const char *to;
    const char *how;
    /* May fill what the pair lacks. */
    enum convert_fit (*fits)(struct convert_pair *p, struct arena *a);
    /* Append the target's cell; `cell` is whole and not NULL. False: the value does not fit, *why (a constant) says so.
     * NULL: cells are copied. */
    bool (*convert)(const struct convert_pair *p, struct span cell, struct buf *out, const char **why);
    /* Do two of the target's cells say the same? NULL: equal ones only. */
    bool (*same)(const struct convert_pair *p, const struct cell *a, const struct cell *b);
};

struct convert_pair convert_pair_of(const struct column *from, const struct column *to, enum read_form form,
                                    struct arena *a);
/* The first rule that fits; NULL: none, and `why` gets a phrase with both types. */
const struct convert_rule *convert_rule_for(struct convert_pair *p, struct arena *a, struct buf *why);

/* The table as the lines of a Markdown table. */
void convert_rules_put_markdown(struct buf *out);

#endif
