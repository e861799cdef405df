/* Conversion plans: columns matched by name, what makes a link wait, and what rows become. */
#include "common/target/convert.h"

#include <stdio.h>

#include "tests/unit/target/convert_kit.h"

#define MOST_COLUMNS 8

/* A table on either side; `t` is for the target only. */
struct side {
    struct column columns[MOST_COLUMNS];
    struct target_column extra[MOST_COLUMNS];
    struct target_key key;
    uint16_t key_columns[1];
    uint16_t prefix[1];
    struct table_def def;
    struct target_table t;
};

static struct column *add(struct side *s, const char *name, struct column c)
{
    struct column *to = &s->columns[s->def.column_count++];
    *to = c;
    to->name = span_str(name);
    return to;
}

/* The primary key is the column of that place. */
static void seal(struct side *s, uint16_t key, struct arena *a)
{
    s->columns[key].key_order = 0;
    s->columns[key].nullable = false;
    s->def.db = span_str("shop");
    s->def.name = span_str("item");
    s->def.columns = s->columns;
    table_def_seal(&s->def, a);
    s->key_columns[0] = key;
    s->key = (struct target_key){.name = "PRIMARY", .columns = s->key_columns, .prefix = s->prefix, .count = 1};
    s->t = (struct target_table){
        .def = &s->def, .columns = s->extra, .keys = &s->key, .key_count = 1, .transactional = true};
}

struct pair {
    struct arena arena;
    struct side from, to;
    struct convert_plan *plan;
    struct buf why;
};

/* source: id INT, name VARCHAR(10 bytes), n INT */
static void start(struct pair *p)
{
    *p = (struct pair){0};
    add(&p->from, "id", PLAIN(LONG, 0));
    add(&p->from, "name", TEXT(VARCHAR, 10, UTF8MB4));
    add(&p->from, "n", PLAIN(LONG, 0));
    seal(&p->from, 0, &p->arena);
}

static void finish(struct pair *p)
{
    convert_plan_free(&p->plan);
    buf_free(&p->why);
    arena_free(&p->arena);
}

static void takes(struct pair *p)
{
    if (!convert_plan_make(&p->plan, &p->to.t, &p->from.def, NULL, &p->why))
        fail_msg("%s", buf_cstr(&p->why));
}

static void waits(struct pair *p, const char *why)
{
    assert_int_equal(convert_plan_make(&p->plan, &p->to.t, &p->from.def, NULL, &p->why), 0);
    assert_null(p->plan);
    if (!strstr(buf_cstr(&p->why), why))
        fail_msg("'%s' is not in '%s'", why, buf_cstr(&p->why));
}

/* Rows of the source: id, name (NULL where it is), n; an update has two of them. */
static void put_source(struct pair *p, struct buf *images, const char *id, const char *name, const char *n)
{
    const char *const texts[] = {id, name, n};
    struct cell cells[3] = {0};
    for (size_t i = 0; i < 3; i++) {
        struct buf cell = {0};
        cells[i].null = !texts[i];
        if (texts[i])
            cells[i].data = arena_copy(&p->arena, put_value(&p->from.columns[i], span_str(texts[i]), &cell));
        buf_free(&cell);
    }
    image_put(cells, &p->from.def, NULL, images);
}

/* "a, b; c, d": the images of what was made of them. */
static void assert_rows(struct pair *p, const struct rows *rows, const char *expected)
{
    struct buf text = {0};
    struct bytes r = bytes_of(rows->images);
    struct cell cells[MOST_COLUMNS];
    assert_ptr_equal(rows->table, &p->to.def);
    while (bytes_left(&r) > 0) {
        image_split(cells, rows->table, rows->present_after, &r);
        assert_false(r.bad);
        buf_put_str(&text, text.len ? "; " : "");
        for (uint16_t i = 0; i < p->to.def.column_count; i++) {
            buf_put_str(&text, i ? ", " : "");
            assert_true(cell_put_text(&p->to.columns[i], &cells[i], &text));
        }
    }
    assert_string_equal(buf_cstr(&text), expected);
    buf_free(&text);
}

static int convert(struct pair *p, struct rows *out, struct buf *images, enum rows_op op, struct err *err)
{
    const struct rows rows = {
        .table = &p->from.def, .op = op, .count = 1, .flags = ROWS_NO_UNIQUE_CHECKS, .images = buf_span(images)};
    return convert_rows(out, p->plan, &rows, &p->arena, err);
}

