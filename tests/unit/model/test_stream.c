/* The rules by which a reader follows a stream, one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/model/stream_kit.h"

static const struct epoch e1 = {1, 11};
static const struct epoch e2 = {2, 22};
static const struct epoch e3 = {3, 33};

/* A reader from the beginning that has taken seqs up to `seq` of epoch 1. */
static void started(struct stream *s, uint64_t seq)
{
    stream_init(s, true);
    announce(s, e1, 0);
    for (uint64_t i = 1; i <= seq; i++)
        ACCEPT(s, data_of(e1, i), STREAM_TAKE);
}

static void assert_holds(const struct stream *s, uint64_t seq)
{
    struct gtid g = gtid_of(seq);
    assert_int_equal(s->seq, seq);
    assert_int_equal(s->chain, chain_of(seq));
    assert_true(gtid_eq(&s->gtid, &g));
}

static void from_the_beginning(void **state)
{
    (void)state;
    struct stream s;
    started(&s, 3);
    struct record ddl = record_of(RECORD_DDL, e1, 4);
    ddl.prev_seq = 3;
    ddl.prev_chain = chain_of(3);
    ACCEPT(&s, ddl, STREAM_TAKE);
    struct record end = record_of(RECORD_XA_END, e1, 5);
    end.prev_seq = 4;
    end.prev_chain = chain_of(4);
    ACCEPT(&s, end, STREAM_TAKE);
    assert_holds(&s, 5);
    assert_int_equal(s.epoch, 1);
    stream_free(&s);

    stream_init(&s, true);
    REFUSE(&s, data_of(e1, 1), "never announced");
    stream_init(&s, true);
    ACCEPT(&s, record_of(RECORD_EPOCH, e1, 0), STREAM_CONTROL);
    REFUSE(&s, record_of(RECORD_RESUME, e1, 1), "records are missing");
}

static void zombies_are_void(void **state)
{
    (void)state;
    struct stream s;
    started(&s, 2);
    ACCEPT(&s, record_of(RECORD_EPOCH, e2, 0), STREAM_CONTROL);
    ACCEPT(&s, data_of(e1, 3), STREAM_VOID); /* between epoch and resume record */
    ACCEPT(&s, record_of(RECORD_HEARTBEAT, e1, 3), STREAM_VOID);
    ACCEPT(&s, record_of(RECORD_RESUME, e2, 2), STREAM_CONTROL);
    for (uint64_t i = 3; i < 3003; i++)
        ACCEPT(&s, data_of(e1, 3 + i % 5), STREAM_VOID);
    ACCEPT(&s, record_of(RECORD_RESUME, e1, 1), STREAM_VOID);
    ACCEPT(&s, data_of((struct epoch){2, 99}, 3), STREAM_VOID); /* our number, another instance */
    assert_int_equal(s.voids, 2 + 3000 + 2);
    assert_holds(&s, 2);
    ACCEPT(&s, data_of(e2, 3), STREAM_TAKE);
    assert_holds(&s, 3);
    stream_free(&s);
}

static void only_a_higher_epoch_counts(void **state)
{
    (void)state;
    struct stream s;
    started(&s, 1);
    announce(&s, e3, 1);
    ACCEPT(&s, record_of(RECORD_EPOCH, e2, 0), STREAM_VOID);
    ACCEPT(&s, record_of(RECORD_EPOCH, (struct epoch){3, 99}, 0), STREAM_VOID);
    ACCEPT(&s, record_of(RECORD_EPOCH, e3, 0), STREAM_DUPLICATE);
    assert_int_equal(s.highest_epoch, 3);
    ACCEPT(&s, data_of(e2, 2), STREAM_VOID);
    ACCEPT(&s, data_of(e3, 2), STREAM_TAKE);
    REFUSE(&s, data_of((struct epoch){4, 44}, 3), "never announced");
}

