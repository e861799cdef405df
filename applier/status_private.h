/* What the status' two files share: what is kept. Nobody else includes it; everything under its lock. */
#ifndef DRC_APPLIER_STATUS_PRIVATE_H
#define DRC_APPLIER_STATUS_PRIVATE_H

#include <pthread.h>

#include "applier/heartbeat.h"
#include "applier/park.h"
#include "applier/schedule.h"
#include "applier/status.h"

struct worker_status {
    enum link_state state;
    char cause[900];
    uint64_t group_limit;
    struct sink_counts counts;
};

struct status {
    pthread_mutex_t lock;
    char *pair;
    const char *from;
    const char *to;
    uint64_t started_us;
    uint64_t patience_us;
    struct heartbeats heartbeats;
    uint64_t park_limit;       /* rows */
    enum link_state own_state; /* of the link as a whole */
    char own_cause[900];
    struct worker_status workers[SCHEDULE_MOST_WORKERS];
    uint32_t worker_count;
    enum link_state state; /* what is told: the link's own, or a worker's */
    char cause[900];       /* "" when there is none */
    char last_error[900];  /* the last cause that there was */
    uint64_t since_us;
    bool reads; /* the topic, since the start */
    bool has_stream;
    uint8_t stream[STREAM_UUID_LEN];
    uint64_t topic_seq;
    uint64_t topic_offset;
    uint64_t duplicates;
    uint64_t voids;
    uint64_t xa_prepared;
    uint64_t applied_seq;
    uint64_t newest_seq;
    uint64_t applied_us;
    uint64_t epoch;
    char gtid[GTID_TEXT_LEN];
    struct parked_sum parked;
    struct schedule *schedule; /* NULL between sessions, like the inbox */
    struct inbox *inbox;
    struct versions *versions; /* NULL between sessions, and where conflicts are told by images */
    struct reload *reload;
    struct pace *pace;
    struct hold *hold;
};

/* The words that tools rely on, by enum link_state. */
extern const char *const status_state_names[];

struct clocks status_clocks(void);
/* While a schedule is there, it knows where the link is. */
void status_look_at_schedule(struct status *s);

#endif
