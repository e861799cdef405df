/* Which keys a change touches: what must meet, and what need not. */
#include "applier/writeset.h"
#include "tests/unit/cmocka_all.h"

/* A table of: id INT, name VARCHAR (utf8mb4, general_ci), u INT NULL, parent INT NULL. */
enum { ID, NAME, U, PARENT, COLUMNS };

struct fixture {
    struct arena arena;
    struct table_def *def;
    struct target_table table;
    const char *collations[COLUMNS];
    struct foreign_keys foreign;
    uint16_t flags; /* of rows */
    struct arena scratch;
};

static uint16_t *columns_of(struct fixture *f, uint16_t column)
{
    uint16_t *list = arena_alloc(&f->arena, sizeof *list);
    *list = column;
    return list;
}

static void add_unique(struct fixture *f, const char *name, uint16_t column, bool nullable)
{
    struct target_key *key = &f->table.keys[f->table.key_count++];
    *key = (struct target_key){.name = name, .columns = columns_of(f, column), .count = 1, .nullable = nullable};
    key->prefix = arena_zalloc(&f->arena, sizeof *key->prefix);
}

static struct table_def *make_def(struct arena *a, const char *name)
{
    static const struct column columns[COLUMNS] = {
        [ID] = {.name = {(const uint8_t *)"id", 2},   .type = COLUMN_LONG, .key_order = 0,                   .collation = 0                                  },
        [NAME] = {.name = {(const uint8_t *)"name", 4},
                .type = COLUMN_VARCHAR,
                .key_order = COLUMN_NO_KEY,
                .collation = 45,
                .meta = 160},
        [U] = {.name = {(const uint8_t *)"u", 1},                                    .type = COLUMN_LONG,                       .key_order = COLUMN_NO_KEY, .nullable = true},
        [PARENT] = {.name = {(const uint8_t *)"parent", 6},
                .type = COLUMN_LONG,
                .key_order = COLUMN_NO_KEY,
                .nullable = true                                                                                                                   },
    };
    struct table_def *def = arena_zalloc(a, sizeof *def);
    def->db = span_str("shop");
    def->name = span_str(name);
    def->column_count = COLUMNS;
    def->columns = arena_alloc(a, sizeof columns);
    memcpy(def->columns, columns, sizeof columns);
    table_def_seal(def, a);
    return def;
}

static void fixture_open(struct fixture *f, const char *name)
{
    *f = (struct fixture){0};
    f->def = make_def(&f->arena, name);
    f->table.def = f->def;
    f->table.columns = arena_zalloc(&f->arena, COLUMNS * sizeof *f->table.columns);
    f->table.columns[NAME].charset = "utf8mb4";
    f->collations[NAME] = "utf8mb4_general_ci";
    f->table.keys = arena_zalloc(&f->arena, 4 * sizeof *f->table.keys);
}

static void fixture_close(struct fixture *f)
{
    arena_free(&f->arena);
    arena_free(&f->scratch);
}

/* 0 as u or parent: NULL. */
struct row {
    uint32_t id;
    const char *name;
    uint32_t u;
    uint32_t parent;
};

static void put_image(struct buf *out, const struct row *r)
{
    buf_put_u8(out, (uint8_t)((r->u ? 0 : 4) | (r->parent ? 0 : 8) | 0xf0));
    buf_put_le(out, r->id, 4);
    buf_put_u8(out, (uint8_t)strlen(r->name));
    buf_put_str(out, r->name);
    if (r->u)
        buf_put_le(out, r->u, 4);
    if (r->parent)
        buf_put_le(out, r->parent, 4);
}

