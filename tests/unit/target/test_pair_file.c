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
        {"conflicts: {default: {policy: latest, by: [v], tie: [eu, us]}}\n",                                        true },
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
        {"policy: latest",                                            "",                  "",                      true,  true },
        {"policy: latest, versions: causal",                          "",                  "",                      true,  true },
        {"policy: latest, delete: delete_wins",                       "",                  "",                      true,  true },
        {"policy: delta, columns: [qty]",                             "",                  "",                      true,  true },
        {"policy: latest, groups: [{columns: [qty], policy: delta}]", "",                  "",                      true,  true },
        {"policy: latest, ignore: [note]",                            "",                  "",                      true,  true },
        {"policy: park",                                              "",                  "",                      true,  true },
        {"policy: latest, by: [v]",                                   ", tie: [eu, us]",   ", tie: [eu, us, ap]",   true,  false},
        {"policy: priority, versions: causal",                        ", order: [eu, us]", ", order: [eu, us, ap]", true,  false},
        {"policy: latest, by: [v], versions: causal",                 ", tie: [eu, us]",   ", tie: [eu, us, ap]",   false, false},
        {"policy: delta, columns: [qty], delete: latest",             "",                  "",                      false, false},
        {"policy: merge",                                             "",                  "",                      false, false},
        {"policy: target_wins",                                       "",                  "",                      false, false},
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

static void warnings(const char *links, const char *rest, pair_warning_fn *each, void *context)
{
    struct config *c = NULL;
    struct err err = {0};
    char *text = xasprintf("%s%s%s%s%s", regions, links == mesh ? third : "", tables, links, rest);
    assert_int_equal(config_parse(&c, "pair.yaml", span_str(text), &err), 0);
    pair_rules_warn(c, each, context);
    config_free(&c);
    free(text);
}

static void count(void *context, const char *text)
{
    struct buf *told = context;
    buf_put_str(told, text);
    buf_put_str(told, "\n");
}

static void deletes_under_version_columns_are_warned_of(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        const char *rest;
        const char *says; /* NULL: nothing */
    } cases[] = {
        {two_way, "conflicts: {default: {policy: latest, by: [v], tie: [eu, us]}}\n",
         "pair.yaml:8: conflicts by default: under versions: column"                                              },
        {two_way, "conflicts: {default: {policy: latest, tie: [eu, us]}}\n",                                  NULL},
        {two_way, "conflicts: {default: {policy: latest, by: [v], tie: [eu, us], allow_divergence: true}}\n", NULL},
        {two_way, "conflicts: {default: {policy: stop}}\n",                                                   NULL},
        {one_way, "conflicts: {default: {policy: latest, by: [v], tie: [eu, us]}}\n",                         NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf told = {0};
        warnings(cases[i].head, cases[i].rest, count, &told);
        if (!cases[i].says ? told.len > 0
                           : !strstr(buf_cstr(&told), cases[i].says) || !strstr(buf_cstr(&told), "deletes 1"))
            fail_msg("%s: '%s'", cases[i].rest, buf_cstr(&told));
        buf_free(&told);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(divergence_is_allowed_for_the_pair_all_rules_or_one),
        cmocka_unit_test(three_regions_are_played_with_three),
        cmocka_unit_test(a_refusal_names_the_place_and_shows_a_history),
        cmocka_unit_test(deletes_under_version_columns_are_warned_of),
    };
    return cmocka_run_group_tests_name("pair_file", tests, NULL, NULL);
}
