/* What a running capture shows of itself: written by its threads in passing, read by the control socket. Any thread. */
#ifndef DRC_CAPTURE_STATUS_H
#define DRC_CAPTURE_STATUS_H

#include "common/link/notify.h"
#include "common/stream/builder.h"

struct status;

/* `heartbeat_ms`: how often it is said how far capture is behind; a time of several without a word counts as behind. */
struct status *status_new(const char *pair, const char *region, const char *topic, uint32_t heartbeat_ms);
void status_free(struct status **s);

/* The same, anew. */
void status_heartbeat_every(struct status *s, uint32_t heartbeat_ms);

/* What it is doing: the word that tools rely on (see common/link/control.h: "starting", "running", "waiting",
 * "retrying", "stopping"), and a phrase for people ("reading the topic back"). A change is logged. */
void status_state(struct status *s, const char *word, const char *phrase);
/* Is it at work, for systemd? */
enum notify_phase status_phase(struct status *s);
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

/* When a canary came back last, in µs since 1970; 0: none yet. And whether one is expected at all. */
void status_canary(struct status *s, uint64_t seen_us);
void status_expect_canary(struct status *s, bool expected);

/* Stages of heartbeats, in µs: the reader has come to where the source stood when it was asked; Kafka has acknowledged
 * one. And that the reader is behind, without an end of it yet. */
void status_captured(struct status *s, uint64_t us);
void status_acknowledged(struct status *s, uint64_t us);
void status_behind(struct status *s, uint64_t us);
/* How far the source's clock is ahead of ours, in µs. */
void status_skew(struct status *s, int64_t us);
/* How long topic (UINT64_MAX: for ever) and source (0: for ever) keep what they have. */
void status_topic(struct status *s, uint64_t retention_ms);
void status_binlogs(struct status *s, uint64_t retention_ms);

/* What an operator has changed since the start; outlives the status. */
struct reload;
void status_watch_reload(struct status *s, struct reload *reload);

/* One line for systemd: the state, the position, the lag, what is queued. */
void status_put_line(struct status *s, struct buf *out);
/* The answers of the control socket. */
void status_put_text(struct status *s, struct buf *out);
void status_put_json(struct status *s, struct buf *out); /* one line */

#endif
