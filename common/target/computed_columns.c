/* Asking a server which columns it computes. */
#include "common/target/computed_columns.h"

#include <string.h>

static const char hash_prefix[] = "DB_ROW_HASH_";

bool computed_column_is_hash(const struct column *c)
{
    const size_t n = sizeof hash_prefix - 1;
    return c->type == COLUMN_LONGLONG && c->name.n > n && memcmp(c->name.p, hash_prefix, n) == 0;
}

static void put_column(struct buf *sql, const struct table_def *t, uint16_t i)
{
    if (t->nameless) {
        buf_printf(sql, " OR ORDINAL_POSITION = %d", i + 1);
        return;
    }
    buf_put_str(sql, " OR COLUMN_NAME = ");
    db_put_string(sql, t->columns[i].name);
}

void computed_columns_ask(struct buf *sql, const struct table_def *t, const uint8_t *present)
{
    struct buf columns = {0};
    unsigned asked = 0;
    for (uint16_t i = 0; i < t->column_count; i++) {
        if (present[i / 8] >> i % 8 & 1 || computed_column_is_hash(&t->columns[i]))
            continue;
        put_column(&columns, t, i);
        asked++;
    }
    buf_clear(sql);
    buf_printf(sql, "SELECT COUNT(*) = %u FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ", asked);
    db_put_string(sql, t->db);
    buf_put_str(sql, " AND TABLE_NAME = ");
    db_put_string(sql, t->name);
    buf_printf(sql, " AND (EXTRA LIKE '%%VIRTUAL GENERATED%%' OR EXTRA LIKE '%%STORED GENERATED%%') AND (FALSE%s)",
               asked > 0 ? buf_cstr(&columns) : "");
    buf_free(&columns);
}

int computed_columns_lack(struct db *db, const struct table_def *t, const uint8_t *present, struct err *err)
{
    struct buf sql = {0};
    uint64_t all = 0;
    computed_columns_ask(&sql, t, present);
    int rc = db_query_u64(db, &all, buf_cstr(&sql), err);
    buf_free(&sql);
    return rc ? -1 : all == 1;
}

bool computed_columns_by_rows(enum flavor flavor, uint32_t version)
{
    return flavor == FLAVOR_MARIADB && version / 100 == 1108 && version >= 110809;
}
