/* Rows of the target with what is remembered laid over them. */
#include <stdlib.h>

#include "applier/shadow_private.h"
#include "common/base/mem.h"
#include "common/target/local_row.h"

/* ---- tables ---- */

static void put_name(struct buf *out, struct span db, struct span name)
{
    buf_put_span(out, db);
    buf_put_u8(out, 0);
    buf_put_span(out, name);
}

static struct shadow_table *load(struct shadow *sh, struct span db, struct span name, struct err *err)
{
    struct buf key = {0};
    struct shadow_table *t = NULL;
    put_name(&key, db, name);
    if (shadow_table_load(&t, sh->db, db, name, err) == 1) {
        void **place = map_ref(&sh->tables, buf_span(&key));
        struct shadow_table *former = *place;
        shadow_table_free(&former);
        *place = t;
    }
    buf_free(&key);
    return t;
}

struct shadow_table *shadow_table_named(struct shadow *sh, struct span db, struct span name, struct err *err)
{
    struct buf key = {0};
    put_name(&key, db, name);
    struct shadow_table *t = map_get(&sh->tables, buf_span(&key));
    buf_free(&key);
    return t ? t : load(sh, db, name, err);
}

struct shadow_table *shadow_table_of(struct shadow *sh, const struct table_def *def, struct err *err)
{
    struct shadow_table *t = shadow_table_named(sh, def->db, def->name, err);
    if (t && t->t->def->fingerprint != def->fingerprint)
        t = load(sh, def->db, def->name, err);
    if (err->class == ERR_NONE && (!t || t->t->def->fingerprint != def->fingerprint)) {
        (void)err_retry(err, "the definition of `%.*s`.`%.*s` is changing", SPAN_ARG(def->db), SPAN_ARG(def->name));
        t = NULL;
    }
    return t;
}

void shadow_forget_tables(struct shadow *sh)
{
    size_t i = 0;
    struct span key;
    void *value;
    while (map_next(&sh->tables, &i, &key, &value)) {
        struct shadow_table *t = value;
        shadow_table_free(&t);
    }
    map_clear(&sh->tables);
}

const struct shadow_key *shadow_primary(const struct shadow_table *t)
{
    return t->count > 0 && t->keys[0].role == SHADOW_PRIMARY ? &t->keys[0] : NULL;
}

int shadow_blind(struct shadow *sh, const char *why, struct err *err)
{
    sh->blind = why;
    return err_retry(err, "%s", why);
}

/* ---- what the target holds ---- */

static struct overlay_base **seen(struct shadow *sh, const struct shadow_table *t, const struct cell *row)
{
    struct buf key = {0};
    buf_put(&key, &t->id, sizeof t->id);
    image_put_key(row, t->t->def, &key);
    void **place = map_ref(&sh->seen, buf_span(&key));
    buf_free(&key);
    return (struct overlay_base **)(void *)place;
}

static void note_seen(struct shadow *sh, const struct shadow_table *t, const struct cell *key,
                      const struct cell *target)
{
    struct overlay_base *base = arena_alloc(&sh->arena, sizeof *base);
    *base = overlay_base_of(t->t->def, target);
    *seen(sh, t, key) = base;
}

static int read_target(const struct cell **out, struct shadow *sh, const struct shadow_table *t,
                       const struct cell *image, struct arena *a, struct err *err)
{
    struct local_rows found;
    if (local_rows_by_key(&found, sh->db, t->t, &image, 1, LOCAL_NO_LOCK, a, err))
        return -1;
    *out = found.count ? found.rows[0] : NULL;
    note_seen(sh, t, image, *out);
    if (*out)
        note_seen(sh, t, *out, *out);
    return 0;
}

/* ---- what is remembered ---- */

