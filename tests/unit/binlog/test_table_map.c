/* TABLE_MAP definitions by hand: every field of the optional metadata, what both flavours count, what is refused. */
#include "tests/unit/cmocka_all.h"

#include <stdlib.h>

#include "common/base/buf.h"
#include "common/binlog/table_map.h"
#include "tests/unit/random.h"

/* Definition of `d`.`t` with columns of given types; optional metadata are put after it by the test. */
static void put_columns(struct buf *out, struct span types, struct span meta, struct span nullable)
{
    buf_put(out, "\1d\0\1t\0", 6);
    buf_put_lenenc(out, types.n);
    buf_put_span(out, types);
    buf_put_lenenc(out, meta.n);
    buf_put_span(out, meta);
    buf_put_span(out, nullable);
}

static void put_field(struct buf *out, uint8_t type, const char *bytes, size_t n)
{
    buf_put_u8(out, type);
    buf_put_lenenc(out, n);
    buf_put(out, bytes, n);
}

/* Parse a copy of exactly that length, so that a sanitizer sees every byte too many. */
static struct table_def *parse(struct buf *definition, enum flavor flavor, struct arena *a, struct err *err)
{
    struct table_def *t = NULL;
    uint8_t *exact = malloc(definition->len ? definition->len : 1);
    memcpy(exact, definition->data, definition->len);
    int rc = table_map_parse(&t, span_of(exact, definition->len), flavor, a, err);
    free(exact);
    return rc == 0 ? t : NULL;
}

#define STR(s) s, sizeof(s) - 1

static const uint8_t all_types[] = {COLUMN_LONG,     COLUMN_YEAR,    COLUMN_FLOAT,   COLUMN_STRING,
                                    COLUMN_GEOMETRY, COLUMN_VARCHAR, COLUMN_STRING,  COLUMN_STRING,
                                    COLUMN_BLOB,     COLUMN_VECTOR,  COLUMN_LONGLONG};
static const char all_meta[] = "\x04"      /* float */
                               "\xee\x2c"  /* char of 300 bytes: 0xfe ^ (300 >> 4 & 0x30), 300 & 255 */
                               "\x04"      /* geometry */
                               "\x10\x27"  /* varchar of 10000 */
                               "\xf7\x02"  /* enum of two bytes */
                               "\xf8\x01"  /* set */
                               "\x03\x04"; /* mediumblob, vector */

static void put_all(struct buf *out)
{
    put_columns(out, span_of(all_types, sizeof all_types), span_of(STR(all_meta)), span_of("\xfe\x03", 2));
    put_field(out, 1, STR("\xd0")); /* signs of int, year, float, bigint: 1 1 0 1 */
    put_field(out, 4, STR("\2id\1y\1f\1c\1g\1v\1e\1s\1b\2ve\3big"));
    put_field(out, 5, STR("\2\1p\2qq"));
    put_field(out, 6, STR("\3\1x\0\2zz"));
    put_field(out, 7, STR("\4"));
    put_field(out, 9, STR("\12\0\0\0\5\7"));
    put_field(out, 10, STR("\x21\1\x33"));
    put_field(out, 12, STR("\xff\xc0"));
    put_field(out, 13, STR("\xfc\x10\x27"));
    put_field(out, 77, STR("a field of the future"));
}

