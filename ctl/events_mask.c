/* The masks of drcctl events: our own tables are in binlogs, and what reconcile asks in topics. */
#include "ctl/events_mask.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"
#include "common/target/schema.h"

#define OF(table_, column_) DRC_DB "." table_ "." column_

/* Images without loss, records as they travelled, keys as row events have them. */
static const char *const lossless[] = {
    OF(JOURNAL_TABLE, "images"),     OF(JOURNAL_TABLE, "undo_images"), OF(PARKED_TABLE, "record"),
    OF(TOMBSTONES_TABLE, "row_key"), OF(TOMBSTONES_TABLE, "kept"),     OF(REPAIR_TABLE, "body"),
};

void events_mask_make(struct mask *out, const struct mask *configured)
{
    const size_t own = sizeof lossless / sizeof *lossless;
    *out = (struct mask){0};
    if (configured->count == 0)
        return;
    out->names = xcalloc(configured->count + own, sizeof *out->names);
    for (size_t i = 0; i < configured->count; i++)
        out->names[out->count++] = xstrdup(configured->names[i]);
    for (size_t i = 0; i < own; i++)
        out->names[out->count++] = xstrdup(lossless[i]);
}

void events_mask_free(struct mask *m)
{
    for (size_t i = 0; i < m->count; i++)
        free(m->names[i]);
    free(m->names);
    *m = (struct mask){0};
}
