/* What the two sides are asked: the choice of key and columns, and the statements, letter by letter. */
#include "reconcile/plan.h"

#include <stdlib.h>

#include "reconcile/value.h"
#include "tests/unit/cmocka_all.h"

struct table {
    struct arena arena;
    struct target_table t;
};

struct shape {
    const char *name;
    const char *charset;
    uint16_t meta;
    uint16_t collation;
    uint8_t type;
    bool nullable;
    bool generated;
};

static struct target_table *make(struct table *x, const struct shape *shapes, uint16_t count)
{
    struct table_def *def = arena_zalloc(&x->arena, sizeof *def);
    x->t.columns = arena_zalloc(&x->arena, count * sizeof *x->t.columns);
    def->db = span_str("shop");
    def->name = span_str("it`em");
    def->column_count = count;
    def->columns = arena_zalloc(&x->arena, count * sizeof *def->columns);
    for (uint16_t i = 0; i < count; i++) {
        struct column *c = &def->columns[i];
        c->name = span_str(shapes[i].name);
        c->type = shapes[i].type;
        c->meta = shapes[i].meta;
        c->collation = shapes[i].collation;
        c->nullable = shapes[i].nullable;
        c->generated = shapes[i].generated;
        c->key_order = COLUMN_NO_KEY;
        x->t.columns[i].charset = shapes[i].charset;
    }
    table_def_seal(def, &x->arena);
    x->t.def = def;
    x->t.transactional = true;
    return &x->t;
}

static void add_key(struct table *x, const char *name, const uint16_t *columns, uint16_t count)
{
    struct target_key *keys = arena_zalloc(&x->arena, (x->t.key_count + 1) * sizeof *keys);
    if (x->t.key_count > 0)
        memcpy(keys, x->t.keys, x->t.key_count * sizeof *keys);
    struct target_key *k = &keys[x->t.key_count++];
    k->name = name;
    k->count = count;
    k->columns = arena_zalloc(&x->arena, count * sizeof *k->columns);
    k->prefix = arena_zalloc(&x->arena, count * sizeof *k->prefix);
    memcpy(k->columns, columns, count * sizeof *columns);
    for (uint16_t i = 0; i < count; i++)
        k->nullable = k->nullable || x->t.def->columns[columns[i]].nullable;
    x->t.keys = keys;
}

static const struct shape shapes[] = {
    {"id",     NULL,      0,  COLLATION_NONE, COLUMN_LONG,    false, false},
    {"region", "utf8mb4", 80, 45,             COLUMN_VARCHAR, false, false},
    {"note",   "utf8mb4", 2,  45,             COLUMN_BLOB,    true,  false},
    {"weight", NULL,      8,  COLLATION_NONE, COLUMN_DOUBLE,  true,  false},
    {"twice",  NULL,      0,  COLLATION_NONE, COLUMN_LONG,    true,  true },
};
enum { ID, REGION, NOTE, WEIGHT, TWICE, COLUMNS };

/* What was told of columns, a line each. */
static void take_phrase(void *context, const char *phrase)
{
    buf_printf(context, "%s\n", phrase);
}

/* As plan_make, with all that it tells in `told`. */
static struct plan plan_between(const struct table *a, const struct table *b, struct buf *told)
{
    struct plan plan, silent;
    buf_clear(told);
    plan_make(&plan, &a->t, &b->t, take_phrase, told);
    plan_make(&silent, &a->t, &b->t, NULL, NULL);
    assert_int_equal(silent.column_count, plan.column_count);
    plan_free(&silent);
    return plan;
}

static struct plan plan_of(struct table tables[2], const uint16_t *key, uint16_t count)
{
    struct buf why = {0};
    for (int side = 0; side < 2; side++) {
        make(&tables[side], shapes, COLUMNS);
        if (count > 0)
            add_key(&tables[side], "PRIMARY", key, count);
    }
    struct plan plan = plan_between(&tables[0], &tables[1], &why);
    assert_int_equal(why.len, 0);
    assert_false(plan.apart);
    buf_free(&why);
    return plan;
}

static void done(struct plan *plan, struct table tables[2])
{
    plan_free(plan);
    arena_free(&tables[0].arena);
    arena_free(&tables[1].arena);
}

