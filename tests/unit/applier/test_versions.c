/* From records of the streams that come into effect at the target to answers: what a change does not know of, what of
 * the third region's stream is there already, and what is said when nobody can tell. */
#include <stdlib.h>

#include "applier/causal.h"
#include "applier/versions_private.h"
#include "applier/writeset.h"
#include "tests/unit/cmocka_all.h"

#define TABLE_ID writeset_table_id(span_str("shop"), span_str("item"))

struct kit {
    struct arena arena;
    struct table_def *table;
    struct versions v;
    struct buf record;
    enum versions_stream stream; /* that is fed */
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
    for (size_t i = 0; i < VERSIONS_STREAMS; i++) {
        struct version_stream *s = &k->v.streams[i];
        k->v.setup.topics[i] =
            (struct versions_topic){NULL, i == VERSIONS_OWN ? "drc.p.us" : "drc.p.ap", i == VERSIONS_OWN ? "us" : "ap"};
        s->all = &k->v;
        s->topic = &k->v.setup.topics[i];
        s->index = version_index_new(&setup);
        s->has_stream = true;
        memset(s->stream, i == VERSIONS_OWN ? 'U' : 'A', STREAM_UUID_LEN);
    }
    pthread_mutex_init(&k->v.lock, NULL);
    pthread_cond_init(&k->v.moved, NULL);
}

static void close_kit(struct kit *k)
{
    for (size_t i = 0; i < VERSIONS_STREAMS; i++) {
        versions_free_reader(&k->v.streams[i]);
        versions_drop_upcoming(&k->v.streams[i]);
        version_index_free(&k->v.streams[i].index);
        position_free(&k->v.streams[i].passed);
        ledger_done_free(&k->v.streams[i].effect);
    }
    cut_free(&k->v.first_cut);
    buf_free(&k->v.last_cut);
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
    int rc = versions_feed(&k->v.streams[k->stream], &rec, &err);
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
    return versions_feed(&k->v.streams[k->stream], &rec, &err);
}

#define WHOLE (RECORD_FIRST | RECORD_LAST)

/* What a change of row `id` is told whose source knew of a stream up to `low`, and of `also`. */
static struct versions_question ask_by(struct kit *k, struct causal *causal, enum versions_stream stream, uint32_t id,
                                       uint64_t low, uint64_t also)
{
    struct err err;
    struct cut cut = {0};
    struct buf bytes = {0}, scratch = {0}, image = {0};
    struct cell cells[2];
    struct cut_entry *e = cut_entry_of(&cut, k->v.streams[stream].stream, 0);
    watermark_raise(&e->done, low);
    if (also)
        (void)watermark_add(&e->done, also, also);
    cut_put(&cut, &bytes);
    put_image(&image, id, 0);
    struct bytes r = bytes_of(buf_span(&image));
    image_split(cells, k->table, NULL, &r);
    struct versions_question q = {.key = version_key_of(TABLE_ID, k->table, cells, &scratch), .cut = buf_span(&bytes)};
    if (causal) /* no rule that keeps ends: the target is not asked */
        assert_int_equal(causal_ask(causal, NULL, &q, 1, &err), 0);
    else
        versions_ask(&k->v, &q, 1);
    q.cut = (struct span){0};
    cut_free(&cut);
    buf_free(&bytes);
    buf_free(&scratch);
    buf_free(&image);
    return q;
}

static struct versions_question ask_of(struct kit *k, enum versions_stream stream, uint32_t id, uint64_t low,
                                       uint64_t also)
{
    return ask_by(k, NULL, stream, id, low, also);
}