static void every_field_is_understood(void **state)
{
    (void)state;
    struct arena a = {0};
    struct buf def = {0};
    struct err err = {0};
    put_all(&def);
    /* utf8mb4, but the third and the fourth text column: MySQL counts the vector, not the geometry */
    put_field(&def, 2, STR("\x2d\2\x3f\3\x3f"));
    struct table_def *t = parse(&def, FLAVOR_MYSQL, &a, &err);
    if (!t)
        fail_msg("%s", err.text);
    assert_int_equal(t->column_count, 11);
    assert_true(span_is(t->columns[10].name, "big") && t->columns[10].is_unsigned);
    assert_true(t->columns[0].is_unsigned && !t->columns[1].is_unsigned && !t->columns[2].is_unsigned);
    assert_true(!t->columns[0].nullable && t->columns[1].nullable && t->columns[8].nullable &&
                !t->columns[10].nullable);
    assert_int_equal(t->columns[3].meta, 300);
    assert_int_equal(t->columns[3].type, COLUMN_STRING);
    assert_int_equal(t->columns[3].collation, 45);
    assert_int_equal(t->columns[4].subtype, 4);
    assert_int_equal(t->columns[4].collation, COLLATION_BINARY);
    assert_int_equal(t->columns[9].subtype, 10000);
    assert_int_equal(t->columns[5].meta, 10000);
    assert_int_equal(t->columns[5].collation, 45);
    assert_int_equal(t->columns[8].collation, COLLATION_BINARY);
    assert_int_equal(t->columns[6].type, COLUMN_ENUM);
    assert_int_equal(t->columns[6].meta, 2);
    assert_int_equal(t->columns[6].member_count, 3);
    assert_int_equal(t->columns[6].members[1].n, 0);
    assert_true(span_is(t->columns[6].members[2], "zz"));
    assert_int_equal(t->columns[6].collation, 33);
    assert_int_equal(t->columns[7].type, COLUMN_SET);
    assert_true(span_is(t->columns[7].members[1], "qq"));
    assert_int_equal(t->columns[7].collation, 51);
    assert_int_equal(t->key_count, 3);
    assert_int_equal(t->key[0], 10);
    assert_int_equal(t->key[1], 0);
    assert_int_equal(t->key[2], 5);
    assert_int_equal(t->columns[5].key_prefix, 7);
    assert_true(!t->columns[9].invisible && t->columns[10].invisible);
    /* MariaDB counts the geometry: the same bytes mean another column. */
    t = parse(&def, FLAVOR_MARIADB, &a, &err);
    assert_non_null(t);
    assert_int_equal(t->columns[5].collation, COLLATION_BINARY);
    buf_free(&def);
    arena_free(&a);
}

static void the_other_forms_of_fields(void **state)
{
    (void)state;
    struct arena a = {0};
    struct buf def = {0};
    struct err err = {0};
    static const uint8_t types[] = {COLUMN_VARCHAR, COLUMN_STRING, COLUMN_LONG};
    put_columns(&def, span_of(types, 3), span_of("\x0a\0\xf7\1", 4), span_of("\0", 1));
    put_field(&def, 3, STR("\xfc\xe0\x08"));
    put_field(&def, 4, STR("\1a\1b\1c"));
    put_field(&def, 6, STR("\1\1x"));
    put_field(&def, 8, STR("\2\0"));
    put_field(&def, 11, STR("\x2e"));
    struct table_def *t = parse(&def, FLAVOR_MARIADB, &a, &err);
    if (!t)
        fail_msg("%s", err.text);
    assert_int_equal(t->columns[0].collation, 0x8e0);
    assert_int_equal(t->columns[1].collation, 46);
    assert_false(t->columns[2].is_unsigned);
    assert_int_equal(t->key_count, 2);
    assert_int_equal(t->key[0], 2);
    assert_int_equal(t->key[1], 0);
    buf_free(&def);
    arena_free(&a);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    static const struct {
        uint8_t type; /* of an optional field put after names */
        const char *bytes;
        size_t n;
    } bad[] = {
        {1,  STR("")                    }, /* no signs */
        {2,  STR("\x08\7\x08")          }, /* collation of an eighth column */
        {2,  STR("\x08\0\x09\0\x0a")    }, /* one column twice */
        {3,  STR("")                    }, /* no collations */
        {2,  STR("\xfe\1\0\1\0\0\0\0\0")}, /* a collation above 65535 */
        {8,  STR("\5")                  }, /* key of a column that is not there */
        {8,  STR("\0\0")                }, /* a column twice in the key */
        {9,  STR("\0")                  }, /* no prefix */
        {6,  STR("\0")                  }, /* no members */
        {6,  STR("\xfd\xff\xff\xff")    },
        {4,  STR("\1a")                 }, /* names missing */
        {4,  STR("\1a\1b\0")            }, /* an empty name */
        {12, STR("")                    },
    };
    static const uint8_t types[] = {COLUMN_VARCHAR, COLUMN_STRING, COLUMN_LONG};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct arena a = {0};
        struct buf def = {0};
        struct err err = {0};
        put_columns(&def, span_of(types, 3), span_of("\x0a\0\xf7\1", 4), span_of("\0", 1));
        put_field(&def, 4, STR("\1a\1b\1c"));
        put_field(&def, 6, STR("\1\1x"));
        if (bad[i].type == 8 && bad[i].bytes[0] == 1)
            put_field(&def, 9, STR("\0\0"));
        assert_non_null(parse(&def, FLAVOR_MARIADB, &a, &err));
        put_field(&def, bad[i].type, bad[i].bytes, bad[i].n);
        if (parse(&def, FLAVOR_MARIADB, &a, &err))
            fail_msg("case %zu was accepted", i);
        assert_int_equal(err.exit_code, EXIT_UNSAFE);
        assert_non_null(strstr(err.text, "malformed"));
        buf_free(&def);
        arena_free(&a);
    }
}

