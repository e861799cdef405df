/* What the two ways to apply share. Not for other modules. */
#ifndef DRC_APPLIER_APPLY_PRIVATE_H
#define DRC_APPLIER_APPLY_PRIVATE_H

#include "applier/apply.h"

/* How these rows of a transaction that has begun go to the target's table: it takes them, and its definition is locked
 * and as loaded. 1: so; 0: not now, out->result and why are set; -1. */
int apply_table(struct sink *s, const struct rows *rows, const struct convert_plan **plan, struct apply_outcome *out,
                struct err *err);

/* The rows of one transaction or fragment inside a target transaction that has begun; nothing is committed or rolled
 * back. 1: written; 0: out tells doubt or wait; -1: error. `careful`: fast_rows reads what inserts expect, too.
 *
 * `inside`: the transaction is one of a group. What would stop the link is doubt then (out->doubt is left to the
 * caller), since it may stop only when all before it is committed. */
int fast_rows(struct sink *s, struct txn *const *txns, size_t count, bool careful, struct apply_outcome *out,
              struct err *err);
int exact_rows(struct sink *s, const struct txn *txn, bool inside, struct apply_outcome *out, struct err *err);

#endif