#define HASH                                                                                                           \
    "SHA2(CONCAT_WS(X'2C' COLLATE `binary`, `id`, IFNULL(SHA2(`note`, 256), 'N'), "                                    \
    "IFNULL(ST_AsWKB(POINT(`weight` + 0e0, 0)), 'N'), `region`), 256)"
#define SUM "COUNT(*), SUM(CAST(CONV(LEFT(" HASH ", 16), 16, 10) AS UNSIGNED))"
#define FROM " FROM `shop`.`it``em` FORCE INDEX (`PRIMARY`)"
#define TEXT_BY_CRC                                                                                                    \
    "CONCAT_WS(X'2C' COLLATE `binary`, `id`, IFNULL((CRC32(`note`) << 32 | CRC32C(`note`)), 'N'), "                    \
    "IFNULL(ST_AsWKB(POINT(`weight` + 0e0, 0)), 'N'), `region`)"

static void statements_of_a_single_key(void **state)
{
    (void)state;
    struct table tables[2] = {0};
    struct plan plan = plan_of(tables, (const uint16_t[]){ID}, 1);
    const struct span low = span_str("-5"), high = span_str("70");
    const struct plan_range middle = {&low, &high}, rest = {&high, NULL};
    struct buf sql = {0};
    plan_put_sum(&plan, 0, &sql);
    assert_string_equal(buf_cstr(&sql), "SELECT " SUM FROM);
    buf_clear(&sql);
    plan_put_sums(&plan, 0, (const struct plan_range[]){middle, rest}, 2, &sql);
    assert_string_equal(buf_cstr(&sql),
                        "SELECT 0, " SUM FROM " WHERE `id` > -5 AND `id` <= 70 UNION ALL SELECT 1, " SUM FROM
                        " WHERE `id` > 70");
    buf_clear(&sql);
    plan_put_lists(&plan, 1, (const struct plan_range[]){middle, rest}, 2, &sql);
    assert_string_equal(buf_cstr(&sql),
                        "SELECT `id`, " HASH FROM " WHERE `id` > -5 AND `id` <= 70 UNION ALL SELECT `id`, " HASH FROM
                        " WHERE `id` > 70");
    buf_clear(&sql);
    plan_put_nth(&plan, 0, &rest, 1000, &sql);
    assert_string_equal(buf_cstr(&sql), "SELECT `id`" FROM " WHERE `id` > 70 ORDER BY `id` LIMIT 1 OFFSET 999");
    buf_free(&sql);
    done(&plan, tables);
}

static const char *sum_by(struct plan *plan, enum plan_sum there, enum plan_sum here, struct buf *sql)
{
    plan_sum_by(plan, (const enum plan_sum[]){there, here});
    buf_clear(sql);
    plan_put_sum(plan, 0, sql);
    return buf_cstr(sql);
}

/* What only one side can do is not asked for; nor is an exclusive or, where two equal rows would cancel. */
static void sums_are_what_both_servers_take(void **state)
{
    (void)state;
    struct table tables[2] = {0}, heaps[2] = {0};
    struct buf sql = {0};
    assert_int_equal(plan_sum_of(FLAVOR_MYSQL, 90704), PLAN_SUM_WIDE);
    assert_int_equal(plan_sum_of(FLAVOR_MARIADB, 101119), PLAN_SUM_CRC);
    assert_int_equal(plan_sum_of(FLAVOR_MARIADB, 100622), PLAN_SUM_ADD); /* has no CRC32C */
    struct plan plan = plan_of(tables, (const uint16_t[]){ID}, 1);
    assert_string_equal(sum_by(&plan, PLAN_SUM_CRC, PLAN_SUM_CRC, &sql),
                        "SELECT COUNT(*), BIT_XOR(CRC32(@drc_row := " TEXT_BY_CRC ") * CRC32C(@drc_row))" FROM);
    const struct plan_range all = {NULL, NULL};
    buf_clear(&sql);
    plan_put_lists(&plan, 0, &all, 1, &sql); /* what differs in the sum differs in a row's part of it */
    assert_string_equal(buf_cstr(&sql), "SELECT `id`, CRC32(@drc_row := " TEXT_BY_CRC ") * CRC32C(@drc_row)" FROM);
    assert_string_equal(sum_by(&plan, PLAN_SUM_WIDE, PLAN_SUM_WIDE, &sql),
                        "SELECT COUNT(*), HEX(BIT_XOR(UNHEX(" HASH ")))" FROM);
    assert_string_equal(sum_by(&plan, PLAN_SUM_WIDE, PLAN_SUM_CRC, &sql), "SELECT " SUM FROM);
    assert_string_equal(sum_by(&plan, PLAN_SUM_ADD, PLAN_SUM_CRC, &sql), "SELECT " SUM FROM);
    done(&plan, tables);
    plan = plan_of(heaps, NULL, 0);
    assert_string_equal(sum_by(&plan, PLAN_SUM_CRC, PLAN_SUM_CRC, &sql), "SELECT " SUM " FROM `shop`.`it``em`");
    buf_free(&sql);
    done(&plan, heaps);
}

