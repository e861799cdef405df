/* Operators' acts and permits: what is written is read, what is malformed is refused, and a rebuilt topic's beginning.
 */
#include "tests/unit/cmocka_all.h"

#include "common/model/act.h"
#include "common/model/permit.h"
#include "tests/unit/model/stream_kit.h"

static const struct epoch e1 = {1, 11};
static const struct epoch e2 = {2, 22};

static void put_act(struct buf *out, const char *kind, const char *why, const char *details)
{
    const struct act a = {span_str(kind), span_str("op@host"), 1700000000000000, span_str(why), span_str(details)};
    buf_clear(out);
    act_put(&a, out);
}

static bool reads(struct span bytes)
{
    struct act a;
    struct bytes r = bytes_of(bytes);
    act_read(&a, &r);
    return !r.bad;
}

static void acts_are_read_as_written(void **state)
{
    (void)state;
    struct buf out = {0};
    struct act a;
    put_act(&out, "accept-branch", "the old one burned", "{\"lost\":3}");
    struct bytes r = bytes_of(buf_span(&out));
    act_read(&a, &r);
    assert_false(r.bad);
    assert_true(span_is(a.kind, "accept-branch") && span_is(a.who, "op@host") && span_is(a.why, "the old one burned"));
    assert_true(span_is(a.details, "{\"lost\":3}") && a.at_us == 1700000000000000);
    for (size_t n = 0; n < out.len; n++)
        assert_false(reads(span_of(out.data, n)));
    buf_put_u8(&out, 0);
    assert_false(reads(buf_span(&out)));
    buf_free(&out);
}

