/* The rounds of looks: what was under way, what differs for certain, what stays the same, what never settles, what the
 * links keep from being known. Links and looks are scripted; the script of a suspect is its states at each look. */
#include "reconcile/settle.h"

#include "reconcile/marker.h"
#include "reconcile/ready.h"
#include "reconcile/settle_probe.h"
#include "tests/unit/cmocka_all.h"

#define LOOKS 20

struct script {
    const char *name;
    const char *states;  /* two letters a look, '.' for 0; the last pair stays */
    const char *answers; /* to probes, the last one stays: '=' equal, '!' differs, 'c' concurrent, '~' images tell
                            nothing, 'r' refused, ' ' none in time */
    unsigned asked;
    bool told;
    bool unsettled;
};

static struct {
    struct script *scripts;
    size_t count;
    unsigned look;          /* looks taken */
    unsigned marks;         /* marks taken */
    unsigned quiet_from;    /* marks from this one on find nothing new */
    unsigned wait_fails_at; /* wait number, from 1; 0: never */
    unsigned stopped_at;    /* look after which somebody stops the run; 0: nobody does */
    struct stop *stop;
    unsigned waits;
    uint64_t look_ms; /* how long hot rows are looked at */
    bool look_fails;
    bool one_way;     /* there is no link from the second side to the first */
    int sides[LOOKS]; /* asked, in order */
    unsigned rounds;
} world;

/* Stands in for ready.c: there is nothing to be opened. */
void ready_wait(struct run *run)
{
    (void)run;
}

/* These two stand in for links.c. */
int links_mark(struct links *l, bool *moved, struct err *err)
{
    (void)l;
    (void)err;
    *moved = ++world.marks < world.quiet_from;
    return 0;
}

int links_wait(struct links *l, uint64_t timeout_ms, struct err *err)
{
    (void)l;
    (void)timeout_ms;
    return ++world.waits == world.wait_fails_at ? err_retry(err, "the link does not come") : 0;
}

static struct script *script_of(const struct suspect *x)
{
    for (size_t i = 0; i < world.count; i++)
        if (span_is(x->id, world.scripts[i].name))
            return &world.scripts[i];
    fail();
    return NULL;
}

static uint64_t state_at(const struct script *s, unsigned look, unsigned side)
{
    size_t pairs = strlen(s->states) / 2;
    char c = s->states[2 * (look < pairs ? look : pairs - 1) + side];
    return c == '.' ? 0 : (uint64_t)c;
}

static int look(struct run *run, const struct plan *plan, struct suspects *s, struct arena *arena, struct err *err)
{
    (void)run;
    (void)plan;
    (void)arena;
    world.look++;
    if (world.look_fails)
        return err_retry(err, "the database went away");
    if (world.look == world.stopped_at)
        stop_request(world.stop, "SIGINT");
    for (size_t i = 0; i < s->count; i++)
        for (unsigned side = 0; side < 2; side++)
            s->list[i].now[side] = state_at(script_of(&s->list[i]), world.look, side);
    return 0;
}

static int tell(struct run *run, const struct plan *plan, struct suspects *s, bool (*which)(const struct suspect *x),
                bool unsettled, struct table_counts *counts, struct err *err)
{
    (void)run;
    (void)plan;
    (void)counts;
    (void)err;
    for (size_t i = 0; i < s->count; i++) {
        struct script *script = script_of(&s->list[i]);
        if (!which(&s->list[i]))
            continue;
        assert_false(script->told); /* each once */
        script->told = true;
        script->unsettled = unsettled;
    }
    return 0;
}

/* These stand in for marker.c. */
bool marker_has_link(const struct marker *m, int side)
{
    (void)m;
    return side == 0 || !world.one_way;
}

void marker_free(struct marker **m)
{
    *m = NULL;
}

int marker_probe(struct marker *m, int side, struct marker_ask *asks, size_t n, uint64_t timeout_ms, struct err *err)
{
    static const struct {
        char letter;
        enum repair_answer answer;
    } letters[] = {
        {'=', REPAIR_EQUAL     },
        {'!', REPAIR_DIFFERS   },
        {'c', REPAIR_CONCURRENT},
        {'~', REPAIR_UNLIKE    },
        {'r', REPAIR_REFUSED   },
        {' ', REPAIR_NONE      },
    };
    (void)m;
    (void)timeout_ms;
    (void)err;
    if (world.rounds < LOOKS)
        world.sides[world.rounds++] = side;
    for (size_t i = 0; i < n; i++) {
        struct suspect of = {.id = asks[i].key[0]};
        struct script *s = script_of(&of);
        size_t last = strlen(s->answers) - 1;
        char letter = s->answers[s->asked < last ? s->asked : last];
        s->asked++;
        asks[i].here_hash.len = REPAIR_HASH_LEN; /* the same images each time */
        for (size_t k = 0; k < sizeof letters / sizeof *letters; k++)
            if (letters[k].letter == letter)
                asks[i].reply.answer = letters[k].answer;
    }
    return 0;
}

static const struct settle_kind kind = {look, tell, false};
static const struct settle_kind asking = {look, tell, true};