static struct writeset set_of(struct fixture *f, const struct row *before, const struct row *after)
{
    struct writeset w = {0};
    struct buf images = {0};
    struct writeset_table *t = writeset_table_new(f->def, &f->table, f->collations, &f->foreign);
    if (before)
        put_image(&images, before);
    if (after)
        put_image(&images, after);
    const struct rows rows = {.table = f->def,
                              .op = !before  ? ROWS_INSERT
                                    : !after ? ROWS_DELETE
                                             : ROWS_UPDATE,
                              .flags = f->flags,
                              .count = 1,
                              .images = buf_span(&images)};
    writeset_add_rows(&w, t, &rows, &f->scratch);
    writeset_seal(&w);
    writeset_table_free(&t);
    buf_free(&images);
    return w;
}

/* Do two changes, in this order, have to stay in it? Frees both. */
static bool meet(struct writeset a, struct writeset b)
{
    bool met = a.alone || b.alone;
    for (size_t i = 0; i < a.count; i++)
        for (size_t k = 0; k < b.count; k++)
            met = met || (a.touches[i].hash == b.touches[k].hash && !(a.touches[i].shared && b.touches[k].shared));
    writeset_free(&a);
    writeset_free(&b);
    return met;
}

static void rows_of_one_key_meet_and_others_do_not(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, "t");
    add_unique(&f, "PRIMARY", ID, false);
    const struct row one = {1, "a", 0, 0}, same = {1, "b", 0, 0}, other = {2, "a", 0, 0};
    assert_true(meet(set_of(&f, NULL, &one), set_of(&f, &one, NULL)));
    assert_true(meet(set_of(&f, &one, &same), set_of(&f, &same, &one)));
    assert_false(meet(set_of(&f, NULL, &one), set_of(&f, NULL, &other)));
    assert_true(meet(set_of(&f, &one, &other), set_of(&f, NULL, &one)));
    assert_true(meet(set_of(&f, &one, &other), set_of(&f, NULL, &other)));
    fixture_close(&f);
}

static void a_second_unique_key_counts_as_the_collation_has_it(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, "t");
    add_unique(&f, "PRIMARY", ID, false);
    add_unique(&f, "name", NAME, false);
    const struct row bob = {1, "Bob", 0, 0}, loud = {2, "BÖB", 0, 0}, ann = {3, "Ann", 0, 0},
                     renamed = {1, "Cid", 0, 0};
    assert_true(meet(set_of(&f, &bob, NULL), set_of(&f, NULL, &loud)));
    assert_true(meet(set_of(&f, &bob, &renamed), set_of(&f, NULL, &loud)));
    assert_false(meet(set_of(&f, NULL, &bob), set_of(&f, NULL, &ann)));
    f.collations[NAME] = "utf8mb4_bin";
    assert_false(meet(set_of(&f, &bob, NULL), set_of(&f, NULL, &loud)));
    f.collations[NAME] = "utf8mb4_estonian_ci"; /* nothing known: the key serialises */
    assert_true(meet(set_of(&f, NULL, &bob), set_of(&f, NULL, &ann)));
    fixture_close(&f);
}

static void null_clashes_with_nothing_but_rows_without_any_key_keep_their_order(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, "t");
    add_unique(&f, "u", U, true);
    const struct row five = {1, "a", 5, 0}, six = {2, "a", 6, 0}, none = {3, "a", 0, 0}, none_too = {4, "a", 0, 0};
    assert_false(meet(set_of(&f, NULL, &five), set_of(&f, NULL, &six)));
    assert_true(meet(set_of(&f, NULL, &none), set_of(&f, &none_too, NULL)));
    assert_true(meet(set_of(&f, &five, &none), set_of(&f, NULL, &none_too)));
    assert_false(meet(set_of(&f, NULL, &five), set_of(&f, NULL, &none)));
    add_unique(&f, "PRIMARY", ID, false);
    fixture_close(&f);

    fixture_open(&f, "t");
    add_unique(&f, "PRIMARY", ID, false);
    add_unique(&f, "u", U, true);
    assert_false(meet(set_of(&f, NULL, &none), set_of(&f, NULL, &none_too)));
    fixture_close(&f);
}

