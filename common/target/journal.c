/* The journal's columns, its table in every version, and the question whether a stop is in it already. */
#include "common/target/journal.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/target/journal_images.h"
#include "common/target/schema.h"

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
    [JOURNAL_CAUSE] = {"cause",          JOURNAL_TEXT  },
    [JOURNAL_POLICY] = {"policy",         JOURNAL_TEXT  },
    [JOURNAL_VERDICT] = {"verdict",        JOURNAL_TEXT  },
    [JOURNAL_WHY] = {"why",            JOURNAL_TEXT  },
    [JOURNAL_BEFORE_IMAGE] = {"before_image",   JOURNAL_JSON  },
    [JOURNAL_INCOMING_IMAGE] = {"incoming_image", JOURNAL_JSON  },
    [JOURNAL_LOCAL_IMAGE] = {"local_image",    JOURNAL_JSON  },
    [JOURNAL_RESULT_IMAGE] = {"result_image",   JOURNAL_JSON  },
    [JOURNAL_IMAGES_COLUMN] = {"images",         JOURNAL_BYTES },
    [JOURNAL_RESULT_HASH] = {"result_hash",    JOURNAL_TEXT  },
    [JOURNAL_STATE] = {"state",          JOURNAL_TEXT  },
    [JOURNAL_CHANGED] = {"changed",        JOURNAL_JSON  },
    [JOURNAL_RESOLVED_AT] = {"resolved_at",    JOURNAL_TEXT  },
    [JOURNAL_RESOLVED_BY] = {"resolved_by",    JOURNAL_TEXT  },
    [JOURNAL_RESOLVED_WHY] = {"resolved_why",   JOURNAL_TEXT  },
    [JOURNAL_RESOLUTION] = {"resolution",     JOURNAL_JSON  },
    [JOURNAL_UNDO_IMAGES] = {"undo_images",    JOURNAL_BYTES },
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

/* `sort` has its combinations in few places (journal_read.c), `of_txn` finds the entries of one transaction; both grow
 * at few ends, as entries do. One statement: what was not run to its end was not run at all. */
const char *journal_add_states_sql(void)
{
    return "ALTER TABLE `" DRC_DB "`.`" JOURNAL_TABLE "` "
           "ADD COLUMN `state` VARCHAR(20) NOT NULL DEFAULT '" JOURNAL_OPEN "', "
           "ADD COLUMN `changed` LONGTEXT NULL COMMENT 'columns that the incoming update changes', "
           "ADD COLUMN `resolved_at` DATETIME(6) NULL COMMENT 'UTC; resolved or undone', "
           "ADD COLUMN `resolved_by` VARCHAR(200) NULL, "
           "ADD COLUMN `resolved_why` VARCHAR(500) NULL, "
           "ADD COLUMN `resolution` LONGTEXT NULL COMMENT 'what was made of it', "
           "ADD COLUMN `undo_images` LONGBLOB NULL COMMENT 'the row before and after that', "
           "ADD KEY `sort` (`db`, `tbl`, `kind`, `state`, `id`), ADD KEY `of_txn` (`seq`), DROP KEY `row_of`";
}

/* Entries of earlier versions of which nothing lost. */
const char *journal_note_states_sql(void)
{
    return "UPDATE `" DRC_DB "`.`" JOURNAL_TABLE "` SET `state` = '" JOURNAL_NOTED "' WHERE `state` = '" JOURNAL_OPEN
           "' AND (`verdict` = 'same' OR `kind` IN ('" JOURNAL_OPERATOR_ACT "', '" JOURNAL_DDL "', 'order/violated'))";
}

/* Entries of earlier versions do not tell it. `sort` as above, with the cause in it. */
const char *journal_add_cause_sql(void)
{
    return "ALTER TABLE `" DRC_DB "`.`" JOURNAL_TABLE "` "
           "ADD COLUMN `cause` VARCHAR(20) NOT NULL DEFAULT '' COMMENT 'who wrote what was there' AFTER `kind`, "
           "DROP KEY `sort`, ADD KEY `sort` (`db`, `tbl`, `kind`, `cause`, `state`, `id`)";
}

/* Under a masked key rows look alike: then the hash of what is there tells them apart. */
static void put_row_condition(struct buf *sql, const struct journal_entry *e)
{
    const struct conflict_case *c = e->conflict;
    struct buf key = {0};
    journal_put_key_json(c->table, c->before ? c->before : c->incoming, e->mask, &key);
    buf_put_str(sql, " AND `row_key` = ");
    db_put_string(sql, buf_span(&key));
    if (e->result && mask_has_key(e->mask, c->table))
        buf_printf(sql, " AND `result_hash` = '%016" PRIx64 "'", journal_row_hash(c->table, e->result));
    buf_free(&key);
}

int journal_has_stop(struct db *db, const struct journal_entry *e, struct err *err)
{
    const struct conflict_case *c = e->conflict;
    struct buf sql = {0};
    char gtid[GTID_TEXT_LEN];
    uint64_t count = 0;
    buf_printf(&sql,
               "SELECT COUNT(*) FROM `" DRC_DB "`.`" JOURNAL_TABLE "` WHERE `seq` = %" PRIu64 " AND `db` = ", e->seq);
    db_put_string(&sql, c->table->db);
    buf_put_str(&sql, " AND `tbl` = ");
    db_put_string(&sql, c->table->name);
    put_row_condition(&sql, e);
    buf_put_str(&sql, " AND `link` = ");
    db_put_string(&sql, span_str(e->link));
    buf_printf(&sql, " AND `gtid` = '%s' AND `kind` = '%s' AND `verdict` = '%s'", gtid_text(gtid, e->gtid),
               conflict_kind_name(c->kind), conflict_verdict_name(VERDICT_STOP));
    int rc = db_query_u64(db, &count, buf_cstr(&sql), err);
    buf_free(&sql);
    return rc ? -1 : count > 0;
}
