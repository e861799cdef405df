/* The journal's columns, and how its entries are read page by page. */
#include "common/target/journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/target/journal_images.h"
#include "common/target/schema.h"

#define ER_NO_SUCH_DB 1049
#define ER_NO_SUCH_TABLE 1146

#define PAGE_ROWS 50u

const struct journal_column journal_columns[] = {
    [JOURNAL_ID] = {"id",             JOURNAL_NUMBER},
    [JOURNAL_AT] = {"at",             JOURNAL_TEXT  },
    [JOURNAL_LINK] = {"link",           JOURNAL_TEXT  },
    [JOURNAL_GTID] = {"gtid",           JOURNAL_TEXT  },
    [JOURNAL_SEQ] = {"seq",            JOURNAL_NUMBER},
    [JOURNAL_DB] = {"db",             JOURNAL_TEXT  },
    [JOURNAL_TBL] = {"tbl",            JOURNAL_TEXT  },
    [JOURNAL_ROW_KEY] = {"row_key",        JOURNAL_JSON  },
    [JOURNAL_KIND] = {"kind",           JOURNAL_TEXT  },
    [JOURNAL_POLICY] = {"policy",         JOURNAL_TEXT  },
    [JOURNAL_VERDICT] = {"verdict",        JOURNAL_TEXT  },
    [JOURNAL_WHY] = {"why",            JOURNAL_TEXT  },
    [JOURNAL_BEFORE_IMAGE] = {"before_image",   JOURNAL_JSON  },
    [JOURNAL_INCOMING_IMAGE] = {"incoming_image", JOURNAL_JSON  },
    [JOURNAL_LOCAL_IMAGE] = {"local_image",    JOURNAL_JSON  },
    [JOURNAL_RESULT_IMAGE] = {"result_image",   JOURNAL_JSON  },
    [JOURNAL_IMAGES_COLUMN] = {"images",         JOURNAL_BYTES },
    [JOURNAL_RESULT_HASH] = {"result_hash",    JOURNAL_TEXT  },
    [JOURNAL_COLUMN_COUNT] = {NULL,             JOURNAL_TEXT  },
};

/* JSON stands in text columns, not in the server's JSON type: MySQL's would sort keys and rewrite numbers. */
const char *journal_create_sql(void)
{
    return "CREATE TABLE IF NOT EXISTS `" DRC_DB "`.`" JOURNAL_TABLE "` ("
           "`id` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, "
           "`at` DATETIME(6) NOT NULL, "
           "`link` VARCHAR(200) NOT NULL, "
           "`gtid` VARCHAR(100) NOT NULL, "
           "`seq` BIGINT UNSIGNED NOT NULL, "
           "`db` VARCHAR(64) NOT NULL, "
           "`tbl` VARCHAR(64) NOT NULL, "
           "`row_key` LONGTEXT NOT NULL, "
           "`kind` VARCHAR(20) NOT NULL, "
           "`policy` VARCHAR(20) NOT NULL, "
           "`verdict` VARCHAR(20) NOT NULL, "
           "`why` VARCHAR(255) NOT NULL, "
           "`before_image` LONGTEXT NULL, "
           "`incoming_image` LONGTEXT NULL, "
           "`local_image` LONGTEXT NULL, "
           "`result_image` LONGTEXT NULL, "
           "`images` LONGBLOB NOT NULL, "
           "`result_hash` CHAR(16) NULL, "
           "KEY `at` (`at`), KEY `row_of` (`db`, `tbl`, `id`)"
           ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin";
}

int journal_has_stop(struct db *db, const struct journal_entry *e, struct err *err)
{
    const struct conflict_case *c = e->conflict;
    struct buf sql = {0}, key = {0};
    char gtid[GTID_TEXT_LEN];
    uint64_t count = 0;
    journal_put_key_json(c->table, c->before ? c->before : c->incoming, &key);
    buf_put_str(&sql, "SELECT COUNT(*) FROM `" DRC_DB "`.`" JOURNAL_TABLE "` WHERE `db` = ");
    db_put_string(&sql, c->table->db);
    buf_put_str(&sql, " AND `tbl` = ");
    db_put_string(&sql, c->table->name);
    buf_put_str(&sql, " AND `row_key` = ");
    db_put_string(&sql, buf_span(&key));
    buf_put_str(&sql, " AND `link` = ");
    db_put_string(&sql, span_str(e->link));
    buf_printf(&sql, " AND `gtid` = '%s' AND `kind` = '%s' AND `verdict` = '%s'", gtid_text(gtid, e->gtid),
               conflict_kind_name(c->kind), conflict_verdict_name(VERDICT_STOP));
    int rc = db_query_u64(db, &count, buf_cstr(&sql), err);
    buf_free(&sql);
    buf_free(&key);
    return rc ? -1 : count > 0;
}

/* SELECT of one page: entries with an id below `below` (0: from the newest). */
static void put_page_sql(const struct journal_query *q, uint64_t below, struct buf *sql)
{
    buf_put_str(sql, "SELECT ");
    for (const struct journal_column *c = journal_columns; c->name; c++)
        buf_printf(sql, "%s`%s`", c == journal_columns ? "" : ", ", c->name);
    buf_put_str(sql, " FROM `" DRC_DB "`.`" JOURNAL_TABLE "` WHERE TRUE");
    if (below)
        buf_printf(sql, " AND `id` < %" PRIu64, below);
    if (q->id)
        buf_printf(sql, " AND `id` = %" PRIu64, q->id);
    if (q->since_us) {
        char text[CLOCK_TEXT_LEN];
        clock_text(text, q->since_us);
        buf_printf(sql, " AND `at` >= '%.10s %.15s'", text, text + 11); /* without T and Z */
    }
    buf_printf(sql, " ORDER BY `id` DESC LIMIT %u", PAGE_ROWS);
}

/* One page through `each`; *below becomes the last id, *left what the limit still allows. */
static int read_page(struct db *db, const struct journal_query *q, uint64_t *below, uint64_t *left, size_t *rows,
                     journal_each_fn *each, void *context, struct err *err)
{
    struct arena arena = {0};
    struct buf sql = {0};
    struct db_rows page;
    int rc = -1;
    put_page_sql(q, *below, &sql);
    if (db_query(db, &page, &arena, buf_cstr(&sql), err))
        goto out;
    *rows = page.row_count;
    for (size_t i = 0; i<page.row_count && * left> 0; i++) {
        const struct span *cells = &page.cells[i * page.column_count];
        *below = strtoull(arena_strdup(&arena, cells[JOURNAL_ID]), NULL, 10);
        if (q->tables && !filter_match(q->tables, cells[JOURNAL_DB], cells[JOURNAL_TBL]))
            continue;
        (*left)--;
        if (each(context, cells, err))
            goto out;
    }
    rc = 0;
out:
    buf_free(&sql);
    arena_free(&arena);
    return rc;
}

int journal_read(struct db *db, const struct journal_query *query, journal_each_fn *each, void *context,
                 struct err *err)
{
    struct err found = {0};
    uint64_t below = 0;
    uint64_t left = query->limit ? query->limit : UINT64_MAX;
    size_t rows = PAGE_ROWS;
    while (rows == PAGE_ROWS && left > 0) {
        if (read_page(db, query, &below, &left, &rows, each, context, &found) == 0)
            continue;
        if (found.code == ER_NO_SUCH_DB || found.code == ER_NO_SUCH_TABLE)
            return 0;
        if (err)
            *err = found;
        return -1;
    }
    return 0;
}
