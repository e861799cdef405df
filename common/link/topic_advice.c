/* What to tell an operator whose topic is not as the pair file wants it. */
#include "common/link/topic_advice.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/link/kafka.h"

/* One broker of the list is enough to begin with, and keeps the line short. */
void kafka_topic_alter(char out[KAFKA_COMMAND_SIZE], const struct kafka_config *kafka, const char *topic)
{
    (void)snprintf(
        out, KAFKA_COMMAND_SIZE,
        "kafka-configs.sh --bootstrap-server %.*s --entity-type topics --entity-name %s --alter --add-config ",
        (int)strcspn(kafka->bootstrap, ","), kafka->bootstrap, topic);
}

/* In the greatest unit that leaves at least one of it. */
static void put_duration(struct buf *out, uint64_t ms)
{
    static const struct {
        const char *name;
        uint64_t ms;
    } units[] = {
        {"d",  86400000},
        {"h",  3600000 },
        {"m",  60000   },
        {"s",  1000    },
        {"ms", 1       }
    };
    size_t i = 0;
    while (i < 4 && ms < units[i].ms)
        i++;
    buf_printf(out, "%" PRIu64 "%s", ms / units[i].ms, units[i].name);
}

void kafka_topic_put_advice(const struct kafka_topic_facts *facts, const struct kafka_config *kafka, const char *topic,
                            struct buf *out)
{
    bool short_time = facts->retention_ms < kafka->retention_ms;
    bool few_bytes = facts->retention_bytes != UINT64_MAX;
    char alter[KAFKA_COMMAND_SIZE];
    if (!facts->exists || (!short_time && !few_bytes))
        return;
    buf_printf(out, "topic %s keeps records ", topic);
    if (short_time) {
        buf_put_str(out, "for ");
        put_duration(out, facts->retention_ms);
    }
    if (few_bytes)
        buf_printf(out, "%sonly up to %" PRIu64 " bytes", short_time ? ", and " : "", facts->retention_bytes);
    buf_put_str(out, ", kafka.topic.retention asks for ");
    put_duration(out, kafka->retention_ms);
    kafka_topic_alter(alter, kafka, topic);
    buf_printf(out, ": a target that is away for longer than the topic remembers cannot go on. Run: %s", alter);
    if (short_time)
        buf_printf(out, "retention.ms=%" PRIu64, kafka->retention_ms);
    if (few_bytes)
        buf_printf(out, "%sretention.bytes=-1", short_time ? "," : "");
}

/* ---- what is wrong ---- */

struct judging {
    kafka_topic_fault_fn *each;
    void *context;
};

static void tell(const struct judging *j, const char *id, bool is_command, struct buf *what, struct buf *fix)
{
    const struct kafka_topic_fault fault = {id, buf_cstr(what), buf_cstr(fix), is_command};
    j->each(j->context, &fault);
    buf_free(what);
    buf_free(fix);
}

static void judge_shape(const struct judging *j, const struct kafka_topic_facts *f, const struct kafka_config *kafka,
                        const char *topic)
{
    struct buf what = {0}, fix = {0};
    if (f->partitions != 1) {
        buf_printf(&what, "topic %s has %d partitions, a stream needs exactly one", topic, f->partitions);
        buf_put_str(&fix, "use another topic, or recreate this one with --partitions 1 if nothing in it is needed");
        tell(j, "topic_partitions", false, &what, &fix);
    }
    if (f->replication < 0 || (uint32_t)f->replication < kafka->replication_factor) {
        buf_printf(&what, "topic %s is kept on %d broker%s, kafka.topic.replication_factor asks for %" PRIu32, topic,
                   f->replication, f->replication == 1 ? "" : "s", kafka->replication_factor);
        buf_put_str(&fix, "add replicas by kafka-reassign-partitions.sh (or say kafka.durability: single, if one "
                          "broker is what you have)");
        tell(j, "topic_replication", false, &what, &fix);
    }
}

void kafka_topic_judge(const struct kafka_topic_facts *facts, const struct kafka_config *kafka, const char *topic,
                       kafka_topic_fault_fn *each, void *context)
{
    const struct judging j = {each, context};
    struct buf what = {0}, fix = {0};
    char alter[KAFKA_COMMAND_SIZE];
    if (!facts->exists)
        return;
    kafka_topic_alter(alter, kafka, topic);
    judge_shape(&j, facts, kafka, topic);
    if (strcmp(facts->cleanup, "delete") != 0) {
        buf_printf(&what, "topic %s has cleanup.policy=%s, which loses records of a stream; it must be delete", topic,
                   facts->cleanup);
        buf_printf(&fix, "%scleanup.policy=delete", alter);
        tell(&j, "topic_cleanup", true, &what, &fix);
    }
    if (facts->min_insync < kafka->min_insync_replicas) {
        buf_printf(&what,
                   "topic %s has min.insync.replicas=%" PRIu32 ", kafka.topic.min_insync_replicas asks for %" PRIu32,
                   topic, facts->min_insync, kafka->min_insync_replicas);
        buf_printf(&fix, "%smin.insync.replicas=%" PRIu32, alter, kafka->min_insync_replicas);
        tell(&j, "topic_min_insync", true, &what, &fix);
    }
    if (!kafka->single && facts->unclean) {
        buf_printf(&what, "topic %s has unclean.leader.election.enable=true, which can lose acknowledged records",
                   topic);
        buf_printf(&fix, "%sunclean.leader.election.enable=false", alter);
        tell(&j, "topic_unclean", true, &what, &fix);
    }
}
