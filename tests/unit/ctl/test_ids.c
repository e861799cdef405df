/* How regions share ids out: which settings collide, what plan is made, what is found and how it is mended. */
#include <stdlib.h>
#include <string.h>

#include "ctl/ids.h"
#include "ctl/ids_generator.h"
#include "tests/unit/cmocka_all.h"

enum { REGIONS = 3 };

/* Three regions that write each other, on servers that have been told apart; each with the table shop.item. */
struct world {
    struct ids_region regions[REGIONS];
    struct ids_table tables[REGIONS];
    struct ids_sequence sequences[REGIONS];
    uint64_t tops[REGIONS][REGIONS];
    struct ids_facts facts;
    struct findings found;
};

static void begin(struct world *w)
{
    static const char *const names[REGIONS] = {"eu", "us", "ap"};
    *w = (struct world){
        .facts = {.regions = w->regions, .count = REGIONS}
    };
    for (size_t i = 0; i < REGIONS; i++) {
        w->tables[i] = (struct ids_table){.db = "shop",
                                          .name = "item",
                                          .column = "id",
                                          .type = "int(11)",
                                          .comment = "",
                                          .limit = INT32_MAX,
                                          .largest = 10,
                                          .next = 12,
                                          .top = w->tops[i]};
        w->sequences[i] = (struct ids_sequence){.db = "shop", .name = "s", .next = 1, .min = 1, .max = INT64_MAX - 1};
        w->regions[i] = (struct ids_region){
            .name = names[i],
            .server = "db:3306",
            .flavor = i == 1 ? FLAVOR_MYSQL : FLAVOR_MARIADB,
            .writes = true,
            .settings = {3, i + 1},
            .tag = (unsigned)i + 1,
            .tables = &w->tables[i],
            .table_count = 1
        };
    }
}

static void judge(struct world *w)
{
    findings_free(&w->found);
    ids_plan_settings(&w->facts, 0);
    ids_judge(&w->found, &w->facts, 20);
}

/* The one finding there is. */
static const struct finding *only(struct world *w, const char *check, const char *where)
{
    judge(w);
    if (w->found.count != 1) {
        findings_print(&w->found, stderr);
        fail_msg("%zu findings, not one of %s", w->found.count, check);
    }
    assert_string_equal(w->found.items[0].check, check);
    assert_string_equal(w->found.items[0].where, where);
    return &w->found.items[0];
}

