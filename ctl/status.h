/* What drcctl status knows about a pair, gathered before it is printed. */
#ifndef DRC_CTL_STATUS_H
#define DRC_CTL_STATUS_H

#include <stdio.h>

#include "common/target/progress.h"
#include "ctl/daemon_state.h"

/* One link, and the capture of its source region. */
struct link_status {
    const struct link_config *link;
    struct progress_view view;
    struct daemon_state applier;
    struct daemon_state capture;
    const char *capture_state; /* its own word, or "running", "stopped", "unknown" as seen from outside */
    const char *capture_error; /* NULL: none */
    const char *state;         /* of the link: the applier's, or the capture's where only that is not running */
    const char *error;
    char parked[500]; /* what is parked, where that is the link's state */
    bool has_lag;
    double lag_seconds; /* how far the target is behind the source, in the source's commit time */
};

struct pair_status {
    const struct config *config;
    struct link_status *links;
    size_t count;
};

/* Ask everything that can be asked from here; what cannot is told as an error of that link. */
void status_gather(struct pair_status *out, struct config *config);
void status_free(struct pair_status *s);

void status_print_text(const struct pair_status *s, FILE *out);
/* One object: pair, captures[], links[]. */
void status_print_json(const struct pair_status *s, FILE *out);

#endif
