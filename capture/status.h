/* What a running capture shows of itself: written by its threads in passing, read by the control socket. Any thread. */
#ifndef DRC_CAPTURE_STATUS_H
#define DRC_CAPTURE_STATUS_H

#include "common/stream/builder.h"

struct status;

struct status *status_new(const char *pair, const char *region, const char *topic);
void status_free(struct status **s);

/* What it is doing: the word that tools rely on (see common/link/control.h: "starting", "running", "waiting",
 * "retrying", "stopping"), and a phrase for people ("reading the topic back"). A change is logged. */
void status_state(struct status *s, const char *word, const char *phrase);
/* The error that a session ended with; shown until another one. */
void status_error(struct status *s, const struct err *err);
/* A session has its place in the stream: everything up to `seq` is in the topic. */
void status_epoch(struct status *s, const uint8_t stream[STREAM_UUID_LEN], uint64_t epoch, uint64_t instance,
                  uint64_t seq);
/* From the reader, now and then: where it is. `place` is the binlog file and offset. */
void status_reader(struct status *s, const struct builder *b, const char *file, uint64_t offset, uint64_t ignored);
/* From the sender, now and then: what lies between reader and Kafka, and whether the reader waits for room there. */
void status_queue(struct status *s, size_t items, size_t bytes, bool held_back);
/* From the sender, now and then: what Kafka has. */
void status_sender(struct status *s, uint64_t acked_seq, uint64_t acked_records, int64_t offset, size_t in_flight);

/* When a canary came back last, in µs since 1970; 0: none yet. */
void status_canary(struct status *s, uint64_t seen_us);

/* One line for systemd: the state, the position, what is queued. */
void status_put_line(struct status *s, struct buf *out);
/* The answers of the control socket. */
void status_put_text(struct status *s, struct buf *out);
void status_put_json(struct status *s, struct buf *out); /* one line */

#endif
