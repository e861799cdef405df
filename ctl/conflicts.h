/* What the commands about conflicts share: options, the pair's targets, the journal's entries, times, JSON. */
#ifndef DRC_CTL_CONFLICTS_H
#define DRC_CTL_CONFLICTS_H

#include "common/link/options.h"
#include "common/model/mask.h"
#include "common/target/journal_read.h"

/* The options that all of them have. */
struct conflicts_arguments {
    const char *config_path;
    const char *to; /* NULL: every region that is a target */
    struct journal_query query;
    struct filter tables;
    bool json;
    bool unmask; /* show what conflicts.mask keeps from being seen */
};

/* --json, --to and those of every command, as the only child of an argp whose input is a struct conflicts_arguments; so
 * is the child's. */
extern const struct argp_child conflicts_child[];
/* The filters of list and stats, with the others as their only child. */
extern const struct argp_child conflicts_filter_child[];
/* The ID of a command that is about one entry: to be called from its parser, whose input begins with the arguments. */
error_t conflicts_parse_id(struct conflicts_arguments *a, int key, char *arg, struct argp_state *state);

/* One target of the pair, over a connection to it. -1 with err ends the work there. */
typedef int conflicts_target_fn(void *context, struct db *db, const char *region, const struct config *config,
                                struct err *err);

/* For each target that the arguments name: connect, and `each`. A target that fails is reported on stderr and the
 * others go on. Returns the exit code: 0, or the last failure's. */
int conflicts_targets(const struct conflicts_arguments *a, conflicts_target_fn *each, void *context);

/* One entry as a JSON object, keys = the journal's columns; images and key as objects, bytes in hexadecimal. Without
 * `lossless` the bytes are left null. */
void conflicts_put_json(const struct span *cells, bool lossless, struct buf *out);

#endif
