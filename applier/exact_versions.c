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
    bool keeps_ends;
    struct known_change found[VERSIONS_STREAMS]; /* that was known then */
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
        rc = apply_table(s, &txn->rows[k], &plan, out, err);
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
    struct exact_absent *a = &v->absent[v->absent_count++];
    *a = (struct exact_absent){.key = q->key, .keeps_ends = q->keeps_ends};
    memcpy(a->found, q->found, sizeof a->found);
}

static bool is_later(const struct versions_question *a, const struct versions_question *b)
{
    const struct known_change *x = known_greatest(a->found, VERSIONS_STREAMS);
    const struct known_change *y = known_greatest(b->found, VERSIONS_STREAMS);
    return a->answer == VERSIONS_CONCURRENT &&
           (b->answer != VERSIONS_CONCURRENT || conflict_version_compare(&x->version, &y->version) > 0);
}

int exact_ask(struct exact_versions *v, struct versions_question *room, const struct versions_question **out,
              const struct target_table *t, const struct cell *image, const struct cell *local, struct err *err)
{
    struct versions_question both[2];
    size_t count = 1;
    *out = NULL;
    if (!v->sink || !is_causal(v->sink, t->def))
        return 0;
    uint64_t table = writeset_table_id(t->def->db, t->def->name);
    both[0] = (struct versions_question){.key = version_key_of(table, t->def, image, &v->scratch),
                                         .cut = v->txn->head.cut,
                                         .keeps_ends = known_keeps_ends(policy_of_table(v->sink, t->def))};
    if (local) {
        both[1] = both[0];
        both[1].key = version_key_of(table, t->def, local, &v->scratch);
        count += both[1].key.a != both[0].key.a || both[1].key.b != both[0].key.b;
    }
    if (causal_ask(v->sink->causal, v->sink->db, both, count, err))
        return -1;
    *room = both[count > 1 && is_later(&both[1], &both[0])];
    *out = room;
    if (!local)
        note_absent(v, room);
    return 0;
}

int exact_confirm(struct exact_versions *v, struct err *err)
{
    if (v->absent_count == 0)
        return 0;
    struct causal *causal = v->sink->causal;
    if (causal_wait_last(causal, v->sink->db, err))
        return -1;
    for (size_t i = 0; i < v->absent_count; i++) {
        const struct exact_absent *a = &v->absent[i];
        struct versions_question q = {.key = a->key, .cut = v->txn->head.cut, .keeps_ends = a->keeps_ends};
        if (causal_ask(causal, v->sink->db, &q, 1, err))
            return -1;
        if (versions_have_moved(&q, a->found))
            return err_retry(err, "a local writer took the key of a row in between");
    }
    return 0;
}
