/* Which conflict rules a pair file may have: those that converge, and others when it says that it is meant. */
#include <stdlib.h>

#include "common/base/mem.h"
#include "common/target/pair_file.h"
#include "tests/unit/cmocka_all.h"

static const char regions[] = "pair: shop\n"
                              "kafka: {bootstrap: [\"k1:9092\"]}\n"
                              "regions:\n"
                              "  eu: {host: 127.0.0.1, user: drc, replica_id: 7001, start: now}\n"
                              "  us: {host: 127.0.0.1, user: drc, replica_id: 7002, start: now}\n";
static const char third[] = "  ap: {host: 127.0.0.1, user: drc, replica_id: 7003, start: now}\n";
static const char tables[] = "tables: {include: [\"shop.*\"]}\n";
static const char one_way[] = "links: [{from: eu, to: us, start: beginning}]\n";
static const char two_way[] = "links: [{from: eu, to: us, start: beginning}, {from: us, to: eu, start: beginning}]\n";

static const char mesh[] =
    "links: [{from: eu, to: us, start: now}, {from: us, to: eu, start: now}, {from: eu, to: ap, start: "
    "now}, {from: ap, to: eu, start: now}, {from: us, to: ap, start: now}, {from: ap, to: us, start: "
    "now}]\n";

static int converges(const char *links, const char *rest, struct err *err)
{
    struct config *c = NULL;
    char *text = xasprintf("%s%s%s%s%s", regions, links == mesh ? third : "", tables, links, rest);
    if (config_parse(&c, "pair.yaml", span_str(text), err))
        fail_msg("%s: %s", rest, err->text);
    int rc = pair_rules_converge(c, err);
    config_free(&c);
    free(text);
    return rc;
}

