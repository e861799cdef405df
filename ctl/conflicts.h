/* Walking the conflict journals of the pair's targets. */
#ifndef DRC_CTL_CONFLICTS_H
#define DRC_CTL_CONFLICTS_H

#include "common/link/options.h"
#include "common/target/journal.h"

/* The options that list and show share. */
struct conflicts_arguments {
    const char *config_path;
    const char *to; /* NULL: every region that is a target */
    struct journal_query query;
    struct filter tables;
    bool json;
};

/* They and those of every command, as the only child of an argp whose input is a struct conflicts_arguments; so is the
 * child's. */
extern const struct argp_child conflicts_child[];

/* For each target: connect, read, hand the entries to `each`, whose context begins with what `context` is. A target
 * that fails is reported on stderr and the others go on. Returns the exit code: 0, or the last failure's. */
int conflicts_walk(struct conflicts_arguments *a, journal_each_fn *each, void *context);

/* "2026-01-31", "2026-01-31T10:00:00[.123456][Z]" (UTC), or "90s", "15m", "2h", "3d" ago. False: none of these. Pure
 * but for the clock's reading, which is given. */
bool conflicts_parse_since(uint64_t *us, const char *text, uint64_t now_us);

/* One entry as a JSON object, keys = the journal's columns; images and key as objects, bytes in hexadecimal. */
void conflicts_put_json(const struct span *cells, struct buf *out);

#endif