static const struct shape strings[] = {
    {"a", "utf8mb4", 40, 45,             COLUMN_VARCHAR, true,  false},
    {"b", "latin1",  40, 8,              COLUMN_STRING,  false, false},
    {"c", NULL,      40, COLLATION_NONE, COLUMN_VARCHAR, false, false},
    {"d", "utf8mb4", 40, 45,             COLUMN_VARCHAR, true,  false},
    {"e", "utf8mb4", 40, 45,             COLUMN_VARCHAR, true,  false},
    {"n", NULL,      0,  COLLATION_NONE, COLUMN_LONG,    true,  false},
};

/* The checksum of a table of which the first `count` columns are strings, and of a number besides. */
static const char *hash_of_strings(uint16_t count, bool number, struct buf *sql)
{
    struct table tables[2] = {0};
    struct shape columns[6];
    struct buf why = {0};
    memcpy(columns, strings, sizeof columns);
    columns[count] = strings[5];
    for (int side = 0; side < 2; side++)
        make(&tables[side], columns, (uint16_t)(count + number));
    struct plan plan = plan_between(&tables[0], &tables[1], &why);
    buf_clear(sql);
    plan_put_row_hash(&plan, 0, sql);
    buf_free(&why);
    done(&plan, tables);
    return buf_cstr(sql);
}

/* Where each string ends has to be known, and NULL from an empty one, whatever bytes they hold: three lengths a number;
 * the last string needs none if something stands before it. */
static void strings_bring_their_lengths(void **state)
{
    (void)state;
    struct buf sql = {0};
#define ROW "SHA2(CONCAT_WS(X'2C' COLLATE `binary`, "
    assert_string_equal(hash_of_strings(1, false, &sql), ROW "IFNULL(LENGTH(`a`), 2097151), `a`), 256)");
    assert_string_equal(hash_of_strings(1, true, &sql), ROW "IFNULL(`n`, 'N'), `a`), 256)");
    assert_string_equal(hash_of_strings(2, true, &sql),
                        ROW "IFNULL(`n`, 'N'), IFNULL(LENGTH(`a`), 2097151), `a`, `b`), 256)");
    assert_string_equal(hash_of_strings(5, true, &sql),
                        ROW "IFNULL(`n`, 'N'), IFNULL(LENGTH(`a`), 2097151) | LENGTH(`b`) << 21 | LENGTH(`c`) << 42, "
                            "IFNULL(LENGTH(`d`), 2097151), `a`, `b`, `c`, `d`, `e`), 256)");
#undef ROW
    buf_free(&sql);
}

