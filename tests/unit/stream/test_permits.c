/* What the builder does about rows without column names, by permits and without, and about GTIDs nobody reckons with.
 */
#include "tests/unit/cmocka_all.h"

#include "common/model/permit.h"
#include "tests/unit/stream/builder_kit.h"

static struct table_def *nameless(struct kit *k, const struct table_def *t)
{
    struct table_def *copy = table_def_copy(t, &k->arena);
    copy->nameless = true;
    copy->columns[0].name = span_str("@1");
    copy->columns[1].name = span_str("@2");
    return copy;
}

/* The kit's builder anew, with permits in the stream's newest resume record. */
static void permit(struct kit *k, const struct permits *p)
{
    struct stream state = {.epoch = 1, .instance = 77, .based = true, .seq = k->reader.seq, .chain = k->reader.chain};
    memcpy(state.uuid, k->reader.uuid, sizeof state.uuid);
    state.gtid = k->reader.gtid;
    position_copy(&state.position, &k->reader.position);
    position_copy(&state.before, &k->reader.position);
    permits_put(p, &state.permits);
    kit_builder(k, &state, false);
    stream_free(&state);
}

static struct position until(uint64_t seq)
{
    struct position p = {0};
    const struct gtid g = {
        .flavor = FLAVOR_MARIADB, .maria = {0, 1, seq}
    };
    position_add(&p, &g);
    return p;
}

static int insert_nameless(struct kit *k, uint64_t gtid_seq, const struct table_def *t, struct err *err)
{
    struct buf images = {0};
    kit_image(&images, 1, 5);
    kit_ok(k, kit_begin(gtid_seq));
    int rc = kit_item(k, kit_rows(t, ROWS_INSERT, buf_span(&images), 1), err);
    if (rc == 0)
        kit_ok(k, kit_end(ITEM_COMMIT));
    buf_free(&images);
    return rc;
}

static void names_are_missed_only_where_rows_are_published(void **state)
{
    (void)state;
    struct kit k = {0};
    struct err err = {0};
    struct buf images = {0};
    kit_open(&k);
    assert_int_equal(insert_nameless(&k, 10, nameless(&k, k.other), &err), 0); /* filtered */
    kit_ok(&k, kit_begin(11));                                                 /* replayed */
    kit_ok(&k, kit_mark(&k, &images, 'B', 5));
    buf_clear(&images);
    kit_image(&images, 1, 5);
    kit_ok(&k, kit_rows(nameless(&k, k.orders), ROWS_INSERT, buf_span(&images), 1));
    kit_ok(&k, kit_end(ITEM_COMMIT));
    assert_int_equal(builder_counts(k.builder)->replayed, 1);
    assert_int_equal(insert_nameless(&k, 12, nameless(&k, k.orders), &err), -1);
    assert_int_equal(err.exit_code, EXIT_UNSAFE);
    assert_non_null(strstr(err.text, "binlog.000001:4711: table shop.orders: the binlog lacks its column names"));
    assert_non_null(strstr(err.text, "drcctl stream accept-definition --region eu --table shop.orders --why TEXT"));
    buf_free(&images);
    kit_close(&k);
}

static void an_accepted_definition_is_published_until_it_is_passed(void **state)
{
    (void)state;
    struct kit k = {0};
    struct err err = {0};
    struct permits p = {0};
    struct position eleven = until(11);
    struct table_cache cache = {0};
    struct arena arena = {0};
    struct body_reader body;
    struct rows rows;
    kit_open(&k);
    const struct table_def *t = nameless(&k, k.orders);
    permits_add_definition(&p, k.orders, &eleven);
    permit(&k, &p);
    assert_int_equal(insert_nameless(&k, 10, t, &err), 0);
    struct record rec = kit_record(&k, k.count - 1);
    body_open(&body, rec.body, &cache, &arena);
    assert_int_equal(body_next(&body, &rows, &err), 1);
    assert_true(span_is(rows.table->columns[0].name, "id") && span_is(rows.table->columns[1].name, "note"));

    assert_int_equal(builder_renew(k.builder, 5, &err), 0); /* the next epoch's resume record repeats it */
    assert_true(kit_record(&k, k.count - 1).permits.n > 0);
    assert_int_equal(insert_nameless(&k, 11, t, &err), 0);
    assert_int_equal(insert_nameless(&k, 12, t, &err), -1);
    assert_null(strstr(err.text, "was accepted"));
    table_cache_free(&cache);
    arena_free(&arena);
    permits_free(&p);
    position_free(&eleven);
    kit_close(&k);
}

static void a_definition_that_does_not_fit_is_none(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct kit k = {0};
        struct err err = {0};
        struct permits p = {0};
        struct position far = until(1000);
        kit_open(&k);
        struct table_def *other = table_def_copy(k.orders, &k.arena);
        other->columns[1].meta = i == 0 ? 19999 : other->columns[1].meta;
        other->columns[1].collation = i == 1 ? 46 : other->columns[1].collation;
        other->columns[0].is_unsigned = i == 2;
        other->column_count = i == 3 ? 1 : 2;
        table_def_seal(other, &k.arena);
        permits_add_definition(&p, other, &far);
        permit(&k, &p);
        assert_int_equal(insert_nameless(&k, 10, nameless(&k, k.orders), &err), -1);
        assert_non_null(strstr(err.text, "a definition was accepted, but count or types of its columns are others"));
        permits_free(&p);
        position_free(&far);
        kit_close(&k);
    }
}

static void domains_that_are_not_listed_stop(void **state)
{
    (void)state;
    struct kit k = {0};
    struct err err = {0};
    char *domains[] = {"3", "5"};
    kit_open(&k);
    k.expects = (struct builder_expects){.domains = domains, .domain_count = 2};
    struct permits none = {0};
    permit(&k, &none);
    struct item item = kit_begin(10);
    item.begin.group.gtid.maria.domain = 5;
    kit_ok(&k, item);
    kit_ok(&k, kit_end(ITEM_COMMIT));
    assert_int_equal(kit_item(&k, kit_begin(10), &err), -1);
    assert_non_null(strstr(err.text, "GTID 0-1-10 is of domain 0, which regions.eu.gtid_domains does not list"));
    assert_int_equal(err.exit_code, EXIT_UNSAFE);
    kit_close(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_missed_only_where_rows_are_published),
        cmocka_unit_test(an_accepted_definition_is_published_until_it_is_passed),
        cmocka_unit_test(a_definition_that_does_not_fit_is_none),
        cmocka_unit_test(domains_that_are_not_listed_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