static int settle_scripts(struct script *scripts, size_t count, unsigned quiet_from, struct table_counts *counts)
{
    static const struct table_def keyed = {.key_count = 1};
    static const struct target_table table = {.def = &keyed};
    static const struct plan plan = {
        .tables = {&table, &table},
          .key_count = 1
    };
    static char nobody;
    bool asks = count > 0 && scripts[0].answers;
    const struct wishes wishes = {
        .regions = {"eu", "us"}
    };
    const struct report_options options = {
        .regions = {"eu", "us"}
    };
    struct run run = {.meter = meter_new(true), .timeout_ms = 1000, .look_ms = world.look_ms, .wishes = &wishes};
    run.marker = asks ? (struct marker *)(void *)&nobody : NULL;
    run.stop = world.stop = stop_new();
    struct suspects s = {0};
    struct err err = {0};
    assert_int_equal(report_open(&run.report, &options, &err), 0);
    world.scripts = scripts;
    world.count = count;
    world.quiet_from = quiet_from;
    *counts = (struct table_counts){0};
    for (size_t i = 0; i < count; i++) {
        const struct span key = span_str(scripts[i].name);
        struct suspect *x = suspects_ref(&s, key, &key, 1);
        x->now[0] = state_at(&scripts[i], 0, 0);
        x->now[1] = state_at(&scripts[i], 0, 1);
    }
    int rc = settle(&run, &plan, &s, asks ? &asking : &kind, counts, &err);
    assert_int_equal(s.count, 0);
    suspects_free(&s);
    report_close(&run.report);
    meter_free(&run.meter);
    stop_free(&world.stop);
    return rc;
}

static int clean_world(void **state)
{
    (void)state;
    memset(&world, 0, sizeof world);
    return 0;
}

static void what_becomes_equal_was_under_way(void **state)
{
    (void)state;
    struct script s[] = {
        {.name = "late", .states = "ababbb"},
        {.name = "gone", .states = "a..."  }
    };
    struct table_counts counts;
    assert_int_equal(settle_scripts(s, 2, LOOKS * 2, &counts), 0);
    assert_int_equal(counts.in_flight, 2);
    assert_false(s[0].told);
    assert_false(s[1].told);
    assert_int_equal(world.look, 2);
}

static void nothing_committed_meanwhile_makes_one_look_certain(void **state)
{
    (void)state;
    struct script s[] = {
        {.name = "x", .states = "ab"  },
        {.name = "y", .states = "a.cb"},
        {.name = "z", .states = "abaa"}
    };
    struct table_counts counts;
    assert_int_equal(settle_scripts(s, 3, 2, &counts), 0);
    assert_int_equal(world.look, 1);
    assert_true(s[0].told && !s[0].unsettled);
    assert_true(s[1].told && !s[1].unsettled);
    assert_false(s[2].told);
    assert_int_equal(counts.in_flight, 1);
}

static void the_same_states_again_and_again_are_a_difference(void **state)
{
    (void)state;
    struct script s[] = {
        {.name = "same",  .states = "ab"      },
        {.name = "later", .states = "abcbdbeb"}
    };
    struct table_counts counts;
    assert_int_equal(settle_scripts(s, 2, LOOKS * 2, &counts), 0);
    assert_true(s[0].told && !s[0].unsettled);
    assert_true(s[1].told && !s[1].unsettled);
    assert_int_equal(world.look, 11); /* the later one last changed at the third */
}

static void a_run_that_is_stopped_looks_no_more(void **state)
{
    (void)state;
    struct script s[] = {
        {.name = "late", .states = "abbb"},
        {.name = "same", .states = "ab"  }
    };
    struct table_counts counts;
    world.stopped_at = 2;
    assert_int_equal(settle_scripts(s, 2, LOOKS * 2, &counts), 0);
    assert_int_equal(world.look, 2);
    assert_int_equal(counts.in_flight, 1);
    assert_true(s[1].told && s[1].unsettled);
}

