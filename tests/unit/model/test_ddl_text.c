/* What DDL statements are about: each line is a statement as servers log it, with what has to come out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "common/base/buf.h"
#include "common/model/ddl_text.h"

#define ANSI_QUOTES 4u
#define NO_BACKSLASH_ESCAPES (1u << 20)
#define UTF8MB4 45
#define GBK 28
#define SJIS 13

/* "class db.table db.table", an empty part as nothing. */
static char *classify(const char *text, enum flavor flavor, uint64_t sql_mode, uint16_t charset)
{
    struct arena a = {0};
    struct buf out = {0};
    /* An own copy of the exact size, so that a read past the end is seen by the sanitizer. */
    size_t n = strlen(text);
    char *copy = malloc(n + (n == 0));
    assert_non_null(copy);
    memcpy(copy, text, n);
    struct ddl d = {.text = span_of(copy, n), .sql_mode = sql_mode, .charset_client = charset};
    ddl_text_classify(&d, flavor, &a);
    buf_put_str(&out, ddl_class_name(d.class));
    for (size_t i = 0; i < d.table_count; i++)
        buf_printf(&out, " %.*s.%.*s", SPAN_ARG(d.tables[i].db), SPAN_ARG(d.tables[i].name));
    char *result = strdup(buf_cstr(&out));
    buf_free(&out);
    arena_free(&a);
    free(copy);
    return result;
}

static void check_of(enum flavor flavor, const char *text, uint64_t sql_mode, uint16_t charset, const char *want)
{
    char *got = classify(text, flavor, sql_mode, charset);
    if (strcmp(got, want) != 0)
        fail_msg("%s: %s\n gives: %s\n wanted: %s", flavor_name(flavor), text, got, want);
    free(got);
}

/* The same in both flavours. */
static void check(const char *text, uint64_t sql_mode, uint16_t charset, const char *want)
{
    check_of(FLAVOR_MARIADB, text, sql_mode, charset, want);
    check_of(FLAVOR_MYSQL, text, sql_mode, charset, want);
}

struct text_case {
    const char *text;
    const char *want;
};

