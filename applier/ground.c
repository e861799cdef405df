/* The target itself: locks, the rows writer, the journal, tombstones gathered for COMMIT. */
#include "applier/ground.h"

#include "applier/conflict_entry.h"
#include "applier/sink.h"
#include "common/target/local_row.h"
#include "common/target/session.h"

static int admit(struct sink *s, const struct convert_plan *plan, struct buf *why, struct err *err)
{
    return rows_writer_admit(s->writer, plan->table, plan->present, why, err);
}

static int lock_rows(struct sink *s, const struct target_table *t, const struct cell *const *images, size_t n,
                     struct arena *a, struct err *err)
{
    struct local_rows found;
    return local_rows_by_key(&found, s->db, t, images, n, LOCAL_FOR_UPDATE, a, err);
}

static int read_row(const struct cell **out, struct sink *s, const struct target_table *t, const struct cell *image,
                    struct arena *a, struct err *err)
{
    struct local_rows found;
    int rc = t->def->key_count ? local_rows_by_key(&found, s->db, t, &image, 1, LOCAL_FOR_UPDATE, a, err)
                               : local_row_by_image(&found, s->db, t, image, LOCAL_FOR_UPDATE, a, err);
    *out = rc == 0 && found.count ? found.rows[0] : NULL;
    return rc;
}

static int write_row(struct sink *s, const struct ground_write *w, struct err *err)
{
    const struct table_def *def = w->table->def;
    buf_clear(&s->image);
    if (w->before)
        image_put(w->before, def, w->present, &s->image);
    if (w->after)
        image_put(w->after, def, w->present, &s->image);
    const struct rows row = {.table = def,
                             .op = !w->before  ? ROWS_INSERT
                                   : !w->after ? ROWS_DELETE
                                               : ROWS_UPDATE,
                             .flags = w->flags,
                             .count = 1,
                             .images = buf_span(&s->image),
                             .present_before = w->present,
                             .present_after = w->present};
    return rows_writer_put(s->writer, w->table, &row, err) || rows_writer_flush(s->writer, err) ? -1 : 0;
}

static int bury(struct sink *s, const struct tombstone_delete *d, struct err *err)
{
    if (!s->tombstones)
        s->tombstones = tombstone_batch_new();
    tombstone_batch_put(s->tombstones, d);
    return tombstone_batch_is_full(s->tombstones) ? sink_send_tombstones(s, err) : 0;
}

/* Those that are gathered and not sent are of rows that this transaction itself deleted: nothing late comes in it. */
static int recall(struct tombstone *out, struct sink *s, const struct table_def *t, const struct cell *image,
                  struct arena *a, struct err *err)
{
    return tombstone_find(out, s->db, t, image, a, err);
}

static int journal(struct sink *s, const struct journal_entry *entry, struct err *err)
{
    conflict_log(entry);
    return target_session_now(s->db, err) || journal_write(s->db, entry, err) ? -1 : 0;
}

static int stop(struct sink *s, const struct journal_entry *entry, struct err *err)
{
    sink_rollback(s);
    if (sink_begin_aside(s, err))
        return -1;
    int there = journal_has_stop(s->db, entry, err);
    if (there == 0 && (journal_write(s->db, entry, err) || sink_commit_aside(s, err)))
        there = -1;
    if (there != 0)
        sink_rollback(s);
    else
        sink_count_conflict(&s->counts, (int)entry->conflict->kind, entry->outcome->cause);
    return there < 0 ? -1 : 0;
}

const struct ground ground_target = {.admit = admit,
                                     .lock = lock_rows,
                                     .read = read_row,
                                     .write = write_row,
                                     .bury = bury,
                                     .recall = recall,
                                     .journal = journal,
                                     .stop = stop,
                                     .mark = sink_mark,
                                     .undo = sink_undo};
