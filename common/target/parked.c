/* The statements about drc.parked; writing a row with its record is the only one with values of any size. */
#include "common/target/parked.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/target/insert_db.h"
#include "common/target/schema.h"

#define TABLE "`" DRC_DB "`.`" PARKED_TABLE "`"
#define WHY_MOST 500 /* characters of the column, hence bytes at most that are kept */
#define TABLES_MOST 1000

const char *parked_create_sql(void)
{
    return "CREATE TABLE IF NOT EXISTS " TABLE " ("
           "`id` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, "
           "`topic` VARCHAR(249) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, "
           "`link` VARCHAR(200) NOT NULL, "
           "`seq` BIGINT UNSIGNED NOT NULL, "
           "`fragment` INT UNSIGNED NOT NULL, "
           "`gtid` VARCHAR(100) NOT NULL, "
           "`commit_us` BIGINT UNSIGNED NOT NULL COMMENT 'at the source', "
           "`at` DATETIME(6) NOT NULL COMMENT 'when it was put aside, UTC', "
           "`behind` BIGINT UNSIGNED NOT NULL COMMENT 'seq that it waits for; 0: refused itself', "
           "`why` VARCHAR(500) NOT NULL, "
           "`tables` VARCHAR(1000) NOT NULL, "
           "`row_count` BIGINT UNSIGNED NOT NULL, "
           "`bytes` BIGINT UNSIGNED NOT NULL, "
           "`state` VARCHAR(20) NOT NULL, "
           "`record` LONGBLOB NOT NULL COMMENT 'as it travelled', "
           "UNIQUE KEY `of_link` (`topic`, `seq`, `fragment`)"
           ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin";
}

/* ---- writing ---- */

