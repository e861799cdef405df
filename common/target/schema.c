/* Making and migrating our own tables: the statements of each version, all of them idempotent. */
#include "common/target/schema.h"

#include <stdio.h>

#include "common/target/ends.h"
#include "common/target/journal.h"
#include "common/target/link_row.h"
#include "common/target/parked.h"
#include "common/target/repair.h"
#include "common/target/tombstone.h"

#define ASCII "CHARACTER SET ascii COLLATE ascii_bin NOT NULL"
#define ER_DUP_FIELDNAME 1060
#define ER_NO_SUCH_KEY 1091 /* to be dropped */

static const char *database_sql(void)
{
    return "CREATE DATABASE IF NOT EXISTS " DRC_DB " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";
}

static const char *meta_sql(void)
{
    return "CREATE TABLE IF NOT EXISTS " DRC_DB "." META_TABLE " (name VARCHAR(64) " ASCII ", value VARCHAR(255) " ASCII
           ", PRIMARY KEY (name)) ENGINE=InnoDB";
}

static const char *ledger_sql(void)
{
    return "CREATE TABLE IF NOT EXISTS " DRC_DB "." LEDGER_TABLE " ("
           "`" LEDGER_STREAM "` BINARY(16) NOT NULL COMMENT 'UUID of the stream', "
           "`" LEDGER_PART "` INT UNSIGNED NOT NULL COMMENT 'partition of its topic', "
           "`" LEDGER_SLOT "` INT UNSIGNED NOT NULL COMMENT 'one a writer', "
           "`topic` VARCHAR(249) " ASCII ", "
           "`owner` BINARY(16) NOT NULL COMMENT 'instance that may write', "
           "`n` BIGINT UNSIGNED NOT NULL COMMENT 'transactions written through this row', "
           "`" LEDGER_WATERMARK "` BIGINT UNSIGNED NOT NULL COMMENT 'all seqs up to this are in effect', "
           "`" LEDGER_DONE "` VARBINARY(16000) NOT NULL COMMENT 'ranges in effect above it', "
           "`chain` BIGINT UNSIGNED NOT NULL, "
           "`offset` BIGINT NOT NULL COMMENT 'in the topic; a hint', "
           "`epoch` BIGINT UNSIGNED NOT NULL, "
           "`instance` BIGINT UNSIGNED NOT NULL COMMENT 'writer of that epoch', "
           "`gtid` VARCHAR(96) " ASCII ", "
           "`commit_us` BIGINT UNSIGNED NOT NULL COMMENT 'at the source', "
           "`connection` BIGINT UNSIGNED NOT NULL COMMENT 'of the writer', "
           "`held` MEDIUMBLOB NOT NULL COMMENT 'XA transactions prepared at the source, undecided', "
           "PRIMARY KEY (`" LEDGER_STREAM "`, `" LEDGER_PART "`, `" LEDGER_SLOT "`), "
           "UNIQUE KEY `topic` (`topic`, `" LEDGER_PART "`, `" LEDGER_SLOT "`)) ENGINE=InnoDB";
}

static const char *ledger_anchors_sql(void)
{
    return "ALTER TABLE " DRC_DB "." LEDGER_TABLE " ADD COLUMN `anchors` MEDIUMBLOB NOT NULL "
           "COMMENT 'where the source can be read again, should the topic be lost'";
}

static const char *ledger_stamp_sql(void)
{
    return "ALTER TABLE " DRC_DB "." LEDGER_TABLE " ADD COLUMN `" LEDGER_STAMP "` BIGINT UNSIGNED NOT NULL DEFAULT 0 "
           "COMMENT 'no version that came into effect through this row is greater'";
}

/* One row a statement: the version that it belongs to. An older schema runs all that are newer than it is. */
static const struct {
    unsigned version;
    const char *(*sql)(void);
} steps[] = {
    {1, database_sql           },
    {1, meta_sql               },
    {1, ledger_sql             },
    {1, journal_create_sql     },
    {2, ledger_anchors_sql     },
    {3, parked_create_sql      },
    {4, link_row_create_sql    },
    {5, journal_add_states_sql },
    {5, journal_note_states_sql},
    {5, tombstone_create_sql   },
    {6, ledger_stamp_sql       },
    {7, repair_create_sql      },
    {8, ends_create_sql        },
    {9, journal_add_cause_sql  },
};

int schema_version(struct db *db, unsigned *out, struct err *err)
{
    uint64_t version = 0;
    struct err why;
    *out = 0;
    if (db_query_u64(db, &version, "SELECT value FROM " DRC_DB "." META_TABLE " WHERE name = 'schema_version'", &why)) {
        if (db_says_absent(&why))
            return 0;
        if (err)
            *err = why;
        return -1;
    }
    *out = (unsigned)version;
    return 0;
}

static int name_the_grants(const struct db *db, struct err *err)
{
    if (err && err->class == ERR_FATAL && err->exit_code == EXIT_DENIED)
        return err_fatal(err, EXIT_DENIED,
                         "the schema " DRC_DB " of the target cannot be made or read (%d). Run: "
                         "GRANT ALL PRIVILEGES ON `" DRC_DB "`.* TO %s;",
                         err->code, db_account(db));
    return -1;
}

/* A column that is there already, or a key that is not there any more, is the work of a run that did not come to its
 * end. */
static int run_step(struct db *db, const char *sql, struct err *err)
{
    struct err why = {0};
    if (db_exec(db, sql, &why) == 0 || why.code == ER_DUP_FIELDNAME || why.code == ER_NO_SUCH_KEY)
        return 0;
    if (err)
        *err = why;
    return -1;
}

int schema_ensure(struct db *db, struct err *err)
{
    unsigned have;
    if (schema_version(db, &have, err))
        return name_the_grants(db, err);
    if (have == SCHEMA_VERSION)
        return 0;
    if (have > SCHEMA_VERSION)
        return err_fatal(err, EXIT_BAD_CONFIG,
                         "schema " DRC_DB " at the target has version %u, this program knows %u: run a newer release",
                         have, SCHEMA_VERSION);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (steps[i].version > have && run_step(db, steps[i].sql(), err))
            return name_the_grants(db, err);
    }
    if (db_execf(db, err,
                 "INSERT INTO " DRC_DB "." META_TABLE " (name, value) VALUES ('schema_version', '%u') "
                 "ON DUPLICATE KEY UPDATE value = '%u'",
                 SCHEMA_VERSION, SCHEMA_VERSION))
        return name_the_grants(db, err);
    return 0;
}

int schema_ensure_repair(struct db *db, struct err *err)
{
    struct err why = {0};
    if (db_exec(db, "SELECT 1 FROM " DRC_DB "." REPAIR_TABLE " LIMIT 1", &why) == 0)
        return 0;
    if (db_says_absent(&why))
        return db_exec(db, database_sql(), err) || db_exec(db, repair_create_sql(), err) ? name_the_grants(db, err) : 0;
    if (err)
        *err = why;
    return name_the_grants(db, err);
}
