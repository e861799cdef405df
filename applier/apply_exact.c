/* The exact path: one source transaction row by row, the local row under lock, conflicts judged and journaled.
 *
 * It gives verdicts, so it runs only when every earlier transaction is committed. A change whose expectation holds is
 * written as it came. Otherwise the judge says which row remains, and the write starts from the *local* row, since that
 * is what is there. An update that changes its key is whole when the old row is as expected and the new key is free;
 * otherwise it is what it means for keys: a delete of the old and an insert of the new one, each decided by itself. */
#include <stdio.h>
#include <stdlib.h>

#include "applier/apply_private.h"
#include "applier/bury.h"
#include "applier/conflict_entry.h"
#include "applier/exact_lost.h"
#include "applier/exact_versions.h"
#include "applier/row_walk.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/target/convert.h"

struct exact {
    struct sink *sink;
    struct apply_outcome *out;
    const struct txn *txn;
    bool inside;              /* one of a group: it may neither stop the link nor be put aside */
    bool stops;               /* it would have */
    struct exact_loser loser; /* of scope transaction */
    struct exact_versions versions;
    uint64_t number;         /* of the row at hand in its transaction, from 1 */
    const struct rows *rows; /* at hand */
    const struct convert_plan *plan;
    const struct target_table *table;
    const struct policy_rule *rule;
    struct arena arena; /* of the row at hand */
};

static struct conflict_place place_of(const struct exact *x)
{
    return (struct conflict_place){.sink = x->sink, .txn = x->txn, .table = x->table->def, .rule = x->rule};
}

static const struct mask *mask_of(const struct exact *x)
{
    return &x->sink->config->conflict_mask;
}

/* ---- reading the local row ---- */

/* The row that the target has under the image's key, or, in a table without a key, one that equals the image. NULL:
 * none. */
static int local_row(struct exact *x, const struct cell *image, const struct cell **out, struct err *err)
{
    return x->sink->ground->read(out, x->sink, x->table, image, &x->arena, err);
}

static bool as_expected(const struct exact *x, const struct cell *expected, const struct cell *local)
{
    return local && convert_same(x->plan, expected, local);
}

static bool same_key(const struct table_def *t, const struct cell *a, const struct cell *b)
{
    for (uint16_t i = 0; i < t->key_count; i++)
        if (!span_eq(a[t->key[i]].data, b[t->key[i]].data))
            return false;
    return true;
}

/* ---- the journal ---- */

static struct conflict_case case_of(const struct exact *x, enum conflict_kind kind, const struct cell *before,
                                    const struct cell *after, const struct cell *local)
{
    const struct conflict_place place = place_of(x);
    return conflict_case_at(&place, kind, before, after, local);
}

static struct journal_entry entry_of(const struct exact *x, const struct conflict_case *c,
                                     const struct conflict_outcome *outcome, const struct cell *result)
{
    const struct conflict_place place = place_of(x);
    return conflict_entry_at(&place, c, outcome, result);
}

static int journal(struct exact *x, const struct conflict_case *c, const struct conflict_outcome *outcome,
                   const struct cell *result, struct err *err)
{
    struct journal_entry entry = entry_of(x, c, outcome, result);
    sink_count_conflict(&x->sink->counts, (int)c->kind, outcome->cause);
    return x->sink->ground->journal(x->sink, &entry, err);
}

/* What stops the link changes nothing, but stands in the journal: once, in a transaction of its own, however often the
 * link comes to it again. `err` is the stop; it gives way to an error by which the entry is still to be written.
 * Returns -1. */
static int journal_stop(struct exact *x, const struct conflict_case *c, const char *why, struct err *err)
{
    struct conflict_outcome outcome = {.verdict = VERDICT_STOP, .cause = conflict_cause(c)};
    struct journal_entry entry = entry_of(x, c, &outcome, c->local);
    struct err failed = {0};
    (void)snprintf(outcome.why, sizeof outcome.why, "%s", why);
    if (x->sink->ground->stop(x->sink, &entry, &failed) == 0)
        return -1;
    if (failed.class == ERR_RETRY)
        *err = failed;
    else
        log_event(MSG_JOURNAL_FAILED, log_detail(failed.text));
    return -1;
}

/* Inside a group nothing is told and nothing put down: the transaction comes again, by itself. Returns -1. */
static int would_stop(struct exact *x)
{
    x->stops = true;
    return -1;
}

/* ---- writing one row ---- */

static const struct cell *copy_image(const struct exact *x, const struct cell *image)
{
    size_t columns = x->table->def->column_count;
    if (!image)
        return NULL;
    struct cell *copy = arena_alloc(&x->out->arena, columns * sizeof *copy);
    memcpy(copy, image, columns * sizeof *copy);
    for (size_t i = 0; i < columns; i++)
        copy[i].data = arena_copy(&x->out->arena, image[i].data);
    return copy;
}