int parked_write(struct db *db, const struct parked_row *row, struct span record, struct err *err)
{
    struct insert_value v[13] = {0};
    buf_put_str(&v[0].value, row->topic);
    buf_put_str(&v[1].value, row->link);
    buf_printf(&v[2].value, "%" PRIu64, row->seq);
    buf_printf(&v[3].value, "%" PRIu32, row->fragment);
    buf_put_str(&v[4].value, row->gtid);
    buf_printf(&v[5].value, "%" PRIu64, row->commit_us);
    buf_printf(&v[6].value, "%" PRIu64, row->behind);
    buf_printf(&v[7].value, "%.*s", WHY_MOST, row->why);
    buf_printf(&v[8].value, "%.*s", TABLES_MOST, row->tables);
    buf_printf(&v[9].value, "%" PRIu64, row->rows);
    buf_printf(&v[10].value, "%" PRIu64, row->bytes);
    buf_put_str(&v[11].value, row->state);
    buf_put_span(&v[12].value, record);
    v[12].binary = true;
    return insert_run(db,
                      "INSERT INTO " TABLE " (`at`, `topic`, `link`, `seq`, `fragment`, `gtid`, `commit_us`, `behind`, "
                      "`why`, `tables`, `row_count`, `bytes`, `state`, `record`) "
                      "VALUES (UTC_TIMESTAMP(6), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                      v, 13, "putting a transaction aside in " DRC_DB "." PARKED_TABLE, err);
}

static void put_where(struct buf *sql, const char *topic, uint64_t seq)
{
    buf_put_str(sql, " WHERE `topic` = ");
    db_put_string(sql, span_str(topic));
    if (seq > 0)
        buf_printf(sql, " AND `seq` = %" PRIu64, seq);
}

/* `head` WHERE of that transaction. */
static int change(struct db *db, const char *head, const char *topic, uint64_t seq, struct err *err)
{
    struct buf sql = {0};
    buf_put_str(&sql, head);
    put_where(&sql, topic, seq);
    int rc = db_exec(db, buf_cstr(&sql), err);
    buf_free(&sql);
    return rc;
}

int parked_renote(struct db *db, const char *topic, uint64_t seq, uint64_t behind, const char *why, struct err *err)
{
    char text[WHY_MOST + 1];
    struct buf head = {0};
    (void)snprintf(text, sizeof text, "%s", why);
    buf_printf(&head,
               "UPDATE " TABLE " SET `state` = IF(`state` = '" PARKED_DISCARD "', `state`, '" PARKED_PARKED
               "'), `behind` = %" PRIu64 ", `why` = ",
               behind);
    db_put_string(&head, span_str(text));
    int rc = change(db, buf_cstr(&head), topic, seq, err);
    buf_free(&head);
    return rc;
}

int parked_remove(struct db *db, const char *topic, uint64_t seq, struct err *err)
{
    return change(db, "DELETE FROM " TABLE, topic, seq, err);
}

int parked_give_up(struct db *db, const char *topic, uint64_t seq, struct err *err)
{
    return change(db, "UPDATE " TABLE " SET `state` = '" PARKED_DISCARDED "'", topic, seq, err);
}

int parked_requests(struct db *db, const char *topic, uint64_t *out, struct err *err)
{
    struct buf sql = {0};
    buf_put_str(&sql, "SELECT COUNT(DISTINCT `seq`) FROM " TABLE);
    put_where(&sql, topic, 0);
    buf_put_str(&sql, " AND `state` IN ('" PARKED_RETRY "', '" PARKED_DISCARD "')");
    int rc = db_query_u64(db, out, buf_cstr(&sql), err);
    buf_free(&sql);
    return rc;
}

int parked_ask(struct db *db, const char *topic, uint64_t seq, const char *state, uint64_t *met, struct err *err)
{
    struct buf sql = {0};
    buf_put_str(&sql, "SELECT COUNT(DISTINCT `seq`) FROM " TABLE);
    put_where(&sql, topic, seq);
    buf_printf(&sql, " AND `state` NOT IN ('" PARKED_DISCARDED "', '" PARKED_SKIP "')%s",
               seq ? "" : " AND `behind` = 0");
    int rc = db_query_u64(db, met, buf_cstr(&sql), err);
    if (rc == 0) {
        buf_clear(&sql);
        buf_printf(&sql, "UPDATE " TABLE " SET `state` = '%s'", state);
        put_where(&sql, topic, seq);
        buf_printf(&sql, " AND `state` NOT IN ('" PARKED_DISCARDED "', '" PARKED_SKIP "')%s",
                   seq ? "" : " AND `behind` = 0");
        rc = db_exec(db, buf_cstr(&sql), err);
    }
    buf_free(&sql);
    return rc;
}

/* ---- skipping ---- */

int parked_skip_forget(struct db *db, const char *topic, uint64_t seq, struct err *err)
{
    struct buf sql = {0};
    buf_put_str(&sql, "DELETE FROM " TABLE);
    put_where(&sql, topic, seq);
    buf_put_str(&sql, " AND `state` = '" PARKED_SKIP "'");
    int rc = db_exec(db, buf_cstr(&sql), err);
    buf_free(&sql);
    return rc;
}

int parked_skip_ask(struct db *db, const struct parked_row *row, struct err *err)
{
    return parked_skip_forget(db, row->topic, row->seq, err) || parked_write(db, row, (struct span){0}, err) ? -1 : 0;
}

int parked_skip_asked(struct db *db, const char *topic, uint64_t seq, const char *gtid, char why[WHY_MOST + 1],
                      struct err *err)
{
    struct buf sql = {0};
    buf_put_str(&sql, "SELECT `why` FROM " TABLE);
    put_where(&sql, topic, seq);
    buf_put_str(&sql, " AND `state` = '" PARKED_SKIP "' AND `gtid` = ");
    db_put_string(&sql, span_str(gtid));
    why[0] = '\0';
    int rc = db_query_text(db, why, WHY_MOST + 1, buf_cstr(&sql), err);
    buf_free(&sql);
    return rc ? -1 : why[0] != '\0';
}

/* ---- reading ---- */

enum {
    CELL_ID,
    CELL_TOPIC,
    CELL_LINK,
    CELL_SEQ,
    CELL_FRAGMENT,
    CELL_GTID,
    CELL_COMMIT_US,
    CELL_BEHIND,
    CELL_WHY,
    CELL_TABLES,
    CELL_ROWS,
    CELL_BYTES,
    CELL_STATE,
    CELL_AT,
    CELL_RECORD
};

/* Cells of db_query end with a NUL. */
static const char *text(struct span cell)
{
    return (const char *)cell.p;
}

static uint64_t number(struct span cell)
{
    return strtoull(text(cell), NULL, 10);
}

static struct parked_row row_of(const struct span *c)
{
    return (struct parked_row){.topic = text(c[CELL_TOPIC]),
                               .link = text(c[CELL_LINK]),
                               .seq = number(c[CELL_SEQ]),
                               .fragment = (uint32_t)number(c[CELL_FRAGMENT]),
                               .gtid = text(c[CELL_GTID]),
                               .commit_us = number(c[CELL_COMMIT_US]),
                               .behind = number(c[CELL_BEHIND]),
                               .why = text(c[CELL_WHY]),
                               .tables = text(c[CELL_TABLES]),
                               .rows = number(c[CELL_ROWS]),
                               .bytes = number(c[CELL_BYTES]),
                               .state = text(c[CELL_STATE]),
                               .at = text(c[CELL_AT])};
}

/* The one after (topic, seq, fragment) in order, or page of them without records. */
static void put_page_sql(const struct parked_query *q, const char *topic, uint64_t seq, uint32_t fragment,
                         struct buf *sql)
{
    buf_printf(sql,
               "SELECT `id`, `topic`, `link`, `seq`, `fragment`, `gtid`, `commit_us`, `behind`, `why`, `tables`, "
               "`row_count`, `bytes`, `state`, CAST(`at` AS CHAR), %s FROM " TABLE " WHERE `state` <> '" PARKED_SKIP
               "'",
               q->with_record ? "`record`" : "''");
    if (q->topic) {
        buf_put_str(sql, " AND `topic` = ");
        db_put_string(sql, span_str(q->topic));
    }
    if (q->seq)
        buf_printf(sql, " AND `seq` = %" PRIu64, q->seq);
    if (!q->discarded_too)
        buf_put_str(sql, " AND `state` <> '" PARKED_DISCARDED "'");
    if (topic) {
        buf_put_str(sql, " AND (`topic` > ");
        db_put_string(sql, span_str(topic));
        buf_put_str(sql, " OR (`topic` = ");
        db_put_string(sql, span_str(topic));
        buf_printf(sql, " AND (`seq` > %" PRIu64 " OR (`seq` = %" PRIu64 " AND `fragment` > %" PRIu32 "))))", seq, seq,
                   fragment);
    }
    buf_printf(sql, " ORDER BY `topic`, `seq`, `fragment` LIMIT %u", q->with_record ? 1u : 200u);
}

int parked_read(struct db *db, const struct parked_query *query, parked_each_fn *each, void *context, struct err *err)
{
    struct buf topic = {0};
    struct buf sql = {0};
    struct arena arena = {0};
    struct db_rows page = {.row_count = 1};
    uint64_t seq = 0;
    uint32_t fragment = 0;
    int rc = 0;
    while (rc == 0 && page.row_count > 0) {
        struct err why = {0};
        buf_clear(&sql);
        arena_free(&arena);
        arena = (struct arena){0};
        put_page_sql(query, topic.len ? buf_cstr(&topic) : NULL, seq, fragment, &sql);
        if (db_query(db, &page, &arena, buf_cstr(&sql), &why)) {
            if (db_says_absent(&why))
                break;
            *err = why;
            rc = -1;
        }
        for (size_t i = 0; rc == 0 && i < page.row_count; i++) {
            const struct span *cells = &page.cells[i * page.column_count];
            struct parked_row row = row_of(cells);
            rc = each(context, &row, cells[CELL_RECORD], err);
            seq = row.seq;
            fragment = row.fragment;
            buf_clear(&topic);
            buf_put_str(&topic, row.topic);
        }
    }
    buf_free(&topic);
    buf_free(&sql);
    arena_free(&arena);
    return rc;
}

static int sum_one(void *context, const struct parked_row *row, struct span record, struct err *err)
{
    struct parked_sum *sum = context;
    (void)record;
    (void)err;
    if (sum->oldest_seq == 0) {
        sum->oldest_seq = row->seq;
        (void)snprintf(sum->why, sizeof sum->why, "%s", row->why);
    }
    sum->transactions += row->fragment == 0;
    sum->rows += row->rows;
    sum->bytes += row->bytes;
    return 0;
}

int parked_summary(struct db *db, const char *topic, struct parked_sum *out, struct err *err)
{
    const struct parked_query all = {.topic = topic};
    *out = (struct parked_sum){0};
    return parked_read(db, &all, sum_one, out, err);
}
