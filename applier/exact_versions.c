/* Locking, asking, and asking again for what could not be locked. */
#include "applier/exact_versions.h"

#include <stdlib.h>

#include "applier/apply_private.h"
#include "applier/row_walk.h"
#include "applier/writeset.h"
#include "common/base/mem.h"

#define LOCK_MOST 200 /* rows that one statement locks */

struct exact_absent {
    struct version_key key;
    uint64_t seq; /* of the version that was known then */
};

void exact_versions_free(struct exact_versions *v)
{
    buf_free(&v->scratch);
    free(v->absent);
    *v = (struct exact_versions){0};
}

/* ---- locks ---- */

struct locking {
    struct sink *sink;
    const struct target_table *table;
    const struct cell *images[LOCK_MOST];
    size_t count;
    struct arena arena;
};

static int lock_now(struct locking *l, struct err *err)
{
    struct sink *s = l->sink;
    int rc = l->count > 0 ? s->ground->lock(s, l->table, l->images, l->count, &l->arena, err) : 0;
    l->count = 0;
    arena_reset(&l->arena);
    return rc;
}

static int lock_image(struct locking *l, struct span image, const uint8_t *present, struct err *err)
{
    if (image.n == 0)
        return 0;
    l->images[l->count++] = row_cells(l->table->def, present, image, &l->arena);
    return l->count == LOCK_MOST ? lock_now(l, err) : 0;
}

/* What does not fit the target's columns is told when the row is written. */
static int lock_rows(struct locking *l, const struct convert_plan *plan, const struct rows *rows, struct err *err)
{
    struct arena cells = {0};
    struct rows converted;
    struct row_walk walk;
    struct row_step row;
    struct err ignored = {0};
    int rc = 0;
    if (convert_rows(&converted, plan, rows, &cells, &ignored) == 0) {
        row_walk_start(&walk, &converted, &cells);
        while (rc == 0 && row_walk_next(&walk, &row))
            rc = lock_image(l, row.before_image, plan->present, err) ||
                         lock_image(l, row.after_image, plan->present, err)
                     ? -1
                     : 0;
        if (rc == 0)
            rc = lock_now(l, err);
    }
    arena_free(&cells);
    return rc;
}

static bool is_causal(const struct sink *s, const struct table_def *t)
{
    return s->causal && t->key_count > 0 && policy_of_table(s, t)->versions == VERSIONS_CAUSAL;
}

int exact_weigh(struct exact_versions *v, struct sink *s, const struct txn *txn, struct apply_outcome *out,
                struct err *err)
{
    struct locking l = {.sink = s};
    bool any = false;
    int rc = 1;
    if (!s->causal)
        return 1;
    *v = (struct exact_versions){.sink = s, .txn = txn};
    causal_mark(s->causal);
    for (size_t k = 0; rc == 1 && k < txn->rows_count; k++) {
        const struct convert_plan *plan;
        rc = apply_table(s, txn->rows[k].table, &plan, out, err);
        if (rc != 1 || !is_causal(s, plan->table->def))
            continue;
        any = true;
        l.table = plan->table;
        rc = lock_rows(&l, plan, &txn->rows[k], err) ? -1 : 1;
    }
    arena_free(&l.arena);
    return rc == 1 && any && causal_wait(s->causal, s->db, err) ? -1 : rc;
}

/* ---- asking ---- */

static void note_absent(struct exact_versions *v, const struct versions_question *q)
{
    if (v->absent_count == v->absent_cap) {
        v->absent_cap = v->absent_cap ? 2 * v->absent_cap : 16;
        v->absent = xreallocarray(v->absent, v->absent_cap, sizeof *v->absent);
    }
    v->absent[v->absent_count++] = (struct exact_absent){q->key, q->newest.seq};
}

const struct versions_question *exact_ask(struct exact_versions *v, struct versions_question *out,
                                          const struct target_table *t, const struct cell *image,
                                          const struct cell *local)
{
    struct versions_question both[2];
    size_t count = 1;
    if (!v->sink || !is_causal(v->sink, t->def))
        return NULL;
    uint64_t table = writeset_table_id(t->def->db, t->def->name);
    both[0] =
        (struct versions_question){.key = version_key_of(table, t->def, image, &v->scratch), .cut = v->txn->head.cut};
    if (local) {
        both[1] = both[0];
        both[1].key = version_key_of(table, t->def, local, &v->scratch);
        count += both[1].key.a != both[0].key.a || both[1].key.b != both[0].key.b;
    }
    causal_ask(v->sink->causal, both, count);
    bool other = count > 1 && both[1].answer == VERSIONS_CONCURRENT &&
                 (both[0].answer != VERSIONS_CONCURRENT || both[1].newest.stamp > both[0].newest.stamp);
    *out = both[other];
    if (!local)
        note_absent(v, out);
    return out;
}

int exact_confirm(struct exact_versions *v, struct err *err)
{
    if (v->absent_count == 0)
        return 0;
    if (causal_wait(v->sink->causal, v->sink->db, err))
        return -1;
    for (size_t i = 0; i < v->absent_count; i++) {
        struct versions_question q = {.key = v->absent[i].key, .cut = v->txn->head.cut};
        causal_ask(v->sink->causal, &q, 1);
        if (q.answer == VERSIONS_CONCURRENT && q.newest.seq > v->absent[i].seq)
            return err_retry(err, "a local writer took the key of a row in between");
    }
    return 0;
}