static void duplicates_are_dropped(void **state)
{
    (void)state;
    struct stream s;
    started(&s, 3);
    for (uint64_t i = 1; i <= 3; i++)
        ACCEPT(&s, data_of(e1, i), STREAM_DUPLICATE);
    ACCEPT(&s, record_of(RECORD_RESUME, e1, 0), STREAM_DUPLICATE);
    ACCEPT(&s, record_of(RECORD_HEARTBEAT, e1, 2), STREAM_DUPLICATE);
    assert_int_equal(s.duplicates, 5);
    assert_holds(&s, 3);
    ACCEPT(&s, data_of(e1, 4), STREAM_TAKE);
    struct record other = data_of(e1, 4);
    other.body = span_str("other rows");
    REFUSE(&s, other, "twice with different content");

    started(&s, 3);
    struct record forked = data_of(e1, 3);
    forked.gtid.maria.seq++;
    forked.chain = chain_next(forked.prev_chain, &forked.gtid);
    REFUSE(&s, forked, "another history");
}

static void gaps_and_forks_stop(void **state)
{
    (void)state;
    struct stream s;
    started(&s, 2);
    REFUSE(&s, data_of(e1, 4), "records are missing");
    started(&s, 2);
    struct record r = data_of(e1, 3);
    r.prev_seq = 1;
    REFUSE(&s, r, "records are missing");
    started(&s, 2);
    r = data_of(e1, 3);
    r.prev_chain++;
    REFUSE(&s, r, "another history");
    started(&s, 2);
    r = data_of(e1, 3);
    r.chain++;
    REFUSE(&s, r, "do not fit");
    started(&s, 2);
    r = data_of(e1, 3);
    r.gtid.maria.seq++;
    REFUSE(&s, r, "do not fit");
}

static void fragments_come_in_order(void **state)
{
    (void)state;
    struct stream s;
    started(&s, 1);
    ACCEPT(&s, fragment_of(e1, 2, 0, false), STREAM_TAKE);
    assert_int_equal(s.open_seq, 2);
    assert_holds(&s, 1);
    ACCEPT(&s, record_of(RECORD_HEARTBEAT, e1, 1), STREAM_CONTROL);
    ACCEPT(&s, fragment_of(e1, 2, 1, false), STREAM_TAKE);
    ACCEPT(&s, fragment_of(e1, 2, 0, false), STREAM_DUPLICATE);
    ACCEPT(&s, fragment_of(e1, 2, 1, false), STREAM_DUPLICATE);
    ACCEPT(&s, fragment_of(e1, 2, 2, true), STREAM_TAKE);
    assert_int_equal(s.open_seq, 0);
    assert_holds(&s, 2);
    ACCEPT(&s, fragment_of(e1, 2, 2, true), STREAM_DUPLICATE);
    ACCEPT(&s, fragment_of(e1, 3, 0, false), STREAM_TAKE);
    REFUSE(&s, fragment_of(e1, 3, 2, true), "fragment 2 came, 1 is due");

    started(&s, 1);
    REFUSE(&s, fragment_of(e1, 2, 1, true), "fragment 1 came, 0 is due");
    started(&s, 1);
    ACCEPT(&s, fragment_of(e1, 2, 0, false), STREAM_TAKE);
    REFUSE(&s, data_of(e1, 3), "records are missing");
    started(&s, 1);
    ACCEPT(&s, fragment_of(e1, 2, 0, false), STREAM_TAKE);
    struct record other = fragment_of(e1, 2, 0, false);
    other.body = span_str("other rows");
    REFUSE(&s, other, "different content");
    started(&s, 1);
    ACCEPT(&s, fragment_of(e1, 2, 0, false), STREAM_TAKE);
    struct record ddl = record_of(RECORD_DDL, e1, 2);
    ddl.prev_seq = 1;
    ddl.prev_chain = chain_of(1);
    REFUSE(&s, ddl, "1 is due");
    started(&s, 1);
    ACCEPT(&s, fragment_of(e1, 2, 0, false), STREAM_TAKE);
    other = fragment_of(e1, 2, 1, true);
    other.gtid.maria.seq++;
    other.chain = chain_next(other.prev_chain, &other.gtid);
    REFUSE(&s, other, "do not fit");
}

