/* The pair's tables: at one server, and at the two ends of a link. */
#ifndef DRC_CHECK_TABLES_H
#define DRC_CHECK_TABLES_H

#include "common/check/server.h"

/* Of one server: engines and triggers where it is written to, primary keys, and the rules of conflicts where it is a
 * target. -1: it could not be asked. */
MUST_CHECK int check_tables(struct findings *out, const struct check_place *p, struct err *err);

/* Of the two ends of a link: what the source has and the target has not, or has otherwise. Between the flavours only
 * what stands in the way of rows is told. */
MUST_CHECK int check_link_tables(struct findings *out, const struct check_place *from, const struct check_place *to,
                                 struct err *err);

/* ---- private to the files of the tables ---- */

#define CHECK_MOST_TABLES 2000u /* that are looked at one by one */

/* `schema`.`table` of the pair's base tables there, by the query's first two columns; `each` gets the row. */
typedef int check_table_fn(void *context, const struct span *cells, struct err *err);
MUST_CHECK int check_for_tables(const struct check_place *p, const char *sql, check_table_fn *each, void *context,
                                struct err *err);
extern const char check_base_tables[]; /* a query for it */

/* Compare two definitions of a table, line by line; 0, or -1. How many differences were told is added to *told: none
 * of a table that has gone meanwhile. */
MUST_CHECK int check_compare_text(struct findings *out, size_t *told, const struct check_place *from,
                                  const struct check_place *to, struct span db, struct span name, struct err *err);
/* What makes the source's table at the target, as one line: CREATE TABLE `db`.`name` (…
 * 1: *out; 0: the source has it no more; -1. */
MUST_CHECK int check_create_fix(char **out, const struct check_place *from, struct span db, struct span name,
                                struct err *err);

#endif
