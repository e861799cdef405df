/* Target transactions around the rows: begin with the ledger, end with COMMIT, roll back on doubt, wait or error. */
#include "applier/apply.h"

#include "applier/apply_private.h"
#include "applier/marks.h"

void apply_outcome_free(struct apply_outcome *out)
{
    buf_free(&out->why);
    arena_free(&out->arena);
    *out = (struct apply_outcome){0};
}

static int wait_for(struct apply_outcome *out, struct buf *why)
{
    out->result = APPLY_WAIT;
    buf_free(&out->why);
    out->why = *why;
    return 0;
}

/* 1: the writer may write such rows to the table, as long as this transaction holds it; 0: not now, `out` says why; -1.
 */
static int admit(struct sink *s, const struct convert_plan *plan, struct apply_outcome *out, struct err *err)
{
    const struct target_table *table = plan->table;
    struct buf why = {0};
    buf_printf(&why, "table `%.*s`.`%.*s`: ", SPAN_ARG(table->def->db), SPAN_ARG(table->def->name));
    int rc = s->ground->admit(s, plan, &why, err);
    if (rc == 0)
        return wait_for(out, &why);
    buf_free(&why);
    return rc;
}

/* A definition that changed since it was loaded is loaded again, within the same transaction: from then on it is
 * locked. */
int apply_table(struct sink *s, const struct rows *rows, const struct convert_plan **plan, struct apply_outcome *out,
                struct err *err)
{
    for (int tries = 0; tries < 3; tries++) {
        struct buf why = {0};
        int rc = sink_table(s, rows->table, sink_columns(s, rows), plan, &why, err);
        if (rc == 0)
            return wait_for(out, &why);
        buf_free(&why);
        if (rc != 1)
            return rc;
        const struct target_table *table = (*plan)->table;
        void **admitted = map_ref(&s->touched, span_of(&table, sizeof table));
        if (*admitted == *plan)
            return 1;
        rc = *admitted ? 1 : target_table_touch(table, s->db, err);
        if (rc == -1)
            return -1;
        if (rc == 1) {
            rc = admit(s, *plan, out, err);
            if (rc == 1)
                *admitted = (void *)(uintptr_t)*plan;
            return rc;
        }
        sink_forget_table(s, table);
    }
    return err_retry(err, "the definition of `%.*s`.`%.*s` keeps changing at the target", SPAN_ARG(rows->table->db),
                     SPAN_ARG(rows->table->name));
}

/* COMMIT what was written, or roll back and leave `out` to say why. */
static int finish(struct sink *s, struct txn *const *txns, size_t count, int rc, struct apply_outcome *out,
                  struct err *err)
{
    if (rc != 1) {
        sink_rollback(s);
        return rc;
    }
    if (sink_commit(s, txns, count, err)) {
        sink_rollback(s);
        return -1;
    }
    out->result = APPLY_DONE;
    return 0;
}

static void count_rows(struct sink *s, struct txn *const *txns, size_t count)
{
    s->counts.transactions += count;
    for (size_t i = 0; i < count; i++)
        s->counts.rows += txns[i]->row_total;
}

#define CAREFUL_GROUPS 16

/* Once. */
static int try_fast(struct sink *s, struct txn *const *txns, size_t count, bool careful, struct apply_outcome *out,
                    struct err *err)
{
    int rc = -1;
    if (sink_begin(s, txns, count, err))
        return -1;
    const struct sink_counts before = s->counts;
    rc = fast_rows(s, txns, count, careful, out, err);
    rc = finish(s, txns, count, rc, out, err);
    if (rc || out->result != APPLY_DONE)
        s->counts = before; /* of what was rolled back */
    return rc;
}

/* The server refused a row and does not say which: the same again, this time with a look at what inserts expect; and so
 * for a while, since what refuses one row seldom comes alone. */
int apply_fast(struct sink *s, struct txn *const *txns, size_t count, struct apply_outcome *out, struct err *err)
{
    if (s->exact_path) { /* by the operator's word the first is in doubt, whatever it is */
        *out = (struct apply_outcome){.result = APPLY_DOUBT};
        return 0;
    }
    bool careful = s->careful > 0;
    s->careful -= careful;
    int rc = try_fast(s, txns, count, careful, out, err);
    if (rc == 0 && out->result == APPLY_DOUBT && out->doubt == count && !careful) {
        s->careful = CAREFUL_GROUPS;
        out->result = APPLY_DONE;
        rc = try_fast(s, txns, count, true, out, err);
    }
    if (rc == 0 && out->result == APPLY_DONE) {
        count_rows(s, txns, count);
        s->counts.groups++;
    }
    return rc;
}

int apply_exact(struct sink *s, const struct txn *txn, struct apply_outcome *out, struct err *err)
{
    struct txn *const one[] = {(struct txn *)txn};
    int rc = -1;
    if (sink_begin(s, one, 1, err) == 0) {
        rc = exact_rows(s, txn, false, out, err);
        if (rc == 1)
            rc = marks_answer(s, txn, err) ? -1 : 1;
        rc = finish(s, one, 1, rc, out, err);
    }
    if (rc == 0 && out->result == APPLY_DONE) {
        count_rows(s, one, 1);
        s->counts.exact++;
    }
    return rc;
}

/* A fragment may not be rolled back with all before it, which is gone: what it wrote itself is undone, and it is
 * written again with a look at what inserts expect. */
static int fast_fragment(struct sink *s, struct txn *fragment, struct apply_outcome *out, struct err *err)
{
    bool careful = s->careful > 0;
    s->careful -= careful;
    if (sink_mark(s, err))
        return -1;
    int rc = fast_rows(s, &fragment, 1, careful, out, err);
    if (rc != 0 || careful || out->result != APPLY_DOUBT || out->doubt != 1)
        return rc;
    s->careful = CAREFUL_GROUPS;
    out->result = APPLY_DONE;
    return sink_undo(s, err) ? -1 : fast_rows(s, &fragment, 1, true, out, err);
}

int apply_fragment(struct sink *s, struct txn *fragment, bool exact, struct apply_outcome *out, struct err *err)
{
    if (!exact && (s->exact_path || fragment->mark_count > 0)) {
        *out = (struct apply_outcome){.result = APPLY_DOUBT};
        return 0;
    }
    int rc = exact ? exact_rows(s, fragment, false, out, err) : fast_fragment(s, fragment, out, err);
    if (rc == 0 && out->result == APPLY_DOUBT) {
        if (sink_undo(s, err) == 0)
            return 0;
        rc = -1;
    }
    if (rc == 1)
        rc = marks_answer(s, fragment, err) ? -1 : 1;
    if (rc != 1) {
        sink_rollback(s);
        return rc;
    }
    s->counts.rows += fragment->row_total;
    out->result = APPLY_DONE;
    return 0;
}
