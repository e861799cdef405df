/* Making a librdkafka handle from the pair file's cluster, and giving its errors a class. */
#include "common/link/kafka_client.h"

#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/clock.h"
#include "common/base/log.h"

/* Each client has these. */
static const struct kafka_setting common_settings[] = {
    {"client.id",                "drc",   false},
    {"reconnect.backoff.ms",     "50",    false},
    {"reconnect.backoff.max.ms", "1000",  false},
    {"log.connection.close",     "false", false},
    {NULL,                       NULL,    false},
};

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    (void)rk;
    if (level <= 3)
        log_event(MSG_KAFKA_CLIENT, log_str("facility", facility), log_detail(text));
    else
        log_debug("kafka: %s: %s", facility, text);
}

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
    (void)rk;
    struct kafka_client *client = opaque;
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        client->down = true;
        return; /* the reason is in the error before this one */
    }
    client->last = (rd_kafka_resp_err_t)code;
    snprintf(client->last_text, sizeof client->last_text, "%s", reason);
}

/* librdkafka's own text tells that a certificate is refused, not why. */
static int on_certificate(rd_kafka_t *rk, const char *broker, int32_t broker_id, int *x509_error, int depth,
                          const char *certificate, size_t size, char *text, size_t text_size, void *opaque)
{
    (void)rk, (void)broker, (void)broker_id, (void)depth, (void)certificate, (void)size;
    struct kafka_client *client = opaque;
    if (*x509_error == X509_V_OK)
        return 1;
    atomic_store(&client->certificate, *x509_error);
    (void)snprintf(text, text_size, "%s", X509_verify_cert_error_string(*x509_error));
    return 0;
}

static bool is_secret(const char *name)
{
    return strstr(name, "password") || strstr(name, "secret") || strstr(name, "pem") || strstr(name, "sasl.");
}

static bool is_fixed(const struct kafka_setting *settings, const char *name)
{
    for (; settings && settings->name; settings++)
        if (settings->fixed && strcmp(settings->name, name) == 0)
            return true;
    return false;
}

static int set_own(rd_kafka_conf_t *conf, const struct kafka_setting *settings, struct err *err)
{
    char text[300];
    for (; settings && settings->name; settings++)
        if (settings->value &&
            rd_kafka_conf_set(conf, settings->name, settings->value, text, sizeof text) != RD_KAFKA_CONF_OK)
            return err_fatal(err, EXIT_BUG, "librdkafka refuses %s=%s: %s", settings->name, settings->value, text);
    return 0;
}

static int set_property(rd_kafka_conf_t *conf, const struct kafka_client_options *options, const struct property *p,
                        struct err *err)
{
    char text[300];
    if (is_fixed(options->settings, p->name))
        return err_fatal(err, EXIT_BAD_CONFIG, "kafka.properties: %s is set by drc itself, remove it", p->name);
    rd_kafka_conf_res_t rc = rd_kafka_conf_set(conf, p->name, p->value, text, sizeof text);
    if (rc == RD_KAFKA_CONF_UNKNOWN)
        return err_fatal(err, EXIT_BAD_CONFIG, "kafka.properties: librdkafka %s knows no property %s",
                         rd_kafka_version_str(), p->name);
    if (rc != RD_KAFKA_CONF_OK)
        return err_fatal(err, EXIT_BAD_CONFIG, "kafka.properties: librdkafka refuses the value of %s%s%s", p->name,
                         is_secret(p->name) ? "" : ": ", is_secret(p->name) ? "" : text);
    return 0;
}

int kafka_client_open(struct kafka_client *client, const struct kafka_config *kafka,
                      const struct kafka_client_options *options, struct err *err)
{
    char text[300];
    *client = (struct kafka_client){0};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (rd_kafka_conf_set(conf, "bootstrap.servers", kafka->bootstrap, text, sizeof text) != RD_KAFKA_CONF_OK) {
        err_fatal(err, EXIT_BAD_CONFIG, "kafka.bootstrap: %s", text);
        goto fail;
    }
    if (set_own(conf, common_settings, err) != 0 || set_own(conf, options->settings, err) != 0)
        goto fail;
    for (size_t i = 0; i < kafka->property_count; i++)
        if (set_property(conf, options, &kafka->properties[i], err) != 0)
            goto fail;
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_ssl_cert_verify_cb(conf, on_certificate);
    rd_kafka_conf_set_opaque(conf, client);
    if (options->on_delivery)
        rd_kafka_conf_set_dr_msg_cb(conf, options->on_delivery);
    client->rk = rd_kafka_new(options->type, conf, text, sizeof text);
    if (!client->rk) { /* the configuration stays ours then */
        err_fatal(err, EXIT_BAD_CONFIG, "kafka: %s", text);
        goto fail;
    }
    return 0;
fail:
    rd_kafka_conf_destroy(conf);
    return -1;
}

void kafka_client_close(struct kafka_client *client)
{
    if (client->rk)
        rd_kafka_destroy(client->rk);
    client->rk = NULL;
}

