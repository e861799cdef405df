/* A region's topic: its shape, its settings, how long it remembers, who may write to it. */
#include "common/check/topics.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"
#include "common/link/kafka.h"

#define READ_MS 3000

struct looking {
    struct findings *out;
    const char *where;
};

static void tell_fault(void *context, const struct kafka_topic_fault *fault)
{
    const struct looking *l = context;
    check_found(l->out, fault->id, l->where, xstrdup(fault->what), xstrdup(fault->fix));
}

/* The advice is one phrase that ends in "…: why. Run: command". */
static void judge_retention(const struct looking *l, const struct kafka_topic_facts *facts,
                            const struct kafka_config *kafka, const char *topic)
{
    struct buf advice = {0};
    kafka_topic_put_advice(facts, kafka, topic, &advice);
    const char *text = buf_cstr(&advice);
    const char *reason = strstr(text, ": "), *run = strstr(text, ". Run: ");
    if (advice.len > 0 && reason && run)
        check_found(l->out, "topic_retention", l->where, xasprintf("%.*s", (int)(reason - text), text),
                    xstrdup(run + strlen(". Run: ")));
    buf_free(&advice);
}

/* ---- what the account may ---- */

/* "kafka-acls.sh --bootstrap-server … --add --allow-principal User:… --operation " */
static char *add_acl(const struct kafka_config *kafka)
{
    const char *user = "…";
    for (size_t i = 0; i < kafka->property_count; i++)
        if (strcmp(kafka->properties[i].name, "sasl.username") == 0)
            user = kafka->properties[i].value;
    return xasprintf("kafka-acls.sh --bootstrap-server %.*s --add --allow-principal User:%s --operation ",
                     (int)strcspn(kafka->bootstrap, ","), kafka->bootstrap, user);
}

static void tell_denied(const struct looking *l, const struct kafka_config *kafka, const char *topic,
                        const struct err *why)
{
    char *add = add_acl(kafka);
    bool login = kafka_login_refused(why);
    check_found(l->out, "kafka_denied", l->where, xstrdup(why->text),
                login ? xstrdup("mend sasl.username in kafka.properties, its password, or the account at the brokers")
                      : xasprintf("%sRead --operation Write --operation Create --operation DescribeConfigs --topic %s",
                                  add, topic));
    free(add);
}

static bool is_denied(const struct err *err)
{
    return err->class == ERR_FATAL && err->exit_code == EXIT_DENIED;
}

/* The last record, which is what capture and applier begin with; the rest may be asked without the right to read. */
static int read_last(const struct kafka_config *kafka, const char *topic, const struct kafka_topic_facts *facts,
                     struct err *err)
{
    struct kafka_reader *reader = NULL;
    struct kafka_record record;
    struct err why = {0};
    int rc = 0;
    if (facts->high <= facts->low)
        return 0;
    if (kafka_reader_open(&reader, kafka, topic, facts->high - 1, &why) ||
        kafka_reader_next(reader, &record, READ_MS, &why) < 0)
        rc =
            is_denied(&why) ? -1 : 0; /* the topic was there a moment ago: whatever else it is, it is not the account */
    kafka_reader_close(&reader);
    if (rc)
        *err = why;
    return rc;
}

/* librdkafka 2.0 tells an account that may not see ACLs as a list of none. */
static int judge_writers(const struct looking *l, const struct kafka_config *kafka, const char *topic, struct err *err)
{
    char why[200] = "";
    struct err found = {0};
    int guarded = kafka_topic_guarded(why, kafka, topic, &found);
    if (guarded == 0 || (guarded < 0 && is_denied(&found))) {
        char *add = add_acl(kafka);
        check_found(l->out, "topic_acl", l->where, xstrdup(guarded == 0 ? why : found.text),
                    xasprintf("authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer in each "
                              "broker's server.properties; then %sWrite --topic %s, and none for User:*; and so that "
                              "it can be seen: %sDescribe --cluster",
                              add, topic, add));
        free(add);
        return 0;
    }
    if (guarded < 0)
        *err = found;
    return guarded < 0 ? -1 : 0;
}

static int look_at(const struct looking *l, const struct kafka_config *kafka, const char *topic, struct err *err)
{
    struct kafka_topic_facts facts;
    if (kafka_topic_look(&facts, kafka, topic, err))
        return -1;
    if (!facts.exists)
        check_found(l->out, "topic_missing", l->where, xasprintf("topic %s is not there", topic),
                    xstrdup("none before capture's first start, which makes it; after that see docs/stops.md"));
    kafka_topic_judge(&facts, kafka, topic, tell_fault, (void *)l);
    judge_retention(l, &facts, kafka, topic);
    if (read_last(kafka, topic, &facts, err))
        return -1;
    return judge_writers(l, kafka, topic, err);
}

void check_topic(struct findings *out, const struct config *config, const struct region_config *region)
{
    const struct looking l = {out, region->name};
    struct err why = {0};
    char *topic = config_topic(config, region->name);
    if (look_at(&l, &region->kafka, topic, &why) != 0) {
        if (is_denied(&why))
            tell_denied(&l, &region->kafka, topic, &why);
        else
            check_found(out, "kafka_unreachable", region->name, xstrdup(why.text),
                        xstrdup(why.class == ERR_FATAL
                                    ? "mend kafka in the pair file"
                                    : "start the brokers, or mend kafka.bootstrap in the pair file"));
    }
    free(topic);
}
