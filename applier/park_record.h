/* Parked transactions as records: what is kept of one, and back to what can be applied. */
#ifndef DRC_APPLIER_PARK_RECORD_H
#define DRC_APPLIER_PARK_RECORD_H

#include "applier/park.h"
#include "applier/txn.h"

/* Append the transaction (or fragment) as a DATA record, with its definitions: an XA transaction as one of its commit.
 */
void park_record_put(const struct txn *t, struct buf *out);
/* "shop.a, shop.b" */
void park_put_tables(const struct txn *t, struct buf *out);
/* Back. `cache` must outlive the transaction. Fatal 69 when it cannot be read, or its tables are the pair's no more. */
MUST_CHECK int park_record_read(struct txn *t, struct span record, struct table_cache *cache,
                                const struct filter *tables, struct err *err);

/* Everything that lies in drc.parked of this link into an empty park. */
MUST_CHECK int park_load_all(struct park *p, struct db *db, const char *topic, const struct filter *tables,
                             struct err *err);

#endif
