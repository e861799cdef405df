/* The rows of drc.links. */
#include "common/target/link_row.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/target/schema.h"

#define LINKS "`" DRC_DB "`.`" LINKS_TABLE "`"
#define ASCII "CHARACTER SET ascii COLLATE ascii_bin NOT NULL"
#define TEXT_KEPT ((size_t)64 << 10)

const char *link_row_create_sql(void)
{
    return "CREATE TABLE IF NOT EXISTS " LINKS " ("
           "`topic` VARCHAR(249) " ASCII ", "
           "`part` INT UNSIGNED NOT NULL, "
           "`ddl_state` ENUM('none', 'begun', 'done') NOT NULL DEFAULT 'none', "
           "`ddl_stream` BINARY(16) NOT NULL DEFAULT '', "
           "`ddl_seq` BIGINT UNSIGNED NOT NULL DEFAULT 0, "
           "`ddl_gtid` VARCHAR(96) " ASCII " DEFAULT '', "
           "`ddl_at` DATETIME(6) NULL COMMENT 'UTC; when it was begun', "
           "`ddl_text` MEDIUMBLOB NULL COMMENT 'the statement, or its beginning', "
           "`ddl_before` VARBINARY(16000) NOT NULL DEFAULT '' COMMENT 'its tables before it', "
           "`ddl_mark` VARCHAR(40) " ASCII " DEFAULT '' COMMENT 'under which it is in the binlog', "
           "`paused` VARCHAR(500) NOT NULL DEFAULT '' COMMENT 'by whom, when and why', "
           "PRIMARY KEY (`topic`, `part`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin";
}

void link_row_free(struct link_row *r)
{
    buf_free(&r->before);
    *r = (struct link_row){0};
}

static void put_where(struct buf *sql, const char *topic, uint32_t part)
{
    buf_put_str(sql, " WHERE `topic`=");
    db_put_string(sql, span_str(topic));
    buf_printf(sql, " AND `part`=%" PRIu32, part);
}

int link_row_read(struct link_row *out, struct db *db, const char *topic, uint32_t part, struct err *err)
{
    struct arena a = {0};
    struct buf sql = {0};
    struct db_rows rows;
    *out = (struct link_row){0};
    buf_put_str(&sql, "SELECT `ddl_state`, `ddl_stream`, `ddl_seq`, `ddl_before`, `paused` FROM " LINKS);
    put_where(&sql, topic, part);
    int rc = db_query(db, &rows, &a, buf_cstr(&sql), err);
    if (rc == 0 && rows.row_count > 0) {
        struct span stream = db_cell(&rows, 0, 1);
        out->begun = span_is(db_cell(&rows, 0, 0), "begun");
        if (stream.n > 0) /* BINARY gives all its bytes */
            memcpy(out->stream, stream.p, stream.n < sizeof out->stream ? stream.n : sizeof out->stream);
        out->seq = strtoull((const char *)db_cell(&rows, 0, 2).p, NULL, 10);
        buf_put_span(&out->before, db_cell(&rows, 0, 3));
        (void)snprintf(out->paused, sizeof out->paused, "%.*s", SPAN_ARG(db_cell(&rows, 0, 4)));
    }
    buf_free(&sql);
    arena_free(&a);
    return rc;
}

static void put_hex(struct buf *sql, const char *column, struct span bytes)
{
    buf_printf(sql, ", `%s`=X'", column);
    buf_put_hex(sql, bytes);
    buf_put_str(sql, "'");
}

/* INSERT … ON DUPLICATE KEY UPDATE of the same assignments. */
static int put(struct db *db, const char *topic, uint32_t part, struct span assignments, struct err *err)
{
    struct buf sql = {0};
    buf_put_str(&sql, "INSERT INTO " LINKS " SET `topic`=");
    db_put_string(&sql, span_str(topic));
    buf_printf(&sql, ", `part`=%" PRIu32 ", %.*s ON DUPLICATE KEY UPDATE %.*s", part, SPAN_ARG(assignments),
               SPAN_ARG(assignments));
    int rc = db_exec(db, buf_cstr(&sql), err);
    buf_free(&sql);
    return rc;
}

int link_row_begin_ddl(struct db *db, const char *topic, uint32_t part, const struct link_ddl *d, struct err *err)
{
    struct buf set = {0};
    buf_printf(&set, "`ddl_state`='begun', `ddl_at`=UTC_TIMESTAMP(6), `ddl_seq`=%" PRIu64 ", `ddl_gtid`=", d->seq);
    db_put_string(&set, span_str(d->gtid));
    buf_put_str(&set, ", `ddl_mark`=");
    db_put_string(&set, span_str(d->mark));
    put_hex(&set, "ddl_stream", span_of(d->stream, STREAM_UUID_LEN));
    put_hex(&set, "ddl_text", span_of(d->text.p, d->text.n < TEXT_KEPT ? d->text.n : TEXT_KEPT));
    put_hex(&set, "ddl_before", d->before);
    int rc = put(db, topic, part, buf_span(&set), err);
    buf_free(&set);
    return rc;
}

int link_row_end_ddl(struct db *db, const char *topic, uint32_t part, struct err *err)
{
    return put(db, topic, part, span_str("`ddl_state`='done'"), err);
}

int link_row_pause(struct db *db, const char *topic, uint32_t part, const char *paused, struct err *err)
{
    struct buf set = {0};
    buf_put_str(&set, "`paused`=");
    db_put_string(&set, span_str(paused));
    int rc = put(db, topic, part, buf_span(&set), err);
    buf_free(&set);
    return rc;
}

void link_row_put_mark_query(struct buf *sql, const char *mark)
{
    buf_put_str(sql, "SELECT 1 FROM " LINKS " WHERE `ddl_mark`=");
    db_put_string(sql, span_str(mark));
    buf_put_str(sql, " LIMIT 1");
}
