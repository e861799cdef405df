/* Values from the command line: what is told of a cell gives the cell again, and what a column cannot hold is refused.
 */
#include "ctl/conflicts_value.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/model/cells.h"

static const struct target_column plain = {.form = READ_PLAIN};
static const struct target_column utf8 = {.form = READ_PLAIN, .charset = "utf8mb4", .collation = "utf8mb4_bin"};
static const struct target_column latin = {.form = READ_PLAIN, .charset = "latin1", .collation = "latin1_bin"};
static const struct target_column wide = {.form = READ_PLAIN, .charset = "ucs2", .collation = "ucs2_bin"};
static const struct target_column strange = {.form = READ_PLAIN, .charset = "gbk", .collation = "gbk_bin"};
static const struct target_column uuid = {.form = READ_UUID};
static const struct target_column inet6 = {.form = READ_INET6};
static const struct target_column inet4 = {.form = READ_INET4};

struct value_case {
    struct column column;
    const struct target_column *target;
    const char *text;
    const char *hex; /* of the cell; NULL: it is refused */
};

static struct column members(enum column_type type, struct span *texts, uint16_t count)
{
    struct column c = column_of(type, 1);
    c.collation = 45;
    c.members = texts;
    c.member_count = count;
    return c;
}

static void check(const struct value_case *k)
{
    struct arena a = {0};
    struct buf hex = {0};
    struct err err = {0};
    struct cell cell;
    int rc = conflicts_value_parse(&cell, &k->column, k->target, k->text, &a, &err);
    buf_put_hex(&hex, cell.data);
    if (!k->hex) {
        if (rc == 0)
            fail_msg("'%s' is taken for type %u: %s", k->text, k->column.type, buf_cstr(&hex));
        assert_int_equal(err.exit_code, EXIT_BAD_USAGE);
        assert_non_null(strstr(err.text, "give "));
    } else if (rc || cell.null || strcmp(buf_cstr(&hex), k->hex) != 0) {
        fail_msg("'%s' of type %u gives %s, not %s: %s", k->text, k->column.type, buf_cstr(&hex), k->hex, err.text);
    }
    buf_free(&hex);
    arena_free(&a);
}

