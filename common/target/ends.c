/* The statements about drc.ends. */
#include "common/target/ends.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/target/schema.h"

#define TABLE "`" DRC_DB "`.`" ENDS_TABLE "`"
#define ROWS_MOST 200 /* of one statement */

const char *ends_create_sql(void)
{
    return "CREATE TABLE IF NOT EXISTS " TABLE " ("
           "`key_hash` BINARY(16) NOT NULL COMMENT 'of table and key', "
           "`stream` BINARY(16) NOT NULL COMMENT 'UUID of the stream whose changes ended', "
           "`seq` BIGINT UNSIGNED NOT NULL COMMENT 'all of the key up to this', "
           "`at` DATETIME(6) NOT NULL COMMENT 'when it was put down, UTC', "
           "PRIMARY KEY (`key_hash`, `stream`), KEY `at` (`at`)) ENGINE=InnoDB";
}

static void put_key(struct buf *sql, const struct end_key *k)
{
    buf_printf(sql, "X'%016" PRIx64 "%016" PRIx64 "'", k->a, k->b);
}

static int write_some(struct db *db, const struct end *list, size_t count, struct err *err)
{
    struct buf sql = {0};
    buf_put_str(&sql, "INSERT INTO " TABLE " (`key_hash`, `stream`, `seq`, `at`) VALUES ");
    for (size_t i = 0; i < count; i++) {
        buf_put_str(&sql, i ? ", (" : "(");
        put_key(&sql, &list[i].key);
        buf_put_str(&sql, ", X'");
        buf_put_hex(&sql, span_of(list[i].stream, STREAM_UUID_LEN));
        buf_printf(&sql, "', %" PRIu64 ", UTC_TIMESTAMP(6))", list[i].seq);
    }
    buf_put_str(&sql, " ON DUPLICATE KEY UPDATE `at` = VALUES(`at`), `seq` = GREATEST(`seq`, VALUES(`seq`))");
    int rc = db_exec(db, buf_cstr(&sql), err);
    buf_free(&sql);
    return rc ? err_prefix(err, "writing what deletes have ended") : 0;
}

int ends_write(struct db *db, const struct end *list, size_t count, struct err *err)
{
    int rc = 0;
    for (size_t at = 0; rc == 0 && at < count; at += ROWS_MOST)
        rc = write_some(db, list + at, count - at < ROWS_MOST ? count - at : ROWS_MOST, err);
    return rc;
}

static int read_end(struct end *out, const struct db_rows *rows, size_t i, struct err *err)
{
    struct span key = db_cell(rows, i, 0), stream = db_cell(rows, i, 1);
    struct bytes r = bytes_of(key);
    if (key.n != 16 || stream.n != STREAM_UUID_LEN)
        return err_fatal(err, EXIT_UNSAFE, "a row of " DRC_DB "." ENDS_TABLE " is malformed");
    for (size_t k = 0; k < 8; k++)
        out->key.a = out->key.a << 8 | bytes_u8(&r);
    for (size_t k = 0; k < 8; k++)
        out->key.b = out->key.b << 8 | bytes_u8(&r);
    memcpy(out->stream, stream.p, STREAM_UUID_LEN);
    out->seq = strtoull((const char *)db_cell(rows, i, 2).p, NULL, 10);
    return 0;
}

static int read_some(struct db_rows *rows, struct db *db, const struct end_key *keys, size_t count, struct arena *a,
                     struct err *err)
{
    struct buf sql = {0};
    buf_put_str(&sql, "SELECT `key_hash`, `stream`, `seq` FROM " TABLE " WHERE `key_hash` IN (");
    for (size_t i = 0; i < count; i++) {
        buf_put_str(&sql, i ? ", " : "");
        put_key(&sql, &keys[i]);
    }
    buf_put_str(&sql, ")");
    int rc = db_query(db, rows, a, buf_cstr(&sql), err);
    buf_free(&sql);
    return rc;
}

int ends_read(struct end **out, size_t *found, struct db *db, const struct end_key *keys, size_t count, struct arena *a,
              struct err *err)
{
    *found = 0;
    *out = NULL;
    for (size_t at = 0; at < count; at += ROWS_MOST) {
        struct db_rows rows;
        if (read_some(&rows, db, keys + at, count - at < ROWS_MOST ? count - at : ROWS_MOST, a, err))
            return -1;
        struct end *list = arena_zalloc(a, (*found + rows.row_count + 1) * sizeof *list);
        if (*found > 0)
            memcpy(list, *out, *found * sizeof *list);
        for (size_t i = 0; i < rows.row_count; i++)
            if (read_end(&list[*found + i], &rows, i, err))
                return -1;
        *found += rows.row_count;
        *out = list;
    }
    return 0;
}

int ends_purge_step(struct db *db, uint64_t keep_ms, uint64_t *gone, struct err *err)
{
    int rc = db_execf(db, err,
                      "DELETE FROM " TABLE " WHERE `at` < UTC_TIMESTAMP(6) - INTERVAL %" PRIu64
                      " MICROSECOND ORDER BY `at` LIMIT %u",
                      keep_ms * 1000, ENDS_PURGE_STEP);
    *gone = rc ? 0 : db_affected(db);
    return rc;
}
