/* The pulse of a daemon: each of its threads shows that it gets on, and a watchdog sees which one does not.
 *
 * A thread beats whenever it has done a piece of work or has found that there is none. It rests while it waits for
 * something that comes by itself within a known time, or for another thread however long that takes: then the other one
 * is looked at. */
#ifndef DRC_BASE_PULSE_H
#define DRC_BASE_PULSE_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"

struct pulse;
struct beat; /* of one thread */

struct pulse *pulse_new(void);
void pulse_free(struct pulse **p);

/* The calling thread's place, from now on watched, and its name for the system (ps, gdb). `name` is copied. It stays
 * pulse_free's until pulse_leave. Without a pulse NULL: nobody watches. */
struct beat *pulse_join(struct pulse *p, const char *name);
/* The thread has ended; any thread. *b becomes NULL. NULL is fine. */
void pulse_leave(struct pulse *p, struct beat **b);

/* From the thread itself; cheap. NULL is fine: nobody watches. */
void beat_on(struct beat *b);
void beat_rest(struct beat *b, uint64_t most_ms);

#define BEAT_ANY_TIME 0 /* most_ms: however long it takes */

/* Names of the threads that neither rest, within their time, nor have beaten for `limit_ms`, joined by ", "; their
 * number. Any thread. */
size_t pulse_stuck(struct pulse *p, uint64_t limit_ms, struct buf *names);

#endif
