/* Getting ready to settle and to look for causes while rows are still compared: brokers and databases are connected to
 * from the first suspect on, by a thread of its own, so that nobody waits for them in the end. */
#ifndef DRC_RECONCILE_READY_H
#define DRC_RECONCILE_READY_H

struct run;
struct ready;

/* Something differs, and will be settled. From now on until ready_wait nobody else touches run->links and
 * run->causes.feed. Only the first call does anything. */
void ready_begin(struct run *run);
/* Links and feed may be used: whoever did not begin has not to wait. */
void ready_wait(struct run *run);
void ready_free(struct ready **r); /* waits, too */

#endif