static void settings_collide(void **state)
{
    (void)state;
    static const struct {
        struct ids_settings a, b;
        bool collide;
    } cases[] = {
        {{1, 1}, {1, 1}, true },
        {{2, 1}, {2, 2}, false},
        {{2, 1}, {2, 1}, true },
        {{2, 1}, {1, 1}, true },
        {{4, 1}, {2, 2}, false},
        {{4, 3}, {2, 1}, true },
        {{2, 1}, {3, 2}, true },
        {{6, 1}, {4, 2}, false},
        {{6, 1}, {4, 3}, true },
        {{2, 3}, {2, 2}, true }, /* an offset above the increment is ignored */
        {{2, 0}, {2, 1}, true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (ids_collide(&cases[i].a, &cases[i].b) != cases[i].collide ||
            ids_collide(&cases[i].b, &cases[i].a) != cases[i].collide)
            fail_msg("case %zu", i);
}

static void a_collision_is_mended_with_least_change(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    judge(&w);
    assert_int_equal(w.found.count, 0);
    w.regions[2].settings.offset = 2;
    assert_string_equal(only(&w, "auto_increment", "ap")->fix,
                        "SET GLOBAL auto_increment_increment = 3, GLOBAL auto_increment_offset = 3; -- and for its "
                        "next start, in my.cnf below [mariadb]: auto_increment_increment = 3 and "
                        "auto_increment_offset = 3");
    assert_int_equal(w.found.items[0].severity, FINDING_ERROR);
    assert_int_equal(findings_exit_code(&w.found), 2);
    w.regions[2].settings.offset = 3;
    w.regions[1].settings = (struct ids_settings){1, 1};
    assert_string_equal(only(&w, "auto_increment", "us")->fix,
                        "SET PERSIST auto_increment_increment = 3, PERSIST auto_increment_offset = 2;");
    w.regions[1].table_count = 0; /* nothing collides there yet */
    assert_int_equal(only(&w, "auto_increment", "us")->severity, FINDING_WARNING);
    assert_int_equal(findings_exit_code(&w.found), 1);
    findings_free(&w.found);
}

static void an_increment_below_the_number_of_regions_is_found_everywhere(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    for (size_t i = 0; i < REGIONS; i++)
        w.regions[i].settings = (struct ids_settings){2, i % 2 + 1};
    judge(&w);
    assert_int_equal(w.found.count, 3);
    for (size_t i = 0; i < REGIONS; i++) {
        assert_int_equal(w.regions[i].planned.increment, 3);
        assert_int_equal(w.regions[i].planned.offset, i + 1);
    }
    findings_free(&w.found);
}

static void regions_that_do_not_write_collide_with_nobody(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    for (size_t i = 0; i < REGIONS; i++) {
        w.regions[i].settings = (struct ids_settings){1, 1};
        w.regions[i].writes = false;
    }
    judge(&w);
    assert_int_equal(w.found.count, 0);
    w.regions[0].writes = true; /* nor does one alone */
    judge(&w);
    assert_int_equal(w.found.count, 0);
}

static void a_plan_for_more_regions_keeps_what_fits(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    w.regions[0].settings = (struct ids_settings){5, 4};
    ids_plan_settings(&w.facts, 5);
    static const uint64_t offsets[REGIONS] = {4, 1, 2};
    for (size_t i = 0; i < REGIONS; i++) {
        assert_int_equal(w.regions[i].planned.increment, 5);
        assert_int_equal(w.regions[i].planned.offset, offsets[i]);
    }
}

static void ids_still_to_be_given_are_found_elsewhere(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    w.tops[1][0] = 13; /* us holds an id of eu's, which goes on at 12 */
    w.tops[2][0] = 16;
    assert_string_equal(only(&w, "class", "eu")->fix,
                        "SET SESSION sql_log_bin = 0; ALTER TABLE `shop`.`item` AUTO_INCREMENT = 17;");
    w.tables[0].next = 17;
    judge(&w);
    assert_int_equal(w.found.count, 0);
    w.tops[1][1] = 400; /* its own: no matter */
    judge(&w);
    assert_int_equal(w.found.count, 0);
}

static void headroom_is_what_the_type_leaves(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    w.tables[0].next = 1800000000;
    w.tables[0].comment = "it's a key";
    const struct finding *f = only(&w, "headroom", "eu");
    assert_int_equal(f->severity, FINDING_WARNING);
    assert_string_equal(f->fix, "ALTER TABLE `shop`.`item` MODIFY `id` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT "
                                "COMMENT 'it''s a key';");
    findings_free(&w.found);
}

static void headroom_that_is_nearly_gone_is_an_error(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    w.tables[1].largest = INT32_MAX - 1;
    assert_int_equal(only(&w, "headroom", "us")->severity, FINDING_ERROR);
    w.tables[1].limit = ids_type_limit("bigint(20) unsigned");
    w.tables[1].next = UINT64_MAX;
    assert_int_equal(strncmp(only(&w, "headroom", "us")->fix, "none: ", 6), 0);
    findings_free(&w.found);
}

static void types_have_limits(void **state)
{
    (void)state;
    assert_int_equal(ids_type_limit("tinyint(3) unsigned"), 255);
    assert_int_equal(ids_type_limit("smallint"), 32767);
    assert_int_equal(ids_type_limit("mediumint unsigned zerofill"), 16777215);
    assert_int_equal(ids_type_limit("int"), 2147483647);
    assert_int_equal(ids_type_limit("bigint"), INT64_MAX);
    assert_int_equal(ids_type_limit("varchar(10)"), 0);
}

static void with_sequences(struct world *w, int64_t increment)
{
    begin(w);
    for (size_t i = 0; i < REGIONS; i++) {
        w->sequences[i].increment = increment;
        w->regions[i].sequences = &w->sequences[i];
        w->regions[i].sequence_count = i == 1 ? 0 : 1; /* MySQL has none */
    }
}

static void sequences_that_overlap_are_parted(void **state)
{
    (void)state;
    struct world w;
    with_sequences(&w, 1);
    w.sequences[0].next = 1001;
    w.sequences[2].next = 501;
    judge(&w);
    assert_int_equal(w.found.count, 2);
    assert_string_equal(w.found.items[0].fix,
                        "SET SESSION sql_log_bin = 0; ALTER SEQUENCE `shop`.`s` INCREMENT BY 3 RESTART WITH 1003;");
    assert_string_equal(w.found.items[1].fix,
                        "SET SESSION sql_log_bin = 0; ALTER SEQUENCE `shop`.`s` INCREMENT BY 3 RESTART WITH 1002;");
    for (size_t i = 0; i < REGIONS; i++)
        w.sequences[i].increment = 3;
    w.sequences[0].next = 1003;
    w.sequences[2].next = 1002;
    judge(&w);
    assert_int_equal(w.found.count, 0);
}

static void sequences_apart_or_by_the_settings_do_not_overlap(void **state)
{
    (void)state;
    struct world w;
    with_sequences(&w, 1);
    w.sequences[0].max = 999;
    w.sequences[2].min = w.sequences[2].next = 1000;
    ids_plan_settings(&w.facts, 0);
    judge(&w);
    assert_int_equal(w.found.count, 0);
    w.sequences[2].next = 2000;
    w.sequences[0].max = 1500; /* the other one is past that */
    judge(&w);
    assert_int_equal(w.found.count, 0);
    w.sequences[2].cycle = true; /* but comes again */
    judge(&w);
    assert_int_equal(w.found.count, 3);
    findings_free(&w.found);
    with_sequences(&w, 0);
    judge(&w);
    assert_int_equal(w.found.count, 0);
    findings_free(&w.found);
}

static void sequences_that_go_down_are_parted_as_well(void **state)
{
    (void)state;
    struct world w;
    with_sequences(&w, -1);
    for (size_t i = 0; i < REGIONS; i++) {
        w.sequences[i].max = -1;
        w.sequences[i].min = -INT64_MAX;
        w.sequences[i].next = -1 - (int64_t)i;
    }
    judge(&w);
    assert_int_equal(w.found.count, 2);
    assert_string_equal(w.found.items[0].fix,
                        "SET SESSION sql_log_bin = 0; ALTER SEQUENCE `shop`.`s` INCREMENT BY -3 RESTART WITH -5;");
    assert_string_equal(w.found.items[1].fix,
                        "SET SESSION sql_log_bin = 0; ALTER SEQUENCE `shop`.`s` INCREMENT BY -3 RESTART WITH -3;");
    for (size_t i = 0; i < REGIONS; i++)
        w.sequences[i].increment = -3;
    w.sequences[0].next = -5;
    w.sequences[2].next = -3;
    judge(&w);
    assert_int_equal(w.found.count, 0);
}

static void a_generator_with_another_tag_is_found(void **state)
{
    (void)state;
    struct world w;
    struct buf comment = {0};
    begin(&w);
    ids_generator_comment(&comment, "us", 17);
    w.regions[1].generator = true;
    assert_true(ids_generator_tag(&w.regions[1].generator_tag, buf_span(&comment)));
    assert_int_equal(w.regions[1].generator_tag, 17);
    assert_string_equal(only(&w, "generator", "us")->fix, "drcctl ids install --region us");
    w.regions[1].tag = 17;
    judge(&w);
    assert_int_equal(w.found.count, 0);
    w.regions[1].generator_broken = true;
    assert_string_equal(only(&w, "generator", "us")->why, "every call of the function fails");
    assert_false(ids_generator_tag(&w.regions[1].generator_tag, span_str("somebody else's")));
    buf_free(&comment);
    findings_free(&w.found);
}

static void a_host_with_other_settings_is_found(void **state)
{
    (void)state;
    struct world w;
    struct ids_host hosts[] = {
        {.name = "db2:3306", .settings = {1, 1}     },
        {.name = "db3:3306", .settings = {3, 1}     },
        {.name = "db4:3306", .error = "no such host"},
    };
    begin(&w);
    w.regions[0].hosts = hosts;
    w.regions[0].host_count = 3;
    assert_int_equal(only(&w, "auto_increment_host", "eu db2:3306")->severity, FINDING_WARNING);
    findings_free(&w.found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_collide),
        cmocka_unit_test(a_collision_is_mended_with_least_change),
        cmocka_unit_test(an_increment_below_the_number_of_regions_is_found_everywhere),
        cmocka_unit_test(regions_that_do_not_write_collide_with_nobody),
        cmocka_unit_test(a_plan_for_more_regions_keeps_what_fits),
        cmocka_unit_test(ids_still_to_be_given_are_found_elsewhere),
        cmocka_unit_test(headroom_is_what_the_type_leaves),
        cmocka_unit_test(headroom_that_is_nearly_gone_is_an_error),
        cmocka_unit_test(types_have_limits),
        cmocka_unit_test(sequences_that_overlap_are_parted),
        cmocka_unit_test(sequences_apart_or_by_the_settings_do_not_overlap),
        cmocka_unit_test(sequences_that_go_down_are_parted_as_well),
        cmocka_unit_test(a_generator_with_another_tag_is_found),
        cmocka_unit_test(a_host_with_other_settings_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
