/* Events that steer a dump and change no data: ROTATE, HEARTBEAT, GTID_LIST, PREVIOUS_GTIDS, BINLOG_CHECKPOINT, XID.
 *
 * Readers of bodies; all fail with a fatal error (69) when the body is malformed. Spans point into the event. Pure. */
#ifndef DRC_BINLOG_EVENT_CONTROL_H
#define DRC_BINLOG_EVENT_CONTROL_H

#include "common/binlog/event.h"
#include "common/model/position.h"

struct event_place {
    struct span file;
    uint64_t position;
};

/* The file that follows, and where in it to go on. */
MUST_CHECK int event_read_rotate(struct event_place *out, const struct event *e, const struct event_format *f,
                                 struct err *err);
/* HEARTBEAT (27) and HEARTBEAT_V2 (41): how far the dump thread has come. */
MUST_CHECK int event_read_heartbeat(struct event_place *out, const struct event *e, struct err *err);
/* MariaDB: the newest GTID of each domain at the start of a file. `out` is replaced. */
MUST_CHECK int event_read_gtid_list(struct position *out, const struct event *e, struct err *err);
/* MySQL: the set executed before a file; tagged form included. `out` is replaced. */
MUST_CHECK int event_read_previous_gtids(struct position *out, const struct event *e, struct err *err);
/* The engine's transaction number of a commit. */
MUST_CHECK int event_read_xid(uint64_t *out, const struct event *e, const struct event_format *f, struct err *err);

#endif
