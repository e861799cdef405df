/* The one face of the rows writers: each call goes to the writer that was opened. */
#include "common/target/rows_writer_private.h"

int rows_writer_open(struct rows_writer **out, struct db *db, enum apply_writer kind, struct err *err)
{
    return kind == APPLY_WRITER_SQL ? rows_writer_open_sql(out, db, err) : rows_writer_open_binlog(out, db, err);
}

int rows_writer_admit(struct rows_writer *w, const struct target_table *t, const uint8_t *present, struct buf *why,
                      struct err *err)
{
    return w->ops->admit(w, t, present, why, err);
}

int rows_writer_put(struct rows_writer *w, const struct target_table *t, const struct rows *rows, struct err *err)
{
    return w->ops->put(w, t, rows, err);
}

int rows_writer_flush(struct rows_writer *w, struct err *err)
{
    return w->ops->flush(w, err);
}

void rows_writer_drop(struct rows_writer *w)
{
    w->ops->drop(w);
}

void rows_writer_free(struct rows_writer **w)
{
    if (!*w)
        return;
    (*w)->ops->close(*w);
    *w = NULL;
}

bool rows_writer_alike(const struct rows *a, const struct rows *b)
{
    return a->table == b->table && a->op == b->op && a->flags == b->flags && a->present_before == b->present_before &&
           a->present_after == b->present_after;
}