static void numbers(void **state)
{
    (void)state;
    const struct column tiny = column_of(COLUMN_TINY, 0), tiny_u = column_unsigned(COLUMN_TINY);
    const struct column big = column_of(COLUMN_LONGLONG, 0), big_u = column_unsigned(COLUMN_LONGLONG);
    const struct column medium = column_of(COLUMN_INT24, 0), decimal = column_of(COLUMN_NEWDECIMAL, 5 << 8 | 2);
    const struct column single = column_of(COLUMN_FLOAT, 4), twice = column_of(COLUMN_DOUBLE, 8);
    const struct column bits = column_of(COLUMN_BIT, 10), year = column_of(COLUMN_YEAR, 0);
    const struct value_case cases[] = {
        {tiny,    &plain, "-128",                 "80"              },
        {tiny,    &plain, "127",                  "7f"              },
        {tiny,    &plain, "128",                  NULL              },
        {tiny,    &plain, "-129",                 NULL              },
        {tiny,    &plain, "",                     NULL              },
        {tiny,    &plain, "1.0",                  NULL              },
        {tiny_u,  &plain, "255",                  "ff"              },
        {tiny_u,  &plain, "-1",                   NULL              },
        {medium,  &plain, "-8388608",             "000080"          },
        {big,     &plain, "-9223372036854775808", "0000000000000080"},
        {big,     &plain, "9223372036854775808",  NULL              },
        {big_u,   &plain, "18446744073709551615", "ffffffffffffffff"},
        {big_u,   &plain, "18446744073709551616", NULL              },
        {decimal, &plain, "123.45",               "807b2d"          },
        {decimal, &plain, "-0.5",                 "7fffcd"          },
        {decimal, &plain, "1234",                 NULL              },
        {decimal, &plain, "1.234",                NULL              },
        {decimal, &plain, "1e2",                  NULL              },
        {decimal, &plain, ".",                    NULL              },
        {bits,    &plain, "1023",                 "03ff"            },
        {bits,    &plain, "0x0200",               "0200"            },
        {bits,    &plain, "1024",                 NULL              },
        {year,    &plain, "1901",                 "01"              },
        {year,    &plain, "0",                    "00"              },
        {year,    &plain, "1900",                 NULL              },
        {single,  &plain, "-1.5",                 "0000c0bf"        },
        {single,  &plain, "1e39",                 NULL              },
        {twice,   &plain, "1e39",                 "1d4a9cf487820748"},
        {twice,   &plain, "nan",                  NULL              },
        {twice,   &plain, "1 ",                   NULL              },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(&cases[i]);
}

static void times(void **state)
{
    (void)state;
    const struct column date = column_of(COLUMN_DATE, 0), stamp = column_of(COLUMN_TIMESTAMP2, 0);
    const struct column moment = column_of(COLUMN_DATETIME2, 1), day = column_of(COLUMN_TIME2, 0);
    const struct value_case cases[] = {
        {date,   &plain, "2026-01-31",            "3fd40f"      },
        {date,   &plain, "0000-00-00",            "000000"      },
        {date,   &plain, "2024-02-29",            "5dd00f"      },
        {date,   &plain, "2023-02-29",            NULL          },
        {date,   &plain, "2026-13-01",            NULL          },
        {date,   &plain, "2026-1-1",              NULL          },
        {date,   &plain, "2026-01-31 10:00:00",   NULL          },
        {stamp,  &plain, "1970-01-01 00:00:01",   "00000001"    },
        {stamp,  &plain, "2038-01-19T03:14:07",   "7fffffff"    },
        {stamp,  &plain, "2038-01-19 03:14:08",   NULL          },
        {stamp,  &plain, "1970-01-01 00:00:00",   NULL          },
        {stamp,  &plain, "2026-01-31 10:00:00.5", NULL          },
        {moment, &plain, "2026-01-31 23:59:59.5", "99b8ff7efb32"},
        {moment, &plain, "2026-01-31",            "99b8fe000000"},
        {moment, &plain, "2026-01-31 24:00:00",   NULL          },
        {moment, &plain, "2026-01-31 10:00",      NULL          },
        {day,    &plain, "-838:59:59",            "4b9105"      },
        {day,    &plain, "1:02:03",               "801083"      },
        {day,    &plain, "839:00:00",             NULL          },
        {day,    &plain, "10:60:00",              NULL          },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(&cases[i]);
}

static void texts(void **state)
{
    (void)state;
    const struct column name = column_text(COLUMN_VARCHAR, 16, 45), narrow = column_text(COLUMN_VARCHAR, 3, 8);
    const struct column letters = column_text(COLUMN_STRING, 12, 45), pair = column_text(COLUMN_VARCHAR, 8, 35);
    const struct column chinese = column_text(COLUMN_VARCHAR, 8, 28),
                        bytes = column_text(COLUMN_BLOB, 1, COLLATION_BINARY);
    const struct column fixed = column_text(COLUMN_STRING, 4, COLLATION_BINARY);
    const struct value_case cases[] = {
        {name,    &utf8,    "abc",          "03616263"  },
        {name,    &utf8,    "ä",           "02c3a4"    },
        {name,    &utf8,    "",             "00"        },
        {name,    &utf8,    "'NULL'",       "044e554c4c"},
        {name,    &utf8,    "'it''s'",      "0469742773"},
        {name,    &utf8,    "'0x41'",       "0430783431"},
        {name,    &utf8,    "0x4142",       "024142"    },
        {name,    &utf8,    "abcde",        NULL        },
        {name,    &utf8,    "\xff",         NULL        },
        {letters, &utf8,    "ab ",          "026162"    },
        {narrow,  &latin,   "ä",           "01e4"      },
        {narrow,  &latin,   "Ā",           NULL        },
        {pair,    &wide,    "ab",           "0400610062"},
        {chinese, &strange, "ab",           "026162"    },
        {chinese, &strange, "ä",           NULL        },
        {bytes,   &plain,   "0x00ff",       "0200ff"    },
        {bytes,   &plain,   "text",         "0474657874"},
        {fixed,   &plain,   "0x01020000",   "020102"    },
        {fixed,   &plain,   "0x0102030405", NULL        },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(&cases[i]);
}

static void other_types(void **state)
{
    (void)state;
    struct span colours[] = {span_str("red"), span_str("green"), span_str("blue")};
    const struct column one = members(COLUMN_ENUM, colours, 3), some = members(COLUMN_SET, colours, 3);
    const struct column id = column_of(COLUMN_STRING, 16), six = column_of(COLUMN_STRING, 16),
                        four = column_of(COLUMN_STRING, 4);
    const struct column point = column_of(COLUMN_GEOMETRY, 4), vector = column_of(COLUMN_VECTOR, 4);
    const struct value_case cases[] = {
        {one,    &utf8,  "green",                                "02"                                },
        {one,    &utf8,  "GREEN",                                NULL                                },
        {one,    &utf8,  "",                                     NULL                                },
        {some,   &utf8,  "blue,red",                             "05"                                },
        {some,   &utf8,  "",                                     "00"                                },
        {some,   &utf8,  "red,,blue",                            NULL                                },
        {id,     &uuid,  "00112233-4455-6677-8899-aabbccddeeff", "1000112233445566778899aabbccddeeff"},
        {id,     &uuid,  "0011",                                 NULL                                },
        {six,    &inet6, "::1",                                  "1000000000000000000000000000000001"},
        {six,    &inet6, "x",                                    NULL                                },
        {four,   &inet4, "10.0.0.1",                             "040a000001"                        },
        {four,   &inet4, "10.0.0",                               NULL                                },
        {point,  &plain, "0x0102",                               "020000000102"                      },
        {point,  &plain, "POINT(1 2)",                           NULL                                },
        {vector, &plain, "0x0000803f",                           "040000000000803f"                  },
        {vector, &plain, "0x0000",                               NULL                                },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(&cases[i]);
}

static void null_and_generated(void **state)
{
    (void)state;
    struct arena a = {0};
    struct err err = {0};
    struct cell cell;
    struct column c = column_of(COLUMN_LONG, 0);
    assert_int_equal(conflicts_value_parse(&cell, &c, &plain, "NULL", &a, &err), 0);
    assert_true(cell.null);
    c.nullable = false;
    assert_int_equal(conflicts_value_parse(&cell, &c, &plain, "NULL", &a, &err), -1);
    assert_string_equal(err.text, "--set: NULL is no value of `c` int: give a value, since it is NOT NULL");
    c.generated = true;
    assert_int_equal(conflicts_value_parse(&cell, &c, &plain, "1", &a, &err), -1);
    assert_string_equal(err.text, "--set: `c` is computed by the server");
    c.generated = false;
    assert_int_equal(conflicts_value_parse(&cell, &c, &plain, "x", &a, &err), -1);
    assert_string_equal(err.text, "--set: x is no value of `c` int: give digits from -2147483648 to 2147483647");
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(times),
        cmocka_unit_test(texts),
        cmocka_unit_test(other_types),
        cmocka_unit_test(null_and_generated),
    };
    return cmocka_run_group_tests_name("conflicts_value", tests, NULL, NULL);
}
