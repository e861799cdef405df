/* What the target would refuse: a unique value that another row has, a parent that is missing, a child that is there.
 *
 * The server is asked which rows have the value, and what is remembered says which of them would still have it, and
 * which others would. */
#include "applier/shadow_private.h"
#include "common/target/local_row.h"
#include "common/target/rows_writer.h"

#define ROWS_MOST 1000u /* that one question looks at */

/* Is there a row in `in`, by `key`, with that value, when `except` (a row of `in`; NULL: none) does not count? */
struct looking {
    struct shadow *sh;
    const struct shadow_table *in;
    const struct shadow_key *key;
    const struct shadow_value *value;
    const struct cell *except;
    struct arena arena;
};

static bool is_except(const struct looking *l, const struct cell *row)
{
    const struct shadow_key *p = shadow_primary(l->in);
    for (uint16_t i = 0; l->except && i < p->count; i++)
        if (!cell_equal(&l->in->t->def->columns[p->columns[i]], &l->except[p->columns[i]], &row[p->columns[i]]))
            return false;
    return l->except != NULL;
}

static int has_value(struct looking *l, const struct cell *row, struct err *err)
{
    const struct shadow_value there = {l->in, l->key, row};
    return is_except(l, row) ? 0 : shadow_equal(l->sh->db, l->value, &there, err);
}

/* Those of the target that would still be so. 1, 0, -1. */
static int at_target(struct looking *l, struct err *err)
{
    struct local_rows found;
    struct buf sql = {0};
    int rc = 0;
    shadow_put_condition(&sql, l->in, l->key, l->value);
    if (local_rows_where(&found, l->sh->db, l->in->t, buf_cstr(&sql), ROWS_MOST, LOCAL_NO_LOCK, &l->arena, err))
        rc = -1;
    for (size_t i = 0; rc == 0 && i < found.count; i++) {
        struct overlay_entry *e;
        struct overlay_row now;
        if (shadow_entry(&e, &now, l->sh, l->in, found.rows[i], found.rows[i], err))
            rc = -1;
        else if (!e)
            rc = !is_except(l, found.rows[i]);
        else if (now.row)
            rc = has_value(l, now.row, err);
    }
    buf_free(&sql);
    return rc;
}

static int in_memory(struct looking *l, uint64_t tag, struct err *err)
{
    const struct overlay *o = l->sh->overlay;
    int rc = 0;
    for (struct overlay_entry *e = overlay_find(o, tag, NULL), *next; rc == 0 && e; e = next) {
        struct overlay_row row;
        const struct cell *now;
        next = overlay_find(o, tag, e); /* before it may be dropped */
        if (!overlay_get(e, l->in->t->def, &row) || row.table != l->in->id)
            continue;
        if (shadow_row(&now, l->sh, l->in, row.key, &l->arena, err))
            rc = -1;
        else if (now)
            rc = has_value(l, now, err);
    }
    return rc;
}

static int is_there(struct looking *l, uint64_t tag, struct err *err)
{
    int rc = at_target(l, err);
    if (rc == 0)
        rc = in_memory(l, tag, err);
    arena_free(&l->arena);
    return rc;
}

static bool is_same(const struct shadow_table *t, const struct shadow_key *k, const struct cell *a,
                    const struct cell *b)
{
    for (uint16_t i = 0; i < k->count; i++)
        if (!cell_equal(&t->t->def->columns[k->columns[i]], &a[k->columns[i]], &b[k->columns[i]]))
            return false;
    return true;
}

static int refuse(struct err *err, unsigned code, const char *what, struct span name)
{
    (void)err_data(err, "%s `%.*s`", what, SPAN_ARG(name));
    err->code = (int)code;
    return -1;
}

/* ---- the three ---- */

static int check_unique(struct shadow *sh, const struct shadow_table *t, const struct shadow_key *k,
                        const struct ground_write *w, struct err *err)
{
    const struct shadow_value value = {t, k, w->after};
    struct looking l = {.sh = sh, .in = t, .key = k, .value = &value, .except = w->before};
    uint64_t tag;
    if (!w->after || (w->before && is_same(t, k, w->before, w->after)) || !shadow_key_tag(&tag, t, k, w->after))
        return 0;
    int there = is_there(&l, tag, err);
    return there == 1 ? refuse(err, SERVER_DUPLICATE_KEY, "Duplicate entry for key", span_str(k->unique->name)) : there;
}

