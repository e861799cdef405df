/* The statements of the generator of ids.
 *
 * Its memory is an AUTO_INCREMENT counter, the one thing of a server that every session sees at once, that no rollback
 * takes back, and that outlives a restart. A row with the present time pushes it up, the row after it takes the next
 * value, both rows are removed again. (Not both by one INSERT: that would reserve two values, and give back the one
 * that is not used after another session has pushed the counter to it.) Rows of two sessions do not lie in one index:
 * each session holds a slot, a named lock that it never waits for, and each slot is a partition. Otherwise a statement
 * that fails under REPEATABLE READ would leave a lock on the gap at the end of the index, where everyone inserts. (SKIP
 * LOCKED would find slots for transactions instead of sessions, but in functions servers forget it, and wait.) */
#include "ctl/ids_generator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/target/schema.h"
#include "include/drc/id.h"

#define VERSION 1u /* of the function; changes with its text */
#define COMMENT_HEAD "drc ids: version %u, tag "

#define TICK DRC_DB "." IDS_TABLE
#define LOCK "CONCAT('" DRC_DB "." IDS_FUNCTION ".', slot)"

void ids_generator_comment(struct buf *out, const char *region, unsigned tag)
{
    buf_printf(out, COMMENT_HEAD "%u, region %s", VERSION, tag, region);
}

bool ids_generator_tag(unsigned *tag, struct span comment)
{
    char text[100], head[sizeof text], *end;
    (void)snprintf(text, sizeof text, "%.*s", SPAN_ARG(comment));
    int n = snprintf(head, sizeof head, COMMENT_HEAD, VERSION);
    if (strncmp(text, head, (size_t)n) != 0)
        return false;
    unsigned long number = strtoul(text + n, &end, 10);
    *tag = (unsigned)number;
    return *end == ',' && number <= DRC_ID_TAG_MAX;
}

/* The clock is read anew at each call (NOW() stands still in a statement) and in UTC whatever the session's time zone
 * is; SET timestamp moves UTC_TIMESTAMP and NOW alike, so that it falls out. */
static void put_function(struct buf *out, const char *region, unsigned tag)
{
    buf_put_str(out, "CREATE FUNCTION " DRC_DB "." IDS_FUNCTION "() RETURNS BIGINT\n"
                     "NOT DETERMINISTIC MODIFIES SQL DATA SQL SECURITY DEFINER COMMENT '");
    ids_generator_comment(out, region, tag);
    buf_printf(out,
               "'\nBEGIN\n"
               "  DECLARE me BIGINT UNSIGNED DEFAULT CONNECTION_ID();\n"
               "  DECLARE slot SMALLINT UNSIGNED DEFAULT COALESCE(@drc_id_slot, me) MOD %u;\n"
               "  DECLARE tries SMALLINT UNSIGNED DEFAULT %u;\n"
               "  DECLARE now_us, id_us BIGINT UNSIGNED;\n"
               "  IF NOT IS_USED_LOCK(" LOCK ") <=> me THEN\n"
               "    WHILE tries > 0 AND NOT GET_LOCK(" LOCK ", 0) DO\n"
               "      SET slot = (slot + 1) MOD %u, tries = tries - 1;\n"
               "    END WHILE;\n"
               "    SET @drc_id_slot = slot;\n"
               "  END IF;\n"
               "  SET now_us = TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))\n"
               "    + TIMESTAMPDIFF(MICROSECOND, NOW(6), SYSDATE(6));\n"
               "  INSERT INTO " TICK " (tick, part, session, given) VALUES (now_us, slot, me, FALSE);\n"
               "  INSERT INTO " TICK " (tick, part, session, given) VALUES (NULL, slot, me, TRUE);\n"
               "  SET id_us = LAST_INSERT_ID();\n"
               "  DELETE FROM " TICK " WHERE part = slot AND session = me\n"
               "    AND (tick = now_us AND given = FALSE OR tick = id_us AND given = TRUE);\n"
               "  RETURN id_us << %d | %u;\n"
               "END",
               IDS_SLOTS, IDS_SLOTS, IDS_SLOTS, DRC_ID_TAG_BITS, tag);
}

void ids_generator_sql(struct buf *out, enum ids_step step, const char *region, unsigned tag)
{
    switch (step) {
    case IDS_MAKE_DATABASE:
        buf_put_str(out, "CREATE DATABASE IF NOT EXISTS " DRC_DB " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
        break;
    case IDS_MAKE_TABLE:
        buf_printf(out,
                   "CREATE TABLE IF NOT EXISTS " TICK " (tick BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, "
                   "part SMALLINT UNSIGNED NOT NULL, session BIGINT UNSIGNED NOT NULL, given BOOLEAN NOT NULL, "
                   "PRIMARY KEY (tick, part, session, given)) ENGINE=InnoDB "
                   "COMMENT 'drc ids: its counter is what counts, rows come and go' "
                   "PARTITION BY HASH (part) PARTITIONS %u",
                   IDS_SLOTS);
        break;
    case IDS_DROP_FUNCTION:
        buf_put_str(out, "DROP FUNCTION IF EXISTS " DRC_DB "." IDS_FUNCTION);
        break;
    case IDS_MAKE_FUNCTION:
        put_function(out, region, tag);
        break;
    case IDS_DROP_TABLE:
        buf_put_str(out, "DROP TABLE IF EXISTS " TICK);
        break;
    }
}