static void a_new_epoch_voids_open_fragments(void **state)
{
    (void)state;
    struct stream s;
    started(&s, 1);
    ACCEPT(&s, fragment_of(e1, 2, 0, false), STREAM_TAKE);
    ACCEPT(&s, fragment_of(e1, 2, 1, false), STREAM_TAKE);
    assert_false(s.open_dropped);
    ACCEPT(&s, record_of(RECORD_EPOCH, e2, 0), STREAM_CONTROL);
    assert_true(s.open_dropped);
    assert_int_equal(s.open_seq, 0);
    ACCEPT(&s, fragment_of(e1, 2, 2, true), STREAM_VOID);
    assert_false(s.open_dropped);
    ACCEPT(&s, record_of(RECORD_RESUME, e2, 1), STREAM_CONTROL);
    ACCEPT(&s, fragment_of(e2, 2, 0, false), STREAM_TAKE);
    ACCEPT(&s, fragment_of(e2, 2, 1, true), STREAM_TAKE);
    assert_holds(&s, 2);
    ACCEPT(&s, record_of(RECORD_EPOCH, e3, 0), STREAM_CONTROL);
    assert_false(s.open_dropped); /* nothing was open */
    stream_free(&s);
}

static void a_resume_record_must_agree(void **state)
{
    (void)state;
    struct stream s;
    started(&s, 3);
    ACCEPT(&s, record_of(RECORD_EPOCH, e2, 0), STREAM_CONTROL);
    ACCEPT(&s, record_of(RECORD_HEARTBEAT, e2, 3), STREAM_VOID);
    REFUSE(&s, record_of(RECORD_RESUME, e2, 4), "records are missing");
    started(&s, 3);
    ACCEPT(&s, record_of(RECORD_EPOCH, e2, 0), STREAM_CONTROL);
    REFUSE(&s, record_of(RECORD_RESUME, e2, 2), "would repeat");
    started(&s, 3);
    ACCEPT(&s, record_of(RECORD_EPOCH, e2, 0), STREAM_CONTROL);
    struct record r = record_of(RECORD_RESUME, e2, 3);
    r.chain++;
    REFUSE(&s, r, "another history");
    started(&s, 3);
    ACCEPT(&s, record_of(RECORD_EPOCH, e2, 0), STREAM_CONTROL);
    REFUSE(&s, data_of(e2, 4), "before the epoch's resume record");
}

static void joining_in_the_middle(void **state)
{
    (void)state;
    struct stream s;
    stream_init(&s, false);
    ACCEPT(&s, data_of(e1, 7), STREAM_VOID);
    ACCEPT(&s, record_of(RECORD_HEARTBEAT, e1, 7), STREAM_VOID);
    ACCEPT(&s, record_of(RECORD_RESUME, e1, 7), STREAM_VOID);
    assert_false(s.based);
    /* An epoch that lost the race to e3 before we came: its writer never resumes, e3's records tell us nothing yet. */
    ACCEPT(&s, record_of(RECORD_EPOCH, e2, 0), STREAM_CONTROL);
    ACCEPT(&s, data_of(e3, 8), STREAM_VOID);
    ACCEPT(&s, record_of(RECORD_RESUME, e3, 8), STREAM_VOID);
    struct epoch e4 = {4, 44};
    announce(&s, e4, 9);
    assert_true(s.based);
    assert_holds(&s, 9);
    ACCEPT(&s, data_of(e4, 10), STREAM_TAKE);
    assert_holds(&s, 10);
    REFUSE(&s, data_of((struct epoch){5, 55}, 11), "never announced");
}

