/* The dump: a source server's binlog as a flow of raw events, from a GTID position on, for ever.
 *
 * The server's replication protocol over a connection of libmariadb; whether events are decoded, and how, is not known
 * here. One thread reads; any thread may interrupt, and acknowledge. */
#ifndef DRC_STREAM_DUMP_H
#define DRC_STREAM_DUMP_H

#include "common/link/config.h"
#include "common/model/position.h"

struct dump;

/* err->code of a server that does not send from there: purged, never had it, diverged. */
#define DUMP_REFUSED 1236

struct dump_options {
    const char *program;   /* connection attribute */
    size_t server;         /* which of the region's hosts; 0: the one that db_connect takes */
    const char *host;      /* under which SHOW REPLICA HOSTS lists us, at most 60 bytes */
    uint32_t heartbeat_ms; /* how often an idle server says that it is there */
    uint32_t replica_id;   /* under which we register; 0: the region's own */
    bool semi_sync;        /* be a semi-synchronous replica: the server waits for dump_acknowledge */
};

/* Connect, register as a replica, ask for everything after `from`. A refusal comes with the first dump_next. */
MUST_CHECK int dump_open(struct dump **out, const struct region_config *region, const struct position *from,
                         const struct dump_options *options, struct err *err);
/* Wait for the next event: its bytes are valid until the next call. -1: retry (connection lost, silent for longer than
 * three heartbeats, server ends, interrupted) or fatal 77; a refusal is a retry error with code DUMP_REFUSED: whether
 * it is final is for the caller to say. */
MUST_CHECK int dump_next(struct dump *d, struct span *raw, struct err *err);
/* Has the server sent anything that dump_next would not have to wait for, now or within `timeout_ms`? May say no when
 * the little that there is has been received already. */
bool dump_has_more(const struct dump *d, int timeout_ms);
/* Does the server wait for word of the event that came last? Of a semi-synchronous dump only. */
bool dump_wants_ack(const struct dump *d);
/* All that the binlog holds up to there (where such an event ends) is safe with us: told to the server by the thread
 * that reads, now or as soon as it calls dump_next. Any thread. */
void dump_acknowledge(struct dump *d, const char *file, uint64_t offset);
/* Make a dump_next in another thread return soon, and every later one fail. */
void dump_interrupt(struct dump *d);
void dump_close(struct dump **d);

#endif
