/* Topics: is one as a stream needs it, and how it is made. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/link/kafka.h"
#include "common/link/kafka_client.h"
#include "common/link/topic_advice.h"

#define LEADER_WAIT_MS 3000 /* for a new topic's partition to have one */
#define GONE_WAIT_MS 15000  /* for a deleted one to go */

/* A consumer, because a producer's questions about a topic would make it. */
static int open_client(struct kafka_client *client, const struct kafka_config *kafka, struct err *err)
{
    struct kafka_client_options options = {.type = RD_KAFKA_CONSUMER};
    return kafka_client_open(client, kafka, &options, err);
}

/* Serves errors first, so that a time-out can be told with its cause. */
static int question_error(struct kafka_client *client, struct err *err, rd_kafka_resp_err_t code, const char *what)
{
    rd_kafka_poll(client->rk, 0);
    return kafka_error(client, err, code, what, NULL);
}

/* ---- settings ---- */

static void take_settings(const rd_kafka_ConfigResource_t *resource, struct kafka_topic_setting *settings, size_t count)
{
    size_t entry_count = 0;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &entry_count);
    for (size_t i = 0; i < entry_count; i++)
        for (size_t j = 0; j < count; j++) {
            const char *value = rd_kafka_ConfigEntry_value(entries[i]);
            if (value && strcmp(rd_kafka_ConfigEntry_name(entries[i]), settings[j].name) == 0)
                snprintf(settings[j].value, sizeof settings[j].value, "%s", value);
        }
}

static int read_settings(struct kafka_client *client, rd_kafka_event_t *event, struct kafka_topic_setting *settings,
                         size_t count, struct err *err)
{
    const char *what = "describing the topic's configuration";
    if (!event)
        return question_error(client, err, RD_KAFKA_RESP_ERR__TIMED_OUT, what);
    if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return kafka_error(client, err, rd_kafka_event_error(event), what, rd_kafka_event_error_string(event));
    size_t resource_count = 0;
    const rd_kafka_ConfigResource_t **resources =
        rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &resource_count);
    for (size_t i = 0; i < resource_count; i++) {
        rd_kafka_resp_err_t code = rd_kafka_ConfigResource_error(resources[i]);
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
            return kafka_error(client, err, code, what, rd_kafka_ConfigResource_error_string(resources[i]));
        take_settings(resources[i], settings, count);
    }
    return 0;
}

static rd_kafka_AdminOptions_t *admin_options(struct kafka_client *client, rd_kafka_admin_op_t op)
{
    char text[200];
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(client->rk, op);
    rd_kafka_AdminOptions_set_request_timeout(options, KAFKA_QUESTION_MS, text, sizeof text);
    return options;
}

int kafka_topic_settings(struct kafka_client *client, const char *topic, struct kafka_topic_setting *settings,
                         size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++)
        settings[i].value[0] = '\0';
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client->rk);
    rd_kafka_AdminOptions_t *options = admin_options(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
    rd_kafka_ConfigResource_t *resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    rd_kafka_DescribeConfigs(client->rk, &resource, 1, options, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, KAFKA_QUESTION_MS + 500);
    int rc = read_settings(client, event, settings, count, err);
    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_ConfigResource_destroy(resource);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    return rc;
}

/* ---- facts ---- */

/* Partitions, copies, and whether every partition has a leader. */
static int ask_shape(struct kafka_topic_facts *out, bool *led, struct kafka_client *client, const char *topic,
                     struct err *err)
{
    int rc = 0;
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(client->rk, topic, NULL);
    rd_kafka_resp_err_t code = rd_kafka_metadata(client->rk, 0, handle, &metadata, KAFKA_QUESTION_MS);
    *led = false;
    out->exists = false;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        rc = question_error(client, err, code, "asking for the topic");
        goto out;
    }
    if (metadata->topic_cnt != 1) {
        rc = err_retry(err, "kafka: asking for the topic %s: no answer about it", topic);
        goto out;
    }
    const rd_kafka_metadata_topic_t *t = &metadata->topics[0];
    if (t->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        goto out;
    if (t->err != RD_KAFKA_RESP_ERR_NO_ERROR && t->err != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) {
        rc = question_error(client, err, t->err, "asking for the topic");
        goto out;
    }
    out->exists = true;
    out->partitions = t->partition_cnt;
    out->replication = t->partition_cnt > 0 ? t->partitions[0].replica_cnt : 0;
    *led = t->err == RD_KAFKA_RESP_ERR_NO_ERROR && t->partition_cnt > 0;
    for (int i = 0; i < t->partition_cnt; i++)
        *led = *led && t->partitions[i].leader >= 0;
out:
    if (metadata)
        rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(handle);
    return rc;
}