static void what_keeps_changing_is_unsettled(void **state)
{
    (void)state;
    struct script s[] = {
        {.name = "hot", .states = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP"},
        {.name = "x",   .states = "ab"                                        }
    };
    struct table_counts counts;
    assert_int_equal(settle_scripts(s, 2, LOOKS * 2, &counts), 0);
    assert_true(s[0].told && s[0].unsettled);
    assert_true(s[1].told && !s[1].unsettled);
    assert_int_equal(world.look, 15);
}

static void what_keeps_changing_gets_its_time(void **state)
{
    (void)state;
    struct script s[] = {
        {.name = "hot", .states = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQQ"}
    };
    struct table_counts counts;
    world.look_ms = 60000;
    assert_int_equal(settle_scripts(s, 1, 1000, &counts), 0);
    assert_false(s[0].told); /* it was equal at last */
    assert_int_equal(counts.in_flight, 1);
    assert_int_equal(world.look, 21);
}

static void links_that_do_not_come_leave_the_rest_unsettled(void **state)
{
    (void)state;
    struct script s[] = {
        {.name = "x",    .states = "ab"  },
        {.name = "late", .states = "abbb"}
    };
    struct table_counts counts;
    world.wait_fails_at = 2;
    assert_int_equal(settle_scripts(s, 2, LOOKS * 2, &counts), 0);
    assert_true(s[0].told && s[0].unsettled);
    assert_false(s[1].told);
    assert_int_equal(counts.in_flight, 1);
}

static void a_database_that_fails_is_an_error(void **state)
{
    (void)state;
    struct script s[] = {
        {.name = "x", .states = "ab"}
    };
    struct table_counts counts;
    world.look_fails = true;
    assert_int_equal(settle_scripts(s, 1, LOOKS * 2, &counts), -1);
    assert_false(s[0].told);
}

/* The one that looks alone would take for a difference: it is the same whenever it is looked at, and no difference. */
static void what_toggles_is_asked_for_and_not_told(void **state)
{
    (void)state;
    struct script s[] = {
        {.name = "toggled", .states = "ab", .answers = "cc="},
        {.name = "real",    .states = "ab", .answers = "c!" }
    };
    struct table_counts counts;
    assert_int_equal(settle_scripts(s, 2, LOOKS * 2, &counts), 0);
    assert_false(s[0].told);
    assert_true(s[1].told && !s[1].unsettled);
    assert_int_equal(counts.in_flight, 1);
    assert_int_equal(s[1].asked, 2);
    assert_int_equal(world.sides[0] + world.sides[1], 1); /* from either side in turn */
}

static void what_no_probe_settles_is_unsettled(void **state)
{
    (void)state;
    struct script s[] = {
        {.name = "hot", .states = "ab", .answers = "c"}
    };
    struct table_counts counts;
    world.one_way = true;
    assert_int_equal(settle_scripts(s, 1, 1000, &counts), 0);
    assert_true(s[0].told && s[0].unsettled);
    assert_int_equal(s[0].asked, PROBES_MOST);
    assert_int_equal(world.sides[0] + world.sides[1], 0);
}

/* Where versions rise in the row's columns, the same images twice from one side are no coincidence; once they may be.
 */
static void images_that_tell_nothing_are_asked_for_twice(void **state)
{
    (void)state;
    struct script s[] = {
        {.name = "x", .states = "ab", .answers = "~"}
    };
    struct table_counts counts;
    assert_int_equal(settle_scripts(s, 1, 1000, &counts), 0);
    assert_true(s[0].told && !s[0].unsettled);
    assert_int_equal(s[0].asked, 3);
}

static void who_cannot_be_asked_is_looked_at_as_before(void **state)
{
    (void)state;
    struct script s[] = {
        {.name = "refused", .states = "ab", .answers = "r"}
    };
    struct table_counts counts;
    assert_int_equal(settle_scripts(s, 1, 1000, &counts), 0);
    assert_true(s[0].told && !s[0].unsettled);
    assert_int_equal(s[0].asked, 1);
    assert_int_equal(world.look, 8);
}

static void an_applier_that_does_not_answer_makes_it_incomplete(void **state)
{
    (void)state;
    struct script s[] = {
        {.name = "x", .states = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP", .answers = " "}
    };
    struct table_counts counts;
    assert_int_equal(settle_scripts(s, 1, 1000, &counts), 0);
    assert_true(s[0].told && s[0].unsettled);
    assert_int_equal(s[0].asked, 1); /* nobody waits for it again */
}

static void nothing_to_settle_asks_nobody(void **state)
{
    (void)state;
    struct table_counts counts;
    assert_int_equal(settle_scripts(NULL, 0, 0, &counts), 0);
    assert_int_equal(world.marks + world.waits + world.look, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_becomes_equal_was_under_way, clean_world),
        cmocka_unit_test_setup(nothing_committed_meanwhile_makes_one_look_certain, clean_world),
        cmocka_unit_test_setup(the_same_states_again_and_again_are_a_difference, clean_world),
        cmocka_unit_test_setup(a_run_that_is_stopped_looks_no_more, clean_world),
        cmocka_unit_test_setup(what_keeps_changing_is_unsettled, clean_world),
        cmocka_unit_test_setup(what_keeps_changing_gets_its_time, clean_world),
        cmocka_unit_test_setup(links_that_do_not_come_leave_the_rest_unsettled, clean_world),
        cmocka_unit_test_setup(a_database_that_fails_is_an_error, clean_world),
        cmocka_unit_test_setup(what_toggles_is_asked_for_and_not_told, clean_world),
        cmocka_unit_test_setup(what_no_probe_settles_is_unsettled, clean_world),
        cmocka_unit_test_setup(images_that_tell_nothing_are_asked_for_twice, clean_world),
        cmocka_unit_test_setup(who_cannot_be_asked_is_looked_at_as_before, clean_world),
        cmocka_unit_test_setup(an_applier_that_does_not_answer_makes_it_incomplete, clean_world),
        cmocka_unit_test_setup(nothing_to_settle_asks_nobody, clean_world),
    };
    return cmocka_run_group_tests_name("settle", tests, NULL, NULL);
}
