/* From records of the target's own region to answers: what a change does not know of, and what is said when nobody can
 * tell. */
#include <stdlib.h>

#include "applier/versions_private.h"
#include "applier/writeset.h"
#include "tests/unit/cmocka_all.h"

#define TABLE_ID writeset_table_id(span_str("shop"), span_str("item"))

struct kit {
    struct arena arena;
    struct table_def *table;
    struct versions v;
    struct buf record;
    uint64_t seq;
    uint64_t stamp;
};

static void open_kit(struct kit *k)
{
    const struct version_index_setup setup = {.memory_bytes = 1 << 20, .block_versions = 64, .directory = "/tmp"};
    *k = (struct kit){.stamp = 1000};
    k->table = arena_zalloc(&k->arena, sizeof *k->table);
    k->table->db = span_str("shop");
    k->table->name = span_str("item");
    k->table->column_count = 2;
    k->table->columns = arena_zalloc(&k->arena, 2 * sizeof *k->table->columns);
    k->table->columns[0] = (struct column){.name = span_str("id"), .type = COLUMN_LONG};
    k->table->columns[1] = (struct column){.name = span_str("n"), .type = COLUMN_LONG, .key_order = COLUMN_NO_KEY};
    table_def_seal(k->table, &k->arena);
    k->v.index = version_index_new(&setup);
    k->v.has_stream = true;
    memset(k->v.stream, 'U', STREAM_UUID_LEN);
    pthread_mutex_init(&k->v.lock, NULL);
    pthread_cond_init(&k->v.moved, NULL);
}

static void close_kit(struct kit *k)
{
    versions_free_reader(&k->v);
    version_index_free(&k->v.index);
    position_free(&k->v.passed);
    cut_free(&k->v.first_cut);
    buf_free(&k->v.last_cut);
    free(k->v.known);
    pthread_cond_destroy(&k->v.moved);
    pthread_mutex_destroy(&k->v.lock);
    buf_free(&k->record);
    arena_free(&k->arena);
}

static void put_image(struct buf *out, uint32_t id, uint32_t n)
{
    buf_put_u8(out, 0);
    buf_put_le(out, id, 4);
    buf_put_le(out, n, 4);
}

/* `before`, `after`: ids; 0: there is none. Returns what versions_feed does. */
static int feed(struct kit *k, uint8_t flags, uint32_t before, uint32_t after)
{
    struct body_writer w = {0};
    struct buf body = {0}, images = {0};
    struct err err = {0};
    if (before)
        put_image(&images, before, 1);
    if (after)
        put_image(&images, after, 2);
    enum rows_op op = !before ? ROWS_INSERT : !after ? ROWS_DELETE : ROWS_UPDATE;
    const struct rows rows = {.table = k->table, .op = op, .count = 1, .images = buf_span(&images)};
    body_start(&w, &body);
    body_put_rows(&w, &rows);
    const struct record rec = {.kind = RECORD_DATA,
                               .flags = flags,
                               .seq = ++k->seq,
                               .stamp = ++k->stamp,
                               .xid = flags & RECORD_HELD ? span_str("xid") : (struct span){0},
                               .body = buf_span(&body)};
    int rc = versions_feed(&k->v, &rec, &err);
    body_free(&w);
    buf_free(&body);
    buf_free(&images);
    return rc;
}

static int end_xa(struct kit *k, bool commits)
{
    struct err err = {0};
    const struct record rec = {.kind = RECORD_XA_END,
                               .flags = (uint8_t)(RECORD_FIRST | RECORD_LAST | (commits ? RECORD_COMMIT : 0)),
                               .seq = ++k->seq,
                               .stamp = ++k->stamp,
                               .xid = span_str("xid")};
    return versions_feed(&k->v, &rec, &err);
}

#define WHOLE (RECORD_FIRST | RECORD_LAST)

/* What a change of row `id` is told whose source knew of the region's stream up to `low`, and of `also`. */
static struct versions_question ask(struct kit *k, uint32_t id, uint64_t low, uint64_t also)
{
    struct cut cut = {0};
    struct buf bytes = {0}, scratch = {0}, image = {0};
    struct cell cells[2];
    struct cut_entry *e = cut_entry_of(&cut, k->v.stream, 0);
    watermark_raise(&e->done, low);
    if (also)
        (void)watermark_add(&e->done, also, also);
    cut_put(&cut, &bytes);
    put_image(&image, id, 0);
    struct bytes r = bytes_of(buf_span(&image));
    image_split(cells, k->table, NULL, &r);
    struct versions_question q = {.key = version_key_of(TABLE_ID, k->table, cells, &scratch), .cut = buf_span(&bytes)};
    versions_ask(&k->v, &q, 1);
    q.cut = (struct span){0};
    cut_free(&cut);
    buf_free(&bytes);
    buf_free(&scratch);
    buf_free(&image);
    return q;
}

static void test_what_is_not_in_the_cut_is_concurrent(void **state)
{
    (void)state;
    struct kit k;
    open_kit(&k);
    assert_int_equal(feed(&k, WHOLE, 0, 7), 1);
    assert_int_equal(feed(&k, WHOLE, 7, 7), 1);
    struct versions_question q = ask(&k, 7, 1, 0);
    assert_int_equal(q.answer, VERSIONS_CONCURRENT);
    assert_int_equal(q.newest.seq, 2);
    assert_int_equal(q.newest.stamp, 1002);
    assert_false(q.unseen_delete);
    assert_int_equal(ask(&k, 7, 2, 0).answer, VERSIONS_KNOWN);
    assert_int_equal(ask(&k, 7, 0, 2).answer, VERSIONS_KNOWN); /* another worker there was faster */
    assert_int_equal(ask(&k, 8, 0, 0).answer, VERSIONS_KNOWN);
    close_kit(&k);
}

