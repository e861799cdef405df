/* Which transactions, and which of their changes, drcctl events shows. Pure. */
#ifndef DRC_CTL_EVENTS_FILTER_H
#define DRC_CTL_EVENTS_FILTER_H

#include "common/model/filter.h"
#include "common/model/position.h"
#include "common/model/record.h"

struct events_range;

/* Zeroed: everything. Release by events_filter_free. */
struct events_filter {
    struct events_range *ranges; /* of MariaDB's GTIDs */
    size_t range_count;
    struct position set;  /* of MySQL's */
    bool gtids;           /* some were given */
    uint64_t since_us;    /* 0: from the beginning */
    uint64_t until_us;    /* 0: to the end; itself not included */
    struct filter tables; /* of no use when it is empty */
};

void events_filter_free(struct events_filter *f);

/* Add a list of GTIDs separated by commas. MySQL's in its servers' own form, "uuid:1-5:9,uuid:tag:3"; MariaDB's one by
 * one, "0-1-100", as a range, "0-1-100..200" or without an end "0-1-100..", with * for any server, "0-*-100..200". One
 * flavour a filter. ERR_FATAL (64) with what is wrong. */
MUST_CHECK int events_filter_add_gtids(struct events_filter *f, const char *text, struct err *err);
/* Add a pattern of tables, as in the pair file, but schemas of the server and of drc may be looked at too. ERR_FATAL
 * (64). */
MUST_CHECK int events_filter_add_table(struct events_filter *f, const char *pattern, struct err *err);

bool events_filter_takes(const struct events_filter *f, const struct gtid *gtid, uint64_t commit_us);
/* Times only: for what is no transaction. */
bool events_filter_takes_time(const struct events_filter *f, uint64_t at_us);
/* Were tables given, so that a transaction is shown only where it touches one? */
bool events_filter_by_table(const struct events_filter *f);
bool events_filter_takes_table(const struct events_filter *f, struct span db, struct span table);
/* Does the statement name one of the tables, or a database that may hold one? */
bool events_filter_takes_ddl(const struct events_filter *f, const struct ddl *d);

#endif
