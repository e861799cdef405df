/* What the newest changes at the target make of a case, and what its verdict makes of them. */
#include "conflict/known.h"
#include "tests/unit/cmocka_all.h"

static const struct cell row[1];
static const struct policy_rule latest = {.policy = POLICY_LATEST}, adds = {.policy = POLICY_DELTA},
                                delete_wins = {.policy = POLICY_LATEST, .deletes = DELETE_WINS};
static const struct conflict_version early = {10, "us"}, late = {20, "eu"};

/* A row is not there, and the newest change that the incoming one does not know of left one. Then it ended by something
 * that the incoming one knows, unless that was a delete that it does not. */
static void an_absent_row_is_that_of_a_delete(void **state)
{
    (void)state;
    static const struct {
        const struct policy_rule *rule;
        uint64_t deleted_seq; /* the newest change is 5 */
        bool unseen_delete;
        enum conflict_causality causality;
    } cases[] = {
        {&latest,      0, false, CAUSALITY_AFTER     },
        {&latest,      3, true,  CAUSALITY_AFTER     },
        {&latest,      5, true,  CAUSALITY_CONCURRENT},
        {&delete_wins, 0, false, CAUSALITY_AFTER     },
        {&delete_wins, 3, true,  CAUSALITY_CONCURRENT},
        {&delete_wins, 5, true,  CAUSALITY_CONCURRENT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct known_change newest = {.seq = 5,
                                            .deleted_seq = cases[i].deleted_seq,
                                            .version = early,
                                            .concurrent = true,
                                            .unseen_delete = cases[i].unseen_delete};
        struct conflict_case c = {.rule = cases[i].rule, .incoming = row};
        struct known_room room = {.incoming = late};
        known_tell(&c, &room, &newest, 1);
        assert_int_equal(c.causality, cases[i].causality);
        assert_int_equal(c.tombstone != NULL, cases[i].causality == CAUSALITY_CONCURRENT);
        assert_int_equal(c.unseen_delete, cases[i].unseen_delete);
    }
}

/* Increments are in the row beside each other: the later one has not won over the other. */
static void who_wins_whole_has_won_over_what_it_met(void **state)
{
    (void)state;
    static const struct {
        const struct policy_rule *rule;
        const struct cell *incoming;
        struct conflict_outcome outcome;
        bool outdoes;
    } cases[] = {
        {&latest, row,  {.verdict = VERDICT_INCOMING, .version = &late},                            true },
        {&latest, row,  {.verdict = VERDICT_INCOMING, .version = &early},                           false},
        {&latest, row,  {.verdict = VERDICT_LOCAL, .version = &early},                              false},
        {&latest, row,  {.verdict = VERDICT_SAME, .version = &late, .policy = POLICY_LATEST},       true },
        {&latest, row,  {.verdict = VERDICT_SAME, .version = &late, .policy = POLICY_PRIORITY},     false},
        {&latest, row,  {.verdict = VERDICT_MERGED, .version = &late},                              false},
        {&adds,   row,  {.verdict = VERDICT_INCOMING, .version = &late},                            false},
        {&adds,   NULL, {.verdict = VERDICT_INCOMING, .version = &late, .policy = POLICY_PRIORITY}, true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct conflict_case c = {.rule = cases[i].rule,
                                  .incoming = cases[i].incoming,
                                  .causality = CAUSALITY_CONCURRENT,
                                  .incoming_version = &late,
                                  .local_version = &early};
        if (known_outdoes(&c, &cases[i].outcome) != cases[i].outdoes)
            fail_msg("case %zu", i);
        c.causality = CAUSALITY_AFTER;
        assert_false(known_outdoes(&c, &cases[i].outcome));
    }
}

/* What has to be kept of ends, and by which rules: what a delete that knew nothing of others ends, and what came too
 * late. */
static void what_a_delete_ends_is_told_where_deletes_win(void **state)
{
    (void)state;
    static const struct {
        const struct policy_rule *rule;
        const struct cell *incoming;
        enum conflict_causality causality;
        bool unseen_delete;
        enum conflict_verdict verdict;
        bool ends_others, is_ended;
    } cases[] = {
        {&delete_wins, NULL, CAUSALITY_CONCURRENT, false, VERDICT_INCOMING, true,  false},
        {&adds,        NULL, CAUSALITY_CONCURRENT, false, VERDICT_INCOMING, true,  false},
        {&delete_wins, NULL, CAUSALITY_AFTER,      false, VERDICT_INCOMING, true,  false},
        {&delete_wins, NULL, CAUSALITY_IMAGES,     false, VERDICT_INCOMING, false, false},
        {&latest,      NULL, CAUSALITY_CONCURRENT, false, VERDICT_INCOMING, false, false},
        {&delete_wins, NULL, CAUSALITY_CONCURRENT, true,  VERDICT_LOCAL,    true,  false},
        {&delete_wins, row,  CAUSALITY_CONCURRENT, true,  VERDICT_LOCAL,    false, true },
        {&adds,        row,  CAUSALITY_CONCURRENT, true,  VERDICT_LOCAL,    false, true },
        {&delete_wins, row,  CAUSALITY_AFTER,      true,  VERDICT_LOCAL,    false, true },
        {&delete_wins, row,  CAUSALITY_CONCURRENT, false, VERDICT_LOCAL,    false, false}, /* lost by its version only */
        {&delete_wins, row,  CAUSALITY_CONCURRENT, true,  VERDICT_INCOMING, false, false},
        {&latest,      row,  CAUSALITY_CONCURRENT, true,  VERDICT_LOCAL,    false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct conflict_case c = {.rule = cases[i].rule,
                                        .incoming = cases[i].incoming,
                                        .causality = cases[i].causality,
                                        .unseen_delete = cases[i].unseen_delete};
        const struct conflict_outcome outcome = {.verdict = cases[i].verdict};
        if (known_ends_others(&c) != cases[i].ends_others || known_is_ended(&c, &outcome) != cases[i].is_ended)
            fail_msg("case %zu", i);
    }
    assert_true(known_keeps_ends(&delete_wins) && known_keeps_ends(&adds) && !known_keeps_ends(&latest));
}

/* Of several the greatest that is not known; of one region alone its newest. */
static void the_greatest_unknown_change_is_what_the_row_stands_for(void **state)
{
    (void)state;
    const struct known_change changes[] = {
        {.seq = 1, .version = early, .concurrent = true},
        {.seq = 2, .version = late,  .concurrent = true}
    };
    struct known_change known[2];
    assert_ptr_equal(known_greatest(changes, 2), &changes[1]);
    memcpy(known, changes, sizeof known);
    known[1].concurrent = false;
    assert_ptr_equal(known_greatest(known, 2), &known[0]);
    known[0].concurrent = false;
    assert_null(known_greatest(known, 2));
}

/* Both wrote the same: what is there stands for the later of the two. */
static void equal_rows_stand_for_the_later_change(void **state)
{
    (void)state;
    const struct table_def table = {.db = span_str("shop"), .name = span_str("item")};
    for (int incoming_is_late = 0; incoming_is_late < 2; incoming_is_late++) {
        struct arena a = {0};
        struct conflict_outcome out;
        struct err err;
        const struct conflict_case c = {.kind = CONFLICT_UPDATE_CHANGED,
                                        .rule = &latest,
                                        .table = &table,
                                        .before = row,
                                        .incoming = row,
                                        .local = row,
                                        .from = "eu",
                                        .to = "us",
                                        .causality = CAUSALITY_CONCURRENT,
                                        .incoming_version = incoming_is_late ? &late : &early,
                                        .local_version = incoming_is_late ? &early : &late};
        assert_int_equal(conflict_judge(&c, &out, &a, &err), 0);
        assert_int_equal(out.verdict, VERDICT_SAME);
        assert_ptr_equal(out.version, &late);
        arena_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_absent_row_is_that_of_a_delete),
        cmocka_unit_test(who_wins_whole_has_won_over_what_it_met),
        cmocka_unit_test(what_a_delete_ends_is_told_where_deletes_win),
        cmocka_unit_test(the_greatest_unknown_change_is_what_the_row_stands_for),
        cmocka_unit_test(equal_rows_stand_for_the_later_change),
    };
    return cmocka_run_group_tests_name("known", tests, NULL, NULL);
}