static void the_same_layout_is_not_touched(void **state)
{
    (void)state;
    struct pair p;
    struct buf images = {0};
    struct rows out;
    start(&p);
    add(&p.to, "ID", PLAIN(LONG, 0));
    add(&p.to, "name", TEXT(VARCHAR, 20, UTF8MB4)); /* longer, but its cells are the same */
    add(&p.to, "n", PLAIN(LONG, 0));
    seal(&p.to, 0, &p.arena);
    takes(&p);
    assert_true(p.plan->identity);
    assert_null(p.plan->present);
    put_source(&p, &images, "1", "a", NULL);
    assert_int_equal(convert(&p, &out, &images, ROWS_INSERT, NULL), 0);
    assert_ptr_equal(out.images.p, images.data);
    assert_ptr_equal(out.table, &p.to.def);
    buf_free(&images);
    finish(&p);
}

static void columns_are_matched_by_name(void **state)
{
    (void)state;
    struct pair p;
    struct buf images = {0};
    struct rows out;
    start(&p);
    add(&p.to, "n", PLAIN(LONGLONG, 0));
    add(&p.to, "id", PLAIN(LONG, 0));
    add(&p.to, "name", TEXT(BLOB, 2, UTF8MB4));
    seal(&p.to, 1, &p.arena);
    takes(&p);
    assert_false(p.plan->identity);
    assert_null(p.plan->present);
    put_source(&p, &images, "1", "a", "-7");
    put_source(&p, &images, "1", NULL, "8");
    assert_int_equal(convert(&p, &out, &images, ROWS_UPDATE, NULL), 0);
    assert_int_equal(out.op, ROWS_UPDATE);
    assert_int_equal(out.count, 1);
    assert_int_equal(out.flags, ROWS_NO_UNIQUE_CHECKS);
    assert_rows(&p, &out, "-7, 1, a; 8, 1, NULL");
    buf_free(&images);
    finish(&p);
}

static void what_only_the_target_has_stays_its_own(void **state)
{
    (void)state;
    struct pair p;
    struct buf images = {0};
    struct rows out;
    start(&p);
    add(&p.to, "first", PLAIN(LONG, 0));
    add(&p.to, "id", PLAIN(LONG, 0));
    add(&p.to, "name", TEXT(VARCHAR, 10, UTF8MB4));
    add(&p.to, "sum", PLAIN(LONG, 0))->generated = true;
    add(&p.to, "n", PLAIN(LONG, 0));
    p.to.extra[0].fill = p.to.extra[3].fill = FILL_ALWAYS;
    seal(&p.to, 1, &p.arena);
    takes(&p);
    assert_false(p.plan->identity);
    assert_int_equal(p.plan->present[0], 0x16);
    put_source(&p, &images, "1", "a", "3");
    assert_int_equal(convert(&p, &out, &images, ROWS_INSERT, NULL), 0);
    assert_rows(&p, &out, "(absent), 1, a, (absent), 3");
    assert_ptr_equal(out.present_before, p.plan->present);

    /* It tells no difference to what is there. */
    struct cell expected[MOST_COLUMNS], local[MOST_COLUMNS];
    struct bytes r = bytes_of(out.images);
    image_split(expected, &p.to.def, out.present_after, &r);
    memcpy(local, expected, sizeof local);
    local[0] = local[3] = (struct cell){.data = span_of("\1\0\0\0", 4)};
    assert_true(convert_same(p.plan, expected, local));
    local[4] = local[0];
    assert_false(convert_same(p.plan, expected, local));
    buf_free(&images);
    finish(&p);
}

