/* Operators' acts: what the stream says of them goes into the target's journal, once, by the ledger's own transaction.
 */
#include <inttypes.h>

#include "applier/worker_parts.h"
#include "common/base/log.h"
#include "common/model/act.h"
#include "common/target/journal.h"

static int journal(struct worker *w, struct txn *t, const struct act *act, struct err *err)
{
    const struct journal_act entry = {.link = w->sink->link, .gtid = &t->head.gtid, .seq = t->head.seq, .act = act};
    if (sink_begin(w->sink, &t, 1, err))
        return -1;
    if (journal_write_act(w->sink->db, &entry, err)) {
        sink_rollback(w->sink);
        return -1;
    }
    return sink_commit(w->sink, &t, 1, err);
}

int worker_apply_act(struct worker *w, struct txn *t, struct err *err)
{
    struct bytes r = bytes_of(t->head.act);
    struct act act;
    act_read(&act, &r);
    int rc = r.bad ? err_fatal(err, EXIT_BUG, "an act that was checked cannot be read") : journal(w, t, &act, err);
    if (rc == 0) {
        log_event(MSG_OPERATOR_ACT, log_span("act", act.kind), log_u64("after_seq", t->head.seq),
                  log_span("who", act.who), log_span("why", act.why));
        sink_count_conflict(&w->sink->counts, SINK_KIND_ACT, CONFLICT_CAUSE_UNTOLD);
        worker_committed(w);
    }
    txn_free(&t);
    return rc;
}
