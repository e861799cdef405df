/* Kafka as we use it: one topic, one partition, explicit offsets; librdkafka behind it.
 *
 * Readers never use consumer groups or stored offsets; auto.offset.reset is "error" and CRCs are checked. Writers are
 * idempotent, acks=all, without a message timeout of librdkafka's own. */
#ifndef DRC_LINK_KAFKA_H
#define DRC_LINK_KAFKA_H

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/span.h"
#include "common/base/stop.h"
#include "common/link/config.h"

/* Of an error with exit code 77 of any call here: is it the login that was refused, and not a question? Pure. */
bool kafka_login_refused(const struct err *err);

/* ---- topics ---- */

struct kafka_topic_facts {
    bool exists;
    int partitions;
    int replication;
    int64_t low;      /* first offset still there */
    int64_t high;     /* offset after the last record */
    size_t max_bytes; /* max.message.bytes: the greatest record, with Kafka's overhead */
    /* How long and how much is kept at least; UINT64_MAX: no limit. */
    uint64_t retention_ms;
    uint64_t retention_bytes;
    uint32_t min_insync;
    bool unclean;     /* a replica that lacks records may become the leader */
    char cleanup[32]; /* cleanup.policy */
};
/* Ask for all of it, whatever it is. A topic that is not there is no error. Broker not reachable: retry. */
MUST_CHECK int kafka_topic_look(struct kafka_topic_facts *out, const struct kafka_config *kafka, const char *topic,
                                struct err *err);
/* What of an existing topic is not as a stream needs it, each with an id that stays what it is ("topic_cleanup"), and
 * what mends it: a command, or words (`is_command` tells). Texts last for the call. Pure. */
struct kafka_topic_fault {
    const char *id;
    const char *what;
    const char *fix;
    bool is_command;
};
typedef void kafka_topic_fault_fn(void *context, const struct kafka_topic_fault *fault);
void kafka_topic_judge(const struct kafka_topic_facts *facts, const struct kafka_config *kafka, const char *topic,
                       kafka_topic_fault_fn *each, void *context);
/* Who may write to the topic: 1: somebody whom the brokers name, and nobody else; 0: everybody (`why` says how that
 * comes); -1: it could not be asked, also because the account may not (fatal 77). */
MUST_CHECK int kafka_topic_guarded(char why[200], const struct kafka_config *kafka, const char *topic, struct err *err);
/* Does it exist, and is it as a stream needs it (one partition, cleanup.policy=delete, replication and
 * min.insync.replicas, unclean election off)? What is wrong: fatal 78 with the command that mends it; broker not
 * reachable: retry. */
MUST_CHECK int kafka_topic_check(struct kafka_topic_facts *out, const struct kafka_config *kafka, const char *topic,
                                 struct err *err);
/* Append one phrase with the command that mends it when an existing topic keeps records for less time than
 * kafka.topic.retention says, or only so many bytes of them: against the operator's word, but no reason to stop. Pure.
 */
void kafka_topic_put_advice(const struct kafka_topic_facts *facts, const struct kafka_config *kafka, const char *topic,
                            struct buf *out);
/* Create it with the configured replication, retention and min.insync.replicas. Existing is success. */
MUST_CHECK int kafka_topic_create(const struct kafka_config *kafka, const char *topic, struct err *err);

/* Delete it, and wait until it is gone. Missing is success. */
MUST_CHECK int kafka_topic_delete(const struct kafka_config *kafka, const char *topic, struct err *err);

/* ---- reading ---- */

struct kafka_reader;

struct kafka_record {
    struct span value; /* valid until the next call on the reader */
    int64_t offset;
    int64_t timestamp_ms;
};

#define KAFKA_OFFSET_BEGINNING (-2)
#define KAFKA_OFFSET_END (-1) /* what comes from now on; for a reader that seeks before it reads */

/* From `offset` on; nothing is fetched before the first read. Out of range is told by kafka_reader_next (fatal 69,
 * err->code KAFKA_OUT_OF_RANGE). */
#define KAFKA_OUT_OF_RANGE 1
MUST_CHECK int kafka_reader_open(struct kafka_reader **out, const struct kafka_config *kafka, const char *topic,
                                 int64_t offset, struct err *err);
/* 1: a record; 0: none within timeout_ms; -1: error (retry: no broker reachable, topic gone, about which
 * kafka_topic_check knows more; fatal 69: out of range). After a retry error the reader may be used on: it reconnects
 * by itself. */
MUST_CHECK int kafka_reader_next(struct kafka_reader *r, struct kafka_record *out, int timeout_ms, struct err *err);
/* Low and high offsets as the broker says now. */
MUST_CHECK int kafka_reader_bounds(struct kafka_reader *r, int64_t *low, int64_t *high, struct err *err);
/* The first offset whose record was written at `time_ms` (since 1970) or later; the topic's end when there is none. */
MUST_CHECK int kafka_reader_offset_at(struct kafka_reader *r, int64_t *offset, int64_t time_ms, struct err *err);
/* Go on from another offset. */
MUST_CHECK int kafka_reader_seek(struct kafka_reader *r, int64_t offset, struct err *err);
/* Ask the broker for nothing more until the next read, which goes on from there. Else a poll for what comes next is
 * always under way, and a question about offsets, or a seek, waits for its end (100 ms). */
void kafka_reader_rest(struct kafka_reader *r);
void kafka_reader_close(struct kafka_reader **r);

/* ---- writing ---- */

struct kafka_writer;

struct kafka_header {
    const char *name;
    struct span value;
};

/* Called from kafka_writer_poll and kafka_writer_send only, in the order in which records were written: `offset` is -1
 * when the broker did not say. An error is final for the writer. */
typedef void kafka_ack_fn(void *context, int64_t offset, void *tag);

MUST_CHECK int kafka_writer_open(struct kafka_writer **out, const struct kafka_config *kafka, const char *topic,
                                 kafka_ack_fn *on_ack, void *context, struct err *err);
/* Copies the headers; the value's bytes must stay as they are until the ack, which brings `tag` back, or until
 * kafka_writer_close. 1: librdkafka's queue is full, also after acks were served for a moment: nothing was put, try
 * again. */
MUST_CHECK int kafka_writer_put(struct kafka_writer *w, struct span value, const struct kafka_header *headers,
                                size_t header_count, void *tag, struct err *err);
/* Serve acks: wait at most timeout_ms for some. -1: a fatal producer error or a failed delivery: close the writer, read
 * the tail again. */
MUST_CHECK int kafka_writer_poll(struct kafka_writer *w, int timeout_ms, struct err *err);
/* What was put goes on its way, and nothing does before; serve acks for at most timeout_ms, until nothing is in flight.
 * To be called again from time to time while acks are missing: what a lost connection gave back waits for it too, and
 * the first call is missed when its time ends before librdkafka's thread has had a turn. -1: as kafka_writer_poll. */
MUST_CHECK int kafka_writer_send(struct kafka_writer *w, int timeout_ms, struct err *err);
/* Put and not acknowledged, sent or not. */
size_t kafka_writer_in_flight(const struct kafka_writer *w);
/* The greatest value that topic and broker take (max.message.bytes), Kafka's overhead and some short headers taken off.
 * As of kafka_writer_open. */
size_t kafka_writer_max_bytes(const struct kafka_writer *w);
/* What librdkafka said last while records wait: for messages. */
const char *kafka_writer_trouble(const struct kafka_writer *w);
void kafka_writer_close(struct kafka_writer **w); /* what is in flight is abandoned */

#endif