/* The transaction is to be parked: what the journal will say of this row outlives it. Returns -1. */
static int park(struct exact *x, enum conflict_kind kind, const struct cell *before, const struct cell *after,
                const struct cell *local)
{
    struct apply_outcome *out = x->out;
    out->result = APPLY_REFUSED;
    out->refusal = arena_alloc(&out->arena, sizeof *out->refusal);
    *out->refusal = case_of(x, kind, copy_image(x, before), copy_image(x, after), copy_image(x, local));
    return -1;
}

static enum conflict_kind kind_of_refusal(const struct err *server)
{
    return server->code == SERVER_DUPLICATE_KEY ? CONFLICT_UNIQUE_CLASH
           : server->code == SERVER_NO_PARENT   ? CONFLICT_NO_PARENT
           : server->code == SERVER_HAS_CHILD   ? CONFLICT_HAS_CHILD
                                                : CONFLICT_REFUSED;
}

static int put_aside(struct exact *x, const struct cell *before, const struct cell *after, const struct err *server)
{
    struct buf said = {0};
    conflict_put_row(x->table->def, after ? after : before, mask_of(x), &x->out->why);
    buf_printf(&x->out->why, ": %s refused: %s", rows_op_name(x->rows->op),
               mask_server_text(mask_of(x), x->table->def, server->text, &said));
    buf_free(&said);
    return park(x, kind_of_refusal(server), before, after, NULL);
}

/* What the server refused is another row in the way, or a row of another table that is missing: nothing here may decide
 * it. */
static int refused(struct exact *x, const struct cell *before, const struct cell *after, struct err *err)
{
    struct buf place = {0}, said = {0};
    struct err server = *err;
    conflict_put_row(x->table->def, after ? after : before, mask_of(x), &place);
    (void)snprintf(server.text, sizeof server.text, "%s",
                   mask_server_text(mask_of(x), x->table->def, err->text, &said));
    buf_free(&said);
    err_stop(err, MSG_STOP_ROW_REFUSED, "%s: %s of transaction %llu cannot be written at the target: %s%s",
             buf_cstr(&place), rows_op_name(x->rows->op), (unsigned long long)x->txn->head.seq, server.text,
             server.code == SERVER_DUPLICATE_KEY
                 ? " (another row holds its unique value: mend one of the two by hand, then start the applier again)"
                 : "");
    err->code = server.code;
    buf_free(&place);
    if (server.code != SERVER_DUPLICATE_KEY)
        return -1;
    struct conflict_case c = case_of(x, CONFLICT_UNIQUE_CLASH, before, after, before);
    return journal_stop(x, &c, server.text, err);
}

/* READ COMMITTED locks no absence: a local writer can have taken the key since it was looked for. Then the transaction
 * is tried again, and finds a conflict. */
static int taken_meanwhile(struct exact *x, const struct cell *before, const struct cell *after, struct err *err)
{
    const struct cell *local;
    const struct table_def *def = x->table->def;
    struct err server = *err;
    if (!after || def->key_count == 0 || (before && same_key(def, before, after)))
        return 0;
    if (local_row(x, after, &local, err))
        return -1;
    *err = server;
    return local ? err_retry(err, "a local writer took the key of a row in between") : 0;
}

static int not_written(struct exact *x, const struct cell *before, const struct cell *after, struct err *err)
{
    if (err->class != ERR_DATA)
        return -1;
    if (err->code == SERVER_DUPLICATE_KEY && taken_meanwhile(x, before, after, err))
        return -1;
    if (x->inside)
        return would_stop(x);
    return x->sink->config->stop_on_data_error ? refused(x, before, after, err) : put_aside(x, before, after, err);
}

static int bury(struct exact *x, const struct cell *row, struct err *err)
{
    const struct conflict_place place = place_of(x);
    return bury_row(&place, row, err);
}

/* `before` NULL: insert; `after` NULL: delete. */
static int write_row(struct exact *x, const struct cell *before, const struct cell *after, struct err *err)
{
    const struct ground_write w = {
        .table = x->table, .before = before, .after = after, .present = x->plan->present, .flags = x->rows->flags};
    if (x->sink->ground->write(x->sink, &w, err))
        return not_written(x, before, after, err);
    return before && (!after || !same_key(x->table->def, before, after)) ? bury(x, before, err) : 0;
}

/* READ COMMITTED locks no absence, and where nothing is written nothing else does either: a local writer could take the
 * key, and commit, before this transaction does. Its row would stay, though the other side, which sees that it did not
 * know of this change, may decide otherwise. So a key that stays free is held by a row that comes and goes. Where the
 * server refuses that row for another's sake it cannot be held. */