static int ask_bounds(struct kafka_topic_facts *out, struct kafka_client *client, const char *topic, struct err *err)
{
    rd_kafka_resp_err_t code = kafka_ask_bounds(client, topic, &out->low, &out->high);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return question_error(client, err, code, "asking for the topic's offsets");
    return 0;
}

/* ---- is it as a stream needs it? ---- */

enum { CLEANUP, MIN_INSYNC, UNCLEAN, MAX_BYTES, RETENTION_MS, RETENTION_BYTES, SETTING_COUNT };

/* -1, and a name that the broker does not know, are no limit. */
static uint64_t read_limit(const char *value)
{
    return value[0] >= '0' && value[0] <= '9' ? strtoull(value, NULL, 10) : UINT64_MAX;
}

int kafka_topic_look(struct kafka_topic_facts *out, const struct kafka_config *kafka, const char *topic,
                     struct err *err)
{
    struct kafka_client client;
    struct kafka_topic_setting settings[SETTING_COUNT] = {
        [CLEANUP] = {.name = "cleanup.policy"},
        [MIN_INSYNC] = {.name = "min.insync.replicas"},
        [UNCLEAN] = {.name = "unclean.leader.election.enable"},
        [MAX_BYTES] = {.name = "max.message.bytes"},
        [RETENTION_MS] = {.name = "retention.ms"},
        [RETENTION_BYTES] = {.name = "retention.bytes"},
    };
    bool led;
    *out = (struct kafka_topic_facts){0};
    if (open_client(&client, kafka, err) != 0)
        return -1;
    int rc = ask_shape(out, &led, &client, topic, err);
    if (rc != 0 || !out->exists)
        goto out;
    rc = kafka_topic_settings(&client, topic, settings, SETTING_COUNT, err);
    if (rc == 0)
        rc = ask_bounds(out, &client, topic, err);
    out->max_bytes = strtoul(settings[MAX_BYTES].value, NULL, 10);
    out->retention_ms = read_limit(settings[RETENTION_MS].value);
    out->retention_bytes = read_limit(settings[RETENTION_BYTES].value);
    out->min_insync = (uint32_t)strtoul(settings[MIN_INSYNC].value, NULL, 10);
    out->unclean = strcmp(settings[UNCLEAN].value, "true") == 0;
    snprintf(out->cleanup, sizeof out->cleanup, "%.*s", (int)sizeof out->cleanup - 1, settings[CLEANUP].value);
out:
    kafka_client_close(&client);
    return rc;
}

/* The first is the one that is told. */
static void keep_first(void *context, const struct kafka_topic_fault *fault)
{
    struct err *err = context;
    if (err->class == ERR_NONE)
        (void)err_fatal(err, EXIT_BAD_CONFIG, "%s%s%s", fault->what, fault->is_command ? ". Run: " : ": ", fault->fix);
}

int kafka_topic_check(struct kafka_topic_facts *out, const struct kafka_config *kafka, const char *topic,
                      struct err *err)
{
    struct err found = {0};
    if (kafka_topic_look(out, kafka, topic, err) != 0)
        return -1;
    kafka_topic_judge(out, kafka, topic, keep_first, &found);
    if (found.class == ERR_NONE)
        return 0;
    if (err)
        *err = found;
    return -1;
}

/* ---- making one ---- */

/* A record holds at least one row, and an update both its images: those of a server's default max_allowed_packet pass,
 * and a broker's default limit of a request (100 MB) is far. */
#define NEW_MAX_BYTES "41943040"

static rd_kafka_NewTopic_t *describe_new(const struct kafka_config *kafka, const char *topic, struct err *err)
{
    char text[200];
    rd_kafka_NewTopic_t *t = rd_kafka_NewTopic_new(topic, 1, (int)kafka->replication_factor, text, sizeof text);
    if (!t) {
        err_fatal(err, EXIT_BAD_CONFIG, "kafka: topic %s cannot be made: %s", topic, text);
        return NULL;
    }
    char *retention = xasprintf("%llu", (unsigned long long)kafka->retention_ms);
    char *insync = xasprintf("%u", kafka->min_insync_replicas);
    rd_kafka_NewTopic_set_config(t, "cleanup.policy", "delete");
    rd_kafka_NewTopic_set_config(t, "retention.ms", retention);
    rd_kafka_NewTopic_set_config(t, "retention.bytes", "-1");
    rd_kafka_NewTopic_set_config(t, "max.message.bytes", NEW_MAX_BYTES);
    rd_kafka_NewTopic_set_config(t, "min.insync.replicas", insync);
    rd_kafka_NewTopic_set_config(t, "unclean.leader.election.enable", "false");
    free(retention);
    free(insync);
    return t;
}

