/* drcctl events --topic: the records of a topic, judged as every reader judges them. */
#ifndef DRC_CTL_EVENTS_TOPIC_H
#define DRC_CTL_EVENTS_TOPIC_H

#include "common/link/kafka.h"
#include "ctl/events.h"

/* Print from options->from to the end as it is now, or on and on. */
MUST_CHECK int events_print_topic(struct events_printer *p, struct kafka_reader *reader, struct err *err);

#endif
