/* The write sets of whole transactions: how rows of each source definition are hashed, loaded from the target when a
 * definition is first met. One thread. */
#ifndef DRC_APPLIER_KEY_TABLES_H
#define DRC_APPLIER_KEY_TABLES_H

#include "applier/txn.h"
#include "applier/writeset.h"

struct key_tables;

/* `db` must outlive it; the definitions that transactions point to must, too. */
struct key_tables *key_tables_new(struct db *db);
void key_tables_free(struct key_tables **k);
/* What was loaded may be wrong: definitions changed. */
void key_tables_forget(struct key_tables *k);

/* Add what the transaction, or fragment, touches; not sealed. A table that is not at the target, or that rows cannot
 * be written to, is serialised, and looked for again once a second; the transaction that finds it is to run alone,
 * since those before it were hashed by less. */
MUST_CHECK int key_tables_add(struct key_tables *k, struct writeset *out, const struct txn *t, struct err *err);

#endif