/* The broker's answer as a whole: NULL and other errors of the question. */
static int check_answer(struct kafka_client *client, rd_kafka_event_t *event, const char *what, struct err *err)
{
    if (!event)
        return question_error(client, err, RD_KAFKA_RESP_ERR__TIMED_OUT, what);
    if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return kafka_error(client, err, rd_kafka_event_error(event), what, rd_kafka_event_error_string(event));
    return 0;
}

/* What it says of each topic; `done` is the error that says that there was nothing to do. */
static int check_results(struct kafka_client *client, const rd_kafka_topic_result_t **results, size_t count,
                         rd_kafka_resp_err_t done, const char *what, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[i]);
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != done)
            return kafka_error(client, err, code, what, rd_kafka_topic_result_error_string(results[i]));
    }
    return 0;
}

/* Too few brokers now may be a broker that is still starting: worth another try, its text says what is the matter. */
static int read_created(struct kafka_client *client, rd_kafka_event_t *event, struct err *err)
{
    const char *what = "making the topic";
    size_t count = 0;
    if (check_answer(client, event, what, err) != 0)
        return -1;
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    return check_results(client, results, count, RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS, what, err);
}

static int wait_for_leader(struct kafka_client *client, const char *topic, struct err *err)
{
    uint64_t deadline = clock_mono_ms() + LEADER_WAIT_MS;
    struct kafka_topic_facts facts = {0};
    bool led = false;
    for (;;) {
        if (ask_shape(&facts, &led, client, topic, err) != 0)
            return -1;
        if (led)
            return 0;
        if (clock_mono_ms() > deadline)
            return err_retry(err, "kafka: the new topic %s has no leader yet", topic);
        clock_sleep_ms(50);
    }
}

int kafka_topic_create(const struct kafka_config *kafka, const char *topic, struct err *err)
{
    struct kafka_client client;
    if (open_client(&client, kafka, err) != 0)
        return -1;
    int rc = -1;
    rd_kafka_NewTopic_t *t = describe_new(kafka, topic, err);
    if (!t)
        goto out;
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client.rk);
    rd_kafka_AdminOptions_t *options = admin_options(&client, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_CreateTopics(client.rk, &t, 1, options, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, KAFKA_QUESTION_MS + 500);
    rc = read_created(&client, event, err);
    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    rd_kafka_NewTopic_destroy(t);
    if (rc == 0)
        rc = wait_for_leader(&client, topic, err);
out:
    kafka_client_close(&client);
    return rc;
}

/* ---- deleting one ---- */

static int read_deleted(struct kafka_client *client, rd_kafka_event_t *event, struct err *err)
{
    const char *what = "deleting the topic";
    size_t count = 0;
    if (check_answer(client, event, what, err) != 0)
        return -1;
    const rd_kafka_topic_result_t **results =
        rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &count);
    return check_results(client, results, count, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, what, err);
}

static int wait_until_gone(struct kafka_client *client, const char *topic, struct err *err)
{
    uint64_t deadline = clock_mono_ms() + GONE_WAIT_MS;
    struct kafka_topic_facts facts = {0};
    bool led = false;
    do {
        if (ask_shape(&facts, &led, client, topic, err) != 0)
            return -1;
        if (!facts.exists)
            return 0;
        clock_sleep_ms(100);
    } while (clock_mono_ms() < deadline);
    return err_retry(err, "kafka: topic %s is still there after it was deleted", topic);
}

int kafka_topic_delete(const struct kafka_config *kafka, const char *topic, struct err *err)
{
    struct kafka_client client;
    if (open_client(&client, kafka, err) != 0)
        return -1;
    rd_kafka_DeleteTopic_t *t = rd_kafka_DeleteTopic_new(topic);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client.rk);
    rd_kafka_AdminOptions_t *options = admin_options(&client, RD_KAFKA_ADMIN_OP_DELETETOPICS);
    rd_kafka_DeleteTopics(client.rk, &t, 1, options, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, KAFKA_QUESTION_MS + 500);
    int rc = read_deleted(&client, event, err);
    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    rd_kafka_DeleteTopic_destroy(t);
    if (rc == 0)
        rc = wait_until_gone(&client, topic, err);
    kafka_client_close(&client);
    return rc;
}