static void ranges_of_a_composite_key(void **state)
{
    (void)state;
    struct table tables[2] = {0};
    struct plan plan = plan_of(tables, (const uint16_t[]){REGION, ID}, 2);
    const struct span low[] = {span_str("\xc3\xa4'"), span_str("7")}, high[] = {span_str("b"), span_str("9")};
    const struct plan_range range = {low, high};
    const struct span *keys[] = {low, high};
    struct buf sql = {0};
    plan_put_nth(&plan, 0, &range, 1, &sql);
    assert_string_equal(buf_cstr(&sql),
                        "SELECT `region`, `id`" FROM
                        " WHERE `region` >= _utf8mb4 X'c3a427' AND (`region` > _utf8mb4 X'c3a427' OR (`region` = "
                        "_utf8mb4 X'c3a427' AND `id` > 7)) AND `region` <= _utf8mb4 X'62' AND (`region` < _utf8mb4 "
                        "X'62' OR (`region` = "
                        "_utf8mb4 X'62' AND `id` <= 9)) ORDER BY `region`, `id` LIMIT 1 OFFSET 0");
    buf_clear(&sql);
    plan_put_lookup(&plan, 0, keys, 2, &sql);
    assert_non_null(strstr(buf_cstr(&sql),
                           " WHERE (`region` = _utf8mb4 X'c3a427' AND `id` = 7) OR (`region` = _utf8mb4 X'62' AND "
                           "`id` = 9)"));
    buf_free(&sql);
    done(&plan, tables);
}

static void statements_without_a_key(void **state)
{
    (void)state;
    struct table tables[2] = {0};
    struct plan plan = plan_of(tables, NULL, 0);
    const struct span starts[] = {span_str("0af"), span_str("fff")};
    struct buf sql = {0};
    assert_int_equal(plan.key_count, 0);
    plan_put_partitions(&plan, 0, &sql);
    assert_string_equal(buf_cstr(&sql), "SELECT LEFT(" HASH ", 3) AS h, " SUM " FROM `shop`.`it``em` GROUP BY h");
    buf_clear(&sql);
    plan_put_groups(&plan, 0, starts, 2, &sql);
    assert_string_equal(buf_cstr(&sql), "SELECT " HASH " AS h, COUNT(*) FROM `shop`.`it``em` WHERE LEFT(" HASH
                                        ", 3) IN ('0af', 'fff') GROUP BY h");
    buf_free(&sql);
    done(&plan, tables);
}

static void the_best_key_is_chosen(void **state)
{
    (void)state;
    struct table tables[2] = {0};
    struct buf why = {0};
    for (int side = 0; side < 2; side++) {
        make(&tables[side], shapes, COLUMNS);
        add_key(&tables[side], "by_note", (const uint16_t[]){NOTE}, 1); /* nullable */
        add_key(&tables[side], "by_both", (const uint16_t[]){ID, REGION}, 2);
        add_key(&tables[side], side ? "here" : "there", (const uint16_t[]){ID}, 1);
    }
    struct plan plan = plan_between(&tables[0], &tables[1], &why);
    assert_int_equal(plan.key_count, 1);
    assert_ptr_equal(plan.key[0].of[0].c, &tables[0].t.def->columns[ID]);
    assert_string_equal(plan.key_names[0], "there");
    assert_string_equal(plan.key_names[1], "here");
    plan_free(&plan);

    tables[1].t.keys[2].expression = true; /* now only two columns are unique on both sides */
    plan = plan_between(&tables[0], &tables[1], &why);
    assert_int_equal(plan.key_count, 2);
    plan_free(&plan);
    tables[0].t.key_count = 1;
    plan = plan_between(&tables[0], &tables[1], &why);
    assert_int_equal(plan.key_count, 0);
    assert_int_equal(plan.column_count, 4); /* the generated one does not count */
    buf_free(&why);
    done(&plan, tables);
}

static void floats_are_no_keys(void **state)
{
    (void)state;
    struct table tables[2] = {0};
    struct shape only_float[] = {
        {"w", NULL, 8, COLLATION_NONE, COLUMN_DOUBLE, false, false}
    };
    struct buf why = {0};
    for (int side = 0; side < 2; side++) {
        make(&tables[side], only_float, 1);
        add_key(&tables[side], "PRIMARY", (const uint16_t[]){0}, 1);
    }
    struct plan plan = plan_between(&tables[0], &tables[1], &why);
    assert_int_equal(plan.key_count, 0);
    buf_free(&why);
    done(&plan, tables);
}

