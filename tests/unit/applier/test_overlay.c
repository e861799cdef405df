/* The memory of a forecast: entries by their tags, undoing, keeping, forgetting at the bound. */
#include "applier/overlay.h"

#include <stdlib.h>

#include "common/base/mem.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/random.h"

/* Two columns of bytes. */
static struct column columns[] = {
    {.type = COLUMN_LONG, .key_order = 0            },
    {.type = COLUMN_LONG, .key_order = COLUMN_NO_KEY}
};
static uint16_t key_columns[] = {0};
static const struct table_def def = {
    .columns = columns, .column_count = 2, .key = key_columns, .key_count = 1, .fingerprint = 7};

struct row {
    uint32_t id;
    uint32_t value;
    struct cell cells[2];
};

static const struct cell *row_of(struct row *r, uint32_t id, uint32_t value)
{
    r->id = id;
    r->value = value;
    r->cells[0] = (struct cell){.data = span_of(&r->id, 4)};
    r->cells[1] = (struct cell){.data = span_of(&r->value, 4)};
    return r->cells;
}

/* Tags: the id, and a thousand above the value. value 0: no row. */
static struct overlay_entry *put(struct overlay *o, struct overlay_entry *e, uint32_t id, uint32_t value)
{
    struct row r;
    const uint64_t tags[] = {id, 1000 + value};
    const struct cell *cells = row_of(&r, id, value);
    const struct overlay_row row = {.def = &def,
                                    .table = 1,
                                    .key = cells,
                                    .row = value ? cells : NULL,
                                    .grave = value ? NULL : cells,
                                    .tags = tags,
                                    .tag_count = value ? 2 : 1};
    return overlay_put(o, e, &row);
}

/* -1: no entry. */
static int value_of(struct overlay *o, uint32_t id)
{
    struct overlay_row row;
    uint32_t value = 0;
    struct overlay_entry *e = overlay_find(o, id, NULL);
    if (!e)
        return -1;
    assert_true(overlay_get(e, &def, &row));
    if (row.row)
        memcpy(&value, row.row[1].data.p, 4);
    return (int)value;
}

static void entries_are_found_by_their_present_tags(void **state)
{
    (void)state;
    struct overlay *o = overlay_new(1u << 20);
    struct overlay_entry *e = put(o, NULL, 5, 10);
    assert_ptr_equal(overlay_find(o, 1010, NULL), e);
    struct overlay_entry *other = put(o, NULL, 6, 10);
    const struct overlay_entry *first = overlay_find(o, 1010, NULL);
    const struct overlay_entry *second = overlay_find(o, 1010, first);
    assert_true((first == e && second == other) || (first == other && second == e));
    assert_null(overlay_find(o, 1010, second));
    (void)put(o, e, 5, 11);
    assert_ptr_equal(overlay_find(o, 1010, NULL), other);
    assert_ptr_equal(overlay_find(o, 1011, NULL), e);
    struct overlay_row row;
    static const struct table_def altered = {.column_count = 2, .fingerprint = 8};
    assert_false(overlay_get(e, &altered, &row));
    overlay_free(&o);
}

/* Against a plain array, with random changes, marks, undoing and keeping. */
static void what_is_undone_is_as_it_was(void **state)
{
    (void)state;
    enum { IDS = 20, STEPS = 20000 };
    struct random r = random_start("overlay");
    struct overlay *o = overlay_new(1u << 30);
    int now[IDS], kept[IDS], marked[IDS];
    size_t mark = 0;
    memset(now, 0xff, sizeof now);
    memcpy(kept, now, sizeof now);
    memcpy(marked, now, sizeof now);
    for (int i = 0; i < STEPS; i++) {
        uint32_t id = (uint32_t)random_below(&r, IDS);
        switch (random_below(&r, 12)) {
        case 0:
            overlay_keep(o);
            memcpy(kept, now, sizeof now);
            memcpy(marked, now, sizeof now);
            mark = 0;
            break;
        case 1:
            overlay_undo(o, 0);
            memcpy(now, kept, sizeof now);
            memcpy(marked, now, sizeof now);
            mark = 0;
            break;
        case 2:
            mark = overlay_mark(o);
            memcpy(marked, now, sizeof now);
            break;
        case 3:
            overlay_undo(o, mark);
            memcpy(now, marked, sizeof now);
            break;
        case 4:
            if (overlay_find(o, id, NULL))
                overlay_drop(o, overlay_find(o, id, NULL));
            now[id] = -1;
            break;
        default:
            now[id] = (int)random_below(&r, 5);
            (void)put(o, overlay_find(o, id, NULL), id, (uint32_t)now[id]);
        }
        size_t count = 0;
        for (uint32_t k = 0; k < IDS; k++) {
            assert_int_equal(value_of(o, k), now[k]);
            count += now[k] >= 0;
        }
        assert_int_equal(overlay_count(o), count);
    }
    overlay_undo(o, 0);
    overlay_free(&o);
}

static void the_oldest_are_forgotten_and_it_is_known(void **state)
{
    (void)state;
    struct overlay *o = overlay_new(100000);
    for (uint32_t id = 0; id < 1000; id++) {
        (void)put(o, NULL, id, 500000 + id);
        overlay_keep(o);
    }
    assert_true(overlay_bytes(o) <= 100000 && overlay_forgotten(o) > 0);
    assert_int_equal(overlay_count(o) + overlay_forgotten(o), 1000);
    for (uint32_t id = 0; id < 1000; id++)
        assert_true(value_of(o, id) >= 0 || overlay_forgot(o, id));
    assert_false(overlay_forgot(o, 999));
    /* One transaction is remembered whole, whatever its size. */
    for (uint32_t id = 0; id < 1000; id++)
        (void)put(o, overlay_find(o, id, NULL), id, 600000 + id);
    assert_int_equal(overlay_count(o), 1000);
    overlay_undo(o, 0);
    assert_int_equal(overlay_count(o) + overlay_forgotten(o), 1000);
    overlay_free(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_found_by_their_present_tags),
        cmocka_unit_test(what_is_undone_is_as_it_was),
        cmocka_unit_test(the_oldest_are_forgotten_and_it_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