static const struct text_case statement_cases[] = {
    {"CREATE TABLE t (a int)",                                                          "create .t"           },
    {"create table shop.t(a int)",                                                      "create shop.t"       },
    {"CREATE TABLE IF NOT EXISTS `shop` . `t` (`a` int)",                               "create shop.t"       },
    {"CREATE OR REPLACE TABLE t SELECT 1",                                              "create .t"           },
    {"CREATE TABLE t LIKE other.u",                                                     "create .t other.u"   },
    {"CREATE TABLE t (LIKE u)",                                                         "create .t .u"        },
    {"CREATE TABLE t (a varchar(9) CHECK (a LIKE 'x%'))",                               "create .t"           },
    {"CREATE TABLE .t (a int)",                                                         "create .t"           },
    {"CREATE TABLE 1st (a int)",                                                        "create .1st"         },
    {"CREATE TABLE `a``b`.`c.d` (a int)",                                               "create a`b.c.d"      },
    {"CREATE TEMPORARY TABLE t (a int)",                                                "other"               },
    {"CREATE OR REPLACE TEMPORARY TABLE t (a int)",                                     "other"               },
    {"DROP /*!40005 TEMPORARY */ TABLE IF EXISTS `t`",                                  "other"               },
    {"ALTER TABLE t ADD COLUMN b int",                                                  "alter .t"            },
    {"ALTER ONLINE TABLE shop.t ADD b int, DROP c",                                     "alter shop.t"        },
    {"ALTER IGNORE TABLE IF EXISTS shop.t ADD UNIQUE (b)",                              "alter shop.t"        },
    {"ALTER TABLE t NOWAIT ADD b int",                                                  "alter .t"            },
    {"ALTER TABLE t WAIT 5 RENAME TO u",                                                "rename .t .u"        },
    {"ALTER TABLE shop.t RENAME TO shop.u",                                             "rename shop.t shop.u"},
    {"ALTER TABLE t RENAME u",                                                          "rename .t .u"        },
    {"ALTER TABLE t RENAME AS x.u, ADD b int",                                          "rename .t x.u"       },
    {"ALTER TABLE t ADD b enum('a','RENAME TO x'), ALGORITHM=INPLACE, RENAME = u",      "rename .t .u"        },
    {"ALTER TABLE t RENAME COLUMN a TO b",                                              "alter .t"            },
    {"ALTER TABLE t RENAME INDEX a TO b, RENAME KEY c TO d",                            "alter .t"            },
    {"ALTER TABLE t ADD CHECK (a in (1, 2)), ADD KEY (a, b), RENAME TO u",              "rename .t .u"        },
    {"ALTER TABLE t ADD KEY (a, rename)",                                               "alter .t"            },
    {"ALTER TABLE t EXCHANGE PARTITION p WITH TABLE s.u WITHOUT VALIDATION",            "alter .t s.u"        },
    {"ALTER TABLE t CONVERT PARTITION p TO TABLE u",                                    "alter .t .u"         },
    {"ALTER TABLE t CONVERT TABLE u TO PARTITION p VALUES LESS THAN (9)",               "alter .t .u"         },
    {"ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4",                                  "alter .t"            },
    {"RENAME TABLE a TO b",                                                             "rename .a .b"        },
    {"RENAME TABLES `shop`.`t` TO `shop`.`_t_old`, `shop`.`_t_new` TO `shop`.`t`",
     "rename shop.t shop._t_old shop._t_new shop.t"                                                           },
    {"RENAME TABLE IF EXISTS a NOWAIT TO b",                                            "rename .a .b"        },
    {"RENAME TABLE a WAIT 3 TO b, c TO d",                                              "rename .a .b .c .d"  },
    {"RENAME TABLE a b",                                                                "other"               },
    {"RENAME USER a TO b",                                                              "other"               },
    {"DROP TABLE t",                                                                    "drop .t"             },
    {"DROP TABLE IF EXISTS `a`, b.c , `d`.`e` CASCADE",                                 "drop .a b.c d.e"     },
    {"DROP TABLE `t` /* generated by server */",                                        "drop .t"             },
    {"DROP TABLES a,b",                                                                 "drop .a .b"          },
    {"TRUNCATE t",                                                                      "truncate .t"         },
    {"TRUNCATE TABLE shop.t",                                                           "truncate shop.t"     },
    {"CREATE INDEX i ON shop.t (a)",                                                    "alter shop.t"        },
    {"CREATE UNIQUE INDEX IF NOT EXISTS i USING BTREE ON t (a)",                        "alter .t"            },
    {"CREATE OR REPLACE FULLTEXT INDEX `on` ON t (a)",                                  "alter .t"            },
    {"DROP INDEX IF EXISTS i ON shop.t",                                                "alter shop.t"        },
    {"DROP INDEX `PRIMARY` ON t",                                                       "alter .t"            },
    {"DROP INDEX i",                                                                    "other"               },
    {"CREATE DATABASE IF NOT EXISTS shop",                                              "other shop."         },
    {"DROP SCHEMA `shop`",                                                              "other shop."         },
    {"ALTER DATABASE shop CHARACTER SET utf8mb4",                                       "other shop."         },
    {"ALTER DATABASE CHARACTER SET utf8mb4",                                            "other ."             },
    {"ALTER DATABASE `default` COLLATE utf8mb4_bin",                                    "other default."      },
    {"SET STATEMENT max_statement_time=10, sql_mode='FOR' FOR ALTER TABLE t ADD b int", "alter .t"            },
    {"SET PASSWORD = 'x'",                                                              "other"               },
    {"GRANT ALL ON shop.* TO u",                                                        "other"               },
    {"CREATE USER u",                                                                   "other"               },
    {"CREATE DEFINER=`root`@`%` TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET @a = 1", "other"               },
    {"CREATE ALGORITHM=UNDEFINED VIEW v AS SELECT 1",                                   "other"               },
    {"CREATE SEQUENCE s",                                                               "other"               },
    {"ANALYZE TABLE t",                                                                 "other"               },
    {"BEGIN",                                                                           "other"               },
    {"",                                                                                "other"               },
    {"   ",                                                                             "other"               },
    {"CREATE",                                                                          "other"               },
    {"CREATE TABLE",                                                                    "other"               },
    {"CREATE TABLE ``",                                                                 "other"               },
    {"CREATE TABLE a.",                                                                 "other"               },
    {"DROP TABLE a,",                                                                   "other"               },
    {"DROP TABLE 'a'",                                                                  "other"               },
    {"ALTER TABLE t RENAME TO",                                                         "other"               },
    {"TRUNCATE",                                                                        "other"               },
};

