/* Table definitions: the wire form, fingerprints, what is malformed; and what fits which column. */
#include "common/model/table.h"

#include "common/model/collation.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/model/cells.h"
#include "tests/unit/random.h"

static struct span random_text(struct random *rnd, struct arena *a, size_t min, size_t max)
{
    size_t n = min + (size_t)random_below(rnd, max - min + 1);
    uint8_t *p = arena_alloc(a, n);
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)random_u64(rnd);
    return span_of(p, n);
}

static void random_column(struct random *rnd, struct column *c, struct arena *a)
{
    do {
        *c = column_of((enum column_type)random_below(rnd, 256),
                       (unsigned)(random_below(rnd, 2) ? random_below(rnd, 9) : random_below(rnd, 65536)));
    } while (!column_valid(c));
    c->name = random_text(rnd, a, 1, 256);
    c->is_unsigned = random_below(rnd, 2);
    c->nullable = random_below(rnd, 2);
    c->invisible = random_below(rnd, 2);
    c->generated = random_below(rnd, 2);
    c->collation = (uint16_t)random_any_size(rnd);
    c->key_prefix = (uint16_t)random_any_size(rnd);
    c->subtype = (uint16_t)random_below(rnd, 20000);
    c->member_count = (uint16_t)(random_below(rnd, 4) ? 0 : random_below(rnd, 300));
    c->members = arena_alloc(a, c->member_count * sizeof *c->members);
    for (size_t i = 0; i < c->member_count; i++)
        c->members[i] = random_text(rnd, a, 0, 12);
}

static struct table_def *random_table(struct random *rnd, struct arena *a)
{
    struct table_def *t = arena_zalloc(a, sizeof *t);
    t->db = random_text(rnd, a, 1, 64);
    t->name = random_text(rnd, a, 1, 64);
    t->column_count = (uint16_t)(1 + random_below(rnd, 30));
    t->columns = arena_alloc(a, t->column_count * sizeof *t->columns);
    for (size_t i = 0; i < t->column_count; i++)
        random_column(rnd, &t->columns[i], a);
    uint64_t keys = random_below(rnd, (t->column_count < 16 ? t->column_count : 16u) + 1);
    for (uint16_t order = 0; order < keys;) {
        struct column *c = &t->columns[random_below(rnd, t->column_count)];
        if (c->key_order == COLUMN_NO_KEY)
            c->key_order = order++;
    }
    table_def_seal(t, a);
    return t;
}

static void assert_same_table(const struct table_def *a, const struct table_def *b)
{
    struct buf x = {0}, y = {0};
    table_def_put(a, &x);
    table_def_put(b, &y);
    assert_true(span_eq(buf_span(&x), buf_span(&y)));
    assert_true(a->fingerprint == b->fingerprint);
    assert_int_equal(a->key_count, b->key_count);
    assert_memory_equal(a->key, b->key, a->key_count * sizeof *a->key);
    for (size_t i = 0; i < a->key_count; i++)
        assert_int_equal(a->columns[a->key[i]].key_order, i);
    buf_free(&x);
    buf_free(&y);
}

static void any_definition_survives_the_wire(void **state)
{
    (void)state;
    struct random rnd = random_start("table");
    for (int i = 0; i < 300; i++) {
        struct arena mine = {0}, theirs = {0}, copies = {0};
        struct table_def *t = random_table(&rnd, &mine);
        struct buf wire = {0};
        table_def_put(t, &wire);
        buf_put_u8(&wire, 0xaa);
        struct bytes r = bytes_of(buf_span(&wire));
        struct table_def *back = table_def_read(&r, &theirs);
        assert_non_null(back);
        assert_true(!r.bad && bytes_left(&r) == 1);
        assert_same_table(t, back);
        struct table_def *copy = table_def_copy(back, &copies);
        memset(wire.data, 0xee, wire.len);
        arena_free(&theirs);
        assert_same_table(t, copy);
        /* Whatever is changed gives another fingerprint. */
        copy->columns[0].nullable = !copy->columns[0].nullable;
        table_def_seal(copy, &copies);
        assert_true(copy->fingerprint != t->fingerprint);
        arena_free(&copies);
        arena_free(&mine);
        buf_free(&wire);
    }
}

static void cut_or_changed_definitions_do_no_harm(void **state)
{
    (void)state;
    struct random rnd = random_start("table bytes");
    struct arena mine = {0};
    for (int i = 0; i < 60; i++) {
        struct buf wire = {0};
        struct arena a = {0};
        table_def_put(random_table(&rnd, &mine), &wire);
        for (size_t n = 0; n < wire.len; n += 1 + wire.len / 200) {
            struct bytes r = bytes_of(span_of(wire.data, n));
            assert_null(table_def_read(&r, &a));
            assert_true(r.bad);
        }
        for (int k = 0; k < 50; k++) {
            wire.data[random_below(&rnd, wire.len)] = (uint8_t)random_u64(&rnd);
            struct bytes r = bytes_of(buf_span(&wire));
            struct table_def *t = table_def_read(&r, &a);
            assert_int_equal(t == NULL, r.bad);
        }
        arena_free(&a);
        buf_free(&wire);
    }
    arena_free(&mine);
}

