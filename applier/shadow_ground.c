/* The exact way's reads and writes, turned to the memory of a forecast. */
#include "applier/shadow_ground.h"

#include "applier/shadow_private.h"
#include "common/target/journal_images.h"

static int admit(struct sink *s, const struct convert_plan *plan, struct buf *why, struct err *err)
{
    (void)s;
    (void)plan;
    (void)why;
    (void)err;
    return 1;
}

/* A snapshot needs none. */
static int lock_rows(struct sink *s, const struct target_table *t, const struct cell *const *images, size_t n,
                     struct arena *a, struct err *err)
{
    (void)s;
    (void)t;
    (void)images;
    (void)n;
    (void)a;
    (void)err;
    return 0;
}

static int read_row(const struct cell **out, struct sink *s, const struct target_table *t, const struct cell *image,
                    struct arena *a, struct err *err)
{
    struct shadow *sh = s->shadow;
    if (t->def->key_count == 0)
        return shadow_blind(sh, "the table has no primary key", err);
    const struct shadow_table *known = shadow_table_of(sh, t->def, err);
    return known ? shadow_row(out, sh, known, image, a, err) : -1;
}

/* Columns that the images do not have stay as they are. */
static const struct cell *whole(struct shadow *sh, const struct table_def *def, const struct ground_write *w)
{
    struct cell *out = arena_alloc(&sh->arena, def->column_count * sizeof *out);
    for (uint16_t i = 0; i < def->column_count; i++)
        out[i] = w->after[i].absent && w->before ? w->before[i] : w->after[i];
    return out;
}

static int write_row(struct sink *s, const struct ground_write *write, struct err *err)
{
    struct shadow *sh = s->shadow;
    struct ground_write w = *write;
    const struct shadow_table *t = shadow_table_of(sh, w.table->def, err);
    if (!t)
        return -1;
    if (w.after)
        w.after = whole(sh, w.table->def, write);
    if (shadow_refuse(sh, t, &w, err))
        return -1;
    if (w.before && shadow_leave(sh, t, w.before, NULL, NULL, err))
        return -1;
    return w.after ? shadow_leave(sh, t, w.after, w.after, NULL, err) : 0;
}

static int bury(struct sink *s, const struct tombstone_delete *d, struct err *err)
{
    struct shadow *sh = s->shadow;
    const struct cell *row;
    const struct shadow_table *t = shadow_table_of(sh, d->table, err);
    if (!t || shadow_row(&row, sh, t, d->row, &sh->arena, err))
        return -1;
    return shadow_leave(sh, t, d->row, row, d, err);
}

/* What a tombstone keeps of a row. */
static const struct cell *kept_of(const struct table_def *def, const struct policy_rule *rule, const struct cell *row,
                                  struct arena *a)
{
    struct cell *out = arena_alloc(a, def->column_count * sizeof *out);
    for (uint16_t i = 0; i < def->column_count; i++)
        out[i] = (struct cell){.absent = true};
    for (uint16_t i = 0; i < def->key_count; i++)
        out[def->key[i]] = row[def->key[i]];
    for (size_t i = 0; i < rule->by_count; i++) {
        int at = table_def_find(def, span_str(rule->by[i]));
        if (at >= 0)
            out[at] = row[at];
    }
    return out;
}

/* Of the two that there may be the later one, as the table keeps it. */
static int recall(struct tombstone *out, struct sink *s, const struct table_def *def, const struct cell *image,
                  struct arena *a, struct err *err)
{
    struct shadow *sh = s->shadow;
    const struct cell *target;
    struct overlay_entry *e;
    struct overlay_row row;
    int found = sh->tombstones ? tombstone_find(out, sh->db, def, image, a, err) : 0;
    const struct shadow_table *t = found < 0 ? NULL : shadow_table_of(sh, def, err);
    if (!t || shadow_row(&target, sh, t, image, a, err) || shadow_remembered(&e, &row, sh, t, image, err))
        return -1;
    if (!e || !row.grave || (found && out->stamp >= row.buried))
        return found;
    *out = (struct tombstone){.stamp = row.buried, .columns = kept_of(def, policy_of_table(s, def), row.grave, a)};
    (void)snprintf(out->region, sizeof out->region, "%s", s->from);
    return 1;
}

static void note(struct sink *s, const struct journal_entry *entry)
{
    const struct conflict_case *c = entry->conflict;
    struct buf key = {0};
    journal_put_key_json(c->table, c->before ? c->before : c->incoming, entry->mask, &key);
    const struct tally_note n = {.db = c->table->db,
                                 .table = c->table->name,
                                 .kind = conflict_kind_name(c->kind),
                                 .cause = conflict_cause_name(entry->outcome->cause),
                                 .verdict = conflict_verdict_name(entry->outcome->verdict),
                                 .why = entry->outcome->why,
                                 .key = buf_span(&key),
                                 .seq = entry->seq};
    tally_put(s->shadow->tally, &n);
    buf_free(&key);
}

static int journal(struct sink *s, const struct journal_entry *entry, struct err *err)
{
    (void)err;
    note(s, entry);
    return 0;
}

static int stop(struct sink *s, const struct journal_entry *entry, struct err *err)
{
    (void)err;
    tally_undo(s->shadow->tally, 0);
    note(s, entry);
    s->shadow->stopped = true;
    return 0;
}

static int mark(struct sink *s, struct err *err)
{
    (void)err;
    s->shadow->mark = overlay_mark(s->shadow->overlay);
    s->shadow->tally_mark = tally_mark(s->shadow->tally);
    return 0;
}

static int undo(struct sink *s, struct err *err)
{
    (void)err;
    overlay_undo(s->shadow->overlay, s->shadow->mark);
    tally_undo(s->shadow->tally, s->shadow->tally_mark);
    return 0;
}

const struct ground ground_shadow = {.admit = admit,
                                     .lock = lock_rows,
                                     .read = read_row,
                                     .write = write_row,
                                     .bury = bury,
                                     .recall = recall,
                                     .journal = journal,
                                     .stop = stop,
                                     .mark = mark,
                                     .undo = undo};