static const struct shadow_key *other_end(const struct shadow_table *t, const struct shadow_key *k)
{
    const enum shadow_role wanted = k->role == SHADOW_CHILD ? SHADOW_PARENT : SHADOW_CHILD;
    for (size_t i = 0; i < t->count; i++) {
        const struct foreign_key *f = t->keys[i].foreign;
        if (t->keys[i].role == wanted && span_eq(f->name, k->foreign->name) && span_eq(f->child, k->foreign->child) &&
            span_eq(f->child_db, k->foreign->child_db))
            return &t->keys[i];
    }
    return NULL;
}

/* 1: something at the other end has that value; 0: nothing, or the other end is not to be seen (*seen false); -1. */
static int beyond(bool *seen, struct shadow *sh, const struct shadow_table *t, const struct shadow_key *k,
                  const struct cell *row, const struct cell *except, struct err *err)
{
    const struct foreign_key *f = k->foreign;
    const bool child = k->role == SHADOW_CHILD;
    const struct shadow_value value = {t, k, row};
    uint64_t tag;
    *seen = false;
    if (!shadow_key_tag_beyond(&tag, t, k, row))
        return 0;
    const struct shadow_table *other =
        shadow_table_named(sh, child ? f->parent_db : f->child_db, child ? f->parent : f->child, err);
    if (!other)
        return err->class == ERR_NONE ? 0 : -1;
    const struct shadow_key *end = other_end(other, k);
    if (!end || !shadow_primary(other))
        return 0;
    struct looking l = {
        .sh = sh, .in = other, .key = end, .value = &value, .except = other->id == t->id ? except : NULL};
    *seen = true;
    return is_there(&l, tag, err);
}

/* A row may refer to itself. */
static bool refers_to_itself(const struct shadow_table *t, const struct shadow_key *k, const struct cell *row)
{
    const struct shadow_key *end = other_end(t, k);
    for (uint16_t i = 0; end && i < k->count; i++)
        if (!cell_equal(&t->t->def->columns[k->columns[i]], &row[k->columns[i]], &row[end->columns[i]]))
            return false;
    return end != NULL;
}

static int check_parent(struct shadow *sh, const struct shadow_table *t, const struct shadow_key *k,
                        const struct ground_write *w, struct err *err)
{
    bool seen;
    if (!w->after || (w->before && is_same(t, k, w->before, w->after)) || refers_to_itself(t, k, w->after))
        return 0;
    int there = beyond(&seen, sh, t, k, w->after, w->before, err);
    if (there == 0 && seen)
        return refuse(err, SERVER_NO_PARENT, "Cannot add or update a child row: foreign key", k->foreign->name);
    return there < 0 ? -1 : 0;
}

static int check_children(struct shadow *sh, const struct shadow_table *t, const struct shadow_key *k,
                          const struct ground_write *w, struct err *err)
{
    bool seen;
    if (!w->before || (w->after && is_same(t, k, w->before, w->after)))
        return 0;
    int there = beyond(&seen, sh, t, k, w->before, w->before, err);
    if (there == 1 && (w->after ? k->foreign->update_cascades : k->foreign->delete_cascades)) {
        sh->cascades++;
        return 0;
    }
    if (there == 1)
        return refuse(err, SERVER_HAS_CHILD, "Cannot delete or update a parent row: foreign key", k->foreign->name);
    return there;
}

int shadow_refuse(struct shadow *sh, const struct shadow_table *t, const struct ground_write *w, struct err *err)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct shadow_key *k = &t->keys[i];
        int rc = 0;
        if (k->role == SHADOW_UNIQUE)
            rc = check_unique(sh, t, k, w, err);
        else if (k->role == SHADOW_CHILD && !(w->flags & ROWS_NO_FOREIGN_KEY_CHECKS))
            rc = check_parent(sh, t, k, w, err);
        else if (k->role == SHADOW_PARENT && !(w->flags & ROWS_NO_FOREIGN_KEY_CHECKS))
            rc = check_children(sh, t, k, w, err);
        if (rc)
            return -1;
    }
    return 0;
}