static void divergence_is_allowed_for_the_pair_all_rules_or_one(void **state)
{
    (void)state;
    static const struct {
        const char *rest;
        bool loads;
    } cases[] = {
        {"conflicts: {default: {policy: source_wins}}\n",                                                           false},
        {"conflicts: {default: {policy: source_wins}}\nallow_divergence: true\n",                                   true },
        {"conflicts: {default: {policy: source_wins}, allow_divergence: true}\n",                                   true },
        {"conflicts: {default: {policy: source_wins, allow_divergence: true}}\n",                                   true },
        {"conflicts: {default: {policy: stop, allow_divergence: true}, tables: {shop.a: {policy: target_wins}}}\n",
         false                                                                                                           },
        {"conflicts: {tables: {shop.a: {policy: target_wins, allow_divergence: true}}}\n",                          true },
        {"conflicts: {default: {policy: source_wins, allow_divergence: true}, tables: {shop.a: {policy: "
         "source_wins}}}\n",                                                                               false},
        {"conflicts: {default: {policy: latest, by: [v], tie: [eu, us], delete: never}}\n",                         true },
        {"conflicts: {default: {policy: park}}\n",                                                                  true },
        {"",                                                                                                        true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        if ((converges(two_way, cases[i].rest, &err) == 0) != cases[i].loads)
            fail_msg("%s: %s", cases[i].rest, err.text);
        assert_int_equal(converges(one_way, cases[i].rest, &err), 0);
    }
}

/* By versions alone what converges in two regions does in three; by columns, and by the order of regions, it does not.
 */
static void three_regions_are_played_with_three(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *two, *three; /* what they have in common, and what names the regions */
        bool of_two, of_three;
    } cases[] = {
        {"policy: latest",                                                "",                  "",                      true,  true },
        {"policy: latest, versions: causal",                              "",                  "",                      true,  true },
        {"policy: latest, delete: delete_wins",                           "",                  "",                      true,  true },
        {"policy: delta, columns: [qty]",                                 "",                  "",                      true,  true },
        {"policy: latest, groups: [{columns: [qty], policy: delta}]",     "",                  "",                      true,  true },
        {"policy: latest, ignore: [note]",                                "",                  "",                      true,  true },
        {"policy: park",                                                  "",                  "",                      true,  true },
        {"policy: latest, by: [v], delete: never",                        ", tie: [eu, us]",   ", tie: [eu, us, ap]",   true,  false},
        {"policy: priority",                                              ", order: [eu, us]", ", order: [eu, us, ap]", true,  false},
        {"policy: priority, versions: causal",                            ", order: [eu, us]", ", order: [eu, us, ap]", true,  false},
        {"policy: latest, by: [v], versions: causal",                     ", tie: [eu, us]",   ", tie: [eu, us, ap]",   false, false},
        {"policy: delta, columns: [qty], delete: latest",                 "",                  "",                      false, false},
        {"policy: merge",                                                 "",                  "",                      false, false},
        {"policy: target_wins",                                           "",                  "",                      false, false},
        {"policy: latest, by: [v], delete: latest",                       ", tie: [eu, us]",   ", tie: [eu, us, ap]",   false, false},
        {"policy: latest, by: [v], delete: delete_wins",                  ", tie: [eu, us]",   ", tie: [eu, us, ap]",   false, false},
        {"policy: latest, by: [v], delete: update_wins",                  ", tie: [eu, us]",   ", tie: [eu, us, ap]",   false, false},
        {"policy: latest, delete: update_wins",                           "",                  "",                      false, false},
        {"policy: source_wins",                                           "",                  "",                      false, false},
        {"policy: earliest",                                              "",                  "",                      false, false},
        {"policy: max, columns: [qty]",                                   "",                  "",                      false, false},
        {"policy: min, columns: [qty]",                                   "",                  "",                      false, false},
        {"policy: latest, scope: transaction",                            "",                  "",                      false, false},
        {"policy: latest, kinds: {update/changed: source_wins}",          "",                  "",                      false, false},
        {"policy: latest, kinds: {insert/exists: target_wins}",           "",                  "",                      false, false},
        {"policy: latest, kinds: {delete/changed: earliest}",             "",                  "",                      false, false},
        {"policy: latest, groups: [{columns: [a], policy: max}]",         "",                  "",                      false, false},
        {"policy: latest, groups: [{columns: [a], policy: source_wins}]", "",                  "",                      false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        char *rest = xasprintf("conflicts: {default: {%s%s}}\n", cases[i].rule, cases[i].two);
        if ((converges(two_way, rest, &err) == 0) != cases[i].of_two)
            fail_msg("two: %s: %s", rest, err.text);
        free(rest);
        rest = xasprintf("conflicts: {default: {%s%s}}\n", cases[i].rule, cases[i].three);
        if ((converges(mesh, rest, &err) == 0) != cases[i].of_three)
            fail_msg("three: %s: %s", rest, err.text);
        if (!cases[i].of_three && !strstr(err.text, "ap ends with"))
            fail_msg("%s has no example of three: %s", rest, err.text);
        free(rest);
    }
}

static void a_refusal_names_the_place_and_shows_a_history(void **state)
{
    (void)state;
    struct err err = {0};
    assert_int_equal(converges(two_way, "conflicts:\n  tables:\n    shop.stock:\n      policy: target_wins\n", &err),
                     -1);
    assert_int_equal(err.class, ERR_FATAL);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    static const char *const parts[] = {"pair.yaml:10: conflicts of shop.stock: policy target_wins can leave",
                                        "allow_divergence: true",
                                        "eu updates 1",
                                        "us hears eu: update/changed, local",
                                        "eu ends with",
                                        "us ends with"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(err.text, parts[i]))
            fail_msg("'%s' does not say '%s'", err.text, parts[i]);
}

static void put_told(void *context, const char *text)
{
    buf_put_str(context, text);
}

static void warnings(struct buf *told, const char *links, const char *rest)
{
    struct config *c = NULL;
    struct err err = {0};
    char *text = xasprintf("%s%s%s%s", regions, tables, links, rest);
    assert_int_equal(config_parse(&c, "pair.yaml", span_str(text), &err), 0);
    pair_rules_warn(c, put_told, told);
    config_free(&c);
    free(text);
}

/* What the target deleted itself an applier that goes by columns cannot know: who says nothing of deletes is warned,
 * who says that there are some is refused. */
static void deletes_under_version_columns_are_told(void **state)
{
    (void)state;
    enum { FINE, WARNED, REFUSED };
    static const struct {
        const char *head;
        const char *rule;
        int outcome;
        bool by_deletes;
    } cases[] = {
        {two_way, "policy: latest, by: [v], tie: [eu, us]",                                            WARNED,  true },
        {two_way, "policy: latest, by: [v], tie: [eu, us], versions: column",                          WARNED,  true },
        {two_way, "policy: delta, columns: [qty], by: [v], tie: [eu, us]",                             WARNED,  true },
        {two_way, "policy: latest, by: [v], tie: [eu, us], delete: update_wins",                       REFUSED, true },
        {two_way, "policy: latest, by: [v], tie: [eu, us], delete: never",                             FINE,    false},
        {two_way, "policy: delta, columns: [qty], by: [v], tie: [eu, us], delete: never",              FINE,    false},
        {two_way, "policy: latest, by: [v], tie: [eu, us], allow_divergence: true",                    FINE,    false},
        {two_way, "policy: latest, by: [v], tie: [eu, us], versions: causal, delete: delete_wins",     FINE,    false},
        {two_way, "policy: latest, by: [v], tie: [eu, us], versions: causal",                          REFUSED, false},
        {two_way, "policy: stop",                                                                      FINE,    false},
        {mesh,    "policy: latest, by: [v], tie: [eu, us, ap], versions: causal, delete: delete_wins", REFUSED, false},
        {one_way, "policy: latest, by: [v], tie: [eu, us]",                                            FINE,    false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        struct buf told = {0};
        char *rest = xasprintf("conflicts: {default: {%s}}\n", cases[i].rule);
        bool refused = converges(cases[i].head, rest, &err) != 0;
        if (!refused)
            warnings(&told, cases[i].head, rest);
        const char *said = refused ? err.text : buf_cstr(&told);
        if ((refused ? REFUSED : told.len > 0 ? WARNED : FINE) != cases[i].outcome)
            fail_msg("%s: '%s'", rest, said);
        if (cases[i].by_deletes &&
            (!strstr(said, "deletes 1") || !strstr(said, "delete: never where no row is deleted")))
            fail_msg("%s: no history or no remedy: %s", rest, said);
        buf_free(&told);
        free(rest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(divergence_is_allowed_for_the_pair_all_rules_or_one),
        cmocka_unit_test(three_regions_are_played_with_three),
        cmocka_unit_test(a_refusal_names_the_place_and_shows_a_history),
        cmocka_unit_test(deletes_under_version_columns_are_told),
    };
    return cmocka_run_group_tests_name("pair_file", tests, NULL, NULL);
}