static void hidden_keys_are_not_walked(void **state)
{
    (void)state;
    struct table tables[2] = {0};
    struct buf why = {0};
    for (int side = 0; side < 2; side++) {
        make(&tables[side], shapes, COLUMNS);
        add_key(&tables[side], "by_both", (const uint16_t[]){ID, REGION}, 2);
        add_key(&tables[side], "by_id", (const uint16_t[]){ID}, 1);
    }
    tables[1].t.keys[1].hidden = true;
    struct plan plan = plan_between(&tables[0], &tables[1], &why);
    assert_string_equal(plan.key_names[0], "by_both");
    buf_free(&why);
    done(&plan, tables);
}

static const struct shape elsewhere[] = {
    {"own",    NULL,      0, COLLATION_NONE, COLUMN_LONG,     false, false},
    {"Note",   "utf8mb4", 4, 45,             COLUMN_BLOB,     true,  false},
    {"weight", NULL,      0, COLLATION_NONE, COLUMN_DATE,     true,  false},
    {"id",     NULL,      0, COLLATION_NONE, COLUMN_LONGLONG, false, false},
    {"twice",  NULL,      0, COLLATION_NONE, COLUMN_LONG,     true,  true },
};

/* Another order, a wider key, a column of a type that is another story, columns that only one side has. */
static void columns_are_matched_by_name(void **state)
{
    (void)state;
    struct table tables[2] = {0};
    struct buf text = {0};
    const struct span low = span_str("7");
    const struct plan_range from = {&low, NULL};
    make(&tables[0], shapes, COLUMNS);
    make(&tables[1], elsewhere, 5);
    add_key(&tables[0], "PRIMARY", (const uint16_t[]){ID}, 1);
    add_key(&tables[1], "PRIMARY", (const uint16_t[]){3}, 1);
    struct plan plan = plan_between(&tables[0], &tables[1], &text);
    assert_string_equal(buf_cstr(&text), "`region` is only at the source\n"
                                         "`weight`: double at the source and date at the target cannot be compared\n"
                                         "`own` is only at the target\n");
    assert_int_equal(plan.column_count, 2);
    assert_false(plan.apart);
    buf_clear(&text);
    plan_put_lists(&plan, 1, &from, 1, &text);
    assert_string_equal(
        buf_cstr(&text),
        "SELECT `id`, SHA2(CONCAT_WS(X'2C' COLLATE `binary`, `id`, IFNULL(SHA2(`Note`, 256), 'N')), 256)"
        " FROM `shop`.`it``em` FORCE INDEX (`PRIMARY`) WHERE `id` > 7");
    buf_free(&text);
    done(&plan, tables);
}

static void keys_of_other_orders_are_walked_apart(void **state)
{
    (void)state;
    struct table tables[2] = {0};
    struct buf why = {0};
    for (int side = 0; side < 2; side++) {
        make(&tables[side], shapes, COLUMNS);
        tables[side].t.columns[REGION].collation = side ? "utf8mb4_bin" : "utf8mb4_general_ci";
        add_key(&tables[side], "PRIMARY", (const uint16_t[]){REGION}, 1);
    }
    struct plan plan = plan_between(&tables[0], &tables[1], &why);
    assert_int_equal(plan.key_count, 1);
    assert_true(plan.apart);
    plan_free(&plan);
    for (int side = 0; side < 2; side++)
        add_key(&tables[side], "by_id", (const uint16_t[]){ID}, 1);
    plan = plan_between(&tables[0], &tables[1], &why);
    assert_string_equal(plan.key_names[0], "by_id"); /* which both have in one order */
    assert_false(plan.apart);
    buf_free(&why);
    done(&plan, tables);
}

/* A row as list and lookup give it: key, checksum, then the document, or a token for each column. */
static uint64_t state_with(const struct plan *plan, const char *document, bool lookup)
{
    struct span cells[4] = {span_str("1"), span_str("checksum"), span_str(lookup ? "1" : document), span_str(document)};
    struct db_rows rows = {.row_count = 1, .column_count = lookup ? 4 : 3, .cells = cells};
    struct arena a = {0};
    if (!*document)
        cells[lookup ? 3 : 2] = (struct span){0};
    plan_take_documents(plan, &rows, lookup, &a);
    uint64_t number = strtoull((const char *)cells[1].p, NULL, 16);
    arena_free(&a);
    return number;
}