/* Codes that trying again does not mend. */
static const struct {
    rd_kafka_resp_err_t code;
    enum exit_code exit_code;
} final_errors[] = {
    {RD_KAFKA_RESP_ERR__AUTHENTICATION,              EXIT_DENIED    },
    {RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED,   EXIT_DENIED    },
    {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,   EXIT_DENIED    },
    {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, EXIT_DENIED    },
    {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,   EXIT_DENIED    },
    {RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM,   EXIT_BAD_CONFIG},
    {RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION,              EXIT_BAD_CONFIG},
    {RD_KAFKA_RESP_ERR_INVALID_CONFIG,               EXIT_BAD_CONFIG},
    {RD_KAFKA_RESP_ERR_POLICY_VIOLATION,             EXIT_BAD_CONFIG},
    {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,           EXIT_BAD_CONFIG},
    {RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE,        EXIT_BAD_CONFIG},
    {RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION,          EXIT_BAD_CONFIG},
    {RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE,         EXIT_BAD_CONFIG},
};

#define SCRAM_AS_KAFKA_4_WANTS_IT 0x02060100 /* librdkafka's issue 4895 */

static int settle(const struct kafka_client *client, struct err *err, rd_kafka_resp_err_t code, const char *what,
                  const char *text)
{
    int certificate = client ? atomic_load(&client->certificate) : X509_V_OK;
    if (code == RD_KAFKA_RESP_ERR__SSL && certificate != X509_V_OK)
        return err_fatal(err, EXIT_BAD_CONFIG, "kafka: %s: the broker's certificate is refused: %s; %s", what,
                         X509_verify_cert_error_string(certificate), text);
    if (strstr(text, "SSL routines") && (strstr(text, "certificate") || strstr(text, "unknown ca"))) {
        (void)err_fatal(err, EXIT_BAD_CONFIG, "kafka: %s: %s", what, text);
        return err_hint(err, "the broker refuses our certificate, or wants one: see ssl.certificate.location and "
                             "ssl.key.location in kafka.properties");
    }
    for (size_t i = 0; i < sizeof final_errors / sizeof *final_errors; i++)
        if (final_errors[i].code == code)
            return err_fatal(err, final_errors[i].exit_code, "kafka: %s: %s", what, text);
    return err_retry(err, "kafka: %s: %s", what, text);
}

bool kafka_login_refused(const struct err *err)
{
    return err->code == RD_KAFKA_RESP_ERR__AUTHENTICATION || err->code == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED;
}

int kafka_error(const struct kafka_client *client, struct err *err, rd_kafka_resp_err_t code, const char *what,
                const char *detail)
{
    const char *text = detail && *detail ? detail : rd_kafka_err2str(code);
    /* "Timed out" says nothing where librdkafka has told why it cannot connect. */
    bool unreachable = code == RD_KAFKA_RESP_ERR__TIMED_OUT || code == RD_KAFKA_RESP_ERR__TRANSPORT ||
                       code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
    if (client && unreachable && client->last != RD_KAFKA_RESP_ERR_NO_ERROR) {
        code = client->last;
        text = client->last_text;
    }
    int rc = settle(client, err, code, what, text);
    if (strstr(text, "SCRAM") && rd_kafka_version() < SCRAM_AS_KAFKA_4_WANTS_IT)
        (void)err_hint(err,
                       "if the password is right and the broker's release is 4.0 or later: librdkafka %s does not do "
                       "SCRAM as it wants it, 2.6.1 and later do",
                       rd_kafka_version_str());
    if (err)
        err->code = code;
    return rc;
}

/* ---- questions to the leader ---- */

#define PARTITION 0
#define ASK_AGAIN_MS 100

/* Nobody leads the partition right now, or another one than librdkafka knows of. */
static bool is_moving(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE || code == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
           code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || code == RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH ||
           code == RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH || code == RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE;
}

/* True, after a while, if the question is to be asked again. */
static bool again(rd_kafka_resp_err_t code, uint64_t deadline)
{
    if (!is_moving(code) || clock_mono_ms() + ASK_AGAIN_MS >= deadline)
        return false;
    clock_sleep_ms(ASK_AGAIN_MS);
    return true;
}

rd_kafka_resp_err_t kafka_ask_bounds(struct kafka_client *client, const char *topic, int64_t *low, int64_t *high)
{
    rd_kafka_resp_err_t code;
    uint64_t deadline = clock_mono_ms() + KAFKA_QUESTION_MS;
    do
        code = rd_kafka_query_watermark_offsets(client->rk, topic, PARTITION, low, high, KAFKA_QUESTION_MS);
    while (again(code, deadline));
    return code;
}

rd_kafka_resp_err_t kafka_ask_offset_at(struct kafka_client *client, const char *topic, int64_t time_ms,
                                        int64_t *offset)
{
    rd_kafka_resp_err_t code;
    uint64_t deadline = clock_mono_ms() + KAFKA_QUESTION_MS;
    rd_kafka_topic_partition_list_t *question = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *partition = rd_kafka_topic_partition_list_add(question, topic, PARTITION);
    do {
        partition->offset = time_ms; /* and the answer comes in its place */
        code = rd_kafka_offsets_for_times(client->rk, question, KAFKA_QUESTION_MS);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
            code = partition->err;
    } while (again(code, deadline));
    *offset = partition->offset;
    rd_kafka_topic_partition_list_destroy(question);
    return code;
}
