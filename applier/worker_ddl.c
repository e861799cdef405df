/* DDL of the source: each statement is handled alone, after everything before it and before everything after it. */
#include <inttypes.h>

#include "applier/worker_parts.h"
#include "common/base/log.h"

static int pass(struct worker *w, const struct txn *t, struct err *err)
{
    return sink_begin(w->sink, t, err) ? -1 : sink_commit(w->sink, t, err);
}

int worker_apply_ddl(struct worker *w, struct txn *t, struct err *err)
{
    char gtid[GTID_TEXT_LEN];
    int rc = pass(w, t, err);
    if (rc == 0) {
        log_notice("ddl of the source, not run here: seq %" PRIu64 ", gtid %s, %s, database %.*s: %.*s", t->head.seq,
                   gtid_text(gtid, &t->head.gtid), ddl_class_name(t->ddl->class), SPAN_ARG(t->ddl->db),
                   SPAN_ARG(t->ddl->text));
        w->sink->counts.transactions++;
        worker_committed(w);
    }
    txn_free(&t);
    return rc;
}
