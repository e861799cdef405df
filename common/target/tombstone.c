/* The statements about drc.tombstones, and the form in which a deleted row's columns are kept. */
#include "common/target/tombstone.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/hash.h"
#include "common/base/mem.h"
#include "common/target/schema.h"

#define TABLE "`" DRC_DB "`.`" TOMBSTONES_TABLE "`"
#define STATEMENT_BYTES (40u << 10) /* the least packet of a server is 64 KiB */
#define BATCH_BYTES (256u << 10)
#define HASH_SEED_A 0x746f6d62u
#define HASH_SEED_B 0x73746f6eu

enum kept_tag { KEPT_VALUE, KEPT_NULL };

const char *tombstone_create_sql(void)
{
    return "CREATE TABLE IF NOT EXISTS " TABLE " ("
           "`key_hash` BINARY(16) NOT NULL COMMENT 'of table and key', "
           "`db` VARCHAR(64) NOT NULL, "
           "`tbl` VARCHAR(64) NOT NULL, "
           "`stamp` BIGINT UNSIGNED NOT NULL COMMENT 'version of the delete', "
           "`region` VARCHAR(64) NOT NULL COMMENT 'where it was made', "
           "`at` DATETIME(6) NOT NULL COMMENT 'when it was put down, UTC', "
           "`row_key` LONGBLOB NOT NULL COMMENT 'the key as row events have it', "
           "`kept` LONGBLOB NOT NULL COMMENT 'version columns of the row', "
           "PRIMARY KEY (`key_hash`), KEY `at` (`at`)"
           ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin";
}

/* ---- keys and kept columns ---- */

/* Of table and key: 16 bytes in hexadecimal. */
static void put_key_hash(const struct table_def *t, struct span key, struct buf *out)
{
    struct buf bytes = {0};
    buf_put_sized(&bytes, t->db);
    buf_put_sized(&bytes, t->name);
    buf_put_span(&bytes, key);
    buf_printf(out, "X'%016" PRIx64 "%016" PRIx64 "'", hash64(buf_span(&bytes), HASH_SEED_A),
               hash64(buf_span(&bytes), HASH_SEED_B));
    buf_free(&bytes);
}

static void put_kept(const struct tombstone_delete *d, struct buf *out)
{
    for (size_t i = 0; i < d->kept_count; i++) {
        int at = table_def_find(d->table, span_str(d->kept[i]));
        if (at < 0 || d->row[at].absent)
            continue;
        buf_put_sized(out, d->table->columns[at].name);
        buf_put_u8(out, d->row[at].null ? KEPT_NULL : KEPT_VALUE);
        if (!d->row[at].null)
            buf_put_sized(out, d->row[at].data);
    }
}

/* The table may have been changed since: what is no cell of its column any more is as if it were not kept. */
static void read_kept(struct cell *cells, const struct table_def *t, struct span kept)
{
    struct bytes r = bytes_of(kept);
    while (bytes_left(&r) > 0 && !r.bad) {
        int at = table_def_find(t, bytes_sized(&r));
        uint8_t tag = bytes_u8(&r);
        struct cell v = {.null = tag == KEPT_NULL};
        if (!v.null)
            v.data = bytes_sized(&r);
        if (r.bad || at < 0)
            continue;
        struct bytes whole = bytes_of(v.data);
        if (v.null || (cell_length(&t->columns[at], &whole) == v.data.n && !whole.bad))
            cells[at] = v;
    }
}

/* ---- writing ---- */

struct tombstone_batch {
    struct buf *rows;
    size_t count;
    size_t cap;
    size_t bytes;
};

struct tombstone_batch *tombstone_batch_new(void)
{
    return xcalloc(1, sizeof(struct tombstone_batch));
}

void tombstone_batch_drop(struct tombstone_batch *b)
{
    for (size_t i = 0; i < b->count; i++)
        buf_clear(&b->rows[i]);
    b->count = b->bytes = 0;
}

void tombstone_batch_free(struct tombstone_batch **b)
{
    if (!*b)
        return;
    for (size_t i = 0; i < (*b)->cap; i++)
        buf_free(&(*b)->rows[i]);
    free((*b)->rows);
    free(*b);
    *b = NULL;
}

static void put_bytes(struct buf *sql, struct span v)
{
    buf_put_str(sql, ", X'");
    buf_put_hex(sql, v);
    buf_put_str(sql, "'");
}

