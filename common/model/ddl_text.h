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

/* What a statement does, finer than its class. Of several that one ALTER does the last of these. */
enum ddl_form {
    DDL_FORM_OTHER,     /* nothing about tables or databases */
    DDL_FORM_UNREAD,    /* it begins as one about tables, and cannot be read */
    DDL_FORM_CREATE,    /* a table with columns of its own */
    DDL_FORM_LIKE,      /* a table after another one: the first table is made, the second is only looked at */
    DDL_FORM_SELECT,    /* a table filled by a query */
    DDL_FORM_REPLACE,   /* CREATE OR REPLACE TABLE */
    DDL_FORM_ALTER,     /* a definition and no row; indexes too */
    DDL_FORM_MOVE,      /* ALTER TABLE … RENAME: from the first table to the second */
    DDL_FORM_PARTITION, /* ALTER TABLE with rows of whole partitions: DROP, TRUNCATE, CONVERT */
    DDL_FORM_EXCHANGE,  /* ALTER TABLE … EXCHANGE PARTITION */
    DDL_FORM_TABLESPACE,
    DDL_FORM_RENAME, /* the tables in pairs: from, to */
    DDL_FORM_DROP,
    DDL_FORM_TRUNCATE,
    DDL_FORM_CREATE_DATABASE,
    DDL_FORM_ALTER_DATABASE,
    DDL_FORM_DROP_DATABASE,
    DDL_FORM_COUNT
};

struct ddl_reading {
    enum ddl_form form;
    struct span run; /* the text without what only its own group gives a meaning: MySQL's START TRANSACTION at the end
                        of CREATE TABLE … SELECT, whose rows follow as rows */
};

/* Classify, and say what the class does not. */
void ddl_text_read(struct ddl *d, struct ddl_reading *out, enum flavor flavor, struct arena *a);

#endif
