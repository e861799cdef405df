/* What the commands about parked transactions share: options, and walking the targets. */
#ifndef DRC_CTL_PARKED_H
#define DRC_CTL_PARKED_H

#include "common/link/options.h"
#include "common/model/mask.h"
#include "common/target/parked.h"
#include "ctl/command.h"

struct parked_arguments {
    const char *config_path;
    const char *from; /* links from there only; NULL: all */
    const char *to;
    uint64_t seq; /* 0: none given */
    bool all;     /* list: also what was given up; retry: everything */
    bool json;
    const char *why;
    bool unmask;
    const struct mask *mask; /* while the targets are walked: of which columns no values are told; NULL: none */
};

/* --from, --to, --json and those of every command, as the only child of an argp whose input is a struct
 * parked_arguments; so is the child's. */
extern const struct argp_child parked_child[];

/* For each link that the arguments name: its target's rows to `each`. A target that fails is reported on stderr and
 * the others go on. Returns the exit code: 0, or the last failure's. */
int parked_walk(struct parked_arguments *a, bool with_record, parked_each_fn *each, void *context);

#endif