/* What the source computes, and does not tell: the target computes it too, or the rows cannot be written. */
static void what_the_source_leaves_out(void **state)
{
    (void)state;
    static const uint8_t brought[] = {0x03};
    struct pair p;
    struct buf images = {0};
    struct rows out;
    start(&p);
    add(&p.to, "n", PLAIN(LONG, 0));
    add(&p.to, "id", PLAIN(LONG, 0));
    add(&p.to, "name", TEXT(VARCHAR, 10, UTF8MB4));
    p.to.extra[0].fill = FILL_ALWAYS;
    seal(&p.to, 1, &p.arena);
    assert_int_equal(convert_plan_make(&p.plan, &p.to.t, &p.from.def, brought, &p.why), 0);
    assert_non_null(
        strstr(buf_cstr(&p.why), "`n` is generated at the source, which leaves it out of its binlog, and not"));
    p.to.columns[0].generated = true;
    assert_int_equal(convert_plan_make(&p.plan, &p.to.t, &p.from.def, brought, &p.why), 1);
    assert_false(p.plan->identity);
    assert_int_equal(p.plan->present[0], 0x06);
    put_source(&p, &images, "1", "a", "3");
    assert_int_equal(convert(&p, &out, &images, ROWS_INSERT, NULL), 0); /* an insert has it, and goes the same way */
    assert_rows(&p, &out, "(absent), 1, a");
    buf_free(&images);
    finish(&p);
}

/* MariaDB's own column of a unique key over a long text is nobody else's business. */
static void hashes_of_long_keys_are_left_out(void **state)
{
    (void)state;
    struct pair p;
    start(&p);
    add(&p.from, "DB_ROW_HASH_1", PLAIN(LONGLONG, 0));
    seal(&p.from, 0, &p.arena);
    add(&p.to, "id", PLAIN(LONG, 0));
    add(&p.to, "name", TEXT(VARCHAR, 10, UTF8MB4));
    add(&p.to, "n", PLAIN(LONG, 0));
    seal(&p.to, 0, &p.arena);
    takes(&p);
    assert_false(p.plan->identity);
    assert_null(p.plan->present);
    finish(&p);
}

/* A generated column that the source has too is written where that can be copied, else left to the server. */
static void generated_at_the_target(void **state)
{
    (void)state;
    struct pair p;
    start(&p);
    add(&p.to, "id", PLAIN(LONG, 0));
    add(&p.to, "name", TEXT(VARCHAR, 10, UTF8MB4));
    struct column *n = add(&p.to, "n", PLAIN(LONG, 0));
    n->generated = true;
    seal(&p.to, 0, &p.arena);
    takes(&p);
    assert_true(p.plan->identity);
    assert_true(p.plan->ignore[2]);
    convert_plan_free(&p.plan);
    n->type = COLUMN_TINY;
    takes(&p);
    assert_int_equal(p.plan->present[0], 3);
    finish(&p);
}

/* Column `place` of the target's (id, name, n) is another. */
static void check_wait(uint16_t place, const char *name, struct column c, const char *why)
{
    struct pair p;
    start(&p);
    add(&p.to, "id", PLAIN(LONG, 0));
    add(&p.to, "name", TEXT(VARCHAR, 10, UTF8MB4));
    add(&p.to, "n", PLAIN(LONG, 0));
    c.name = span_str(name);
    p.to.columns[place] = c;
    seal(&p.to, 0, &p.arena);
    waits(&p, why);
    finish(&p);
}

static void what_cannot_be_written_waits(void **state)
{
    (void)state;
    struct column not_null = PLAIN(LONG, 0);
    not_null.nullable = false;
    check_wait(2, "m", PLAIN(LONG, 0), "`n` is only at the source");
    check_wait(2, "n", PLAIN(SHORT, 0),
               "`n`: the target's column cannot hold all that the source's can: int there, "
               "smallint here");
    check_wait(2, "n", TEXT(VARCHAR, 40, UTF8MB4), "`n`: no rule turns one type into the other");
    check_wait(1, "name", TEXT(VARCHAR, 9, UTF8MB4), "`name`: the target's column cannot hold");
    check_wait(2, "n", not_null, "`n` may be NULL at the source and not at the target");
}

static void columns_of_the_target_alone_can_be_in_the_way(void **state)
{
    (void)state;
    struct pair p;
    start(&p);
    add(&p.to, "id", PLAIN(LONG, 0));
    add(&p.to, "name", TEXT(VARCHAR, 10, UTF8MB4));
    add(&p.to, "n", PLAIN(LONG, 0));
    add(&p.to, "more", PLAIN(LONG, 0));
    seal(&p.to, 0, &p.arena);
    waits(&p, "`more` is only at the target, and has no default");
    buf_clear(&p.why);
    p.to.extra[3].fill = FILL_ALWAYS;
    p.to.columns[3].key_order = 1;
    table_def_seal(&p.to.def, &p.arena);
    waits(&p, "`more` of the primary key is only at the target");
    buf_clear(&p.why);
    p.to.t.transactional = false;
    waits(&p, "not transactional");
    finish(&p);
}

