/* Who may write to a topic, as the brokers' ACLs say. */
#include <stdio.h>
#include <string.h>

#include "common/link/kafka.h"
#include "common/link/kafka_client.h"

#define WHAT "describing the topic's ACLs"

/* Every ACL that may matter for the topic, prefixed and wildcard ones too. */
static rd_kafka_AclBinding_t *filter_of(const char *topic)
{
    char text[200];
    return rd_kafka_AclBindingFilter_new(RD_KAFKA_RESOURCE_TOPIC, topic, RD_KAFKA_RESOURCE_PATTERN_MATCH, NULL, NULL,
                                         RD_KAFKA_ACL_OPERATION_ANY, RD_KAFKA_ACL_PERMISSION_TYPE_ANY, text,
                                         sizeof text);
}

static bool lets_write(const rd_kafka_AclBinding_t *acl)
{
    rd_kafka_AclOperation_t operation = rd_kafka_AclBinding_operation(acl);
    return rd_kafka_AclBinding_permission_type(acl) == RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW &&
           (operation == RD_KAFKA_ACL_OPERATION_WRITE || operation == RD_KAFKA_ACL_OPERATION_ALL);
}

/* librdkafka 2.0 tells brokers without an authorizer as a list of no ACLs. */
static int read_answer(char why[200], const struct kafka_client *client, rd_kafka_event_t *event, const char *topic,
                       struct err *err)
{
    size_t count = 0;
    if (!event)
        return kafka_error(client, err, RD_KAFKA_RESP_ERR__TIMED_OUT, WHAT, NULL);
    rd_kafka_resp_err_t code = rd_kafka_event_error(event);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR_SECURITY_DISABLED)
        return kafka_error(client, err, code, WHAT, rd_kafka_event_error_string(event));
    const rd_kafka_AclBinding_t **acls = NULL;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        acls = rd_kafka_DescribeAcls_result_acls(rd_kafka_event_DescribeAcls_result(event), &count);
    size_t writers = 0;
    for (size_t i = 0; i < count; i++) {
        writers += lets_write(acls[i]);
        if (lets_write(acls[i]) && strcmp(rd_kafka_AclBinding_principal(acls[i]), "User:*") == 0) {
            (void)snprintf(why, 200, "an ACL lets User:* write to topic %.120s", topic);
            return 0;
        }
    }
    if (writers == 0)
        (void)snprintf(why, 200, "no ACL says who may write to topic %.120s", topic);
    return writers > 0;
}

int kafka_topic_guarded(char why[200], const struct kafka_config *kafka, const char *topic, struct err *err)
{
    struct kafka_client client;
    struct kafka_client_options options = {.type = RD_KAFKA_CONSUMER};
    char text[200];
    if (kafka_client_open(&client, kafka, &options, err) != 0)
        return -1;
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client.rk);
    rd_kafka_AdminOptions_t *asked = rd_kafka_AdminOptions_new(client.rk, RD_KAFKA_ADMIN_OP_DESCRIBEACLS);
    rd_kafka_AdminOptions_set_request_timeout(asked, KAFKA_QUESTION_MS, text, sizeof text);
    rd_kafka_AclBinding_t *filter = filter_of(topic);
    rd_kafka_DescribeAcls(client.rk, filter, asked, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, KAFKA_QUESTION_MS + 500);
    int rc = read_answer(why, &client, event, topic, err);
    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_AclBinding_destroy(filter);
    rd_kafka_AdminOptions_destroy(asked);
    rd_kafka_queue_destroy(queue);
    kafka_client_close(&client);
    return rc;
}
