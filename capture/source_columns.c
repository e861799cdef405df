/* Questions to the source about columns, where its binlog does not say enough. */
#include "capture/source_private.h"

/* Tables made with mysql56_temporal_format=OFF keep the old formats; the type's comment tells which format it is, where
 * it is not the one of new tables. */
int source_old_fractions(struct source *s, const struct table_def *t, struct err *err)
{
    struct buf sql = {0};
    struct db_rows rows;
    buf_put_str(&sql, "SELECT 1 FROM information_schema.columns WHERE table_schema = ");
    db_put_string(&sql, t->db);
    buf_put_str(&sql, " AND table_name = ");
    db_put_string(&sql, t->name);
    buf_put_str(&sql, " AND datetime_precision > 0 AND IF(@@GLOBAL.mysql56_temporal_format, column_type LIKE "
                      "'%/* mariadb-5.3 */%', column_type NOT LIKE '%/* mysql-5.6 */%') LIMIT 1");
    int rc = source_query(s, &rows, buf_cstr(&sql), err);
    buf_free(&sql);
    return rc != 0 ? -1 : rows.row_count > 0;
}