static struct versions_question ask(struct kit *k, uint32_t id, uint64_t low, uint64_t also)
{
    return ask_of(k, VERSIONS_OWN, id, low, also);
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
    assert_int_equal(q.found[VERSIONS_OWN].seq, 2);
    assert_int_equal(q.found[VERSIONS_OWN].version.stamp, 1002);
    assert_string_equal(q.found[VERSIONS_OWN].version.region, "us");
    assert_false(q.found[VERSIONS_OWN].unseen_delete);
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
    assert_true(ask(&k, 7, 0, 0).found[VERSIONS_OWN].unseen_delete);
    assert_false(ask(&k, 7, 1, 0).found[VERSIONS_OWN].unseen_delete);
    assert_int_equal(ask(&k, 7, 1, 0).answer, VERSIONS_CONCURRENT);
    assert_true(ask(&k, 8, 0, 0).found[VERSIONS_OWN].unseen_delete);
    assert_int_equal(ask(&k, 9, 0, 0).answer, VERSIONS_CONCURRENT);
    assert_false(ask(&k, 9, 0, 0).found[VERSIONS_OWN].unseen_delete);
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
    assert_int_equal(ask(&k, 8, 1, 0).found[VERSIONS_OWN].seq, 2);
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
    versions_outdo(&k.v, &q.key, VERSIONS_OWN, q.found[VERSIONS_OWN].seq);
    assert_int_equal(ask(&k, 7, 0, 0).answer, VERSIONS_KNOWN);
    assert_int_equal(feed(&k, WHOLE, 7, 7), 1); /* a later local change is news again */
    assert_int_equal(ask(&k, 7, 0, 0).answer, VERSIONS_CONCURRENT);
    versions_outdo(&k.v, &q.key, VERSIONS_OWN, q.found[VERSIONS_OWN].seq); /* of the one before: too late */
    assert_int_equal(ask(&k, 7, 0, 0).answer, VERSIONS_CONCURRENT);
    close_kit(&k);
}

/* What a target transaction has won over it knows from then on; others do when it is in effect, and not if it is
 * undone. */
static void test_what_a_transaction_won_over_lasts_as_long_as_it(void **state)
{
    (void)state;
    struct kit k;
    open_kit(&k);
    struct causal *c = causal_new(&k.v, NULL, true), *other = causal_new(&k.v, NULL, true);
    assert_int_equal(feed(&k, WHOLE, 7, 7), 1);
    struct versions_question q = ask_by(&k, c, VERSIONS_OWN, 7, 0, 0);
    uint64_t seq = q.found[VERSIONS_OWN].seq;
    assert_int_equal(q.answer, VERSIONS_CONCURRENT);
    causal_won(c, &q.key, VERSIONS_PEER, seq); /* of another stream */
    assert_int_equal(ask_by(&k, c, VERSIONS_OWN, 7, 0, 0).answer, VERSIONS_CONCURRENT);
    causal_won(c, &q.key, VERSIONS_OWN, seq);
    assert_int_equal(ask_by(&k, c, VERSIONS_OWN, 7, 0, 0).answer, VERSIONS_KNOWN);
    assert_int_equal(ask_by(&k, other, VERSIONS_OWN, 7, 0, 0).answer, VERSIONS_CONCURRENT);
    causal_undo(c);
    assert_int_equal(ask_by(&k, c, VERSIONS_OWN, 7, 0, 0).answer, VERSIONS_CONCURRENT);
    causal_won(c, &q.key, VERSIONS_OWN, seq);
    causal_mark(c);
    causal_undo(c); /* to the mark, which is behind it */
    assert_int_equal(ask_by(&k, c, VERSIONS_OWN, 7, 0, 0).answer, VERSIONS_KNOWN);
    causal_forget(c);
    assert_int_equal(ask_by(&k, c, VERSIONS_OWN, 7, 0, 0).answer, VERSIONS_CONCURRENT);
    causal_committed(c); /* nothing was won since */
    assert_int_equal(ask_by(&k, other, VERSIONS_OWN, 7, 0, 0).answer, VERSIONS_CONCURRENT);
    causal_won(c, &q.key, VERSIONS_OWN, seq);
    causal_committed(c);
    assert_int_equal(ask_by(&k, other, VERSIONS_OWN, 7, 0, 0).answer, VERSIONS_KNOWN);
    assert_int_equal(feed(&k, WHOLE, 7, 7), 1); /* a later one it has not won over */
    assert_int_equal(ask_by(&k, c, VERSIONS_OWN, 7, 0, 0).answer, VERSIONS_CONCURRENT);
    causal_free(&c);
    causal_free(&other);
    close_kit(&k);
}

/* Where deletes win over all that did not know of them, one counts also when a later change hides it that counts for
 * nothing any more. */