static void documents_count_by_what_they_say(void **state)
{
    (void)state;
    struct table tables[2] = {0};
    const struct shape there[] = {
        {.name = "id", .type = COLUMN_LONG},
        { .name = "j", .type = COLUMN_JSON,      .meta = 4, .nullable = true}
    };
    const struct shape here[] = {
        {.name = "id",     .type = COLUMN_LONG},
        { .name = "j", .type = COLUMN_BLOB, .meta = 4, .charset = "utf8mb4", .collation = 46, .nullable = true}
    };
    struct buf text = {0};
    make(&tables[0], there, 2);
    make(&tables[1], here, 2);
    add_key(&tables[0], "PRIMARY", (const uint16_t[]){0}, 1);
    add_key(&tables[1], "PRIMARY", (const uint16_t[]){0}, 1);
    struct plan plan = plan_between(&tables[0], &tables[1], &text);
    assert_true(plan.apart);
    assert_int_equal(plan.document_count, 1);
    const struct plan_range all = {NULL, NULL};
    plan_put_page(&plan, 1, &all, 50, &text);
    assert_string_equal(buf_cstr(&text),
                        "SELECT `id`, SHA2(CONCAT_WS(X'2C' COLLATE `binary`, `id`), 256), CONVERT(`j` USING utf8mb4)"
                        " FROM `shop`.`it``em` FORCE INDEX (`PRIMARY`) ORDER BY `id` LIMIT 50");
    for (int lookup = 0; lookup < 2; lookup++) {
        uint64_t seen = state_with(&plan, "{\"b\":[1.50, 2],\"a\":null}", lookup);
        assert_int_equal(seen, state_with(&plan, "{\"a\": null, \"b\": [1.5, 2]}", lookup));
        assert_int_not_equal(seen, state_with(&plan, "{\"a\": null, \"b\": [1.5, 3]}", lookup));
        assert_int_not_equal(seen, state_with(&plan, "no JSON", lookup));
        assert_int_not_equal(state_with(&plan, "null", lookup), state_with(&plan, "", lookup)); /* SQL's NULL */
    }
    buf_free(&text);
    done(&plan, tables);
}

static void a_column_that_one_side_computes_is_told_and_not_compared(void **state)
{
    (void)state;
    struct table tables[2] = {0};
    struct shape both[] = {
        {.name = "id", .type = COLUMN_LONG},
        {.name = "b",  .type = COLUMN_LONG}
    };
    struct buf why = {0}, sql = {0};
    make(&tables[0], both, 2);
    both[1].generated = true;
    make(&tables[1], both, 2);
    struct plan plan = plan_between(&tables[0], &tables[1], &why);
    assert_string_equal(buf_cstr(&why), "`b` is generated at the target and an ordinary column at the source\n");
    plan_put_row_hash(&plan, 0, &sql);
    assert_string_equal(buf_cstr(&sql), "SHA2(CONCAT_WS(X'2C' COLLATE `binary`, `id`), 256)");
    plan_free(&plan);
    plan = plan_between(&tables[1], &tables[0], &why);
    assert_string_equal(buf_cstr(&why), "`b` is generated at the source and an ordinary column at the target\n");
    assert_int_equal(plan.column_count, 1);
    plan_free(&plan);
    plan = plan_between(&tables[1], &tables[1], &why);
    assert_int_equal(plan.column_count, 1);
    plan_free(&plan);
    plan = plan_between(&tables[0], &tables[0], &why);
    assert_int_equal(plan.column_count, 2);
    buf_free(&why);
    buf_free(&sql);
    done(&plan, tables);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_column_that_one_side_computes_is_told_and_not_compared),
        cmocka_unit_test(statements_of_a_single_key),
        cmocka_unit_test(sums_are_what_both_servers_take),
        cmocka_unit_test(strings_bring_their_lengths),
        cmocka_unit_test(ranges_of_a_composite_key),
        cmocka_unit_test(statements_without_a_key),
        cmocka_unit_test(the_best_key_is_chosen),
        cmocka_unit_test(floats_are_no_keys),
        cmocka_unit_test(hidden_keys_are_not_walked),
        cmocka_unit_test(columns_are_matched_by_name),
        cmocka_unit_test(keys_of_other_orders_are_walked_apart),
        cmocka_unit_test(documents_count_by_what_they_say),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