/* Nor does the key in front tell a row where it is NULL: then the others do, changed or not. */
static void a_key_that_may_be_null_does_not_stand_for_the_others(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, "t");
    add_unique(&f, "u", U, true);
    add_unique(&f, "name", NAME, false);
    const struct row bob = {1, "Bob", 0, 0}, changed = {5, "Bob", 0, 0};
    assert_true(meet(set_of(&f, &bob, &changed), set_of(&f, &changed, NULL)));
    fixture_close(&f);
}

static void without_a_key_all_rows_meet(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, "t");
    const struct row a = {1, "a", 0, 0}, b = {2, "b", 0, 0};
    assert_true(meet(set_of(&f, NULL, &a), set_of(&f, NULL, &b)));
    fixture_close(&f);
}

static struct foreign_key link_of(struct fixture *f, bool delete_cascades)
{
    struct foreign_key k = {.child_db = span_str("shop"),
                            .child = span_str("child"),
                            .parent_db = span_str("shop"),
                            .parent = span_str("Parent"),
                            .count = 1,
                            .delete_cascades = delete_cascades};
    k.child_columns = arena_alloc(&f->arena, sizeof *k.child_columns);
    k.parent_columns = arena_alloc(&f->arena, sizeof *k.parent_columns);
    *k.child_columns = span_str("parent");
    *k.parent_columns = span_str("id");
    return k;
}

static void children_meet_the_coming_and_going_of_their_parent_only(void **state)
{
    (void)state;
    struct fixture parent, child;
    fixture_open(&parent, "parent");
    fixture_open(&child, "child");
    add_unique(&parent, "PRIMARY", ID, false);
    add_unique(&child, "PRIMARY", ID, false);
    struct foreign_key link = link_of(&parent, false);
    parent.foreign = (struct foreign_keys){.referring = &link, .referring_count = 1};
    child.foreign = (struct foreign_keys){.own = &link, .own_count = 1};
    const struct row p = {7, "p", 0, 0}, p_changed = {7, "q", 0, 0};
    const struct row c = {1, "c", 0, 7}, d = {2, "d", 0, 7}, orphan = {3, "o", 0, 0}, moved = {1, "c", 0, 8};
    assert_true(meet(set_of(&parent, NULL, &p), set_of(&child, NULL, &c)));
    assert_true(meet(set_of(&child, &c, NULL), set_of(&parent, &p, NULL)));
    assert_true(meet(set_of(&child, &c, &moved), set_of(&parent, &p, NULL)));
    assert_false(meet(set_of(&child, NULL, &c), set_of(&child, NULL, &d)));
    assert_false(meet(set_of(&parent, &p, &p_changed), set_of(&child, NULL, &c)));
    assert_false(meet(set_of(&parent, NULL, &p), set_of(&child, NULL, &orphan)));
    fixture_close(&parent);
    fixture_close(&child);
}

/* Does a child's coming touch its parent's table as a whole? Then it meets the parent, whatever the hashes are. */
static bool touches_all_parents(struct fixture *child)
{
    const struct row c = {1, "c", 0, 7};
    struct writeset w = set_of(child, NULL, &c);
    bool whole = w.whole_count == 1 && w.whole[0] == writeset_table_id(span_str("shop"), span_str("parent"));
    writeset_free(&w);
    return whole;
}

static void an_end_that_is_not_known_touches_the_parents_table(void **state)
{
    (void)state;
    struct fixture child, here;
    fixture_open(&child, "child");
    fixture_open(&here, "child");
    add_unique(&child, "PRIMARY", ID, false);
    struct foreign_key link = link_of(&child, false);
    child.foreign = (struct foreign_keys){.own = &link, .own_count = 1};
    child.table.def = here.def;
    assert_false(touches_all_parents(&child));
    here.def->columns[PARENT].type = COLUMN_LONGLONG; /* wider than at the source, where the parent's may be, too */
    assert_true(touches_all_parents(&child));
    here.def->columns[PARENT].type = COLUMN_LONG;
    here.def->columns[PARENT].generated = true;
    assert_true(touches_all_parents(&child));
    here.def->columns[PARENT].generated = false;
    here.def->columns[PARENT].name = span_str("elsewhere"); /* the constraint is of a column that there is not */
    assert_true(touches_all_parents(&child));
    fixture_close(&child);
    fixture_close(&here);
}

