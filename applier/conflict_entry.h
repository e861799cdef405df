/* A conflict on its way from the judge to the journal: the same words and the same entry, whoever found it. */
#ifndef DRC_APPLIER_CONFLICT_ENTRY_H
#define DRC_APPLIER_CONFLICT_ENTRY_H

#include "applier/sink.h"
#include "common/target/journal.h"

/* Where a row change belongs. */
struct conflict_place {
    struct sink *sink;
    const struct txn *txn;
    const struct table_def *table; /* the target's */
    const struct policy_rule *rule;
};

struct conflict_case conflict_case_at(const struct conflict_place *p, enum conflict_kind kind,
                                      const struct cell *before, const struct cell *after, const struct cell *local);
/* Add what versions say of the row, kept in `room`: `q` is answered; NULL: they were not asked. */
void conflict_take_versions(struct conflict_case *c, struct known_room *room, const struct conflict_place *p,
                            const struct versions_question *q);
/* It has been decided: what the incoming change has won over is none that later ones of its stream would not know of,
 * and where deletes win, what has ended is put down. `q` NULL: nothing. */
void conflict_note_winner(const struct conflict_case *c, const struct conflict_outcome *outcome,
                          const struct conflict_place *p, const struct versions_question *q);
/* An update that was applied as it came although its version does not rise, or a delete that the rule knows nothing of:
 * nobody is asked. */
struct conflict_outcome conflict_order_outcome(const struct conflict_case *c);
/* `result`: the row after the decision; NULL: none. It points to the case, the outcome and the place. */
struct journal_entry conflict_entry_at(const struct conflict_place *p, const struct conflict_case *c,
                                       const struct conflict_outcome *outcome, const struct cell *result);

/* "`db`.`table` row id=7" */
void conflict_put_row(const struct table_def *t, const struct cell *image, const struct mask *mask, struct buf *out);
/* The row that a case is about. */
const struct cell *conflict_row(const struct conflict_case *c);
/* One line of the log. */
void conflict_log(const struct journal_entry *entry);
/* Another one where the clocks behind the versions differ by more than the rule's bound. */
void conflict_warn_skew(const struct conflict_case *c, const struct conflict_outcome *outcome);

#endif
