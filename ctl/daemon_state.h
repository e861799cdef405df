/* What a daemon of this host says about itself on its control socket. */
#ifndef DRC_CTL_DAEMON_STATE_H
#define DRC_CTL_DAEMON_STATE_H

#include <jansson.h>

#include "common/link/config.h"

struct daemon_state {
    bool there;        /* it runs on this host */
    bool ended;        /* it ran here and ended for good; why is its last_error */
    uint64_t ended_us; /* when, by this host's clock */
    bool killed;       /* it ran here and ended without a word, having left its traces under `instance` */
    uint64_t instance;
    const char *state; /* its own word; "silent" when it is there and does not answer us, "" when it is not there */
    const char *last_error; /* NULL: none */
    json_t *all;            /* its whole status; NULL when it does not answer */
    char error[900];        /* why it ended, or does not answer though it is there */
};

/* `name` is "capture-eu" or "applier-eu-us". Never fails: who does not answer, does not answer. */
void daemon_state_ask(struct daemon_state *out, const struct config *config, const char *name);
void daemon_state_free(struct daemon_state *s);

/* A whole number of its status. False, and 0: it does not tell it. */
bool daemon_state_number(uint64_t *out, const struct daemon_state *s, const char *key);

/* "capture-eu", "applier-eu-us". Caller frees. */
char *daemon_capture_name(const char *region);
char *daemon_applier_name(const char *from, const char *to);

#endif
