/* Putting transactions aside: what the target refuses, and what shares a key with it.
 *
 * The target transaction that parks one moves the ledger over it and keeps its record: from then on it is no more the
 * stream's, but the operator's. The order of what shares a key with it holds because that is parked as well. */
#include <inttypes.h>
#include <stdio.h>

#include "applier/park_record.h"
#include "applier/worker_parts.h"
#include "common/base/log.h"
#include "common/target/journal.h"
#include "common/target/session.h"

/* What is to be parked, and why. */
struct parking {
    struct txn *txn;
    uint64_t behind;
    const char *why;
    const struct conflict_case *refusal; /* NULL: of no single row */
    bool skipped;                        /* by an operator: it is kept, and nobody waits for it */
};

static int item_of(struct worker *w, struct park_item *item, const struct txn *t, struct err *err)
{
    *item =
        (struct park_item){.seq = t->head.seq, .rows = t->row_total, .bytes = t->bytes, .more = t->head.fragment > 0};
    uint64_t changes = schedule_table_changes(w->schedule);
    if (!w->keys)
        w->keys = key_tables_new(w->sink->db);
    if (w->keys_as_of != changes)
        key_tables_forget(w->keys);
    w->keys_as_of = changes;
    if (key_tables_add(w->keys, &item->keys, t, err)) {
        writeset_free(&item->keys);
        return -1;
    }
    writeset_seal(&item->keys);
    return 0;
}

/* ---- writing it down ---- */

static int journal_row(struct worker *w, const struct parking *p, struct err *err)
{
    struct conflict_outcome outcome = {.verdict = VERDICT_PARK, .cause = conflict_cause(p->refusal)};
    const struct journal_entry entry = {.link = w->sink->link,
                                        .gtid = &p->txn->head.gtid,
                                        .seq = p->txn->head.seq,
                                        .conflict = p->refusal,
                                        .outcome = &outcome,
                                        .mask = &w->sink->config->conflict_mask};
    (void)snprintf(outcome.why, sizeof outcome.why, "%s", p->why);
    return journal_write(w->sink->db, &entry, err);
}

static int journal_whole(struct worker *w, const struct parking *p, const char *tables, struct err *err)
{
    const struct journal_parked entry = {.link = w->sink->link,
                                         .gtid = &p->txn->head.gtid,
                                         .seq = p->txn->head.seq,
                                         .why = p->why,
                                         .tables = tables,
                                         .rows = p->txn->row_total,
                                         .behind = p->behind,
                                         .skipped = p->skipped};
    return journal_write_parked(w->sink->db, &entry, err);
}

static int write_down(struct worker *w, const struct parking *p, struct err *err)
{
    struct buf record = {0}, tables = {0};
    char gtid[GTID_TEXT_LEN];
    const struct txn *t = p->txn;
    park_record_put(t, &record);
    park_put_tables(t, &tables);
    const struct parked_row row = {.topic = w->topic,
                                   .link = w->sink->link,
                                   .seq = t->head.seq,
                                   .fragment = t->head.fragment,
                                   .gtid = gtid_text(gtid, &t->head.gtid),
                                   .commit_us = t->head.commit_us,
                                   .behind = p->behind,
                                   .why = p->why,
                                   .tables = buf_cstr(&tables),
                                   .rows = t->row_total,
                                   .bytes = t->bytes,
                                   .state = p->skipped ? PARKED_DISCARDED : PARKED_PARKED};
    int rc = target_session_now(w->sink->db, err);
    if (rc == 0)
        rc = parked_write(w->sink->db, &row, buf_span(&record), err);
    if (rc == 0 && p->refusal)
        rc = journal_row(w, p, err);
    else if (rc == 0)
        rc = journal_whole(w, p, row.tables, err);
    if (rc == 0)
        sink_count_conflict(&w->sink->counts, p->refusal ? (int)p->refusal->kind : SINK_KIND_PARKED,
                            p->refusal ? conflict_cause(p->refusal) : CONFLICT_CAUSE_UNTOLD);
    buf_free(&record);
    buf_free(&tables);
    return rc;
}

static void log_parked(const struct worker *w, const struct parking *p)
{
    char gtid[GTID_TEXT_LEN];
    if (p->skipped)
        log_event(MSG_SKIPPED, log_str("link", w->sink->link), log_u64("seq", p->txn->head.seq),
                  log_str("gtid", gtid_text(gtid, &p->txn->head.gtid)), log_detail(p->why));
    else if (p->behind)
        log_event(MSG_PARKED_BEHIND, log_str("link", w->sink->link), log_u64("seq", p->txn->head.seq),
                  log_str("gtid", gtid_text(gtid, &p->txn->head.gtid)), log_u64("behind_seq", p->behind));
    else
        log_event(MSG_PARKED, log_str("link", w->sink->link), log_u64("seq", p->txn->head.seq),
                  log_str("gtid", gtid_text(gtid, &p->txn->head.gtid)), log_detail(p->why));
}

