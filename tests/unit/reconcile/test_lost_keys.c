/* Transactions of a lost tail, judged by who wrote their rows since: what the dead region knew of counts for nothing,
 * a later version supersedes, an earlier one does not, and what rests on a doubtful one is in doubt. */
#include <stdlib.h>

#include "reconcile/lost_keys.h"
#include "tests/unit/cmocka_all.h"

struct world {
    struct arena arena;
    struct table_def *table; /* shop.item: id INT, v INT */
    struct lost_keys *keys;
    struct buf cut; /* of the tail: us is known up to seq 5 */
};

static const uint8_t us[STREAM_UUID_LEN] = {2};

static void open_world(struct world *w)
{
    struct cut cut = {0};
    *w = (struct world){0};
    w->table = arena_zalloc(&w->arena, sizeof *w->table);
    w->table->db = span_str("shop");
    w->table->name = span_str("item");
    w->table->column_count = 2;
    w->table->columns = arena_zalloc(&w->arena, 2 * sizeof *w->table->columns);
    w->table->columns[0] = (struct column){.name = span_str("id"), .type = COLUMN_LONG};
    w->table->columns[1] = (struct column){.name = span_str("v"), .type = COLUMN_LONG, .key_order = COLUMN_NO_KEY};
    table_def_seal(w->table, &w->arena);
    w->keys = lost_keys_new();
    (void)watermark_add(&cut_entry_of(&cut, us, 0)->done, 1, 5);
    cut_put(&cut, &w->cut);
    cut_free(&cut);
}

static void close_world(struct world *w)
{
    lost_keys_free(&w->keys);
    buf_free(&w->cut);
    arena_free(&w->arena);
}

static struct span le32(struct world *w, uint32_t v)
{
    uint8_t *p = arena_alloc(&w->arena, 4);
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
    return span_of(p, 4);
}

/* Inserts of rows with these keys (up to a zero). */
static struct record inserts(struct world *w, uint64_t seq, uint64_t stamp, const uint32_t *ids)
{
    struct buf images = {0}, body = {0};
    struct body_writer writer = {0};
    uint32_t count = 0;
    for (; ids[count] > 0; count++) {
        struct cell cells[2] = {{.data = le32(w, ids[count])}, {.data = le32(w, 1)}};
        image_put(cells, w->table, NULL, &images);
    }
    const struct rows rows = {
        .table = w->table, .op = ROWS_INSERT, .flags = ROWS_STMT_END, .count = count, .images = buf_span(&images)};
    body_start(&writer, &body);
    body_put_rows(&writer, &rows);
    body_free(&writer);
    struct record rec = {.kind = RECORD_DATA,
                         .flags = RECORD_FIRST | RECORD_LAST,
                         .seq = seq,
                         .stamp = stamp,
                         .cut = buf_span(&w->cut),
                         .body = arena_copy(&w->arena, buf_span(&body))};
    buf_free(&images);
    buf_free(&body);
    return rec;
}

/* An update of a row that keeps its key. */
static struct record update(struct world *w, uint64_t seq, uint64_t stamp, uint32_t id)
{
    struct buf images = {0}, body = {0};
    struct body_writer writer = {0};
    for (uint32_t v = 1; v <= 2; v++) {
        struct cell cells[2] = {{.data = le32(w, id)}, {.data = le32(w, v)}};
        image_put(cells, w->table, NULL, &images);
    }
    const struct rows rows = {
        .table = w->table, .op = ROWS_UPDATE, .flags = ROWS_STMT_END, .count = 1, .images = buf_span(&images)};
    body_start(&writer, &body);
    body_put_rows(&writer, &rows);
    body_free(&writer);
    struct record rec = inserts(w, seq, stamp, (const uint32_t[]){id, 0});
    rec.body = arena_copy(&w->arena, buf_span(&body));
    buf_free(&images);
    buf_free(&body);
    return rec;
}

static struct lost_verdict judge(struct world *w, const struct record *rec)
{
    struct lost_verdict v = {0};
    struct err err = {0};
    assert_int_equal(lost_keys_judge(w->keys, &v, rec, "eu", &err), 0);
    return v;
}

static void note(struct world *w, const struct record *rec)
{
    struct err err = {0};
    assert_int_equal(lost_keys_note(w->keys, rec, &err), 0);
}

static void living_writes(struct world *w, uint64_t seq, uint64_t stamp, const uint32_t *ids)
{
    struct err err = {0};
    struct record rec = inserts(w, seq, stamp, ids);
    memcpy(rec.stream, us, sizeof us);
    assert_int_equal(lost_keys_written(w->keys, &rec, "us", &err), 0);
}