static const struct text_case comment_cases[] = {
    {"/* who: app; DROP TABLE x */ ALTER /* y */ TABLE/**/t/* z */ADD b int", "alter .t"                     },
    {"-- a comment\nDROP -- another\n TABLE # third\n t",                     "drop .t"                      },
    {"--\nDROP TABLE t",                                                      "drop .t"                      },
    {"#DROP TABLE x\nDROP TABLE t",                                           "drop .t"                      },
    {"--DROP TABLE x",                                                        "other"                        },
    {"/*!50003 CREATE*/ TABLE /*!100000IF NOT EXISTS*/ t (a int)",            "create .t"                    },
    {"CREATE /*M!100100 OR REPLACE */ TABLE t (a int)",                       "create .t"                    },
    {"CREATE /*! OR /* inner */ REPLACE */ TABLE t (a int)",                  "create .t"                    },
    {"CREATE TABLE t/*!50100 LIKE u*/",                                       "create .t .u"                 },
    {"CREATE TABLE /*!501t*/ (a int)",                                        "create .501t"                 }, /* too short to be a version */
    {"CREATE TABLE t /* never ends",                                          "create .t"                    },
    {"CREATE /* never ends",                                                  "other"                        },
    {"DROP TABLE `/* no comment */`, `--` , `#`",                             "drop ./* no comment */ .-- .#"},
};

static void statements(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(statement_cases) / sizeof(statement_cases[0]); i++)
        check(statement_cases[i].text, 0, UTF8MB4, statement_cases[i].want);
}

static void comments(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(comment_cases) / sizeof(comment_cases[0]); i++)
        check(comment_cases[i].text, 0, UTF8MB4, comment_cases[i].want);
}

static void sql_mode_decides_quoting(void **state)
{
    (void)state;
    check("DROP TABLE \"a\"\"b\"", ANSI_QUOTES, UTF8MB4, "drop .a\"b");
    check("DROP TABLE \"a\"", 0, UTF8MB4, "other");
    const char *escaped = "ALTER TABLE t COMMENT 'it\\'s, RENAME TO x', RENAME TO u";
    check(escaped, 0, UTF8MB4, "rename .t .u");
    check("ALTER TABLE t COMMENT 'back\\', RENAME TO u", NO_BACKSLASH_ESCAPES, UTF8MB4, "rename .t .u");
    check("ALTER TABLE t COMMENT 'it''s', RENAME TO u", 0, UTF8MB4, "rename .t .u");
    check("ALTER TABLE t COMMENT \"a, RENAME TO x\", RENAME TO u", 0, UTF8MB4, "rename .t .u");
}

/* In these character sets the second byte of a character may be 0x5c or 0x60. */
static void wide_character_sets(void **state)
{
    (void)state;
    check("DROP TABLE `\x81\x60`, b", 0, GBK, "drop .\x81\x60 .b");
    check("ALTER TABLE t COMMENT '\x81\x5c', RENAME TO u", 0, GBK, "rename .t .u");
    check("ALTER TABLE t COMMENT '\x81\x5c', RENAME TO u", 0, UTF8MB4, "alter .t");
    check("DROP TABLE `\x83\x60\xb1`, b", 0, SJIS, "drop .\x83\x60\xb1 .b"); /* b1 stands alone there */
    check("DROP TABLE \xe6\x9b\xb8, b", 0, UTF8MB4, "drop .\xe6\x9b\xb8 .b");
}

/* What stands in a comment for MariaDB's eyes only is text to it, and a comment to MySQL. */
static void comments_of_mariadb(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *mariadb;
        const char *mysql;
    } cases[] = {
        {"CREATE /*M!100100 OR REPLACE */ TABLE t (a int)",     "create .t",          "create .t"   },
        {"ALTER TABLE t ADD b int /*M!100100 , RENAME TO u */", "rename .t .u",       "alter .t"    },
        {"/*M! DROP TABLE t */",                                "drop .t",            "other"       },
        {"CREATE TABLE t /*M!100500 LIKE u */ (a int)",         "create .t .u",       "create .t"   },
        {"DROP TABLE t /*!80000 , u */ /*M!100100 , v */",      "drop .t .u .v",      "drop .t .u"  },
        {"RENAME TABLE /*M!100100 a TO b, */ c TO d",           "rename .a .b .c .d", "rename .c .d"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check_of(FLAVOR_MARIADB, cases[i].text, 0, UTF8MB4, cases[i].mariadb);
        check_of(FLAVOR_MYSQL, cases[i].text, 0, UTF8MB4, cases[i].mysql);
    }
}

