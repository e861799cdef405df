/* The command by which an operator changes a setting of a topic, for messages. Private to this layer. */
#ifndef DRC_LINK_TOPIC_ADVICE_H
#define DRC_LINK_TOPIC_ADVICE_H

#include "common/link/config.h"

#define KAFKA_COMMAND_SIZE 500

/* "kafka-configs.sh --bootstrap-server k1:9092 … --add-config ", to be followed by name=value. */
void kafka_topic_alter(char out[KAFKA_COMMAND_SIZE], const struct kafka_config *kafka, const char *topic);

#endif
