/* Which of two states of a row is the newer one: by version columns, or by the stamps of the changes. Pure; for the
 * judge. */
#ifndef DRC_CONFLICT_VERSION_H
#define DRC_CONFLICT_VERSION_H

#include "conflict/judge.h"

/* What orders rows; `count` 0: the stamps of the changes. */
struct version_order {
    char *const *by;
    size_t count;
    bool earliest; /* the smaller wins */
};

/* Two images by version columns, most significant first: *order is <0, 0, >0, *decided the column that said so (the
 * last one when all are equal). ERR_DATA: a column is not there, has no order or no value. */
MUST_CHECK int version_compare(int *order, uint16_t *decided, const struct version_order *by, const struct table_def *t,
                               const struct cell *a, const struct cell *b, struct err *err);

/* Does the incoming change win over what is there? Both rows; ties by the rule's list. Sets out->why and out->skew_ms.
 * ERR_DATA: there is nothing to decide by. */
MUST_CHECK int version_decides(bool *incoming, const struct conflict_case *c, const struct version_order *by,
                               struct conflict_outcome *out, struct err *err);
/* The same where one of the two is a delete: the incoming change, or the one behind the tombstone. By columns a delete
 * is as new as the row that it deleted, and wins between equal ones; `of_row`: by stamps as well. */
MUST_CHECK int version_decides_delete(bool *incoming, const struct conflict_case *c, const struct version_order *by,
                                      bool of_row, struct conflict_outcome *out, struct err *err);

/* The later of the two versions in the case; NULL: none is known. */
const struct conflict_version *version_later(const struct conflict_case *c);

/* By the rule's list of regions. */
MUST_CHECK int version_priority(bool *incoming, const struct conflict_case *c, struct conflict_outcome *out,
                                struct err *err);

/* Is there anything to order by: columns, or stamps of both? */
bool version_is_known(const struct conflict_case *c, const struct version_order *by);

#endif
