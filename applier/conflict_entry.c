/* Cases, entries and log lines of conflicts. */
#include "applier/conflict_entry.h"

#include <stdio.h>

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
                                  .one_way = p->sink->one_way,
                                  .mask = &p->sink->config->conflict_mask};
}

void conflict_take_versions(struct conflict_case *c, struct known_room *room, const struct conflict_place *p,
                            const struct versions_question *q)
{
    if (!q)
        return;
    *room = (struct known_room){
        .incoming = {p->txn->head.stamp, p->sink->from}
    };
    c->incoming_version = &room->incoming;
    c->buries = true;
    if (q->answer != VERSIONS_LOST)
        known_tell(c, room, q->found, VERSIONS_STREAMS);
}

void conflict_note_winner(const struct conflict_case *c, const struct conflict_outcome *outcome,
                          const struct conflict_place *p, const struct versions_question *q)
{
    struct causal *causal = p->sink->causal;
    bool ends = known_ends_others(c), outdoes = known_outdoes(c, outcome);
    if (!q || q->answer == VERSIONS_LOST)
        return;
    for (size_t i = 0; i < VERSIONS_STREAMS; i++) {
        if (q->found[i].concurrent && ends)
            causal_ended(causal, &q->key, (enum versions_stream)i, q->found[i].seq);
        else if (q->found[i].concurrent && outdoes)
            causal_won(causal, &q->key, (enum versions_stream)i, q->found[i].seq);
    }
    if (!c->local && !conflict_result(c, outcome))
        causal_left_absent(causal);
    if (known_is_ended(c, outcome))
        causal_ended_of(causal, &q->key, p->sink->stream, p->txn->head.seq);
}

struct conflict_outcome conflict_order_outcome(const struct conflict_case *c)
{
    struct conflict_outcome out = {.verdict = VERDICT_INCOMING};
    (void)snprintf(out.why, sizeof out.why, "%s",
                   c->incoming ? "the version column did not rise in this update"
                               : "a row was deleted, and the rule says delete: never");
    return out;
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
    log_event(MSG_CONFLICT, log_table(c->table->db, c->table->name), log_str("link", entry->link),
              log_u64("seq", entry->seq), log_str("kind", conflict_kind_name(c->kind)),
              log_str("cause", conflict_cause_name(entry->outcome->cause)),
              log_str("verdict", conflict_verdict_name(entry->outcome->verdict)), log_str("row", buf_cstr(&row)),
              log_str("why", entry->outcome->why));
    buf_free(&row);
}

void conflict_warn_skew(const struct conflict_case *c, const struct conflict_outcome *outcome)
{
    if (outcome->skew_ms > 0)
        log_event(MSG_VERSION_SKEW, log_table(c->table->db, c->table->name), log_str("from", c->from),
                  log_str("other", c->local_version ? c->local_version->region : c->to),
                  log_u64("skew_ms", outcome->skew_ms));
}