static void malformed_definitions_are_refused(void **state)
{
    (void)state;
    /* db "d", table "t", columns: name "c", int, meta 0, flags, collation 0, key, prefix 0, subtype 0, members */
    static const struct {
        const char *hex;
        bool good;
    } samples[] = {
        {"0164 0174 01 0163 03 00 00 00 00 00 00 00",                              true },
        {"0164 0174 01 0163 03 00 0f 00 01 00 00 00",                              true },
        {"00 0174 01 0163 03 00 00 00 00 00 00 00",                                false}, /* no database */
        {"0164 0174 00",                                                           false}, /* no columns */
        {"0164 0174 01 00 03 00 00 00 00 00 00 00",                                false}, /* no name */
        {"0164 0174 01 0163 03 01 00 00 00 00 00 00",                              false}, /* int with a meta */
        {"0164 0174 01 0163 c8 00 00 00 00 00 00 00",                              false}, /* no such type */
        {"0164 0174 01 0163 03 00 10 00 00 00 00 00",                              false}, /* no such flag */
        {"0164 0174 01 0163 03 00 00 00 02 00 00 00",                              false}, /* second in the key, no first */
        {"0164 0174 02 0163 03 00 00 00 01 00 00 00 0164 03 00 00 00 01 00 00 00", false}, /* two first ones */
        {"0164 0174 02 0163 03 00 00 00 02 00 00 00 0164 03 00 00 00 01 00 00 00", true },
        {"0164 0174 01 0163 03 00 00 808004 00 00 00 00",                          false}, /* collation above 16 bits */
        {"0164 0174 01 0163 03 00 00 00 00 00 00 ff01",                            false}, /* more members than bytes */
        {"0164 0174 8120 0163 03 00 00 00 00 00 00 00",                            false}, /* 4097 columns */
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        struct arena a = {0};
        struct hex h;
        struct bytes r = bytes_of(hex_read(&h, samples[i].hex));
        struct table_def *t = table_def_read(&r, &a);
        assert_int_equal(t != NULL, samples[i].good);
        assert_int_equal(r.bad, !samples[i].good);
        arena_free(&a);
    }
}

static void impossible_columns_are_told(void **state)
{
    (void)state;
    static const struct {
        enum column_type type;
        unsigned least, most; /* meta */
    } ranges[] = {
        {COLUMN_TINY,            0, 0    },
        {COLUMN_FLOAT,           4, 4    },
        {COLUMN_DOUBLE,          8, 8    },
        {COLUMN_BIT,             1, 64   },
        {COLUMN_TIME2,           0, 6    },
        {COLUMN_DATETIME2,       0, 6    },
        {COLUMN_TIMESTAMP2,      0, 6    },
        {COLUMN_BLOB,            1, 4    },
        {COLUMN_JSON,            1, 4    },
        {COLUMN_GEOMETRY,        1, 4    },
        {COLUMN_VECTOR,          1, 4    },
        {COLUMN_BLOB_COMPRESSED, 1, 4    },
        {COLUMN_ENUM,            1, 2    },
        {COLUMN_SET,             1, 8    },
        {COLUMN_STRING,          0, 65535},
        {COLUMN_VARCHAR,         0, 65535},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        for (unsigned meta = 0; meta <= 65535; meta++) {
            struct column c = column_of(ranges[i].type, meta);
            assert_int_equal(column_valid(&c), meta >= ranges[i].least && meta <= ranges[i].most);
        }
    }
    static const struct {
        unsigned precision, scale;
        bool good;
    } decimals[] = {
        {1,  0,  true },
        {1,  1,  true },
        {65, 38, true },
        {65, 0,  true },
        {0,  0,  false},
        {66, 0,  false},
        {65, 39, false},
        {10, 11, false}
    };
    for (size_t i = 0; i < sizeof decimals / sizeof decimals[0]; i++) {
        struct column c = column_of(COLUMN_NEWDECIMAL, decimals[i].precision << 8 | decimals[i].scale);
        assert_int_equal(column_valid(&c), decimals[i].good);
    }
    struct column old = column_of(COLUMN_DECIMAL, 0);
    assert_false(column_valid(&old));
}

