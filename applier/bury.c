/* From a delete to the sink's batch of tombstones, and from a tombstone to the judge. */
#include "applier/bury.h"

#include "applier/conflict_entry.h"
#include "applier/txn.h"

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
    return s->ground->bury(s, &d, err);
}

int bury_recall(struct conflict_case *c, struct bury_found *room, struct sink *s, struct arena *a, struct err *err)
{
    if (!s->buries || c->kind != CONFLICT_UPDATE_MISSING || c->tombstone || c->table->key_count == 0)
        return 0;
    int found = s->ground->recall(&room->tombstone, s, c->table, c->before, a, err);
    if (found != 1)
        return found;
    room->version = (struct conflict_version){.stamp = room->tombstone.stamp, .region = room->tombstone.region};
    room->known = (struct conflict_tombstone){.version = &room->version, .columns = room->tombstone.columns};
    c->tombstone = &room->known;
    c->kind = CONFLICT_UPDATE_DELETED;
    return 0;
}
