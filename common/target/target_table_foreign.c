/* Which of a table's columns take part in foreign keys, and whether a change of its rows changes others. */
#include "common/target/target_table_foreign.h"

#include "common/target/foreign_keys.h"

static void mark(struct target_table *t, const struct table_def *def, const struct span *columns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int column = table_def_find(def, columns[i]);
        if (column >= 0)
            t->in_foreign_key[column] = true;
    }
}

int target_foreign_load(struct target_table *t, const struct table_def *def, struct db *db, struct err *err)
{
    struct foreign_keys keys;
    t->in_foreign_key = arena_zalloc(&t->arena, def->column_count * sizeof *t->in_foreign_key);
    if (foreign_keys_load(&keys, db, def->db, def->name, err))
        return -1;
    for (size_t i = 0; i < keys.own_count; i++)
        mark(t, def, keys.own[i].child_columns, keys.own[i].count);
    for (size_t i = 0; i < keys.referring_count; i++) {
        const struct foreign_key *k = &keys.referring[i];
        mark(t, def, k->parent_columns, k->count);
        t->cascades = t->cascades || k->delete_cascades || k->update_cascades;
    }
    t->is_parent = keys.referring_count > 0;
    foreign_keys_free(&keys);
    return 0;
}
