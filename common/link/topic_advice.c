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