/* Quotes, escapes and comments inside of each other, under every sql_mode that matters. */
static void quotes_hide_what_is_in_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t sql_mode;
        const char *want;
    } cases[] = {
        {"DROP TABLE `a /* b */`, `c -- d`, `e # f`",                            0,                                  "drop .a /* b */ .c -- d .e # f"},
        {"ALTER TABLE t COMMENT '/*', RENAME TO u /* ' */",                      0,                                  "rename .t .u"                  },
        {"ALTER TABLE t COMMENT '-- ', RENAME TO u",                             0,                                  "rename .t .u"                  },
        {"ALTER TABLE t COMMENT '`', RENAME TO `u`",                             0,                                  "rename .t .u"                  },
        {"ALTER TABLE t COMMENT \"\\\", RENAME TO x\", RENAME TO u",             0,                                  "rename .t .u"                  },
        {"ALTER TABLE t COMMENT \"'\", RENAME TO u, COMMENT \"'\"",              0,                                  "rename .t .u"                  },
        {"ALTER TABLE \"t\" COMMENT '\"', RENAME TO \"u\"",                      ANSI_QUOTES,                        "rename .t .u"                  },
        {"ALTER TABLE \"/* t */\" RENAME TO \"--u\"",                            ANSI_QUOTES,                        "rename ./* t */ .--u"          },
        {"ALTER TABLE \"t\\\" RENAME TO u",                                      ANSI_QUOTES,                        "rename .t\\ .u"                },
        {"ALTER TABLE `t\\` RENAME TO u",                                        0,                                  "rename .t\\ .u"                },
        {"ALTER TABLE t COMMENT '\\', RENAME TO u, COMMENT ''",                  NO_BACKSLASH_ESCAPES,               "rename .t .u"                  },
        {"ALTER TABLE t COMMENT '\\', RENAME TO u, COMMENT ''",                  0,                                  "alter .t"                      },
        {"ALTER TABLE t COMMENT '\\\\', RENAME TO u",                            0,                                  "rename .t .u"                  },
        {"ALTER TABLE \"t\" COMMENT 'a\\', RENAME TO \"u\"",                     ANSI_QUOTES | NO_BACKSLASH_ESCAPES, "rename .t .u"                  },
        {"ALTER TABLE t ADD c int DEFAULT 0x2c, ADD KEY (a), RENAME `u`",        0,                                  "rename .t .u"                  },
        {"ALTER TABLE t ADD c varchar(9) DEFAULT _utf8mb4', RENAME TO x'",       0,                                  "alter .t"                      },
        {"ALTER TABLE t ADD c int AS (if(a, ',', ') , RENAME TO x')), RENAME u", 0,                                  "rename .t .u"                  },
        {"/*!50100 ALTER */ /*!50100 TABLE */ t /*!50100 RENAME TO */ u",        0,                                  "rename .t .u"                  },
        {"ALTER TABLE t /*!50100 PARTITION BY HASH (a) PARTITIONS 4 */",         0,                                  "alter .t"                      },
        {"DROP TABLE t; DROP TABLE u",                                           0,                                  "drop .t"                       },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check(cases[i].text, cases[i].sql_mode, UTF8MB4, cases[i].want);
}

/* Every prefix of a statement is read without harm (under the sanitizers: without a byte too many). */
static void prefixes(void **state)
{
    (void)state;
    static const char text[] = "/*!50003 ALTER */ TABLE `a``b`.t /* c */ ADD x enum('a\\'b'), RENAME TO \"u\" -- end";
    for (size_t n = 0; n < sizeof(text); n++) {
        char *cut = strndup(text, n);
        free(classify(cut, FLAVOR_MARIADB, ANSI_QUOTES, GBK));
        free(cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements),
        cmocka_unit_test(comments),
        cmocka_unit_test(sql_mode_decides_quoting),
        cmocka_unit_test(wide_character_sets),
        cmocka_unit_test(comments_of_mariadb),
        cmocka_unit_test(quotes_hide_what_is_in_them),
        cmocka_unit_test(prefixes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