static void test_a_delete_behind_the_newest_change_is_not_overlooked(void **state)
{
    (void)state;
    static const struct known_change nothing[VERSIONS_STREAMS];
    struct kit k;
    open_kit(&k);
    assert_int_equal(feed(&k, WHOLE, 7, 0), 1);
    assert_int_equal(feed(&k, WHOLE, 0, 7), 1);
    struct versions_question q = ask(&k, 7, 0, 0);
    versions_outdo(&k.v, &q.key, VERSIONS_OWN, q.found[VERSIONS_OWN].seq);
    q = ask(&k, 7, 0, 0);
    assert_int_equal(q.answer, VERSIONS_KNOWN);
    assert_true(versions_are_contested(&q));
    assert_true(versions_have_moved(&q, nothing));
    assert_false(versions_have_moved(&q, q.found)); /* it was told before */
    q = ask(&k, 7, 1, 0);                           /* who knows of the delete */
    assert_false(versions_are_contested(&q));
    assert_false(versions_have_moved(&q, nothing));
    close_kit(&k);
}

static void test_older_than_what_is_held_nobody_can_say(void **state)
{
    (void)state;
    struct kit k;
    open_kit(&k);
    assert_int_equal(feed(&k, WHOLE, 7, 7), 1);
    k.v.streams[VERSIONS_OWN].let_go = 1;
    assert_int_equal(ask(&k, 7, 0, 0).answer, VERSIONS_LOST);
    assert_int_equal(ask(&k, 8, 0, 0).answer, VERSIONS_LOST);
    assert_int_equal(ask(&k, 8, 1, 0).answer, VERSIONS_KNOWN);
    close_kit(&k);
}

static void test_the_wait_ends_when_the_position_is_passed(void **state)
{
    (void)state;
    struct kit k;
    struct versions_place p = {0};
    struct err err = {0};
    open_kit(&k);
    struct version_stream *own = &k.v.streams[VERSIONS_OWN];
    assert_int_equal(position_parse(&p.position, FLAVOR_MARIADB, span_str("0-1-5"), &err), 0);
    assert_int_equal(versions_wait(&k.v, &p, 1, &err), -1);
    assert_int_equal(err.class, ERR_RETRY);
    assert_int_equal(err.code, VERSIONS_BEHIND);
    assert_non_null(strstr(err.text, "--region us"));
    assert_int_equal(position_parse(&own->passed, FLAVOR_MARIADB, span_str("0-1-4"), &err), 0);
    assert_int_equal(versions_wait(&k.v, &p, 1, &err), -1);
    assert_int_equal(position_parse(&own->passed, FLAVOR_MARIADB, span_str("0-2-5,1-1-1"), &err), 0);
    assert_int_equal(versions_wait(&k.v, &p, 1, &err), 0);
    err_fatal(&own->failed, EXIT_UNSAFE, "the topic is another one");
    position_free(&own->passed);
    assert_int_equal(versions_wait(&k.v, &p, 1000, &err), -1);
    assert_int_equal(err.class, ERR_FATAL);
    versions_place_free(&p);
    close_kit(&k);
}

/* ---- the third region's stream ---- */

/* What the target's ledger says of it: all up to `low`, and `also`. */
static struct versions_place place_of(uint64_t low, uint64_t also)
{
    struct versions_place p = {.peer = {.known = true}};
    struct err err;
    memset(p.peer.stream, 'A', STREAM_UUID_LEN);
    watermark_raise(&p.peer.done, low);
    if (also)
        (void)watermark_add(&p.peer.done, also, also);
    assert_int_equal(position_parse(&p.position, FLAVOR_MARIADB, span_str("0-1-1"), &err), 0);
    return p;
}

static int wait_at(struct kit *k, uint64_t low, uint64_t also, struct err *err)
{
    struct versions_place p = place_of(low, also);
    int rc = versions_wait(&k->v, &p, 1, err);
    versions_place_free(&p);
    return rc;
}

static struct kit *open_peer(struct kit *k)
{
    struct err err;
    open_kit(k);
    k->stream = VERSIONS_PEER;
    assert_int_equal(position_parse(&k->v.streams[VERSIONS_OWN].passed, FLAVOR_MARIADB, span_str("0-1-1"), &err), 0);
    return k;
}

