/* The links that write to either side: what was seen is looked at again only after all of them have passed it.
 *
 * Links from a third region count too: what it wrote may have reached one side and not yet the other. */
#ifndef DRC_RECONCILE_LINKS_H
#define DRC_RECONCILE_LINKS_H

#include "common/target/progress.h"

struct links;

/* All links of the pair whose target is one of `regions`. Secrets must be in the configuration. `stop` ends
 * waits as their timeout does (NULL: nothing does). */
struct links *links_new(const struct config *config, const char *const regions[2], const struct stop *stop);
void links_free(struct links **l);
size_t links_count(const struct links *l);
/* Open what marks and waits will need. What cannot be had now is told by them. */
void links_open(struct links *l);

/* Note what every source has committed now. `*moved` tells whether any has committed something since the last mark;
 * true at the first. Retry when a source is not reachable. */
MUST_CHECK int links_mark(struct links *l, bool *moved, struct err *err);
/* Wait until everything up to the mark is in effect. Not in time: retry, with what is missing. */
MUST_CHECK int links_wait(struct links *l, uint64_t timeout_ms, struct err *err);

#endif
