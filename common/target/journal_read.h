/* Reading the conflict journal: entries newest first, page by page, and how many there are of which sort.
 *
 * Filters by table, kind, cause and state are turned into the few combinations of them that the journal has, each a
 * range of one index; a filter by time into a range of ids. So a page costs about the same whether the journal has a
 * thousand entries or ten million. A target without a journal has no entries; one whose journal an older release made:
 * retry. */
#ifndef DRC_TARGET_JOURNAL_READ_H
#define DRC_TARGET_JOURNAL_READ_H

#include "common/target/journal.h"

struct journal_query {
    uint64_t id;                 /* that entry only; 0: all */
    uint64_t since_us;           /* not older than that (µs since 1970); 0: all */
    uint64_t until_us;           /* not newer than that; 0: all */
    const struct filter *tables; /* NULL: all */
    const char *kind;            /* NULL: all */
    const char *cause;           /* NULL: all */
    const char *state;           /* NULL: all */
    uint64_t limit;              /* 0: none */
};

/* One entry: JOURNAL_COLUMN_COUNT cells, NULL has p == NULL; valid during the call. -1 with err set ends the walk. */
typedef int journal_each_fn(void *context, const struct span *cells, struct err *err);

/* Walk the entries, newest first. */
MUST_CHECK int journal_read(struct db *db, const struct journal_query *query, journal_each_fn *each, void *context,
                            struct err *err);

/* How many entries there are of a sort; strings are valid during the call. */
struct journal_sort {
    struct span db; /* empty, as tbl: about no single table */
    struct span tbl;
    struct span kind;
    struct span cause; /* empty: not told */
    struct span state;
    uint64_t count;
};
typedef void journal_sort_fn(void *context, const struct journal_sort *sort);

/* Each sort that the query admits, by table, kind, cause and state; id and limit do not count. */
MUST_CHECK int journal_count(struct db *db, const struct journal_query *query, journal_sort_fn *each, void *context,
                             struct err *err);

#endif