static int feed_peer(struct kit *k, uint32_t before, uint32_t after)
{
    int rc = feed(k, WHOLE, before, after);
    k->v.streams[VERSIONS_PEER].seq = k->seq;
    return rc;
}

static void test_of_the_peers_stream_counts_what_is_in_effect(void **state)
{
    (void)state;
    struct kit k;
    struct err err = {0};
    open_peer(&k);
    assert_int_equal(wait_at(&k, 0, 0, &err), 0); /* nothing has come to the target: nothing to wait for */
    assert_int_equal(wait_at(&k, 1, 3, &err), -1);
    assert_int_equal(err.code, VERSIONS_BEHIND);
    assert_non_null(strstr(err.text, "region ap"));
    assert_int_equal(feed_peer(&k, 7, 7), 1);
    assert_int_equal(feed_peer(&k, 7, 7), 1); /* seq 2: not there yet; 3 was faster */
    assert_int_equal(feed_peer(&k, 8, 8), 1);
    assert_int_equal(wait_at(&k, 1, 3, &err), 0);
    struct versions_question q = ask_of(&k, VERSIONS_PEER, 7, 0, 0);
    assert_int_equal(q.answer, VERSIONS_CONCURRENT);
    assert_int_equal(q.found[VERSIONS_PEER].seq, 1);
    assert_string_equal(q.found[VERSIONS_PEER].version.region, "ap");
    assert_int_equal(ask_of(&k, VERSIONS_PEER, 7, 1, 0).answer, VERSIONS_KNOWN);
    assert_int_equal(ask_of(&k, VERSIONS_PEER, 8, 1, 0).found[VERSIONS_PEER].seq, 3);
    assert_int_equal(wait_at(&k, 3, 0, &err), 0); /* now it is */
    q = ask_of(&k, VERSIONS_PEER, 7, 1, 0);
    assert_int_equal(q.answer, VERSIONS_CONCURRENT);
    assert_int_equal(q.found[VERSIONS_PEER].seq, 2);
    assert_int_equal(k.v.streams[VERSIONS_PEER].upcoming_count, 0);
    close_kit(&k);
}

static void test_the_greatest_of_both_streams_is_what_counts(void **state)
{
    (void)state;
    struct kit k;
    struct err err = {0};
    open_peer(&k);
    assert_int_equal(wait_at(&k, 0, 1, &err), -1);
    assert_int_equal(feed_peer(&k, 7, 7), 1);
    k.stream = VERSIONS_OWN;
    k.seq = 0;
    assert_int_equal(feed(&k, WHOLE, 7, 0), 1); /* the later one, a delete */
    struct versions_question q = ask(&k, 7, 0, 0);
    assert_string_equal(known_greatest(q.found, VERSIONS_STREAMS)->version.region, "us");
    assert_true(versions_are_contested(&q));
    q = ask(&k, 7, 1, 0); /* knows that one, not the peer's */
    assert_string_equal(known_greatest(q.found, VERSIONS_STREAMS)->version.region, "ap");
    struct known_change before[VERSIONS_STREAMS];
    memcpy(before, q.found, sizeof before);
    assert_false(versions_have_moved(&q, before));
    before[VERSIONS_PEER].seq = 0;
    assert_true(versions_have_moved(&q, before));
    versions_make_known(&q, VERSIONS_PEER);
    assert_int_equal(q.answer, VERSIONS_KNOWN);
    close_kit(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_not_in_the_cut_is_concurrent),
        cmocka_unit_test(test_deletes_and_moved_keys_are_versions),
        cmocka_unit_test(test_an_xa_body_counts_when_it_is_committed),
        cmocka_unit_test(test_what_was_won_over_is_known),
        cmocka_unit_test(test_what_a_transaction_won_over_lasts_as_long_as_it),
        cmocka_unit_test(test_a_delete_behind_the_newest_change_is_not_overlooked),
        cmocka_unit_test(test_older_than_what_is_held_nobody_can_say),
        cmocka_unit_test(test_the_wait_ends_when_the_position_is_passed),
        cmocka_unit_test(test_of_the_peers_stream_counts_what_is_in_effect),
        cmocka_unit_test(test_the_greatest_of_both_streams_is_what_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
