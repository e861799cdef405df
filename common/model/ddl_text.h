/* What a DDL statement is about: class and tables, by a small tokenizer that survives comments and quoting. Pure. */
#ifndef DRC_MODEL_DDL_TEXT_H
#define DRC_MODEL_DDL_TEXT_H

#include "common/model/record.h"

/* Fill class, tables and table_count of `d` from d->text; texts are in the arena. Knows -- # and C comments, versioned
 * comments ( / *! … * / is read as text, and / *M! … * / where the flavour is not MySQL), back-quoted and (by sql_mode
 * ANSI_QUOTES) double-quoted names, IF [NOT] EXISTS, OR REPLACE, ONLINE/IGNORE, SET STATEMENT … FOR, lists of tables,
 * RENAME … TO …, CREATE/DROP INDEX … ON t, LIKE. Names stay in the session's character set (big5, gbk, sjis and their
 * kin are cut rightly).
 *
 *  - ALTER TABLE t RENAME TO u is DDL_RENAME of t, u like RENAME TABLE; ALTER with EXCHANGE or CONVERT names both.
 *  - A statement that is not about tables of the stream (GRANT, CREATE USER, VIEW, PROCEDURE, TRIGGER, SEQUENCE, a
 *    session's TEMPORARY tables …) is DDL_OTHER without tables; DATABASE forms are DDL_OTHER and name the database as
 *    a table with an empty name.
 *
 * Never fails: what it cannot read is DDL_OTHER without tables. */
void ddl_text_classify(struct ddl *d, enum flavor flavor, struct arena *a);

#endif
