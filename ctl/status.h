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
    struct progress **progress; /* one a link; what it has opened stays open from look to look */
    size_t count;
};

/* No I/O but for passwords; those that are not on this host show as an error of the region's links. The configuration
 * outlives it. */
void status_open(struct pair_status *out, struct config *config);
/* Ask everything that can be asked from here; what cannot is told as an error of that link. In place of what the look
 * before found. */
void status_look(struct pair_status *s);
void status_free(struct pair_status *s);

/* drcctl status --watch: looks every `interval_ms` until it is told to end; in place on a terminal, else line by line.
 * The exit code. */
struct watch_options {
    uint64_t interval_ms;
    bool json;
};
int status_watch(struct config *config, const struct watch_options *options);

void status_print_text(const struct pair_status *s, FILE *out);
/* One object: pair, captures[], links[]. */
void status_print_json(const struct pair_status *s, FILE *out);

#endif
