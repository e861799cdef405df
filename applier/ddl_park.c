/* DDL and what is parked: what was put aside came before the statement, and must not take effect behind it.
 *
 * Tried again behind a TRUNCATE it would bring a row back; behind a change of definition it may not fit any more, or
 * meet another table. So the link stands before the statement until nothing is parked that touches its tables. */
#include <inttypes.h>

#include "applier/ddl_job.h"

#define LOOK_MS 500

/* The newest one parked before the statement that touches a table of it; 0: none. A database may have any table. */
static uint64_t parked_before(const struct ddl_job *j)
{
    struct park_item item = {.seq = j->t->head.seq, .keys.alone = j->plan.reading.form == DDL_FORM_DROP_DATABASE};
    for (size_t i = 0; i < j->plan.ddl.table_count; i++)
        writeset_add_table(&item.keys, writeset_table_id(j->plan.ddl.tables[i].db, j->plan.ddl.tables[i].name));
    writeset_seal(&item.keys);
    uint64_t behind = park_behind(j->w->park, &item);
    writeset_free(&item.keys);
    return behind;
}

int ddl_job_wait_for_parked(struct ddl_job *j, struct err *err)
{
    const enum ddl_sign sign = j->plan.sign;
    struct buf why = {0};
    uint64_t seq;
    int rc = 0;
    if (!ddl_plan_finds_rows(&j->plan))
        return 0;
    j->plan.sign = DDL_SIGN_NONE;
    while (rc == 0 && !stop_requested(j->w->stop) && (seq = parked_before(j)) > 0) {
        buf_clear(&why);
        buf_printf(&why,
                   "seq %" PRIu64 ", which is parked, changes a table of it: it waits until that is in effect or given "
                   "up (drcctl parked retry, discard)",
                   seq);
        rc = ddl_job_wait(j, buf_cstr(&why), false, LOOK_MS, err);
        if (rc == 0)
            rc = worker_drain(j->w, err);
    }
    j->plan.sign = sign;
    buf_free(&why);
    return rc;
}