static int park_whole(struct worker *w, const struct parking *p, struct err *err)
{
    if (sink_begin(w->sink, &p->txn, 1, err))
        return -1;
    if ((p->skipped && parked_skip_forget(w->sink->db, w->topic, p->txn->head.seq, err)) || write_down(w, p, err) ||
        sink_commit(w->sink, &p->txn, 1, err)) {
        sink_rollback(w->sink);
        return -1;
    }
    log_parked(w, p);
    status_parked(w->status, w->park);
    return 0;
}

/* ---- whole transactions ---- */

int worker_park_refused(struct worker *w, struct txn *t, const struct apply_outcome *refused, struct err *err)
{
    struct buf why = {0};
    struct park_item item;
    buf_put_span(&why, buf_span(&refused->why));
    const struct parking p = {.txn = t, .why = buf_cstr(&why), .refusal = refused->refusal};
    int rc = item_of(w, &item, t, err);
    if (rc == 0) {
        rc = park_enter(w->park, &item, err);
        writeset_free(&item.keys);
    }
    if (rc == 0)
        rc = park_whole(w, &p, err);
    else if (err->class == ERR_FATAL)
        (void)err_prefix(err, "%s", p.why);
    buf_free(&why);
    return rc;
}

static int park_first(struct worker *w, struct park_item *item, uint64_t *behind, struct err *err)
{
    char why[80];
    int rc = park_join(w->park, item, behind, err);
    if (rc != 1)
        return rc;
    (void)snprintf(why, sizeof why, "it shares a key with seq %" PRIu64 ", which is parked", *behind);
    const struct parking p = {.txn = w->group[0], .behind = *behind, .why = why};
    return park_whole(w, &p, err) ? -1 : 1;
}

int worker_park_marks(struct worker *w, struct txn *t, struct err *err)
{
    struct park_item item;
    if (t->mark_count == 0 || park_is_empty(w->park))
        return 0;
    if (item_of(w, &item, t, err))
        return -1;
    t->marks_parked = park_behind(w->park, &item) > 0;
    writeset_free(&item.keys);
    return 0;
}

int worker_park_ahead(struct worker *w, size_t *n, struct err *err)
{
    size_t most = *n;
    if (park_is_empty(w->park))
        return 0;
    for (size_t i = 0; i < most; i++) {
        struct park_item item;
        uint64_t behind;
        int met = 0;
        if (worker_park_marks(w, w->group[i], err))
            return -1;
        if (w->group[i]->rows_count == 0)
            continue;
        if (item_of(w, &item, w->group[i], err))
            return -1;
        if (i == 0)
            met = park_first(w, &item, &behind, err);
        else
            met = park_behind(w->park, &item) > 0;
        writeset_free(&item.keys);
        if (met < 0)
            return -1;
        if (met) {
            *n = i;
            break;
        }
    }
    return 0;
}

int worker_skip(struct worker *w, struct txn *t, struct err *err)
{
    char gtid[GTID_TEXT_LEN], why[501];
    int asked = parked_skip_asked(w->sink->db, w->topic, t->head.seq, gtid_text(gtid, &t->head.gtid), why, err);
    if (asked != 1)
        return asked;
    const struct parking p = {.txn = t, .why = why, .skipped = true};
    return park_whole(w, &p, err) ? -1 : 1;
}

/* ---- big ones ---- */

void worker_park_big(struct worker *w, uint64_t seq, uint64_t behind, const char *why)
{
    w->big_park = (struct big_park){.seq = seq, .behind = behind};
    (void)snprintf(w->big_park.why, sizeof w->big_park.why, "%s", why);
}

int worker_park_meets(struct worker *w, const struct txn *fragment, struct err *err)
{
    struct park_item item;
    if (park_is_empty(w->park) || fragment->rows_count == 0)
        return 0;
    if (item_of(w, &item, fragment, err))
        return -1;
    uint64_t behind = park_behind(w->park, &item);
    writeset_free(&item.keys);
    if (behind > 0)
        worker_park_big(w, fragment->head.seq, behind, "it shares a key with a transaction that is parked");
    return behind > 0;
}

int worker_park_fragment(struct worker *w, struct txn *fragment, struct err *err)
{
    const struct parking p = {.txn = fragment, .behind = w->big_park.behind, .why = w->big_park.why};
    struct park_item item;
    int rc = item_of(w, &item, fragment, err);
    item.behind = p.behind;
    if (rc == 0) {
        rc = park_enter(w->park, &item, err);
        writeset_free(&item.keys);
    }
    if (rc == 0)
        rc = write_down(w, &p, err);
    if (rc == 0 && (fragment->head.flags & RECORD_LAST))
        log_parked(w, &p);
    if (rc)
        sink_rollback(w->sink);
    return rc;
}