static void rows_make_the_class(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    const struct record tail[] = {
        inserts(&w, 11, 100, (const uint32_t[]){1, 0}),    inserts(&w, 12, 100, (const uint32_t[]){2, 0}),
        inserts(&w, 13, 100, (const uint32_t[]){3, 0}),    inserts(&w, 14, 100, (const uint32_t[]){4, 5, 0}),
        inserts(&w, 15, 100, (const uint32_t[]){5, 6, 0}), inserts(&w, 16, 100, (const uint32_t[]){6, 0}),
        inserts(&w, 17, 100, (const uint32_t[]){7, 0}),
    };
    const size_t count = sizeof tail / sizeof tail[0];
    for (size_t i = 0; i < count; i++)
        note(&w, &tail[i]);
    living_writes(&w, 5, 200, (const uint32_t[]){1, 0});    /* eu knew of it */
    living_writes(&w, 6, 200, (const uint32_t[]){2, 4, 0}); /* later */
    living_writes(&w, 7, 50, (const uint32_t[]){3, 0});     /* not known, and of an older version */
    living_writes(&w, 8, 100, (const uint32_t[]){7, 0});    /* of the same: the greater name wins */
    living_writes(&w, 9, 300, (const uint32_t[]){99, 0});   /* no row of the tail */
    static const enum lost_class expected[] = {
        LOST_SAFE,        LOST_SUPERSEDED, LOST_CONFLICTING, LOST_CONFLICTING, /* one of two rows */
        LOST_CONFLICTING,                                                      /* shares row 5 with that */
        LOST_CONFLICTING,                                                      /* and row 6 with this */
        LOST_SUPERSEDED,
    };
    for (size_t i = 0; i < count; i++) {
        struct lost_verdict v = judge(&w, &tail[i]);
        if (v.class != expected[i])
            fail_msg("seq %d is %s, not %s: %s", (int)tail[i].seq, lost_class_name(v.class),
                     lost_class_name(expected[i]), v.why);
        assert_true(v.movable);
        assert_int_equal(v.class == LOST_SAFE, *v.why == '\0');
    }
    close_world(&w);
}

static void fragments_are_one_transaction(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    struct record first = inserts(&w, 11, 100, (const uint32_t[]){1, 2, 0});
    struct record last = inserts(&w, 11, 100, (const uint32_t[]){3, 0});
    first.flags = RECORD_FIRST;
    last.flags = RECORD_LAST;
    last.fragment = 1;
    note(&w, &first);
    note(&w, &last);
    living_writes(&w, 6, 200, (const uint32_t[]){2, 0});
    struct lost_verdict v = {0};
    struct err err = {0};
    assert_int_equal(lost_keys_judge(w.keys, &v, &first, "eu", &err), 0);
    assert_int_equal(lost_keys_judge(w.keys, &v, &last, "eu", &err), 0);
    assert_int_equal(v.class, LOST_CONFLICTING);
    assert_int_equal(v.rows, 3);
    assert_non_null(strstr(v.why, "us wrote 1 of its 3 rows since (last seq 6)"));
    close_world(&w);
}

static void an_update_is_of_one_row(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    struct record rec = update(&w, 11, 100, 1);
    note(&w, &rec);
    living_writes(&w, 6, 200, (const uint32_t[]){1, 0});
    struct lost_verdict v = judge(&w, &rec);
    assert_int_equal(v.class, LOST_SUPERSEDED);
    assert_non_null(strstr(v.why, "us wrote 1 of its 1 rows since"));
    close_world(&w);
}

static void a_held_body_that_is_not_safe_makes_its_commit_unsafe(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    struct record body = inserts(&w, 11, 100, (const uint32_t[]){1, 0});
    body.flags |= RECORD_HELD;
    body.xid = span_str("x1");
    struct record other = inserts(&w, 12, 100, (const uint32_t[]){2, 0});
    other.flags |= RECORD_HELD;
    other.xid = span_str("x2");
    note(&w, &body);
    note(&w, &other);
    living_writes(&w, 6, 50, (const uint32_t[]){1, 0});
    assert_int_equal(judge(&w, &body).class, LOST_CONFLICTING);
    assert_int_equal(judge(&w, &other).class, LOST_SAFE);
    struct record end = {.kind = RECORD_XA_END, .flags = RECORD_FIRST | RECORD_LAST | RECORD_COMMIT, .seq = 13};
    end.xid = span_str("x1");
    assert_int_equal(judge(&w, &end).class, LOST_CONFLICTING);
    end.seq = 14;
    end.xid = span_str("x2");
    assert_int_equal(judge(&w, &end).class, LOST_SAFE);
    end.seq = 15;
    end.xid = span_str("published before");
    struct lost_verdict v = judge(&w, &end);
    assert_int_equal(v.class, LOST_CONFLICTING);
    assert_false(v.movable);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_make_the_class),
        cmocka_unit_test(fragments_are_one_transaction),
        cmocka_unit_test(an_update_is_of_one_row),
        cmocka_unit_test(a_held_body_that_is_not_safe_makes_its_commit_unsafe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