static void malformed_acts_are_refused(void **state)
{
    (void)state;
    struct buf out = {0};
    char longer[ACT_WHY_MOST + 2];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    const char *const wrong[][3] = {
        {"",                      "why",  "{}"},
        {"Rebuild",               "why",  "{}"},
        {"a b",                   "why",  "{}"},
        {"abcdefghijklmnopqrstu", "why",  "{}"},
        {"skip",                  longer, "{}"},
        {"skip",                  "\xff", "{}"},
        {"skip",                  "why",  ""  },
        {"skip",                  "why",  "[]"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        put_act(&out, wrong[i][0], wrong[i][1], wrong[i][2]);
        assert_false(reads(buf_span(&out)));
    }
    longer[ACT_WHY_MOST] = '\0';
    put_act(&out, "skip", longer, "{}");
    assert_true(reads(buf_span(&out)));
    buf_free(&out);
}

static struct position position_of(const char *text)
{
    struct position p = {0};
    assert_int_equal(position_parse(&p, FLAVOR_MARIADB, span_str(text), NULL), 0);
    return p;
}

static struct table_def *table_of(struct arena *a, const char *name, uint8_t type)
{
    struct table_def *t = arena_zalloc(a, sizeof *t);
    t->db = span_str("shop");
    t->name = span_str(name);
    t->column_count = 1;
    t->columns = arena_zalloc(a, sizeof *t->columns);
    t->columns[0] = (struct column){.name = span_str("id"), .type = type, .key_order = COLUMN_NO_KEY};
    table_def_seal(t, a);
    return t;
}

static void permits_stand_until_they_are_passed(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct permits p = {0}, back = {0};
    struct buf wire = {0};
    struct position ten = position_of("0-1-10"), twenty = position_of("0-1-20,1-1-5");
    permits_add_definition(&p, table_of(&arena, "item", COLUMN_LONG), &ten);
    permits_add_skip(&p, "binlog.000002", 1234, &twenty);
    permits_add_definition(&p, table_of(&arena, "item", COLUMN_LONGLONG), &twenty);
    permits_put(&p, &wire);
    struct bytes r = bytes_of(buf_span(&wire));
    permits_read(&back, &r);
    assert_false(r.bad);
    assert_int_equal(back.count, 3);
    assert_true(permits_skip(&back, "binlog.000002", 1234));
    assert_false(permits_skip(&back, "binlog.000002", 1235) || permits_skip(&back, "binlog.000003", 1234));
    assert_int_equal(permits_definition(&back, span_str("shop"), span_str("item"))->columns[0].type, COLUMN_LONGLONG);
    assert_null(permits_definition(&back, span_str("shop"), span_str("items")));

    permits_drop_passed(&back, &ten);
    assert_int_equal(back.count, 2);
    permits_drop_passed(&back, &twenty);
    assert_int_equal(back.count, 0);
    for (size_t n = 1; n < wire.len; n++) {
        struct permits cut = {0};
        r = bytes_of(span_of(wire.data, n));
        permits_read(&cut, &r);
        assert_true(r.bad || cut.count < 3);
        permits_free(&cut);
    }
    permits_free(&p);
    permits_free(&back);
    position_free(&ten);
    position_free(&twenty);
    buf_free(&wire);
    arena_free(&arena);
}

/* A resume record with an act, of a stream that stands at `seq`. */
static struct record resume_with(struct buf *act, struct epoch e, uint64_t seq, const char *kind)
{
    struct record r = record_of(RECORD_RESUME, e, seq);
    put_act(act, kind, "why", "{}");
    r.act = buf_span(act);
    return r;
}

static void a_rebuilt_topic_begins_where_it_says(void **state)
{
    (void)state;
    struct buf act = {0};
    struct stream s;
    stream_init(&s, true);
    ACCEPT(&s, record_of(RECORD_EPOCH, e1, 0), STREAM_CONTROL);
    ACCEPT(&s, resume_with(&act, e1, 5, "rebuild"), STREAM_CONTROL);
    assert_int_equal(s.seq, 5);
    ACCEPT(&s, data_of(e1, 6), STREAM_TAKE);
    ACCEPT(&s, record_of(RECORD_EPOCH, e2, 0), STREAM_CONTROL);
    REFUSE(&s, resume_with(&act, e2, 9, "rebuild"), "records are missing");

    stream_init(&s, true); /* only that act says so */
    ACCEPT(&s, record_of(RECORD_EPOCH, e1, 0), STREAM_CONTROL);
    REFUSE(&s, resume_with(&act, e1, 5, "skip"), "records are missing");

    /* Who holds seq 3 by a ledger is not talked into seq 5. */
    uint8_t uuid[STREAM_UUID_LEN];
    memset(uuid, 'A', sizeof uuid);
    stream_init_at(&s, uuid, 0, 0, 3, chain_of(3));
    ACCEPT(&s, record_of(RECORD_EPOCH, e1, 0), STREAM_CONTROL);
    REFUSE(&s, resume_with(&act, e1, 5, "rebuild"), "records are missing");
    stream_init_at(&s, uuid, 0, 0, 0, 0);
    ACCEPT(&s, record_of(RECORD_EPOCH, e1, 0), STREAM_CONTROL);
    REFUSE(&s, resume_with(&act, e1, 5, "rebuild"), "records are missing");
    buf_free(&act);
}

static void permits_are_those_of_the_newest_resume(void **state)
{
    (void)state;
    struct stream s;
    struct record r = record_of(RECORD_RESUME, e1, 0);
    r.permits = span_str("whatever");
    stream_init(&s, true);
    ACCEPT(&s, record_of(RECORD_EPOCH, e1, 0), STREAM_CONTROL);
    ACCEPT(&s, r, STREAM_CONTROL);
    assert_true(span_is(buf_span(&s.permits), "whatever"));
    ACCEPT(&s, data_of(e1, 1), STREAM_TAKE);
    ACCEPT(&s, record_of(RECORD_HEARTBEAT, e1, 1), STREAM_CONTROL);
    assert_true(span_is(buf_span(&s.permits), "whatever"));
    announce(&s, e2, 1);
    assert_int_equal(s.permits.len, 0);

    struct record bad = record_of(RECORD_RESUME, (struct epoch){3, 33}, 1);
    bad.act = span_str("no act");
    ACCEPT(&s, record_of(RECORD_EPOCH, (struct epoch){3, 33}, 0), STREAM_CONTROL);
    REFUSE(&s, bad, "malformed act");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acts_are_read_as_written),
        cmocka_unit_test(malformed_acts_are_refused),
        cmocka_unit_test(permits_stand_until_they_are_passed),
        cmocka_unit_test(a_rebuilt_topic_begins_where_it_says),
        cmocka_unit_test(permits_are_those_of_the_newest_resume),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