static void what_cascades_runs_alone(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, "parent");
    add_unique(&f, "PRIMARY", ID, false);
    struct foreign_key link = link_of(&f, true);
    f.foreign = (struct foreign_keys){.referring = &link, .referring_count = 1};
    const struct row p = {7, "p", 0, 0}, q = {8, "q", 0, 0};
    struct writeset gone = set_of(&f, &p, NULL), come = set_of(&f, NULL, &p), moved = set_of(&f, &p, &q);
    assert_true(gone.alone);
    assert_false(come.alone);
    assert_false(moved.alone); /* ON UPDATE does not cascade */
    writeset_free(&gone);
    writeset_free(&come);
    writeset_free(&moved);

    link.delete_cascades = false;
    link.update_cascades = true;
    const struct row renamed = {7, "q", 0, 0};
    struct writeset other = set_of(&f, &p, &renamed);
    gone = set_of(&f, &p, NULL);
    moved = set_of(&f, &p, &q);
    assert_true(moved.alone);
    assert_false(gone.alone);
    assert_false(other.alone);
    writeset_free(&gone);
    writeset_free(&moved);
    writeset_free(&other);

    link.delete_cascades = true;
    f.flags = ROWS_NO_FOREIGN_KEY_CHECKS; /* nothing cascades then */
    gone = set_of(&f, &p, NULL);
    moved = set_of(&f, &p, &q);
    assert_false(gone.alone || moved.alone);
    writeset_free(&gone);
    writeset_free(&moved);
    fixture_close(&f);
}

static void a_strange_text_touches_the_table_as_a_whole(void **state)
{
    (void)state;
    struct fixture f;
    struct keyset parked = {0};
    fixture_open(&f, "t");
    add_unique(&f, "PRIMARY", ID, false);
    add_unique(&f, "name", NAME, false);
    const struct row plain = {1, "Bob", 0, 0}, strange = {2, "B\uff4fb", 0, 0}, other = {3, "Ann", 0, 0};
    struct writeset a = set_of(&f, NULL, &plain), b = set_of(&f, NULL, &strange), c = set_of(&f, NULL, &other);
    assert_int_equal(b.whole_count, 1);
    assert_int_equal(b.whole[0], writeset_table_id(span_str("SHOP"), span_str("t")));
    keyset_add(&parked, &a);
    assert_true(keyset_meets(&parked, &a));
    assert_true(keyset_meets(&parked, &b));
    assert_false(keyset_meets(&parked, &c));
    keyset_clear(&parked);
    assert_false(keyset_meets(&parked, &a));
    keyset_add(&parked, &b);
    assert_true(keyset_meets(&parked, &a));
    keyset_free(&parked);
    writeset_free(&a);
    writeset_free(&b);
    writeset_free(&c);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_one_key_meet_and_others_do_not),
        cmocka_unit_test(a_second_unique_key_counts_as_the_collation_has_it),
        cmocka_unit_test(null_clashes_with_nothing_but_rows_without_any_key_keep_their_order),
        cmocka_unit_test(a_key_that_may_be_null_does_not_stand_for_the_others),
        cmocka_unit_test(without_a_key_all_rows_meet),
        cmocka_unit_test(children_meet_the_coming_and_going_of_their_parent_only),
        cmocka_unit_test(an_end_that_is_not_known_touches_the_parents_table),
        cmocka_unit_test(what_cascades_runs_alone),
        cmocka_unit_test(a_strange_text_touches_the_table_as_a_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