static void test_deletes_and_moved_keys_are_versions(void **state)
{
    (void)state;
    struct kit k;
    open_kit(&k);
    assert_int_equal(feed(&k, WHOLE, 7, 0), 1);
    assert_int_equal(feed(&k, WHOLE, 8, 9), 1);
    assert_int_equal(feed(&k, WHOLE, 0, 7), 1);
    assert_true(ask(&k, 7, 0, 0).unseen_delete);
    assert_false(ask(&k, 7, 1, 0).unseen_delete);
    assert_int_equal(ask(&k, 7, 1, 0).answer, VERSIONS_CONCURRENT);
    assert_true(ask(&k, 8, 0, 0).unseen_delete);
    assert_int_equal(ask(&k, 9, 0, 0).answer, VERSIONS_CONCURRENT);
    assert_false(ask(&k, 9, 0, 0).unseen_delete);
    close_kit(&k);
}

static void test_an_xa_body_counts_when_it_is_committed(void **state)
{
    (void)state;
    struct kit k;
    open_kit(&k);
    assert_int_equal(feed(&k, RECORD_FIRST | RECORD_HELD, 7, 7), 1);
    k.seq--; /* fragments of one transaction */
    assert_int_equal(feed(&k, RECORD_LAST | RECORD_HELD, 8, 8), 1);
    assert_int_equal(ask(&k, 7, 0, 0).answer, VERSIONS_KNOWN);
    assert_int_equal(end_xa(&k, true), 1);
    assert_int_equal(ask(&k, 7, 1, 0).answer, VERSIONS_CONCURRENT); /* to know the body is not to know its end */
    assert_int_equal(ask(&k, 8, 1, 0).newest.seq, 2);
    assert_int_equal(ask(&k, 7, 2, 0).answer, VERSIONS_KNOWN);
    assert_int_equal(feed(&k, WHOLE | RECORD_HELD, 9, 9), 1);
    assert_int_equal(end_xa(&k, false), 1);
    assert_int_equal(ask(&k, 9, 0, 0).answer, VERSIONS_KNOWN);
    assert_int_equal(end_xa(&k, true), 0); /* its body stands before what was read */
    close_kit(&k);
}

static void test_what_was_won_over_is_known(void **state)
{
    (void)state;
    struct kit k;
    open_kit(&k);
    assert_int_equal(feed(&k, WHOLE, 7, 7), 1);
    struct versions_question q = ask(&k, 7, 0, 0);
    assert_int_equal(q.answer, VERSIONS_CONCURRENT);
    versions_outdo(&k.v, &q.key, q.newest.seq);
    assert_int_equal(ask(&k, 7, 0, 0).answer, VERSIONS_KNOWN);
    assert_int_equal(feed(&k, WHOLE, 7, 7), 1); /* a later local change is news again */
    assert_int_equal(ask(&k, 7, 0, 0).answer, VERSIONS_CONCURRENT);
    versions_outdo(&k.v, &q.key, q.newest.seq); /* of the one before: too late */
    assert_int_equal(ask(&k, 7, 0, 0).answer, VERSIONS_CONCURRENT);
    close_kit(&k);
}

static void test_older_than_what_is_held_nobody_can_say(void **state)
{
    (void)state;
    struct kit k;
    open_kit(&k);
    assert_int_equal(feed(&k, WHOLE, 7, 7), 1);
    k.v.let_go = 1;
    assert_int_equal(ask(&k, 7, 0, 0).answer, VERSIONS_LOST);
    assert_int_equal(ask(&k, 8, 0, 0).answer, VERSIONS_LOST);
    assert_int_equal(ask(&k, 8, 1, 0).answer, VERSIONS_KNOWN);
    close_kit(&k);
}

static void test_the_wait_ends_when_the_position_is_passed(void **state)
{
    (void)state;
    struct kit k;
    struct position p = {0};
    struct err err = {0};
    open_kit(&k);
    k.v.setup.region = "us";
    assert_int_equal(position_parse(&p, FLAVOR_MARIADB, span_str("0-1-5"), &err), 0);
    assert_int_equal(versions_wait(&k.v, &p, 1, &err), -1);
    assert_int_equal(err.class, ERR_RETRY);
    assert_int_equal(err.code, VERSIONS_BEHIND);
    assert_non_null(strstr(err.text, "--region us"));
    assert_int_equal(position_parse(&k.v.passed, FLAVOR_MARIADB, span_str("0-1-4"), &err), 0);
    assert_int_equal(versions_wait(&k.v, &p, 1, &err), -1);
    assert_int_equal(position_parse(&k.v.passed, FLAVOR_MARIADB, span_str("0-2-5,1-1-1"), &err), 0);
    assert_int_equal(versions_wait(&k.v, &p, 1, &err), 0);
    err_fatal(&k.v.failed, EXIT_UNSAFE, "the topic is another one");
    position_free(&k.v.passed);
    assert_int_equal(versions_wait(&k.v, &p, 1000, &err), -1);
    assert_int_equal(err.class, ERR_FATAL);
    position_free(&p);
    close_kit(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_not_in_the_cut_is_concurrent),
        cmocka_unit_test(test_deletes_and_moved_keys_are_versions),
        cmocka_unit_test(test_an_xa_body_counts_when_it_is_committed),
        cmocka_unit_test(test_what_was_won_over_is_known),
        cmocka_unit_test(test_older_than_what_is_held_nobody_can_say),
        cmocka_unit_test(test_the_wait_ends_when_the_position_is_passed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