static int hold_absence(struct exact *x, const struct cell *image, struct err *err)
{
    const uint8_t *present = x->plan->present;
    const struct ground_write come = {.table = x->table, .after = image, .present = present, .flags = x->rows->flags};
    const struct ground_write go = {.table = x->table, .before = image, .present = present, .flags = x->rows->flags};
    if (x->sink->ground->write(x->sink, &come, err) == 0)
        return x->sink->ground->write(x->sink, &go, err);
    if (err->class != ERR_DATA)
        return -1;
    return err->code == SERVER_DUPLICATE_KEY ? taken_meanwhile(x, NULL, image, err) : 0;
}

/* ---- deciding ---- */

/* What people are told first: that somebody writes where nobody should. */
static const char *foreign(const struct conflict_case *c)
{
    return conflict_cause(c) == CONFLICT_CAUSE_FOREIGN_WRITE ? "foreign write: " : "";
}

static int stopped(struct exact *x, const struct conflict_case *c, const char *why, struct err *err)
{
    if (x->inside)
        return would_stop(x);
    struct buf place = {0};
    char cause[sizeof err->text];
    (void)snprintf(cause, sizeof cause, "%s", why); /* it may be err's own text */
    conflict_put_row(c->table, conflict_row(c), mask_of(x), &place);
    err_stop(err, MSG_STOP_CONFLICT, "conflict %s on %s: %s%s (transaction %llu of %s)", conflict_kind_name(c->kind),
             buf_cstr(&place), foreign(c), cause, (unsigned long long)x->txn->head.seq, x->sink->from);
    buf_free(&place);
    return journal_stop(x, c, cause, err);
}

static int parked(struct exact *x, const struct conflict_case *c, const char *why)
{
    if (x->inside)
        return would_stop(x);
    conflict_put_row(c->table, conflict_row(c), mask_of(x), &x->out->why);
    buf_printf(&x->out->why, ": conflict %s: %s%s", conflict_kind_name(c->kind), foreign(c), why);
    (void)park(x, c->kind, c->before, c->incoming, c->local);
    x->out->refusal->causality = c->causality;
    x->out->refusal->unseen_delete = c->unseen_delete;
    return -1;
}

/* The whole transaction loses with this row. Of a big one what came before is in other fragments: it is put aside. */
static int lost(struct exact *x, const struct conflict_case *c, const struct conflict_outcome *outcome)
{
    const unsigned whole = RECORD_FIRST | RECORD_LAST;
    if ((x->txn->head.flags & whole) != whole)
        return parked(x, c, outcome->why);
    x->loser = (struct exact_loser){.number = x->number, .kind = c->kind, .outcome = *outcome};
    return -1;
}

/* Judge, write what the verdict says, journal it. */
static int settle(struct exact *x, const struct conflict_case *c, const struct versions_question *asked,
                  struct err *err)
{
    const struct conflict_place place = place_of(x);
    struct conflict_outcome outcome;
    struct conflict_case whole = *c;
    struct bury_found grave;
    if (bury_recall(&whole, &grave, x->sink, &x->arena, err))
        return -1;
    c = &whole;
    if (conflict_judge(c, &outcome, &x->arena, err))
        return err->class == ERR_DATA ? stopped(x, c, err->text, err) : -1;
    if (outcome.verdict == VERDICT_STOP)
        return stopped(x, c, outcome.policy == POLICY_STOP ? "the policy is stop" : outcome.why, err);
    if (outcome.verdict == VERDICT_PARK)
        return parked(x, c, outcome.policy == POLICY_PARK ? "the policy is park" : outcome.why);
    if (outcome.scope == SCOPE_TRANSACTION)
        return lost(x, c, &outcome);
    conflict_warn_skew(c, &outcome);
    conflict_note_winner(c, &outcome, &place, asked);
    const struct cell *result = conflict_result(c, &outcome);
    if (result != c->local && write_row(x, c->local, result, err))
        return -1;
    if (asked && !c->local && !result && hold_absence(x, c->incoming ? c->incoming : c->before, err))
        return -1;
    return journal(x, c, &outcome, result, err);
}

/* ---- the three operations ---- */

/* The change is applied as it came; only that its version did not rise, or that it deletes at all, is put down. */
static int journal_order(struct exact *x, struct conflict_case *c, struct err *err)
{
    struct conflict_outcome outcome = conflict_order_outcome(c);
    c->kind = CONFLICT_ORDER_VIOLATED;
    return journal(x, c, &outcome, c->incoming, err);
}

/* One row with what is there, read under lock: does the change meet what it expects? */
static int meet(struct exact *x, const struct cell *before, const struct cell *after, const struct cell *local,
                struct err *err)
{
    const struct conflict_place place = place_of(x);
    struct conflict_case c = case_of(x, CONFLICT_ORDER_VIOLATED, before, after, local);
    struct known_room known;
    struct versions_question asked;
    const struct versions_question *q;
    if (exact_ask(&x->versions, &asked, &q, x->table, before ? before : after, local, err))
        return -1;
    conflict_take_versions(&c, &known, &place, q);
    if (conflict_meets(&c, before && as_expected(x, before, local)))
        return settle(x, &c, q, err);
    if (write_row(x, local, after, err))
        return -1;
    return conflict_order_holds(x->rule, x->table->def, before, after) ? 0 : journal_order(x, &c, err);
}

