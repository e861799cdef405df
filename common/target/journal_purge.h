/* How long entries stay in the journal: the oldest go by age, by number and by the room that all of them take, a few at
 * a time, and not without a word beforehand. */
#ifndef DRC_TARGET_JOURNAL_PURGE_H
#define DRC_TARGET_JOURNAL_PURGE_H

#include "common/target/journal.h"

struct journal_retention {
    uint64_t age_ms; /* 0: for ever */
    uint64_t rows;   /* 0: any number */
    uint64_t bytes;  /* of the table and its indexes; 0: any size */
};

/* What is about the journal's oldest entries; zeroed, or as journal_purge_look left it. */
struct journal_age {
    uint64_t over_age;  /* entries that are older than the retention's age */
    uint64_t over_rows; /* entries beyond its number, or its size */
    uint64_t soon; /* entries that go when a tenth of the age more has passed, or the journal has grown by a tenth */
    uint64_t oldest_us; /* 0: it is empty */
    uint64_t length;    /* bytes by which some are beyond its size; 0: none are */
};

/* The last count of the journal, which reads the whole of an index: kept from look to look. Zeroed: none. */
struct journal_counted {
    uint64_t rows;
    uint64_t top; /* greatest id at that time */
    /* Bytes by which entries were last removed. The server's statistics tell others only when about a tenth of the rows
     * has changed: until then nothing more goes for the journal's size. */
    uint64_t length;
};

/* Look; costs a few readings of an index's end, and a count of the journal where it may be too long by now: once it has
 * been counted, not again before it can have grown beyond its number by a hundredth. */
MUST_CHECK int journal_purge_look(struct db *db, const struct journal_retention *r, struct journal_counted *counted,
                                  struct journal_age *out, struct err *err);
/* Of those that are over or go soon: about how many has nobody decided? Reads these entries: not to be asked often. */
MUST_CHECK int journal_purge_open(struct db *db, const struct journal_retention *r, const struct journal_age *age,
                                  uint64_t *open, struct err *err);

#define JOURNAL_PURGE_STEP 500u
/* One step, a transaction of its own: at most JOURNAL_PURGE_STEP of the oldest of those that are over. How many went;
 * what is over in `age` becomes less by that. Its rows are changes of a reserved schema, which capture leaves out. */
MUST_CHECK int journal_purge_step(struct db *db, const struct journal_retention *r, struct journal_age *age,
                                  uint64_t *gone, struct err *err);

#endif
