/* What is told of a topic that forgets sooner than the pair file says. */
#include "common/link/kafka.h"
#include "tests/unit/cmocka_all.h"

#define DAY_MS 86400000u
#define NO_LIMIT UINT64_MAX
#define COMMAND                                                                                                        \
    ": a target that is away for longer than the topic remembers cannot go on. Run: kafka-configs.sh "                 \
    "--bootstrap-server k1:9092 --entity-type topics --entity-name drc.shop.eu --alter --add-config "

static void expect(uint64_t retention_ms, uint64_t retention_bytes, const char *advice)
{
    const struct kafka_config kafka = {.bootstrap = (char *)"k1:9092,k2:9092", .retention_ms = 7 * DAY_MS};
    const struct kafka_topic_facts facts = {
        .exists = true, .retention_ms = retention_ms, .retention_bytes = retention_bytes};
    struct buf out = {0};
    kafka_topic_put_advice(&facts, &kafka, "drc.shop.eu", &out);
    assert_string_equal(buf_cstr(&out), advice);
    buf_free(&out);
}

static void a_topic_that_keeps_what_it_should(void **state)
{
    (void)state;
    expect(7 * DAY_MS, NO_LIMIT, "");
    expect(INT64_MAX, NO_LIMIT, "");
    expect(NO_LIMIT, NO_LIMIT, "");
}

static void a_topic_that_forgets(void **state)
{
    (void)state;
    expect(3600000, NO_LIMIT,
           "topic drc.shop.eu keeps records for 1h, kafka.topic.retention asks for 7d" COMMAND
           "retention.ms=604800000");
    expect(0, NO_LIMIT,
           "topic drc.shop.eu keeps records for 0ms, kafka.topic.retention asks for 7d" COMMAND
           "retention.ms=604800000");
    expect(NO_LIMIT, 1000,
           "topic drc.shop.eu keeps records only up to 1000 bytes, kafka.topic.retention asks for 7d" COMMAND
           "retention.bytes=-1");
    expect(7 * DAY_MS - 1, 1000,
           "topic drc.shop.eu keeps records for 6d, and only up to 1000 bytes, kafka.topic.retention asks for "
           "7d" COMMAND "retention.ms=604800000,retention.bytes=-1");
}

static void a_topic_that_is_not_there(void **state)
{
    (void)state;
    const struct kafka_config kafka = {.bootstrap = (char *)"k1:9092", .retention_ms = DAY_MS};
    const struct kafka_topic_facts facts = {0};
    struct buf out = {0};
    kafka_topic_put_advice(&facts, &kafka, "drc.shop.eu", &out);
    assert_int_equal(out.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_topic_that_keeps_what_it_should),
        cmocka_unit_test(a_topic_that_forgets),
        cmocka_unit_test(a_topic_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
