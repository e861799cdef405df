/* What topic, reader and writer share of librdkafka: configuration, errors, logs. Private to the Kafka files of this
 * layer.
 *
 * A client belongs to one thread; its errors are served by whoever polls. librdkafka's own threads call into our code
 * at one place only: to say what is wrong with a broker's certificate. */
#ifndef DRC_LINK_KAFKA_CLIENT_H
#define DRC_LINK_KAFKA_CLIENT_H

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>

#include "common/base/err.h"
#include "common/link/config.h"

/* How long one question to the cluster may take: below the time that a daemon has to stop. */
#define KAFKA_QUESTION_MS 4000

struct kafka_setting {
    const char *name;
    const char *value; /* NULL: not set by us */
    bool
        fixed; /* the stream's safety rests on it: refused among the operator's properties, who may override the rest */
};

struct kafka_client {
    rd_kafka_t *rk;
    void *owner; /* the reader or writer that it is part of; set by that one after opening */
    bool down;   /* no broker could be reached since the last success */
    rd_kafka_resp_err_t last;
    char last_text[300];    /* what librdkafka said of it */
    atomic_int certificate; /* X509_V_ERR_… of the last broker's certificate that was refused; 0: none */
};

/* What kafka_client_open sets besides properties and settings. */
struct kafka_client_options {
    rd_kafka_type_t type;
    const struct kafka_setting *settings; /* ends with a NULL name */
    /* Producers: called from rd_kafka_poll with the client. */
    void (*on_delivery)(rd_kafka_t *rk, const rd_kafka_message_t *message, void *client);
};

/* Make the handle; connecting happens later, by itself. Fatal (78) for a property that librdkafka does not know, a
 * value that it refuses, or a property that is ours to set. `client` must stay where it is until it is closed. */
MUST_CHECK int kafka_client_open(struct kafka_client *client, const struct kafka_config *kafka,
                                 const struct kafka_client_options *options, struct err *err);
void kafka_client_close(struct kafka_client *client);

/* Fill err for one of librdkafka's codes with the right class: authentication and authorisation: fatal 77; what only
 * other settings mend: fatal 78; the rest: retry. `detail` may be NULL. Returns -1. */
int kafka_error(const struct kafka_client *client, struct err *err, rd_kafka_resp_err_t code, const char *what,
                const char *detail);

/* Ask the leader of the topic's only partition for the first offset that is there and the one that comes next. Asked
 * again while the leader is moving: for KAFKA_QUESTION_MS, as long as an answer may take. */
MUST_CHECK rd_kafka_resp_err_t kafka_ask_bounds(struct kafka_client *client, const char *topic, int64_t *low,
                                                int64_t *high);
/* The same for the offset of the first record that is not before `time_ms`; below zero: there is none. */
MUST_CHECK rd_kafka_resp_err_t kafka_ask_offset_at(struct kafka_client *client, const char *topic, int64_t time_ms,
                                                   int64_t *offset);

/* Ask the cluster for settings of a topic, its defaults included. A value is empty when the broker does not know the
 * name. */
struct kafka_topic_setting {
    const char *name;
    char value[64];
};
MUST_CHECK int kafka_topic_settings(struct kafka_client *client, const char *topic,
                                    struct kafka_topic_setting *settings, size_t count, struct err *err);

#endif