/* The entry with the image's key, whatever it holds. */
static int find_entry(struct overlay_entry **out, struct shadow *sh, const struct shadow_table *t,
                      const struct cell *image, struct err *err)
{
    const struct shadow_key *primary = shadow_primary(t);
    const struct shadow_value wanted = {t, primary, image};
    uint64_t tag;
    *out = NULL;
    if (!primary || !shadow_key_tag(&tag, t, primary, image))
        return 0;
    for (struct overlay_entry *e = overlay_find(sh->overlay, tag, NULL); e; e = overlay_find(sh->overlay, tag, e)) {
        struct overlay_row row;
        if (!overlay_get(e, t->t->def, &row) || row.table != t->id)
            continue;
        const struct shadow_value there = {t, primary, row.key};
        int equal = shadow_equal(sh->db, &wanted, &there, err);
        if (equal < 0)
            return -1;
        if (equal) {
            *out = e;
            return 0;
        }
    }
    if (overlay_forgot(sh->overlay, tag))
        return shadow_blind(sh, "what earlier changes left of a row has been forgotten", err);
    return 0;
}

int shadow_entry(struct overlay_entry **out, struct overlay_row *row, struct shadow *sh, const struct shadow_table *t,
                 const struct cell *image, const struct cell *target, struct err *err)
{
    if (find_entry(out, sh, t, image, err))
        return -1;
    if (!*out)
        return 0;
    const struct overlay_base base = overlay_base_of(t->t->def, target);
    if (overlay_get(*out, t->t->def, row) && !(sh->done && watermark_has(sh->done, row->seq)) &&
        base.a == row->base.a && base.b == row->base.b)
        return 0;
    overlay_drop(sh->overlay, *out); /* it is in effect by now, or somebody else has been at the row */
    *out = NULL;
    return 0;
}

int shadow_row(const struct cell **out, struct shadow *sh, const struct shadow_table *t, const struct cell *image,
               struct arena *a, struct err *err)
{
    struct overlay_entry *e;
    struct overlay_row row;
    if (read_target(out, sh, t, image, a, err) || shadow_entry(&e, &row, sh, t, image, *out, err))
        return -1;
    if (e)
        *out = row.row;
    return 0;
}

int shadow_remembered(struct overlay_entry **out, struct overlay_row *row, struct shadow *sh,
                      const struct shadow_table *t, const struct cell *image, struct err *err)
{
    if (find_entry(out, sh, t, image, err))
        return -1;
    if (*out && !overlay_get(*out, t->t->def, row))
        *out = NULL;
    return 0;
}

/* ---- leaving ---- */

static int base_of(struct overlay_base *out, struct shadow *sh, const struct shadow_table *t, const struct cell *key,
                   struct err *err)
{
    const struct cell *target;
    if (!*seen(sh, t, key) && read_target(&target, sh, t, key, &sh->arena, err))
        return -1;
    *out = **seen(sh, t, key);
    return 0;
}

int shadow_leave(struct shadow *sh, const struct shadow_table *t, const struct cell *key, const struct cell *row,
                 const struct tombstone_delete *grave, struct err *err)
{
    struct overlay_entry *e;
    struct overlay_row next = {0};
    uint64_t *tags = arena_alloc(&sh->arena, (t->count + 1) * sizeof *tags);
    if (find_entry(&e, sh, t, key, err))
        return -1;
    if (!e || !overlay_get(e, t->t->def, &next))
        if (base_of(&next.base, sh, t, key, err))
            return -1;
    next.def = t->t->def;
    next.table = t->id;
    next.key = key;
    next.seq = sh->seq;
    next.row = row;
    if (grave) {
        next.grave = grave->row;
        next.buried = grave->stamp;
    }
    next.tags = tags;
    next.tag_count = 0;
    if (shadow_key_tag(&tags[0], t, shadow_primary(t), key))
        next.tag_count = 1;
    if (row)
        next.tag_count = shadow_tags(tags, t, row);
    (void)overlay_put(sh->overlay, e, &next);
    return 0;
}
