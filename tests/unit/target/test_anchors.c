/* Anchors: which are kept, that the ledger's form brings them back, and that an undecided body is never out of reach.
 */
#include "tests/unit/cmocka_all.h"

#include "common/target/anchors.h"
#include "tests/unit/random.h"

static void note(struct anchors *a, uint64_t seq)
{
    struct stream s = {.based = true, .seq = seq, .chain = seq * 7, .stamp = seq * 11};
    struct gtid g = {
        .flavor = FLAVOR_MARIADB, .maria = {.domain = 0, .server = 1, .seq = seq + 100}
    };
    position_add(&s.position, &g);
    position_copy(&s.before, &s.position);
    s.gtid = g;
    anchors_note(a, &s);
    stream_free(&s);
}

static void assert_seqs(const struct anchors *a, const uint64_t *want, size_t n)
{
    assert_int_equal(a->count, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(a->list[i].seq, want[i]);
}

static void the_newest_and_those_before_open_bodies_are_kept(void **state)
{
    (void)state;
    struct anchors a = {0};
    for (uint64_t seq = 10; seq <= 60; seq += 10)
        note(&a, seq);
    const uint64_t open[] = {25, 26, 41};
    anchors_keep(&a, open, 3);
    assert_seqs(&a, (const uint64_t[]){20, 40, 60}, 3);
    assert_true(anchors_reach(&a, 25) && !anchors_reach(&a, 20));
    anchors_keep(&a, open + 2, 1);
    assert_seqs(&a, (const uint64_t[]){40, 60}, 2);
    note(&a, 60); /* the same place of the stream, further in the source */
    assert_seqs(&a, (const uint64_t[]){40, 60}, 2);
    anchors_keep(&a, NULL, 0);
    assert_seqs(&a, (const uint64_t[]){60}, 1);
    anchors_free(&a);
}

static void the_ledger_brings_them_back(void **state)
{
    (void)state;
    struct anchors a = {0}, back = {0};
    struct buf wire = {0};
    struct stream s;
    note(&a, 3);
    note(&a, 9);
    anchors_put(&a, &wire);
    struct bytes r = bytes_of(buf_span(&wire));
    anchors_read(&back, &r);
    assert_false(r.bad);
    assert_seqs(&back, (const uint64_t[]){3, 9}, 2);
    assert_true(anchor_stream(&back.list[1], &s));
    assert_true(s.seq == 9 && s.chain == 63 && s.stamp == 99 && s.gtid.maria.seq == 109);
    assert_true(position_has(&s.position, &s.gtid) && s.position.count == 1);
    stream_free(&s);
    buf_clear(&back.list[1].position);
    assert_false(anchor_stream(&back.list[1], &s));
    anchors_free(&back);
    r = bytes_of(span_of(wire.data, wire.len - 1));
    anchors_read(&back, &r);
    assert_true(r.bad);
    anchors_free(&back);
    anchors_free(&a);
    buf_free(&wire);
}

/* Bodies open and close at random, control records come at random: each open one always has an anchor before it. */
static void no_open_body_is_out_of_reach(void **state)
{
    (void)state;
    struct random rnd = random_start("anchors");
    struct anchors a = {0};
    uint64_t open[400];
    size_t count = 0;
    note(&a, 0);
    for (uint64_t seq = 1; seq < 20000; seq++) {
        unsigned what = (unsigned)random_below(&rnd, 10);
        if (what < 3 && count < 400)
            open[count++] = seq;
        else if (what < 6 && count > 0) {
            size_t gone = (size_t)random_below(&rnd, count);
            memmove(open + gone, open + gone + 1, (--count - gone) * sizeof *open);
        } else if (what == 6)
            note(&a, seq);
        anchors_keep(&a, open, count);
        assert_true(a.count <= 257);
        if (count > 0)
            assert_true(anchors_reach(&a, open[0]));
    }
    anchors_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_and_those_before_open_bodies_are_kept),
        cmocka_unit_test(the_ledger_brings_them_back),
        cmocka_unit_test(no_open_body_is_out_of_reach),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