void tombstone_batch_put(struct tombstone_batch *b, const struct tombstone_delete *d)
{
    struct buf key = {0}, kept = {0};
    if (b->count == b->cap) {
        size_t cap = b->cap ? 2 * b->cap : 64;
        b->rows = xreallocarray(b->rows, cap, sizeof *b->rows);
        memset(b->rows + b->cap, 0, (cap - b->cap) * sizeof *b->rows);
        b->cap = cap;
    }
    struct buf *row = &b->rows[b->count++];
    image_put_key(d->row, d->table, &key);
    put_kept(d, &kept);
    buf_put_u8(row, '(');
    put_key_hash(d->table, buf_span(&key), row);
    buf_put_str(row, ", ");
    db_put_string(row, d->table->db);
    buf_put_str(row, ", ");
    db_put_string(row, d->table->name);
    buf_printf(row, ", %" PRIu64 ", ", d->stamp);
    db_put_string(row, span_str(d->region));
    buf_put_str(row, ", UTC_TIMESTAMP(6)");
    put_bytes(row, buf_span(&key));
    put_bytes(row, buf_span(&kept));
    buf_put_u8(row, ')');
    b->bytes += row->len;
    buf_free(&key);
    buf_free(&kept);
}

bool tombstone_batch_is_empty(const struct tombstone_batch *b)
{
    return b->count == 0;
}

bool tombstone_batch_is_full(const struct tombstone_batch *b)
{
    return b->bytes >= BATCH_BYTES;
}

/* Assignments are carried out in their order: the version, by which the others decide, comes last. */
static void put_unless_older(struct buf *sql)
{
    static const char newer[] =
        "VALUES(`stamp`) > `stamp` OR (VALUES(`stamp`) = `stamp` AND VALUES(`region`) > `region`)";
    static const char *const columns[] = {"at", "kept", "region", "stamp"};
    buf_put_str(sql, " ON DUPLICATE KEY UPDATE ");
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        buf_printf(sql, "%s`%s` = IF(%s, VALUES(`%s`), `%s`)", i ? ", " : "", columns[i],
                   i + 1 < sizeof columns / sizeof *columns ? newer : "VALUES(`stamp`) > `stamp`", columns[i],
                   columns[i]);
}

static int send_some(const struct tombstone_batch *b, size_t *at, struct db *db, struct err *err)
{
    struct buf sql = {0};
    buf_put_str(&sql,
                "INSERT INTO " TABLE " (`key_hash`, `db`, `tbl`, `stamp`, `region`, `at`, `row_key`, `kept`) VALUES ");
    for (size_t first = *at; *at < b->count; (*at)++) {
        if (*at > first && sql.len + b->rows[*at].len > STATEMENT_BYTES)
            break;
        buf_put_str(&sql, *at > first ? ", " : "");
        buf_put_span(&sql, buf_span(&b->rows[*at]));
    }
    put_unless_older(&sql);
    int rc = db_exec(db, buf_cstr(&sql), err);
    buf_free(&sql);
    return rc ? err_prefix(err, "writing tombstones") : 0;
}

int tombstone_batch_send(struct tombstone_batch *b, struct db *db, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < b->count;)
        rc = send_some(b, &i, db, err);
    tombstone_batch_drop(b);
    return rc;
}

/* ---- looking it up ---- */

static void put_key_cells(struct cell *cells, const struct table_def *t, const struct cell *image)
{
    for (uint16_t i = 0; i < t->column_count; i++)
        cells[i] = (struct cell){.absent = true};
    for (uint16_t i = 0; i < t->key_count; i++)
        cells[t->key[i]] = image[t->key[i]];
}

int tombstone_find(struct tombstone *out, struct db *db, const struct table_def *t, const struct cell *image,
                   struct arena *a, struct err *err)
{
    struct buf key = {0}, sql = {0};
    struct db_rows rows = {0};
    image_put_key(image, t, &key);
    buf_put_str(&sql, "SELECT `stamp`, `region`, `kept` FROM " TABLE " WHERE `key_hash` = ");
    put_key_hash(t, buf_span(&key), &sql);
    buf_put_str(&sql, " AND `row_key` = X'");
    buf_put_hex(&sql, buf_span(&key));
    buf_put_str(&sql, "'");
    int rc = db_query(db, &rows, a, buf_cstr(&sql), err);
    if (rc == 0 && rows.row_count > 0) {
        struct cell *cells = arena_alloc(a, t->column_count * sizeof *cells);
        put_key_cells(cells, t, image);
        read_kept(cells, t, rows.cells[2]);
        *out = (struct tombstone){.stamp = strtoull((const char *)rows.cells[0].p, NULL, 10), .columns = cells};
        (void)snprintf(out->region, sizeof out->region, "%.*s", SPAN_ARG(rows.cells[1]));
        rc = 1;
    }
    buf_free(&key);
    buf_free(&sql);
    return rc;
}

/* ---- letting go ---- */

int tombstone_purge_step(struct db *db, uint64_t keep_ms, uint64_t *gone, struct err *err)
{
    int rc = db_execf(db, err,
                      "DELETE FROM " TABLE " WHERE `at` < UTC_TIMESTAMP(6) - INTERVAL %" PRIu64
                      " MICROSECOND ORDER BY `at` LIMIT %u",
                      keep_ms * 1000, TOMBSTONE_PURGE_STEP);
    *gone = rc ? 0 : db_affected(db);
    return rc;
}
