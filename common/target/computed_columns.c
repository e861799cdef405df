/* Asking a server which columns it computes. */
#include "common/target/computed_columns.h"

#include <string.h>

static const char hash_prefix[] = "DB_ROW_HASH_";

bool computed_column_is_hash(const struct column *c)
{
    size_t n = sizeof hash_prefix - 1;
    if (c->type != COLUMN_LONGLONG || c->name.n <= n || memcmp(c->name.p, hash_prefix, n) != 0)
        return false;
    while (n < c->name.n && c->name.p[n] >= '0' && c->name.p[n] <= '9')
        n++;
    return n == c->name.n;
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
    buf_clear(sql);
    buf_put_str(sql, "SELECT COUNT(*) = 0 FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ");
    db_put_string(sql, t->db);
    buf_put_str(sql, " AND TABLE_NAME = ");
    db_put_string(sql, t->name);
    buf_put_str(sql, " AND EXTRA NOT LIKE '%VIRTUAL GENERATED%' AND EXTRA NOT LIKE '%STORED GENERATED%' AND (FALSE");
    for (uint16_t i = 0; i < t->column_count; i++)
        if (!table_bitmap_has(present, i))
            put_column(sql, t, i);
    buf_put_str(sql, ")");
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

bool computed_columns_left_out(enum flavor flavor, uint32_t version)
{
    return flavor == FLAVOR_MARIADB && version / 100 == 1108 && version >= 110809;
}

bool computed_columns_by_rows(enum flavor flavor, uint32_t version)
{
    return computed_columns_left_out(flavor, version) || (flavor == FLAVOR_MYSQL && version / 100 >= 907);
}