static void continuing_from_a_ledger(void **state)
{
    (void)state;
    struct stream s;
    uint8_t uuid[STREAM_UUID_LEN];
    memset(uuid, 'A', sizeof(uuid));

    stream_init_at(&s, uuid, e2.number, e2.instance, 5, chain_of(5));
    ACCEPT(&s, data_of(e2, 6), STREAM_TAKE); /* from the very next record */
    assert_holds(&s, 6);
    stream_free(&s);

    stream_init_at(&s, uuid, e2.number, e2.instance, 5, chain_of(5));
    ACCEPT(&s, record_of(RECORD_EPOCH, e1, 0), STREAM_VOID); /* from the beginning of the topic */
    ACCEPT(&s, record_of(RECORD_RESUME, e1, 0), STREAM_VOID);
    ACCEPT(&s, data_of(e1, 1), STREAM_VOID);
    ACCEPT(&s, record_of(RECORD_EPOCH, e2, 0), STREAM_DUPLICATE);
    ACCEPT(&s, record_of(RECORD_RESUME, e2, 1), STREAM_DUPLICATE);
    ACCEPT(&s, fragment_of(e2, 2, 0, false), STREAM_DUPLICATE);
    ACCEPT(&s, fragment_of(e2, 2, 1, true), STREAM_DUPLICATE);
    for (uint64_t i = 3; i <= 5; i++)
        ACCEPT(&s, data_of(e2, i), STREAM_DUPLICATE);
    ACCEPT(&s, record_of(RECORD_HEARTBEAT, e2, 5), STREAM_CONTROL);
    ACCEPT(&s, data_of(e2, 6), STREAM_TAKE);
    ACCEPT(&s, record_of(RECORD_EPOCH, e3, 0), STREAM_CONTROL);
    ACCEPT(&s, record_of(RECORD_RESUME, e3, 6), STREAM_CONTROL);
    ACCEPT(&s, data_of(e3, 7), STREAM_TAKE);
    assert_holds(&s, 7);
    stream_free(&s);

    stream_init_at(&s, uuid, e2.number, e2.instance, 5, chain_of(5));
    REFUSE(&s, data_of(e2, 7), "records are missing");
    stream_init_at(&s, uuid, e2.number, e2.instance, 5, chain_of(5));
    REFUSE(&s, data_of(e3, 6), "never announced"); /* began too late: e3's records stand before this */
    stream_init_at(&s, uuid, e2.number, e2.instance, 5, chain_of(5) + 1);
    REFUSE(&s, data_of(e2, 5), "another history");
    stream_init_at(&s, uuid, e2.number, e2.instance, 5, chain_of(5) + 1);
    REFUSE(&s, data_of(e2, 6), "another history");
}

/* Retention has eaten the announcement of an epoch, but not its last heartbeats. */
static void heartbeats_of_an_epoch_that_retention_ate(void **state)
{
    (void)state;
    struct stream s;
    uint8_t uuid[STREAM_UUID_LEN];
    memset(uuid, 'A', sizeof(uuid));

    stream_init_at(&s, uuid, e1.number, e1.instance, 5, chain_of(5));
    ACCEPT(&s, record_of(RECORD_RESUME, e2, 5), STREAM_VOID);
    ACCEPT(&s, record_of(RECORD_HEARTBEAT, e2, 5), STREAM_VOID);
    assert_int_equal(s.epoch, 1);
    announce(&s, e3, 5);
    ACCEPT(&s, data_of(e3, 6), STREAM_TAKE);
    assert_holds(&s, 6);
    stream_free(&s);

    stream_init_at(&s, uuid, e1.number, e1.instance, 5, chain_of(5));
    ACCEPT(&s, record_of(RECORD_HEARTBEAT, e2, 5), STREAM_VOID);
    REFUSE(&s, data_of(e2, 6), "never announced"); /* it did not come into force by its heartbeat */
    stream_init_at(&s, uuid, e1.number, e1.instance, 5, chain_of(5));
    REFUSE(&s, record_of(RECORD_HEARTBEAT, e2, 6), "never announced");
    stream_init_at(&s, uuid, e1.number, e1.instance, 5, chain_of(5) + 1);
    REFUSE(&s, record_of(RECORD_HEARTBEAT, e2, 5), "never announced");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_the_beginning),
        cmocka_unit_test(zombies_are_void),
        cmocka_unit_test(only_a_higher_epoch_counts),
        cmocka_unit_test(duplicates_are_dropped),
        cmocka_unit_test(gaps_and_forks_stop),
        cmocka_unit_test(fragments_come_in_order),
        cmocka_unit_test(a_new_epoch_voids_open_fragments),
        cmocka_unit_test(a_resume_record_must_agree),
        cmocka_unit_test(joining_in_the_middle),
        cmocka_unit_test(continuing_from_a_ledger),
        cmocka_unit_test(heartbeats_of_an_epoch_that_retention_ate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
