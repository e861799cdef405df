/* What the applier tells about itself: kept by its threads, asked for through the control socket. Any thread. */
#ifndef DRC_APPLIER_STATUS_H
#define DRC_APPLIER_STATUS_H

#include "applier/sink.h"
#include "common/link/notify.h"
#include "common/model/stream.h"

enum link_state {
    LINK_STARTING,
    LINK_RUNNING,
    LINK_WAITING,   /* for something that the operator has to mend */
    LINK_RETRYING,  /* what the world may mend */
    LINK_THROTTLED, /* the target can take no more for a while */
    LINK_PAUSED,    /* by an operator, until he says resume */
    LINK_STOPPING,
};

struct status;

/* `heartbeat_ms`: how often the stream says where it stands; a time of several without a word counts as lag. */
struct status *status_new(const char *pair, const char *from, const char *to, uint32_t heartbeat_ms);
void status_free(struct status **s);

/* The same, anew. */
void status_heartbeat_every(struct status *s, uint32_t heartbeat_ms);

/* A change is logged with its cause (NULL: none); the same state and cause again is not. */
void status_set(struct status *s, enum link_state state, const char *cause);
/* The same for an ERR_RETRY: waiting where it is the operator that has to mend it (rows_writer.h), else retrying. */
void status_set_retry(struct status *s, const struct err *err);
/* Back to running if it is `from`: when what was waited for has come. */
void status_resume(struct status *s, enum link_state from);

/* By the intake: it has its place in the topic. */
void status_reads(struct status *s);
/* Is it at work, for systemd? */
enum notify_phase status_phase(struct status *s);

/* By the intake: what it has read. `offset`: of the record last read. */
void status_read(struct status *s, const struct stream *stream, int64_t offset);
/* By the intake: a heartbeat that counts, and when it was given to Kafka (by its writer's clock). */
void status_heartbeat(struct status *s, const struct record *beat, int64_t put_ms);
/* By the intake: XA transactions that are prepared at the source and undecided. */
void status_held(struct status *s, size_t count);
/* By the session, while the intake runs: where glances at what it holds come from; NULL before the two go. */
struct schedule;
struct inbox;
void status_watch_queues(struct status *s, struct schedule *schedule, struct inbox *inbox);
/* By the session: where it begins. */
void status_place(struct status *s, const struct ledger_state *state);
/* By a worker: what it has done since the daemon's start, how many transactions it puts together, and what it has to
 * wait for, which is the link's state as long as one of them has to. LINK_RUNNING, LINK_WAITING or LINK_RETRYING. */
void status_applied(struct status *s, uint32_t worker, const struct sink_counts *counts);
/* The same for the versions of the target's region; NULL where they are not used. */
struct versions;
void status_watch_versions(struct status *s, struct versions *versions);
/* What an operator has said since the start; all of it outlives the status. */
struct reload;
struct pace;
struct hold;
void status_watch_words(struct status *s, struct reload *reload, struct pace *pace, struct hold *hold);
/* What is parked. */
struct park;
void status_parked(struct status *s, struct park *park);
/* At how many rows that are parked the link stops. */
void status_park_limit(struct status *s, uint64_t rows);
void status_limit(struct status *s, uint32_t worker, size_t group_limit);
void status_worker(struct status *s, uint32_t worker, enum link_state state, const char *cause);

/* One line for systemd: the state, the position, the lag. */
void status_put_line(struct status *s, struct buf *out);
/* Lines for people, and one JSON object on one line. */
void status_put_text(struct status *s, struct buf *out);
void status_put_json(struct status *s, struct buf *out);

#endif