/* By name, wherever the key's column stands. */
static void keys_that_tell_other_values_apart_wait(void **state)
{
    (void)state;
    struct pair p;
    start(&p);
    add(&p.to, "n", PLAIN(LONG, 0));
    add(&p.to, "name", TEXT(VARCHAR, 10, 46));
    add(&p.to, "id", PLAIN(LONG, 0));
    seal(&p.to, 2, &p.arena);
    p.to.key_columns[0] = 1;
    waits(&p, "`name` of key PRIMARY has collation 45 at the source and 46 at the target");
    buf_clear(&p.why);
    p.to.columns[1].collation = 45;
    takes(&p);
    finish(&p);
}

static void a_value_that_does_not_fit_is_told(void **state)
{
    (void)state;
    struct pair p;
    struct buf images = {0};
    struct rows out;
    struct err err = {0};
    start(&p);
    add(&p.to, "id", PLAIN(LONG, 0));
    add(&p.to, "name", PLAIN(JSON, 4));
    add(&p.to, "n", PLAIN(LONG, 0));
    seal(&p.to, 0, &p.arena);
    takes(&p);
    put_source(&p, &images, "1", "[1]", "3");
    assert_int_equal(convert(&p, &out, &images, ROWS_INSERT, &err), 0);
    assert_rows(&p, &out, "1, [1], 3");
    put_source(&p, &images, "2", "[1", "3");
    assert_int_equal(convert(&p, &out, &images, ROWS_INSERT, &err), -1);
    assert_int_equal(err.class, ERR_DATA);
    assert_string_equal(err.text, "column `name` of `shop`.`item`: a value of varchar(10 bytes) collation 45 cannot be "
                                  "one of json: it is not JSON");
    buf_free(&images);
    finish(&p);
}

/* What MySQL's JSON becomes in a text column is compared by what it says. */
static void documents_are_compared_by_what_they_say(void **state)
{
    (void)state;
    static const struct {
        const char *local;
        bool same;
    } cases[] = {
        {"{\"a\": [1, 2.5]}",   true },
        {"{\"a\":[1,2.50]}",    true },
        {"{\"a\":[1,25e-1 ]}",  true },
        {"{\"a\": [1, 2.6]}",   false},
        {"{\"a\": [\"1\", 2]}", false},
        {"no JSON",             false},
    };
    struct pair p;
    struct cell in[3] = {{.null = true}, {.null = true}, {.null = true}}, ours[3], local[3];
    start(&p);
    p.from.columns[1] = PLAIN(JSON, 4);
    p.from.columns[1].name = span_str("name");
    add(&p.to, "id", PLAIN(LONG, 0));
    add(&p.to, "name", TEXT(BLOB, 4, 46));
    add(&p.to, "n", PLAIN(LONG, 0));
    seal(&p.to, 0, &p.arena);
    takes(&p);
    struct buf doc = {0}, text = {0};
    in[1] = (struct cell){.data = put_value(&p.from.columns[1], span_str("{\"a\":[1,2.5]}"), &doc)};
    assert_int_equal(convert_image(ours, p.plan, in, &p.arena, NULL), 0);
    memcpy(local, ours, sizeof local);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buf_clear(&text);
        local[1].data = put_value(&p.to.columns[1], span_str(cases[i].local), &text);
        assert_int_equal(convert_same(p.plan, ours, local), cases[i].same);
    }
    local[1] = (struct cell){.null = true};
    assert_false(convert_same(p.plan, ours, local));
    buf_free(&doc);
    buf_free(&text);
    finish(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_layout_is_not_touched),
        cmocka_unit_test(columns_are_matched_by_name),
        cmocka_unit_test(what_only_the_target_has_stays_its_own),
        cmocka_unit_test(what_the_source_leaves_out),
        cmocka_unit_test(hashes_of_long_keys_are_left_out),
        cmocka_unit_test(generated_at_the_target),
        cmocka_unit_test(what_cannot_be_written_waits),
        cmocka_unit_test(columns_of_the_target_alone_can_be_in_the_way),
        cmocka_unit_test(keys_that_tell_other_values_apart_wait),
        cmocka_unit_test(a_value_that_does_not_fit_is_told),
        cmocka_unit_test(documents_are_compared_by_what_they_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
