/* Keys that were touched in a window, by table, and the comparison of just these.
 *
 * A key is kept as the condition by which either side finds it, once. Their number is bounded: when touched_is_full
 * says so they are compared and forgotten; a key that comes again later is looked at again. Tables for which keys do
 * not say which rows may differ (DDL in the window, cascades below the binlog, no key that both sides share) are
 * compared whole at the end. One thread. */
#ifndef DRC_RECONCILE_TOUCHED_H
#define DRC_RECONCILE_TOUCHED_H

#include "common/model/record.h"
#include "reconcile/run.h"

struct touched;

struct touched *touched_new(struct run *run);
void touched_free(struct touched **t);

/* Rows of the stream of a side (-1: of a region beside the pair). Tables that the run does not compare are passed over.
 * Their definitions live as long as this. -1: a database failed. */
MUST_CHECK int touched_rows(struct touched *t, const struct rows *rows, int side, struct err *err);
/* A statement: the tables that it names, or those of its database that are touched, go whole. */
MUST_CHECK int touched_ddl(struct touched *t, const struct ddl *ddl, struct err *err);
bool touched_is_full(const struct touched *t);
/* Compare what is held, and forget it. -1: a database failed, or the run has as many differences as it wants. */
MUST_CHECK int touched_compare(struct touched *t, struct err *err);
/* Each table's line, of those that were compared by keys. */
void touched_tell(struct touched *t);
/* The others, with their lines. -1: as above. */
MUST_CHECK int touched_compare_whole(struct touched *t, struct err *err);
/* How many keys have been looked at, and how many tables went whole. */
uint64_t touched_keys(const struct touched *t);
uint64_t touched_whole_tables(const struct touched *t);

#endif