static void types_and_their_metadata_are_checked(void **state)
{
    (void)state;
    static const struct {
        uint8_t type;
        const char *meta;
        size_t n;
    } bad[] = {
        {200,               STR("")        },
        {COLUMN_NULL,       STR("")        },
        {COLUMN_FLOAT,      STR("\5")      },
        {COLUMN_DOUBLE,     STR("\4")      },
        {COLUMN_BLOB,       STR("\5")      },
        {COLUMN_BLOB,       STR("\0")      },
        {COLUMN_TIME2,      STR("\7")      },
        {COLUMN_BIT,        STR("\1\x08")  },
        {COLUMN_BIT,        STR("\0\0")    },
        {COLUMN_STRING,     STR("\xf7\3")  },
        {COLUMN_STRING,     STR("\xf8\x09")},
        {COLUMN_STRING,     STR("\xf0\x09")},
        {COLUMN_NEWDECIMAL, STR("\x42\0")  },
        {COLUMN_NEWDECIMAL, STR("\5\6")    },
        {COLUMN_NEWDECIMAL, STR("\0\0")    },
        {COLUMN_VARCHAR,    STR("\1")      },
        {COLUMN_LONG,       STR("\1")      },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct arena a = {0};
        struct buf def = {0};
        struct err err = {0};
        put_columns(&def, span_of(&bad[i].type, 1), span_of(bad[i].meta, bad[i].n), span_of("\0", 1));
        put_field(&def, 4, STR("\1a"));
        if (parse(&def, FLAVOR_MARIADB, &a, &err))
            fail_msg("case %zu was accepted", i);
        assert_int_equal(err.exit_code, EXIT_UNSAFE);
        buf_free(&def);
        arena_free(&a);
    }
}

static void lacking_full_metadata_names_the_fix(void **state)
{
    (void)state;
    struct arena a = {0};
    struct buf def = {0};
    struct err err = {0};
    put_columns(&def, span_of("\3", 1), span_of("", 0), span_of("\0", 1));
    struct table_def *t = parse(&def, FLAVOR_MARIADB, &a, &err);
    assert_true(t && t->nameless);
    assert_true(span_is(t->columns[0].name, "@1"));
    assert_int_equal(table_map_lacks_names(t, &err), -1);
    assert_string_equal(err.text,
                        "table d.t: the binlog lacks its column names; run: SET GLOBAL binlog_row_metadata=FULL");
    buf_free(&def);
    arena_free(&a);
}

/* Cut anywhere or with any bit flipped: an error or a definition, never a byte too many (a sanitizer watches). */
static void damage_never_reads_beyond(void **state)
{
    (void)state;
    struct random rnd = random_start("table map");
    struct buf def = {0};
    struct arena a = {0};
    struct err err;
    put_all(&def);
    size_t whole = def.len;
    for (def.len = 0; def.len < whole; def.len++)
        (void)parse(&def, FLAVOR_MYSQL, &a, &err);
    for (int i = 0; i < 3000; i++) {
        size_t at = random_below(&rnd, whole);
        uint8_t was = def.data[at];
        def.data[at] = (uint8_t)random_u64(&rnd);
        (void)parse(&def, i % 2 ? FLAVOR_MYSQL : FLAVOR_MARIADB, &a, &err);
        def.data[at] = was;
        arena_reset(&a);
    }
    buf_free(&def);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_is_understood),           cmocka_unit_test(the_other_forms_of_fields),
        cmocka_unit_test(what_cannot_be_is_refused),           cmocka_unit_test(types_and_their_metadata_are_checked),
        cmocka_unit_test(lacking_full_metadata_names_the_fix), cmocka_unit_test(damage_never_reads_beyond),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
