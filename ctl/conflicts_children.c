/* Looking for rows that a foreign key would have changed along with their parent. */
#include "ctl/conflicts_children.h"

#include "common/target/foreign_keys.h"
#include "common/target/local_row.h"

/* Does the row go on holding what is referred to? */
static bool keeps(const struct table_def *def, const struct foreign_key *f, const struct cell *now,
                  const struct cell *wanted)
{
    for (size_t i = 0; i < f->count; i++) {
        int k = table_def_find(def, f->parent_columns[i]);
        if (k >= 0 && !cell_equal(&def->columns[k], &now[k], &wanted[k]))
            return false;
    }
    return true;
}

/* False: nothing can refer to it, one of its columns is NULL. */
static bool put_search(struct buf *sql, const struct target_table *t, const struct foreign_key *f,
                       const struct cell *now)
{
    buf_put_str(sql, "SELECT COUNT(*) FROM (SELECT 1 FROM ");
    db_put_name(sql, f->child_db);
    buf_put_u8(sql, '.');
    db_put_name(sql, f->child);
    buf_put_str(sql, " WHERE TRUE");
    for (size_t i = 0; i < f->count; i++) {
        int k = table_def_find(t->def, f->parent_columns[i]);
        if (k < 0)
            continue;
        if (now[k].null)
            return false;
        buf_put_str(sql, " AND ");
        db_put_name(sql, f->child_columns[i]);
        buf_put_str(sql, " = ");
        local_put_value(sql, &t->def->columns[k], &t->columns[k], &now[k]);
    }
    buf_put_str(sql, " LIMIT 1) AS children");
    return true;
}

static int check(struct db *db, const struct target_table *t, const struct foreign_key *f, const struct cell *now,
                 struct err *err)
{
    struct buf sql = {0};
    uint64_t children = 0;
    int rc = put_search(&sql, t, f, now) ? db_query_u64(db, &children, buf_cstr(&sql), err) : 0;
    buf_free(&sql);
    if (rc || children == 0)
        return rc;
    return err_fatal(
        err, EXIT_UNSAFE,
        "rows of `%.*s`.`%.*s` refer to the row, and the server would change them along with it (constraint "
        "`%.*s`), which no undo brings back: nothing is done; change or remove those rows first",
        SPAN_ARG(f->child_db), SPAN_ARG(f->child), SPAN_ARG(f->name));
}

int conflicts_children_stay(struct db *db, const struct target_table *t, const struct cell *now,
                            const struct cell *wanted, struct err *err)
{
    struct foreign_keys keys;
    int rc = 0;
    if (!now || !t->cascades)
        return 0;
    if (foreign_keys_load(&keys, db, t->def->db, t->def->name, err))
        return -1;
    for (size_t i = 0; rc == 0 && i < keys.referring_count; i++) {
        const struct foreign_key *f = &keys.referring[i];
        if (wanted ? f->update_cascades && !keeps(t->def, f, now, wanted) : f->delete_cascades)
            rc = check(db, t, f, now, err);
    }
    foreign_keys_free(&keys);
    return rc;
}
