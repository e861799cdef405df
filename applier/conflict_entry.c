/* Cases, entries and log lines of conflicts. */
#include "applier/conflict_entry.h"

#include "applier/txn.h"
#include "common/base/log.h"

struct conflict_case conflict_case_at(const struct conflict_place *p, enum conflict_kind kind,
                                      const struct cell *before, const struct cell *after, const struct cell *local)
{
    return (struct conflict_case){.kind = kind,
                                  .rule = p->rule,
                                  .table = p->table,
                                  .before = before,
                                  .incoming = after,
                                  .local = local,
                                  .from = p->sink->from,
                                  .to = p->sink->to,
                                  .buries = p->sink->buries,
                                  .mask = &p->sink->config->conflict_mask};
}

void conflict_take_versions(struct conflict_case *c, struct conflict_known *known, const struct conflict_place *p,
                            const struct versions_question *q)
{
    if (!q)
        return;
    *known = (struct conflict_known){
        .incoming = {p->txn->head.stamp, p->sink->from},
          .local = {q->newest.stamp,    p->sink->to  }
    };
    c->incoming_version = &known->incoming;
    c->buries = true;
    if (q->answer == VERSIONS_LOST)
        return;
    /* Where the newest local change left a row and there is none, one of the link's own stream has ended it since. */
    bool ended = !c->local && q->newest.deleted_seq != q->newest.seq;
    c->causality = q->answer == VERSIONS_CONCURRENT && !ended ? CAUSALITY_CONCURRENT : CAUSALITY_AFTER;
    c->unseen_delete = q->unseen_delete;
    if (c->causality != CAUSALITY_CONCURRENT)
        return;
    c->local_version = &known->local;
    if (!c->local) {
        known->tombstone.version = &known->local;
        c->tombstone = &known->tombstone;
    }
}

/* Where both say the same, the later one's word counts against what is still to come. */
void conflict_note_winner(const struct conflict_case *c, const struct conflict_outcome *outcome,
                          const struct conflict_place *p, const struct versions_question *q)
{
    if (c->causality != CAUSALITY_CONCURRENT)
        return;
    bool later = outcome->policy == POLICY_LATEST && c->incoming_version->stamp > c->local_version->stamp;
    if (outcome->verdict == VERDICT_INCOMING || (outcome->verdict == VERDICT_SAME && later))
        causal_won(p->sink->causal, &q->key, q->newest.seq);
}

struct conflict_outcome conflict_order_outcome(void)
{
    return (struct conflict_outcome){.verdict = VERDICT_INCOMING,
                                     .why = "the version column did not rise in this update"};
}

struct journal_entry conflict_entry_at(const struct conflict_place *p, const struct conflict_case *c,
                                       const struct conflict_outcome *outcome, const struct cell *result)
{
    return (struct journal_entry){.link = p->sink->link,
                                  .gtid = &p->txn->head.gtid,
                                  .seq = p->txn->head.seq,
                                  .conflict = c,
                                  .outcome = outcome,
                                  .result = result,
                                  .mask = &p->sink->config->conflict_mask};
}

void conflict_put_row(const struct table_def *t, const struct cell *image, const struct mask *mask, struct buf *out)
{
    buf_printf(out, "`%.*s`.`%.*s`", SPAN_ARG(t->db), SPAN_ARG(t->name));
    for (uint16_t i = 0; i < t->key_count; i++) {
        buf_printf(out, "%s%.*s=", i ? ", " : " row ", SPAN_ARG(t->columns[t->key[i]].name));
        mask_put_text(mask, t, image, t->key[i], out);
    }
}

const struct cell *conflict_row(const struct conflict_case *c)
{
    return c->local ? c->local : c->before ? c->before : c->incoming;
}

void conflict_log(const struct journal_entry *entry)
{
    const struct conflict_case *c = entry->conflict;
    struct buf row = {0};
    conflict_put_row(c->table, conflict_row(c), entry->mask, &row);
    log_notice("conflict kind=%s verdict=%s at %s: %s link=%s seq=%llu", conflict_kind_name(c->kind),
               conflict_verdict_name(entry->outcome->verdict), buf_cstr(&row), entry->outcome->why, entry->link,
               (unsigned long long)entry->seq);
    buf_free(&row);
}

void conflict_warn_skew(const struct conflict_case *c, const struct conflict_outcome *outcome)
{
    if (outcome->skew_ms > 0)
        log_warn(
            "table `%.*s`.`%.*s`: the clocks behind the version columns of %s and %s differ by about %llu ms, more "
            "than max_skew: what is later by the columns need not have been written later",
            SPAN_ARG(c->table->db), SPAN_ARG(c->table->name), c->from,
            c->local_version ? c->local_version->region : c->to, (unsigned long long)outcome->skew_ms);
}