static void columns_are_named_as_in_sql(void **state)
{
    (void)state;
    struct column e = column_of(COLUMN_ENUM, 1), unknown = column_of((enum column_type)200, 0);
    e.member_count = 3;
    const struct {
        struct column column;
        const char *text;
    } samples[] = {
        {column_unsigned(COLUMN_LONG), "int unsigned"         },
        {column_of(COLUMN_LONGLONG,    0),                      "bigint"},
        {column_of(COLUMN_NEWDECIMAL,                            10 << 8 | 2),                         "decimal(10,2)"},
        {column_text(COLUMN_VARCHAR,             40,            45), "varchar(40 bytes) collation 45"},
        {column_text(COLUMN_STRING,              4,                       COLLATION_BINARY), "binary(4)"},
        {column_text(COLUMN_BLOB,                            1,                           45), "tinytext collation 45"},
        {column_text(COLUMN_BLOB,           4, COLLATION_BINARY), "longblob"},
        {column_text(COLUMN_VARCHAR_COMPRESSED,      31, 45), "varchar(31 bytes) compressed collation 45"},
        {column_of(COLUMN_BIT,     7),                            "bit(7)"},
        {column_of(COLUMN_TIME2,                 0),                       "time"},
        {column_of(COLUMN_DATETIME2,                            6),               "datetime(6)"},
        {e,                         "enum of 3 members"    },
        {unknown,         "unknown type 200"                         },
    };
    struct buf out = {0};
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        assert_string_equal(column_type_text(&samples[i].column, &out), samples[i].text);
    buf_free(&out);
}

static void assert_fits(const struct column *from, const struct column *to, const char *phrase)
{
    struct buf why = {0};
    bool fits = column_same_cells(from, to, &why);
    assert_int_equal(fits, phrase == NULL);
    assert_int_equal(column_same_cells(from, to, NULL), fits);
    if (phrase)
        assert_memory_equal(buf_cstr(&why), phrase, strlen(phrase));
    else
        assert_int_equal(why.len, 0);
    buf_free(&why);
}

static void cells_fit_where_they_mean_the_same(void **state)
{
    (void)state;
    struct column i = column_of(COLUMN_LONG, 0), u = column_unsigned(COLUMN_LONG), big = column_of(COLUMN_LONGLONG, 0);
    assert_fits(&i, &i, NULL);
    assert_fits(&i, &u, "another sign: int there, int unsigned here");
    assert_fits(&i, &big, "another type: int there, bigint here");
    struct column v = column_text(COLUMN_VARCHAR, 40, 45), w = v, l = v, b = v, unknown = v;
    w.collation = 255; /* another collation of utf8mb4 */
    l.collation = 8;
    b.collation = COLLATION_BINARY;
    unknown.collation = 9999;
    assert_fits(&v, &w, NULL);
    assert_fits(&v, &l, "another character set");
    assert_fits(&v, &b, "another character set");
    assert_fits(&v, &unknown, "another character set");
    assert_fits(&unknown, &unknown, NULL);
    w.meta = 44;
    assert_fits(&v, &w, "another length or precision");
    struct span ab[] = {span_str("a"), span_str("b"), span_str("c")}, ba[] = {span_str("b"), span_str("a")};
    struct column e = column_text(COLUMN_ENUM, 1, 45), more = e, other = e;
    e.members = more.members = ab;
    e.member_count = 2;
    more.member_count = 3;
    other.members = ba;
    other.member_count = 2;
    assert_fits(&e, &more, NULL);
    assert_fits(&more, &e, "other members");
    assert_fits(&e, &other, "other members");
    struct column point = column_of(COLUMN_GEOMETRY, 4), any = point, line = point;
    point.subtype = 1;
    line.subtype = 2;
    assert_fits(&point, &any, NULL);
    assert_fits(&any, &point, "another kind of geometry");
    assert_fits(&line, &point, "another kind of geometry");
}

static void columns_and_schemas_are_found_by_name(void **state)
{
    (void)state;
    struct column columns[] = {column_of(COLUMN_LONG, 0), column_of(COLUMN_LONG, 0)};
    columns[0].name = span_str("Id");
    columns[1].name = span_str("idx");
    struct table_def t = {.columns = columns, .column_count = 2};
    assert_int_equal(table_def_find(&t, span_str("id")), 0);
    assert_int_equal(table_def_find(&t, span_str("IDX")), 1);
    assert_int_equal(table_def_find(&t, span_str("i")), -1);
    assert_int_equal(table_def_find(&t, span_str("")), -1);
    static const char *const reserved[] = {"mysql", "sys", "performance_schema", "information_schema", "drc", "MySQL"};
    static const char *const others[] = {"", "shop", "mysql2", "my", "drcx"};
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
        assert_true(table_is_reserved(span_str(reserved[i])));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(table_is_reserved(span_str(others[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_definition_survives_the_wire),
        cmocka_unit_test(cut_or_changed_definitions_do_no_harm),
        cmocka_unit_test(malformed_definitions_are_refused),
        cmocka_unit_test(impossible_columns_are_told),
        cmocka_unit_test(columns_are_named_as_in_sql),
        cmocka_unit_test(cells_fit_where_they_mean_the_same),
        cmocka_unit_test(columns_and_schemas_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
