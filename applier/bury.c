/* From a delete to the sink's batch of tombstones. */
#include "applier/bury.h"

#include "applier/conflict_entry.h"
#include "applier/txn.h"
#include "common/target/session.h"
#include "common/target/tombstone.h"

int bury_row(const struct conflict_place *p, const struct cell *row, struct err *err)
{
    struct sink *s = p->sink;
    if (!s->buries || p->table->key_count == 0)
        return 0;
    const struct tombstone_delete d = {.table = p->table,
                                       .row = row,
                                       .stamp = p->txn->head.stamp,
                                       .region = s->from,
                                       .kept = p->rule->by,
                                       .kept_count = p->rule->by_count};
    if (!s->tombstones)
        s->tombstones = tombstone_batch_new();
    tombstone_batch_put(s->tombstones, &d);
    return tombstone_batch_is_full(s->tombstones) ? sink_send_tombstones(s, err) : 0;
}
