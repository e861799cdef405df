/* Questions to the source about columns, where its binlog does not say enough. */
#include "capture/source_private.h"
#include "common/target/computed_columns.h"

/* The format that the columns have now is not asked for: the event may be older than the ALTER TABLE … FORCE that
 * brought them to the present one. It leaves the fraction as it was. */
int source_old_fractions(struct source *s, const struct table_def *t, struct err *err)
{
    struct buf sql = {0};
    struct db_rows rows;
    buf_put_str(&sql, "SELECT 1 FROM information_schema.columns WHERE table_schema = ");
    db_put_string(&sql, t->db);
    buf_put_str(&sql, " AND table_name = ");
    db_put_string(&sql, t->name);
    buf_put_str(&sql, " AND datetime_precision > 0 AND (");
    for (size_t i = 0; i < t->column_count; i++) {
        if (!column_is_old_temporal(&t->columns[i]))
            continue;
        buf_put_str(&sql, "column_name = ");
        db_put_string(&sql, t->columns[i].name);
        buf_put_str(&sql, " OR ");
    }
    buf_put_str(&sql, t->nameless ? "TRUE) LIMIT 1" : "FALSE) LIMIT 1");
    int rc = source_query(s, &rows, buf_cstr(&sql), err);
    buf_free(&sql);
    return rc != 0 ? -1 : rows.row_count > 0;
}

int source_computes(struct source *s, const struct table_def *t, const uint8_t *present, struct err *err)
{
    struct buf sql = {0};
    struct db_rows rows;
    computed_columns_ask(&sql, t, present);
    int rc = source_query(s, &rows, buf_cstr(&sql), err);
    buf_free(&sql);
    return rc != 0 ? -1 : rows.row_count == 1 && span_is(db_cell(&rows, 0, 0), "1");
}