static int insert_row(struct exact *x, const struct cell *after, struct err *err)
{
    const struct cell *local = NULL;
    if (x->table->def->key_count && local_row(x, after, &local, err))
        return -1;
    return meet(x, NULL, after, local, err);
}

static int delete_row(struct exact *x, const struct cell *before, struct err *err)
{
    const struct cell *local;
    if (local_row(x, before, &local, err) || meet(x, before, NULL, local, err))
        return -1;
    return local ? 0 : bury(x, before, err);
}

/* Does the change know of all that was written to the image's key? 1, 0; -1: error. */
static int is_known(struct exact *x, const struct cell *image, const struct cell *local, struct err *err)
{
    struct versions_question asked;
    const struct versions_question *q;
    if (exact_ask(&x->versions, &asked, &q, x->table, image, local, err))
        return -1;
    return !q || !versions_are_contested(q);
}

static int update_row(struct exact *x, const struct cell *before, const struct cell *after, struct err *err)
{
    const struct table_def *def = x->table->def;
    const struct cell *old, *new;
    if (local_row(x, before, &old, err))
        return -1;
    if (def->key_count == 0 || same_key(def, before, after))
        return meet(x, before, after, old, err);
    if (local_row(x, after, &new, err))
        return -1;
    /* Two spellings of one key under the table's collation: the row at the new key is the old one. */
    bool free_place = !new || (old && same_key(def, old, new));
    int clean = free_place && as_expected(x, before, old) ? is_known(x, before, old, err) : 0;
    if (clean == 1)
        clean = is_known(x, after, new, err);
    if (clean < 0)
        return -1;
    if (clean)
        return meet(x, before, after, old, err);
    return delete_row(x, before, err) || insert_row(x, after, err) ? -1 : 0;
}

static int apply_row(struct exact *x, const struct row_step *row, struct err *err)
{
    if (!row->before)
        return insert_row(x, row->after, err);
    if (!row->after)
        return delete_row(x, row->before, err);
    return update_row(x, row->before, row->after, err);
}

/* Nobody but the operator can say what is to become of a value that the target's column cannot hold. */
static int does_not_fit(struct exact *x, struct err *err)
{
    struct err found = *err;
    if (x->inside)
        return would_stop(x);
    if (found.class == ERR_DATA && !x->sink->config->stop_on_data_error) {
        x->out->result = APPLY_REFUSED;
        buf_put_str(&x->out->why, found.text);
        return -1;
    }
    return err_stop(err, MSG_STOP_CONFLICT, "%s (transaction %llu of %s)", found.text,
                    (unsigned long long)x->txn->head.seq, x->sink->from);
}

static int apply_rows_of(struct exact *x, const struct rows *rows, struct err *err)
{
    struct arena cells = {0};
    struct rows converted;
    struct row_walk walk;
    struct row_step row;
    int rc = 0;
    x->rows = rows;
    if (convert_rows(&converted, x->plan, rows, &cells, err)) {
        rc = does_not_fit(x, err);
        goto out;
    }
    for (row_walk_start(&walk, &converted, &cells); rc == 0 && row_walk_next(&walk, &row);) {
        x->number++;
        rc = apply_row(x, &row, err);
        arena_reset(&x->arena);
    }
out:
    arena_free(&cells);
    return rc;
}

int exact_rows(struct sink *s, const struct txn *txn, bool inside, struct apply_outcome *out, struct err *err)
{
    struct exact x = {.sink = s, .txn = txn, .out = out, .inside = inside};
    int rc = exact_may_lose(s, txn) && s->ground->mark(s, err) ? -1 : 1;
    if (rc == 1)
        rc = exact_weigh(&x.versions, s, txn, out, err);
    for (size_t k = 0; rc == 1 && k < txn->rows_count; k++) {
        rc = apply_table(s, &txn->rows[k], &x.plan, out, err);
        if (rc != 1)
            break;
        x.table = x.plan->table;
        x.rule = policy_of_table(s, x.table->def);
        if (apply_rows_of(&x, &txn->rows[k], err))
            rc = x.stops || out->result == APPLY_REFUSED ? 0 : -1;
    }
    if (x.loser.number > 0)
        rc = exact_lose(s, txn, &x.loser, out, err);
    if (rc == 1 && exact_confirm(&x.versions, err))
        rc = -1;
    exact_versions_free(&x.versions);
    arena_free(&x.arena);
    return rc;
}
