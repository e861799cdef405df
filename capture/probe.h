/* How far the capture is behind its source: the source is asked now and then where it stands, and the reader tells when
 * it has come there. Nothing is written for it, and an idle source is measured like a busy one. Any thread. */
#ifndef DRC_CAPTURE_PROBE_H
#define DRC_CAPTURE_PROBE_H

#include "common/model/position.h"

struct probe;

struct probe *probe_new(void);
void probe_free(struct probe **p);

/* The asking thread's side: is the last question answered? Then ask: the source had committed this at `asked_us` (of
 * the clock that never steps). */
bool probe_is_due(struct probe *p);
void probe_ask(struct probe *p, const struct position *end, uint64_t asked_us);

/* For how long the question has had no answer, in µs; 0: nothing is asked. */
uint64_t probe_waited_us(struct probe *p, uint64_t now_us);

/* The reader's side: it has read up to `read`, and has stood there since `since_us`. True: that is what was asked for,
 * and it took `us`. Cheap while nothing is asked. */
bool probe_answer(struct probe *p, uint64_t *us, const struct position *read, uint64_t since_us);

#endif
