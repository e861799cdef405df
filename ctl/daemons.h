/* The daemons of a pair that run on this host, by their control sockets: which are meant, and telling them something.
 */
#ifndef DRC_CTL_DAEMONS_H
#define DRC_CTL_DAEMONS_H

#include "ctl/command.h"

/* Which ones a command is about: the capture of a region, the applier of a link, or, with none of these, all. */
struct daemons_choice {
    const char *config_path;
    const char *region;
    const char *from;
    const char *to;
};

/* --config, --region, --from, --to: the only child of a command's argp; its input is a struct daemons_choice. */
extern const struct argp_child daemons_options_child[];

struct daemons {
    struct config *config;
    char **names; /* "applier-eu-us", "capture-eu": appliers first */
    size_t count;
};

/* Load the pair file and find the names; which of them run is not asked yet. -1: fatal 64 or 78. */
MUST_CHECK int daemons_find(struct daemons *out, const struct daemons_choice *choice, struct err *err);
void daemons_free(struct daemons *d);

/* Ask one. -1: it does not answer (err->code CONTROL_NOBODY: it does not run here), or refuses: its words, and the exit
 * code `refused`. */
MUST_CHECK int daemons_ask(const struct config *config, const char *name, const char *command, enum exit_code refused,
                           struct buf *answer, struct err *err);
/* The same, and print "NAME: " and the answer's first line. */
MUST_CHECK int daemons_tell(const struct config *config, const char *name, const char *command, enum exit_code refused,
                            struct err *err);
/* Wait until what it accepted at reloads is in force. Retry: not within a minute. */
MUST_CHECK int daemons_await_reload(const struct config *config, const char *name, struct err *err);

#endif
