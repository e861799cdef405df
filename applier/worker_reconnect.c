/* A worker that has lost its connection, and goes on with another one while the others work.
 *
 * What it had open the server has rolled back, and its group is still in its hands; whether a COMMIT without an answer
 * took effect says its ledger row. So nothing is read again. A big transaction is not kept in memory: it needs the
 * session's new start, and so does whatever is wrong with the target for longer than a few tries. */
#include "applier/worker_parts.h"
#include "common/base/log.h"

#define TRIES 3

/* The first of the group, which the server had brought into effect before its answer was lost. */
static void note_in_effect(struct worker *w, size_t count)
{
    struct sink *s = w->sink;
    causal_committed(s->causal);
    s->counts.transactions += count;
    for (size_t i = 0; i < count; i++)
        s->counts.rows += w->group[i]->row_total;
    schedule_committed(s->schedule, s->slot.slot, w->group, count);
    worker_group_done(w, count);
}

int worker_reconnect(struct worker *w, struct err *err)
{
    struct sink *s = w->sink;
    const uint64_t counted = s->slot.n;
    const bool slow = db_gave_up(s->db); /* the next connection waits longer: as often as it takes */
    if (w->backoff.tries >= TRIES && !slow)
        return -1;
    status_worker(w->status, w->number, LINK_RETRYING, err->text);
    log_event(MSG_WORKER_RECONNECTS, log_str("link", s->link), log_u64("worker", w->number + 1), log_detail(err->text));
    if (stop_wait(w->stop, backoff_next(&w->backoff)))
        return 0;
    beat_on(w->beat);
    key_tables_free(&w->keys); /* of the former connection */
    if (w->connect(w->context, w->number, err))
        return -1;
    db_watch(s->db, w->beat);
    if (s->unsettled && s->slot.n != counted && s->committing > 0)
        note_in_effect(w, s->committing);
    s->unsettled = false;
    if (!slow || (w->count == 0 && !w->next)) /* else it is told until what is in hand is in effect */
        status_worker(w->status, w->number, LINK_RUNNING, NULL);
    return 0;
}
