/* A region's topic: its shape, its settings, how long it remembers, who may write to it. */
#include "common/check/topics.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"
#include "common/link/kafka.h"

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

static int look_at(const struct looking *l, const struct kafka_config *kafka, const char *topic, struct err *err)
{
    struct kafka_topic_facts facts;
    char why[200] = "";
    if (kafka_topic_look(&facts, kafka, topic, err))
        return -1;
    if (!facts.exists)
        check_found(l->out, "topic_missing", l->where, xasprintf("topic %s is not there", topic),
                    xstrdup("none before capture's first start, which makes it; after that see docs/stops.md"));
    kafka_topic_judge(&facts, kafka, topic, tell_fault, (void *)l);
    judge_retention(l, &facts, kafka, topic);
    int guarded = kafka_topic_guarded(why, kafka, topic, err);
    if (guarded == 0)
        check_found(l->out, "topic_acl", l->where, xstrdup(why),
                    xasprintf("authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer in each "
                              "broker's server.properties; then kafka-acls.sh --bootstrap-server %.*s --add --producer "
                              "--topic %s --allow-principal User:… for the daemons' account, and none for User:*",
                              (int)strcspn(kafka->bootstrap, ","), kafka->bootstrap, topic));
    return guarded < 0 ? -1 : 0;
}

int check_topic(struct findings *out, const struct config *config, const struct region_config *region, struct err *err)
{
    const struct looking l = {out, region->name};
    struct err found = {0};
    char *topic = config_topic(config, region->name);
    int rc = look_at(&l, &region->kafka, topic, &found);
    free(topic);
    if (rc == 0)
        return 0;
    if (found.class == ERR_FATAL && found.exit_code != EXIT_DENIED) {
        *err = found;
        return -1;
    }
    check_found(out, found.class == ERR_FATAL ? "kafka_denied" : "kafka_unreachable", region->name, xstrdup(found.text),
                xstrdup(found.class == ERR_FATAL ? "mend the account of kafka.properties, or its ACLs"
                                                 : "start the brokers, or mend kafka.bootstrap in the pair file"));
    return 0;
}
