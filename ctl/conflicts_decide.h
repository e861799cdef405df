/* An operator's decision about an entry of the journal: the one way by which resolve and undo change a row. */
#ifndef DRC_CTL_CONFLICTS_DECIDE_H
#define DRC_CTL_CONFLICTS_DECIDE_H

#include "common/target/journal_resolve.h"
#include "ctl/conflicts.h"
#include "ctl/conflicts_row.h"

/* What the command line asks for; begins with what all commands about conflicts have. */
struct decide_arguments {
    struct conflicts_arguments base;
    bool undo;
    const char *take;  /* "source", "target", "before"; NULL: none of them */
    const char **sets; /* "col=value" */
    size_t set_count;
    const char *over; /* hash of a row that was changed since, and is to be replaced all the same; NULL: none is */
    const char *why;  /* NULL: none */
    bool dry_run;
};

/* One decision on its way. */
struct decide {
    const struct decide_arguments *arguments;
    const struct config *config;
    const struct link_config *link; /* of the entry; NULL: the pair has it no more */
    const char *region;             /* the target */
    struct db *db;
    struct arena arena;
    struct journal_taken entry;
    struct conflicts_row row;
    const struct cell *became; /* the row afterwards */
    const char *parked;        /* what was asked of the applier about a parked transaction; NULL: nothing */
};

/* Carry it out, all or nothing; with dry_run roll it back at the end. Fatal 64 when it makes no sense for this entry,
 * fatal 69 when the row is not what the journal says, or the server refuses the new one. */
MUST_CHECK int decide_run(struct decide *d, struct err *err);

/* Of an entry with the verdict park: not a row is changed, the applier is asked to try its transaction again (take
 * source) or to give it up (take target). Inside the transaction. */
MUST_CHECK int decide_parked(struct decide *d, struct err *err);

/* What was done, for people or as JSON. */
void decide_print(const struct decide *d);

#endif
